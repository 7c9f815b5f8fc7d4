"""Rollouts that are killed and interrupted at any moment, resumes too, and what is chosen of them.

`darebench.evals` has the record itself and its chaos; here it is that `rollouts` is made of it.
"""

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

from cli.running import darebench

pytestmark = pytest.mark.slow
SEED = 1917
MOMENTS = 50
ATTEMPTS = 150
TOTAL = 4 * ATTEMPTS
AGENT = """
import asyncio, os
from darebench import Message, Role

async def note(task, tool, budget):
    side = os.open(os.environ["CHAOS_SIDE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    epoch = tool._tool.folder.parts[-3].removeprefix("epoch-")
    os.write(side, f"{task.id} {epoch}\\n".encode())
    os.close(side)
    await asyncio.sleep(0.3)
    return [Message(role=Role.ASSISTANT, content=f"{task.id} {epoch}")]
"""
"""An agent that notes which attempt it makes, and answers at once."""


def start(folder: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "darebench", "rollouts", "*_class/mm", "*_ts/cf", "--json",
        "--attempts", str(ATTEMPTS), "--agent", "noting:note", "--out", str(folder / "run"),
    ]  # fmt: skip
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"CHAOS_SIDE": str(folder / "side"), "PYTHONPATH": paths},
        start_new_session=True,
    )  # fmt: skip


def kept(folder: Path) -> dict[tuple[str, int], bytes]:
    """Return the finished attempts and their very lines."""
    path = folder / "run" / "attempts.jsonl"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    found = {}
    for line in lines:
        if line.endswith(b"\n"):
            value = json.loads(line)
            assert (value["task"], value["epoch"]) not in found, "an attempt was kept twice"
            found[value["task"], value["epoch"]] = line
    return found


def begun(folder: Path) -> list[tuple[str, int]]:
    """Return what the agent was asked to attempt, in order."""
    pairs = (line.split() for line in (folder / "side").read_text().splitlines())
    return [(task, int(epoch)) for task, epoch in pairs]


def stop(process: subprocess.Popen[str], folder: Path, draw: random.Random) -> str:
    """Let a process finish some attempts, or only begin, and end it in one of two ways."""
    target = len(kept(folder)) + draw.choice((0, 1, 5, 10))
    deadline = time.monotonic() + draw.choice((1.0, 4.0, 60.0))
    while len(kept(folder)) < target and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(draw.uniform(0.0, 0.4))
    how = draw.choice((signal.SIGKILL, signal.SIGINT))
    if how == signal.SIGKILL:
        os.killpg(process.pid, how)
    else:
        os.kill(process.pid, how)
    process.communicate(timeout=120)
    return how.name


def test_fifty_moments_lose_nothing_and_make_nothing_again(tmp_path):
    (tmp_path / "noting.py").write_text(AGENT)
    (tmp_path / "side").touch()
    draw = random.Random(SEED)
    for moment in range(MOMENTS):
        before, n_begun = kept(tmp_path), len(begun(tmp_path))
        how = stop(start(tmp_path), tmp_path, draw)
        after = kept(tmp_path)
        assert after.items() >= before.items(), f"moment {moment}, {how}: a finished one is lost"
        assert not before.keys() & set(begun(tmp_path)[n_begun:]), f"moment {moment}, {how}"
    n_kept, n_begun = len(kept(tmp_path)), len(begun(tmp_path))
    assert 0 < n_kept < TOTAL, "the moments are over before the run, or late"
    out, err = start(tmp_path).communicate(timeout=600)
    assert json.loads(out)["missing"] == 0
    assert len(begun(tmp_path)) - n_begun == TOTAL - n_kept
    shown = [
        line.split("attempts ")[1].split()[0] for line in err.splitlines() if "attempts " in line
    ]
    assert (shown[0], shown[-1]) == (f"{n_kept}/{TOTAL}", f"{TOTAL}/{TOTAL}")

    done = darebench("select", str(tmp_path / "run"), "--strategy", "av", "--class-mm", "0",
                     "--cf", "0", "--out", str(tmp_path / "av.jsonl"), "--json")  # fmt: skip
    assert json.loads(done.stdout)["selected"] == TOTAL
    done = darebench("export", str(tmp_path / "run"), str(tmp_path / "av.jsonl"),
                     "--out", str(tmp_path / "rows.jsonl"), "--json")  # fmt: skip
    exported = json.loads(done.stdout)
    assert exported["rows"] == TOTAL
    assert exported["left_out"] == {"given twice": TOTAL}
