"""Where the time of an attempt goes when a served model makes it."""

from __future__ import annotations

import time

import pytest
from chat_server import ChatServer, call

from darebench.evals.run import EvalConfig, evaluate
from darebench.types import StopReason

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn

GOOD = """import time
import pandas as pd
v = pd.read_csv('val_v2.csv').assign(species='setosa')
v[['row_id', 'species']].to_csv('prediction.csv', index=False)
time.sleep(0.5)
"""
SAVES = (GOOD, ["val_v2.csv"], ["prediction.csv"])


def play(script, tmp_path, monkeypatch, **more):
    """Let a scripted server make attempts at one task."""
    monkeypatch.setenv("LOCAL_API_KEY", "x")
    with ChatServer(script) as server:
        config = EvalConfig(
            model="openai-api/local/m", tasks=("iris_class/mm",), base_url=server.url, **more
        )
        return evaluate(config, out=tmp_path / "run", slots=1).trajectories


def test_waiting_for_a_model_that_is_away_is_time_in_the_queue(tmp_path, monkeypatch):
    first = []

    def script(request, turn):
        first.append(time.monotonic())
        if len(first) > 1 and time.monotonic() - first[1] < 2.5:
            return 503
        return call(*SAVES) if turn == 0 else {"content": "done"}

    (made,) = play(script, tmp_path, monkeypatch)
    assert made.score
    assert made.timing.queue > 2
    assert made.timing.model < 1.5
    assert 0.4 < made.timing.tool < 2
    assert made.seconds == pytest.approx(made.timing.model + made.timing.tool, abs=0.002)


def test_the_limit_leaves_out_the_queue_of_the_sandbox(tmp_path, monkeypatch):
    def script(request, turn):
        return call(*SAVES) if turn == 0 else {"content": "done"}

    attempts = play(script, tmp_path, monkeypatch, epochs=6, time_limit=2)
    assert [t.stop_reason for t in attempts] == [StopReason.ANSWER] * 6
    assert all(t.score and t.seconds < 2 for t in attempts)
    assert max(t.timing.queue for t in attempts) > 2


def test_the_limit_ends_an_attempt_and_scores_what_it_saved(tmp_path, monkeypatch):
    def script(request, turn):
        return call(*SAVES) if turn == 0 else call("while True: pass")

    (made,) = play(script, tmp_path, monkeypatch, time_limit=3)
    assert made.stop_reason is StopReason.TIME
    assert made.score
    assert [c.status for c in made.calls] == ["ok", "timeout"]
    assert made.seconds < 6
