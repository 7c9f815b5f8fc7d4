"""A sandbox server that goes away in the middle of a run costs no attempt."""

from __future__ import annotations

import signal
import threading
import time

import pytest
from serving import serving

from darebench import EvalConfig, evaluate
from darebench.types import Family, Variant

AWAY_S = 10.0


class Progress:
    """Counts attempts, and keeps what is said."""

    def __init__(self) -> None:
        self.done = 0
        self.said: list[str] = []

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == "attempts":
            self.done = done

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.slow
def test_a_server_that_is_gone_for_ten_seconds_costs_no_attempt(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    progress, runs = Progress(), []
    with serving(first, "--slots", "2") as served:
        port = served.url.rsplit(":", 1)[1]
        config = EvalConfig(
            model="trivial",
            variant=Variant.MM,
            family=Family.REG,
            epochs=30,
            sandbox=served.url,
        )
        thread = threading.Thread(
            target=lambda: runs.append(evaluate(config, out=tmp_path / "run", progress=progress))
        )
        thread.start()
        deadline = time.monotonic() + 120
        while progress.done < 5 and time.monotonic() < deadline:
            time.sleep(0.02)
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
    time.sleep(AWAY_S)
    with serving(second, "--slots", "2", "--port", port):
        thread.join(200)
        assert not thread.is_alive()
    (run,) = runs
    assert len(run.trajectories) == run.expected >= 50
    assert all(t.score is not None and t.fault is None for t in run.trajectories)
    assert any("waits for the sandbox at" in text for text in progress.said), progress.said
    assert any("answers again after" in text for text in progress.said), progress.said
