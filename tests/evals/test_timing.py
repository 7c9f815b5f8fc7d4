"""Where the time of an attempt goes when a served model makes it."""

from __future__ import annotations

import time

import pytest
from chat_server import ChatServer, call

from darebench.evals.run import EvalConfig, evaluate

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
