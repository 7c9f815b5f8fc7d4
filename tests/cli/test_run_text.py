"""What `eval` prints at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from darebench.cli.run_text import run_text
from darebench.evals.run import EvalConfig, evaluate
from darebench.report.page.run_page import write_page
from darebench.types import Failure, Tokens

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    return evaluate(EvalConfig(model="null", tasks=("*/mm",)), out=folder / "null")


@pytest.fixture
def text_of(run, monkeypatch):
    monkeypatch.chdir(run.folder.parent)
    short = replace(run, folder=run.folder.relative_to(run.folder.parent))

    def text(*, took_s: float = 3.25, **changes) -> str:
        return run_text(replace(short, **changes), write_page(short.folder), took_s=took_s)

    return text


def test_a_run_ends_with_its_cost_its_failures_and_where_to_look_next(text_of):
    lines = text_of().splitlines()
    assert [line for line in lines if line.startswith(("attempts", "tokens", "failures"))] == [
        "attempts: 4, with 0.0 calls and 0.0 s each; 3.2 s in all",
        "tokens: none",
        "failures: 4 no prediction",
    ]
    assert lines[-4:] == [
        "run: null",
        "page: null/report.html",
        "tables: darebench report null",
        "messages: inspect view --log-dir null/logs",
    ]
    assert not any(line.startswith(("unscored", "missing", "nothing")) for line in lines)


def test_tokens_and_failures_are_summed_over_the_scored_attempts(run, text_of):
    first, second, *others = run.trajectories
    text = text_of(
        trajectories=(
            replace(first, tokens=Tokens(input=1200, output=30, total=1230)),
            replace(second, failure=Failure.CODE_ERROR, tokens=Tokens(input=1, output=1, total=2)),
            *others,
        )
    )
    assert "\ntokens: 1,201 read, 31 written\n" in text
    assert "\nfailures: 3 no prediction, 1 code error\n" in text


def test_what_is_unscored_is_named_with_its_reason(run, text_of):
    fault = "the provider failed: Error code: 500 - something went wrong that takes long to tell"
    lost = [replace(t, score=None, failure=None, fault=fault) for t in run.trajectories[:3]]
    kept = replace(run.trajectories[3], score=None, failure=None, fault="the sandbox failed")
    text = " ".join(text_of(trajectories=(*lost, kept)).split())
    assert f"unscored: 3 of 4 ({fault}): {lost[0].task} (epoch 1), {lost[1].task}" in text
    assert f"unscored: 1 of 4 (the sandbox failed): {kept.task} (epoch 1)" in text
    assert "failures: none" in text


def test_what_is_missing_is_counted(run, text_of):
    assert "\nmissing: 2 attempts; the same command makes them\n" in text_of(expected=6)


def test_a_finished_run_that_is_asked_for_again_says_that_nothing_was_left_to_do(run, text_of):
    again = evaluate(EvalConfig(model="null", tasks=("*/mm",)), out=run.folder)
    assert again.new_attempts == 0
    assert "nothing was left to do" in text_of(new_attempts=again.new_attempts)
    assert run.new_attempts == 4
    assert "nothing was left to do" not in text_of()


def test_it_fits_a_terminal_of_80_columns(run, text_of):
    fault = "the provider failed: " + "word " * 60
    counts = Counter(Failure)
    lost = [replace(t, score=None, fault=fault) for t in run.trajectories]
    failed = [replace(run.trajectories[0], failure=failure) for failure in counts]
    text = text_of(trajectories=(*lost, *failed), expected=20, took_s=12345.6, new_attempts=0)
    assert max(map(len, text.splitlines())) <= 80
