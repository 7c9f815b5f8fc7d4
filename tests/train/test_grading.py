"""Attempts to get a reward without the work, and faults of ours that are not a reward."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from darebench.agents.protocol import Budget, Reply
from darebench.agents.tools import NAME
from darebench.errors import SandboxFault
from darebench.evals.batch import read_truths
from darebench.rollouts.rollout import RolloutSettings, roll_out
from darebench.sandbox import LocalExecutor
from darebench.scoring.csv_text import MAX_BYTES
from darebench.store.read import open_store
from darebench.train.grading import Grader, open_grader
from darebench.train.reward import reward_of_trajectory
from darebench.types import Message, StopReason, ToolCall

MM, IF = "iris_class/mm", "iris_class/if"


@pytest.fixture(scope="module")
def grader() -> Grader:
    return open_grader(None, ["iris_class/*", "diabetes_reg/*"])


def answer(grader: Grader, task: str) -> list[str]:
    return grader.truths[task].csv.decode().splitlines()


def test_the_truth_earns_everything(grader):
    for task in (MM, IF, "diabetes_reg/mm", "diabetes_reg/if"):
        assert grader.reward(task, grader.truths[task].csv) == pytest.approx(1.1)


@pytest.mark.parametrize(
    "prediction",
    [None, "", "\n", "row_id,species\n", "<html></html>", "\x00\x01", "\ud800", "a,b\n1,2\n"],
)
def test_an_empty_or_unusable_prediction_earns_nothing(grader, prediction):
    assert grader.reward(MM, prediction) == 0.0
    assert grader.reward(IF, prediction) == 0.0


@pytest.mark.parametrize("form", ["file", "bytes", "text"])
def test_a_prediction_that_is_too_large_is_called_so_and_not_read(form, grader, tmp_path):
    path = tmp_path / "prediction.csv"
    with path.open("wb") as sparse:
        sparse.truncate(100 * 2**30)
    too_many = b"1" * (MAX_BYTES + 1)
    given = {"file": path, "bytes": too_many, "text": too_many.decode()}[form]
    score = grader.score(MM, given)
    assert (score.score, score.strict_score, str(score.reason.code)) == (0.0, None, "too_large")
    assert grader.reward(MM, given) == 0.0


def test_one_row_repeated_or_a_part_of_the_rows_earns_nothing(grader):
    header, *rows = answer(grader, MM)
    assert grader.reward(MM, "\n".join([header, *[rows[0]] * len(rows)])) == 0.0
    assert grader.reward(MM, "\n".join([header, *rows[:-1]])) == 0.0


def test_a_constant_prediction_earns_no_more_than_the_floor(grader):
    header, *rows = answer(grader, MM)
    label = rows[0].split(",")[1]
    text = "\n".join([header, *(f"{row.split(',')[0]},{label}" for row in rows)])
    assert 0.1 < grader.reward(MM, text) < 0.35
    assert grader.reward(IF, text) in (0.0, 0.1)
    header, *rows = answer(grader, "diabetes_reg/mm")
    flat = "\n".join([header, *(f"{row.split(',')[0]},150" for row in rows)])
    assert grader.reward("diabetes_reg/mm", flat) == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "", "None"])
def test_a_value_that_is_no_number_earns_nothing(grader, value):
    header, *rows = answer(grader, "diabetes_reg/mm")
    rows[0] = f"{rows[0].split(',')[0]},{value}"
    assert grader.reward("diabetes_reg/mm", "\n".join([header, *rows])) == 0.0


def test_right_values_in_another_order_of_rows_earn_only_by_their_keys(grader):
    header, *rows = answer(grader, MM)
    assert grader.reward(MM, "\n".join([header, *reversed(rows)])) == pytest.approx(1.1)
    keys, labels = zip(*(row.split(",") for row in rows), strict=True)
    turned = [f"{k},{v}" for k, v in zip(keys, reversed(labels), strict=True)]
    assert grader.reward(MM, "\n".join([header, *turned])) < 0.9


class Script:
    """Runs the same code in one call, then ends."""

    def __init__(self, code: str, load: list[str]) -> None:
        self.code, self.load = code, load

    async def reply(self, messages, tools):
        if any(m.role == "tool" for m in messages):
            return Reply(message=Message(role="assistant", content="done"))
        arguments = {
            "code": self.code, "files_to_load": self.load, "files_to_save": ["prediction.csv"]
        }  # fmt: skip
        call = ToolCall(id="c", name=NAME, arguments=arguments)
        return Reply(message=Message(role="assistant", content="", tool_calls=(call,)))


@pytest.fixture(scope="module")
def settings():
    executor = LocalExecutor(1)
    task = open_store(None).task(MM)
    truths, problems = read_truths([task])
    assert not problems
    yield RolloutSettings(
        executor=executor, truths=truths, budget=Budget(turns=2, seconds_per_call=20)
    )
    executor.close_now()


def earned(settings: RolloutSettings, code: str) -> float | None:
    task = open_store(None).task(MM)
    trajectory = asyncio.run(roll_out(task, Script(code, list(task.files)), settings))
    return reward_of_trajectory(trajectory)


LOOK_FOR_ANSWERS = """
import os, shutil
for root in ('/', '/proc/1/root', {folder!r}):
    for here, _, names in os.walk(root):
        for name in names:
            if 'truth' in name and name.endswith('.csv') or here.endswith('/verify'):
                print(here, name)
                shutil.copyfile(os.path.join(here, name), 'prediction.csv')
