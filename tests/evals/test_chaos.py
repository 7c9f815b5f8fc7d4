"""Kills and interruptions at any moment, of resumes too: nothing finished is lost or made again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from inspect_ai.log import read_eval_log

from darebench.evals.run_folder import read_run

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

SEED = 20260
MOMENTS = 50
TASKS = ("*/mm", "*/cf")
EPOCHS = 400
N_TASKS = 6


class Chaos:
    """One run that is started again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        self.side = folder / "side"
        self.side.touch()

    def start(self) -> subprocess.Popen[str]:
        """Give the command; always the same."""
        command = [sys.executable, "-m", "darebench", "eval", *TASKS, "--epochs", str(EPOCHS)]
        command += ["--agent", "chaos_agent:note_and_answer", "--out", str(self.folder), "--json"]
        path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "CHAOS_SIDE": str(self.side), "PYTHONPATH": path},
            start_new_session=True,
            # where this test runs in the background, an interruption is ignored by inheritance
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip

    def kept(self) -> dict[tuple[str, int], bytes]:
        """Return the finished attempts and their very lines."""
        path = self.folder / "attempts.jsonl"
        found: dict[tuple[str, int], bytes] = {}
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
            if line.endswith(b"\n"):
                value = json.loads(line)
                assert (value["task"], value["epoch"]) not in found, "an attempt was kept twice"
                found[value["task"], value["epoch"]] = line
        return found

    def n_kept(self) -> int:
        """Count the finished attempts without reading them."""
        path = self.folder / "attempts.jsonl"
        return path.read_bytes().count(b"\n") if path.exists() else 0

    def begun(self) -> list[tuple[str, int]]:
        """Return what the agent was asked to attempt, in order."""
        pairs = (line.split() for line in self.side.read_text().splitlines())
        return [(task, int(epoch)) for task, epoch in pairs]


def wait_for_moment(chaos: Chaos, process: subprocess.Popen[str], draw: random.Random) -> None:
    """Wait for a moment anywhere in a call, or, mostly, near the end of some attempt."""
    if draw.random() < 0.25:
        time.sleep(draw.uniform(0.0, 8.0))
        return
    target, deadline = chaos.n_kept() + draw.randint(0, 12), time.monotonic() + 60
    while chaos.n_kept() < target and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(draw.uniform(0.0, 0.25))


def stop(process: subprocess.Popen[str], how: str) -> None:
    if how == "kill":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        for _ in range(2 if how == "twice" else 1):
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.1)
    process.communicate(timeout=120)
    assert process.returncode != 0, "the call has ended by itself"


def test_fifty_moments(tmp_path):
    draw, chaos = random.Random(SEED), Chaos(tmp_path)
    for moment in range(MOMENTS):
        before, n_begun = chaos.kept(), len(chaos.begun())
        process = chaos.start()
        wait_for_moment(chaos, process, draw)
        how = draw.choice(("kill", "kill", "interrupt", "twice"))
        stop(process, how)
        after = chaos.kept()
        assert after.items() >= before.items(), f"moment {moment}, {how}: a finished one is lost"
        again = before.keys() & set(chaos.begun()[n_begun:])
        assert not again, f"moment {moment}, {how}: finished ones are made again"
        assert all(json.loads(line)["stop_reason"] == "answer" for line in after.values())
        if after:
            seen = read_run(chaos.folder)
            assert len(seen.trajectories) == len(after)
            assert seen.missing == seen.expected - len(after)
    assert 0 < len(chaos.kept()) < N_TASKS * EPOCHS, "the moments are over before the run, or late"
    before, n_begun = chaos.kept(), len(chaos.begun())
    out, err = chaos.start().communicate(timeout=900)
    result = json.loads(out)
    assert (result["missing"], result["unscored"]) == (0, 0), err
    assert len(result["tasks"]) == N_TASKS * EPOCHS == len(chaos.kept())
    assert len(chaos.begun()) - n_begun == N_TASKS * EPOCHS - len(before)
    for log in (chaos.folder / "logs").glob("*.eval"):
        read_eval_log(str(log))


def test_progress_begins_with_what_is_kept_and_reaches_the_total(tmp_path):
    chaos = Chaos(tmp_path)
    process = chaos.start()
    while chaos.n_kept() < 20 and process.poll() is None:
        time.sleep(0.02)
    stop(process, "kill")
    kept, total = len(chaos.kept()), N_TASKS * EPOCHS
    _, err = chaos.start().communicate(timeout=900)
    lines = [line.split("attempts ")[1] for line in err.splitlines() if "attempts " in line]
    assert (lines[0], lines[-1]) == (f"{kept}/{total}", f"{total}/{total}")
