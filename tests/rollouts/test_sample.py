"""K attempts a task, through the evaluation's own path."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from darebench.evals.run import EvalConfig
from darebench.rollouts.sample import SAMPLING, collect

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def test_every_task_is_attempted_k_times_and_a_second_call_adds_nothing(tmp_path):
    config = EvalConfig(model="trivial", tasks=("iris_class/mm",))
    run = collect(config, attempts=3, out=tmp_path / "run", slots=1)
    assert Counter(t.epoch for t in run.trajectories) == {1: 1, 2: 1, 3: 1}
    assert (run.unscored, run.missing) == (0, 0)
    before = (tmp_path / "run" / "trajectories.jsonl").read_bytes()
    collect(config, attempts=3, out=tmp_path / "run", slots=1)
    assert (tmp_path / "run" / "trajectories.jsonl").read_bytes() == before


def test_a_scripted_agent_is_not_given_sampling_options(tmp_path):
    config = EvalConfig(model="null", tasks=("iris_class/mm",))
    collect(config, attempts=1, out=tmp_path / "run", slots=1)
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert record["config"]["generation"] == {}
    assert SAMPLING == {"temperature": 1.0, "top_p": 0.95}