"""


def test_answers_cannot_be_read(settings):
    folder = str(open_store(None).task(MM).source.parent)
    assert earned(settings, LOOK_FOR_ANSWERS.format(folder=folder)) == 0.0
    path = open_store(None).task(MM).source.parent / "verify" / "ground_truth.csv"
    assert path.is_file()
    assert (
        earned(settings, f"import shutil; shutil.copyfile({str(path)!r}, 'prediction.csv')") == 0.0
    )


def test_a_scorer_that_is_patched_inside_is_not_the_scorer(settings):
    code = """
import sklearn.metrics, builtins, sys, types
sklearn.metrics.f1_score = lambda *a, **k: 1.0
fake = types.ModuleType('darebench.scoring'); fake.score_prediction = lambda *a, **k: 1.0
sys.modules['darebench'] = sys.modules['darebench.scoring'] = fake
import pandas as pd
v = pd.read_csv('val_v2.csv'); v['species'] = 'x'
v.to_csv('prediction.csv', index=False)
"""
    assert earned(settings, code) == pytest.approx(0.1)
    honest = "import sklearn.metrics, sys\nprint(sklearn.metrics.f1_score.__name__)\n"
    task = open_store(None).task(MM)
    trajectory = asyncio.run(roll_out(task, Script(honest, []), settings))
    assert "f1_score" in trajectory.calls[0].stdout


@pytest.mark.parametrize(
    "code",
    [
        "f = open('prediction.csv', 'wb'); f.truncate(100 * 2**30)",
        "import os; os.symlink('/etc/passwd', 'prediction.csv')",
        "import os; os.mkfifo('prediction.csv')",
        "open('prediction.csv', 'w').write('row_id,' * 10**7)",
    ],
)
def test_a_huge_or_odd_file_earns_nothing(settings, code):
    assert earned(settings, code) == 0.0


def test_an_answer_of_ours_that_cannot_be_used_is_no_reward(settings, grader):
    task = "diabetes_reg/mm"
    header, *rows = answer(grader, task)
    spoilt = replace(grader.truths[task], csv=f"{header}\n{rows[0]},abc\n".encode())
    assert replace(grader, truths={task: spoilt}).reward(task, "\n".join([header, *rows])) is None


class Broken:
    """A sandbox that fails."""

    async def execute(self, program):
        raise SandboxFault("the disk is gone")

    async def close(self):
        return None


def test_a_fault_of_ours_is_no_reward(settings, monkeypatch):
    async def at_once(seconds):
        return None

    monkeypatch.setattr("darebench.sandbox.executor.asyncio.sleep", at_once)
    task = open_store(None).task(MM)
    broken = RolloutSettings(executor=Broken(), truths=settings.truths)
    trajectory = asyncio.run(roll_out(task, Script("print(1)", []), broken))
    assert trajectory.stop_reason is StopReason.FAULT
    assert trajectory.fault == "the disk is gone"
    assert reward_of_trajectory(trajectory) is None
