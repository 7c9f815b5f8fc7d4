"""verl's reward function, called as verl calls it; verl itself is not needed for that."""

from __future__ import annotations

import base64

import pytest

from darebench.errors import ConfigError, SandboxFault
from darebench.train.grading import open_grader
from darebench.train.verl_adapter import compute_score, rows

TASK = "iris_class/mm"


def scored(**extra):
    return compute_score(
        data_source="darebench", solution_str="text", ground_truth=TASK, extra_info=extra
    )


def test_the_tools_prediction_is_graded():
    truth = base64.b64encode(open_grader(None, [TASK]).truths[TASK].csv).decode()
    assert scored(prediction=truth) == {"score": pytest.approx(1.1), "answered": 1.0}


def test_no_prediction_earns_nothing_and_a_fault_is_no_reward():
    assert scored() == {"score": 0.0, "answered": 0.0}
    with pytest.raises(SandboxFault, match="the disk is gone"):
        scored(fault="the disk is gone")


def test_other_peoples_rows_are_refused():
    with pytest.raises(ConfigError, match="gsm8k"):
        compute_score("gsm8k", "4", "4")


def test_a_row_names_its_task_and_holds_no_answer():
    (row,) = rows([TASK], [[{"role": "user", "content": "Predict."}]])
    assert row["reward_model"] == {"style": "rule", "ground_truth": TASK}
    assert row["extra_info"]["tools_kwargs"]["python_executor"] == {"create_kwargs": {"task": TASK}}
