"""What Inspect finds of darebench by name, and what its log then says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def test_inspect_finds_the_package_s_entry_point():
    from importlib.metadata import entry_points

    names = {e.name: e.value for e in entry_points(group="inspect_ai")}
    assert names["darebench"] == "darebench._registry"


def test_the_registry_imports_nothing_that_an_evaluation_does_not_need():
    heavy = ("torch", "trl", "transformers", "sklearn")
    code = f"import sys, darebench._registry; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_metrics_of_the_log_are_ours_column_by_column(tmp_path: Path):
    from inspect_ai.log import read_eval_log

    from darebench.evals.run import EvalConfig, evaluate
    from darebench.evals.summary import observations
    from darebench.scoring.aggregate import summarise

    tasks = ("iris_class/mm", "affairs_class/mm", "us-economy_*")
    run = evaluate(EvalConfig(model="trivial", tasks=tasks), out=tmp_path / "run")
    log = read_eval_log(str(next((tmp_path / "run" / "logs").glob("*.eval"))))
    assert log.results is not None
    metrics = {n: m.value for s in log.results.scores for n, m in s.metrics.items()}
    for name, found in summarise(observations(run.trajectories)).items():
        assert metrics[name] == pytest.approx(found.mean), name
        if found.stderr is not None:
            assert metrics[f"{name}_stderr"] == pytest.approx(found.stderr), name
    assert "mean" in metrics
