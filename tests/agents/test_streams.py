"""What a program printed, as a model is shown it."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.agents.streams import shorten, without_repeats

HEADER = "/lib/sklearn/linear_model/_coordinate_descent.py:695: ConvergenceWarning: Objective did "
DESCENT = HEADER + "not converge. Duality gap: {}, tolerance: {}\n  model = cd_fast.descent(\n"
LBFGS = (
    "/lib/_logistic.py:465: ConvergenceWarning: lbfgs failed to converge (status=1):\n"
    "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT.\n\n"
    "Increase the number of iterations (max_iter) or scale the data as shown in:\n"
    "    https://scikit-learn.org/stable/modules/preprocessing.html\n"
    "  n_iter_i = _check_optimize_result(\n"
)


def test_a_warning_is_told_once_with_what_followed_it():
    told = without_repeats(LBFGS * 400)
    assert told == LBFGS + "[399 repeats of these warnings left out]\n"


def test_a_warning_with_other_numbers_is_the_same_warning():
    text = "".join(DESCENT.format(f"{n}.5e+0{n % 3}", n / 7) for n in range(300))
    told = without_repeats(text)
    assert told.count("Warning") == 1
    assert "[299 repeats" in told


def test_warnings_in_any_order_are_told_once_each():
    text = "".join(LBFGS if n * n % 7 < 3 else DESCENT.format(n, n) for n in range(200))
    told = without_repeats(text)
    assert told.count("Warning:") == 2
    assert "[198 repeats" in told


def test_the_traceback_after_warnings_is_whole():
    traceback = (
        'Traceback (most recent call last):\n  File "main.py", line 3, in <module>\n'
        "    f()\n    ^^^\n  File \"main.py\", line 9, in f\n    f()\n    ^^^\nKeyError: 'x'\n"
    )
    assert without_repeats(LBFGS * 50 + traceback).endswith(
        "[49 repeats of these warnings left out]\n"
    )
    assert traceback in without_repeats(LBFGS * 50 + traceback)
    assert without_repeats(traceback) == traceback


def test_lines_that_repeat_are_told_once():
    assert without_repeats("a\nb\n" * 9 + "c\n") == "a\nb\n[the 2 lines above came 9 times]\nc\n"
    assert without_repeats("x\n" * 3) == "x\n[the line above came 3 times]\n"
    assert without_repeats("x\nx\n") == "x\nx\n"
    assert without_repeats("a\n\n\n\n\nb") == "a\n\n\n\n\nb"


def test_other_numbers_in_lines_that_are_no_warnings_stay():
    text = "".join(f"epoch {n} loss {1 / n:.3f}\n" for n in range(1, 50))
    assert without_repeats(text) == text


def test_python_itself_writes_warnings_like_that(recwarn, capsys):
    shown = [
        warnings.formatwarning(f"gap {n}", UserWarning, "main.py", 3, "fit()") for n in range(9)
    ]
    assert without_repeats("".join(shown)).count("UserWarning") == 1


LINES = st.lists(st.sampled_from(["", "a", "b", "UserWarning: 1", "UserWarning: 2", "  c"]))


@given(lines=LINES)
def test_nothing_is_lost_but_repeats(lines):
    text = "\n".join(lines)
    told = without_repeats(text)
    plain = [line for line in told.split("\n") if not line.startswith("[")]
    remaining = iter(lines or [""])
    assert all(line in remaining for line in plain)  # a subsequence, in order
    for line in {"a", "b", "  c"} & set(lines):
        assert line in plain
    assert any("Warning" in line for line in plain) == ("Warning" in text)


@given(text=st.text(), limit=st.integers(2, 50))
def test_a_short_text_stays_and_a_long_one_keeps_both_ends(text, limit):
    cut = shorten(text, limit)
    if len(text) <= limit:
        assert cut == text
    else:
        half = limit // 2
        assert cut.startswith(text[:half])
        assert cut.endswith(text[-half:])


@pytest.mark.parametrize("n", [20_000])
def test_a_long_stderr_takes_no_long_time(n):
    import time

    start = time.process_time()
    without_repeats("".join(f"line {i % 977} and {i}\n" for i in range(n)))
    assert time.process_time() - start < 2.0
