"""No prediction that solves nothing scores, the right answer always does, and what escapes is told."""

from __future__ import annotations

import json

import pytest

from cli.running import darebench
from darebench.audit.score_attacks import SCORE_ATTACKS, holds, scores_of
from darebench.store.read import open_store
from darebench.store.truth import read_truth
from darebench.types import Truth, Variant

SCORED = [task for task in open_store().tasks if task.variant is not Variant.IF]


@pytest.mark.parametrize("task", SCORED, ids=lambda t: t.id)
def test_every_attack_is_withstood_on_the_starter_store(task):
    scores = scores_of(read_truth(task))
    assert [a.name for a in SCORE_ATTACKS if not holds(a, scores[a.name])] == []
    assert len({a.name for a in SCORE_ATTACKS}) == len(SCORE_ATTACKS)


def test_a_task_that_a_constant_solves_escapes():
    answers = b"row_id,y\n1,a\n2,a\n3,a\n4,a\n"
    truth = Truth(task="t_class/if", metric="exact_labels", keys=("row_id",), targets=("y",), csv=answers, hash="h")  # fmt: skip
    scores = scores_of(truth)
    escaped = {a.name for a in SCORE_ATTACKS if not holds(a, scores[a.name])}
    assert escaped == {"the best constant", "right values, shuffled"}


def test_the_command_counts_what_held(tmp_path):
    root = str(open_store().root)
    done = darebench("audit", root, "iris_class/mm", "--attack", "--json")
    shown = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert shown["held"] == len(shown["attacks"]) == len(SCORE_ATTACKS)
    assert shown["attacks"][0] == {"name": "no file", "tasks": 1, "held": 1, "lowest": 0.0, "highest": 0.0, "escaped": []}  # fmt: skip
    assert shown["problems"] == {}
