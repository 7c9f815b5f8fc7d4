"""Repetition of questions and columns that are called by description."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from darebench.audit.wording import is_named, measure_wording, repetition

WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "eps", "zeta"]), min_size=5, max_size=15
)


def test_a_template_repeats_itself_and_figures_do_not_hide_it():
    texts = [
        f"Filter the rows by age between {n} and {n + 40} and train a model." for n in range(20)
    ]
    assert set(repetition(texts)) == {1.0}
    assert measure_wording(texts).repetition == 1.0


def test_what_a_tenth_of_the_others_has_counts():
    """Of 21 texts two have a sentence: one of the twenty others is under a tenth."""
    unlike = [f"{c}a {c}b {c}c {c}d {c}e" for c in "bcdfghjklmnpqrstvwz"]
    shared = "one two three four five"
    assert repetition([shared, shared, *unlike])[0] == 0.0
    assert repetition([shared, shared, shared, *unlike[:18]])[0] == 1.0


@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=12))
def test_repetition_is_a_share_and_does_not_depend_on_the_order(texts):
    shares = repetition(texts)
    assert all(0 <= share <= 1 for share in shares)
    assert repetition(texts[::-1]) == shares[::-1]


@given(WORDS.map(" ".join), st.integers(2, 8))
def test_one_text_again_and_again_repeats_itself_wholly(text, times):
    assert set(repetition([text] * times)) == {1.0}


def test_columns_are_named_as_whole_words():
    assert is_named("Fare", "the fare is between 4 and 512")
    assert not is_named("Fare", "the welfare of passengers")
    assert is_named("x (mm)", "values of x (mm) over 3")
    measured = measure_wording(["the price paid", "the `age`"], [["fare", "price"], ["age"]])
    assert measured.described == 1 / 3


def test_few_questions_are_not_compared():
    assert measure_wording(["Predict it."] * 9).repetition is None
    assert measure_wording([]).n_words == 0
