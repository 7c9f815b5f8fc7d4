"""The registry of metrics: documented, perfect is 1, and open to metrics of other people."""

from __future__ import annotations

import doctest
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from truths import NUMBERS, truth

from darebench.errors import ConfigError, TaskFormatError
from darebench.scoring import metrics, score_prediction
from darebench.scoring.metric_rule import Direction, MetricRule, ValueKind
from darebench.scoring.metrics import METRICS, register_metric, rule_of
from darebench.scoring.score import scorer_hash
from darebench.store.read import open_store
from darebench.store.truth import metric_of, read_truth
from darebench.types import Metric, Track

PAGE = Path(__file__).parents[2] / "docs" / "scoring.md"


def relative_error(y_true, y_pred) -> float:
    return float(abs(y_true - y_pred).sum() / abs(y_true - y_true.mean()).sum())


RULE = MetricRule(
    name="relative_error",
    function=relative_error,
    kind=ValueKind.NUMBERS,
    direction=Direction.LOWER,
    formula="1 - sum |y - p| / sum |y - mean(y)|",
)


@pytest.fixture
def registered():
    register_metric(RULE)
    yield RULE
    del METRICS[RULE.name], metrics._sources[RULE.name]


def test_doctests_hold():
    assert doctest.testmod(metrics).failed == 0


def test_the_page_lists_the_metrics_that_there_are():
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \| (\w+) \|$", text, re.MULTILINE)
    listed = {name: (formula, better) for name, _, formula, better in rows}
    assert listed == {m: (METRICS[m].formula, METRICS[m].direction) for m in Metric}
    tracks = [track for _, names, _, _ in rows for track in names.split(", ")]
    assert sorted(tracks) == sorted(Track)


def test_the_page_s_tracks_are_scored_by_their_metrics():
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", text, re.MULTILINE)
    metric = {track: name for name, names in rows for track in names.split(", ")}
    assert all(metric_of(task) == metric[task.track] for task in open_store().tasks)


@pytest.mark.parametrize("name", Metric)
def test_a_perfect_prediction_scores_one_and_has_a_docstring(name):
    rule = METRICS[name]
    values = np.array([0, 1, 1, 2], dtype=np.int64 if rule.kind is ValueKind.LABELS else float)
    assert rule.score(float(rule.function(values, values))) == 1.0
    assert ">>> " in (rule.function.__doc__ or "")


def test_an_own_metric_is_worked_by_hand(registered):
    answer = truth("row_id,y\n1,1\n2,2\n3,3\n", "relative_error")
    found = score_prediction(b"row_id,y\n1,1\n2,2\n3,2\n", answer)
    assert (found.score, found.strict_score) == (0.5, None)
    assert found.targets[0].raw == 0.5
    worthless = score_prediction(b"row_id,y\n1,9\n2,9\n3,9\n", answer)
    assert (worthless.score, worthless.reason.code) == (0.0, "worthless")
    assert score_prediction(b"row_id,y\n1,1\n2,x\n3,2\n", answer).reason is not None


def test_the_scorer_s_hash_covers_an_own_metric_and_no_other(registered):
    answer = truth("row_id,y\n1,1\n2,2\n3,3\n", "relative_error")
    own = score_prediction(answer.csv, answer).provenance.scorer
    assert own == scorer_hash("relative_error") != scorer_hash()
    assert score_prediction(NUMBERS.csv, NUMBERS).provenance.scorer == scorer_hash(*Metric)
    assert scorer_hash(*Metric) == scorer_hash()


def test_a_store_names_the_metric_of_its_tasks(registered, tmp_path):
    root = Path(shutil.copytree(open_store().root, tmp_path / "store"))
    path = root / "databases" / "diabetes_reg" / "verify" / "all_metadata.json"
    metadata = json.loads(path.read_text())
    metadata["question"]["metric"] = "relative_error"
    path.write_text(json.dumps(metadata))
    store = open_store(root)
    answer = read_truth(store.task("diabetes_reg/mm"))
    assert answer.metric == "relative_error"
    assert metric_of(store.task("diabetes_reg/if")) == Metric.CLOSE_NUMBERS
    assert score_prediction(answer.csv, answer).score == 1.0


def test_an_unknown_metric_is_a_fault_of_the_task_and_says_what_to_do():
    with pytest.raises(TaskFormatError, match=r"'mase' is not known here .*register_metric"):
        score_prediction(b"row_id,y\n1,1\n", truth("row_id,y\n1,1\n", "mase"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "macro_f1"}, "cannot be called"),
        ({"name": "two words"}, "cannot be called"),
        ({"direction": Direction.HIGHER}, "0.0 for a perfect prediction, not 1"),
        ({"function": np.mean}, "wrap it in one"),
    ],
)
def test_a_metric_that_cannot_work_is_refused(changed, message):
    fields = {name: getattr(RULE, name) for name in RULE.__slots__} | changed
    with pytest.raises(ConfigError, match=message):
        register_metric(MetricRule(**fields))


PACKAGE = """
from darebench import Direction, MetricRule, ValueKind
def far(y_true, y_pred) -> float:
    return float(abs(y_true - y_pred).max())
RULE = MetricRule(name="far", function=far, kind=ValueKind.NUMBERS, direction=Direction.LOWER, formula="")
"""


def test_an_installed_package_offers_a_metric(tmp_path):
    (tmp_path / "far_metric.py").write_text(PACKAGE)
    about = tmp_path / "far_metric-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: far-metric\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[darebench.metrics]\nfar = far_metric:RULE\n")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from darebench.scoring.metrics import rule_of; print(rule_of('far').formula == '', rule_of('far').score(0.25))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "True 0.75\n"
    with pytest.raises(TaskFormatError):
        rule_of("far")
