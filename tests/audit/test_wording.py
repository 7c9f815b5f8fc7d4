"""Repetition of questions and columns that are called by description."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.audit.wording import Spoken, is_described, measure_wording, repetition

WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "delta", "eps", "zeta"]), min_size=5, max_size=15
)


def test_a_template_repeats_itself_and_figures_do_not_hide_it():
    texts = [
        f"Filter the rows by age between {n} and {n + 40} and train a model." for n in range(20)
    ]
    assert set(repetition(texts)) == {1.0}
    assert measure_wording([Spoken(text=text) for text in texts]).repetition == 1.0


def test_what_a_tenth_of_the_others_has_counts():
    """Of 21 texts two have a sentence: one of the twenty others is under a tenth."""
    unlike = [f"{c}a {c}b {c}c {c}d {c}e" for c in "bcdfghjklmnpqrstvwz"]
    shared = "one two three four five"
    assert repetition([shared, shared, *unlike])[0] == 0.0
    assert repetition([shared, shared, shared, *unlike[:18]])[0] == 1.0


@settings(deadline=None)
@given(st.lists(WORDS.map(" ".join), min_size=1, max_size=12))
def test_repetition_is_a_share_and_does_not_depend_on_the_order(texts):
    shares = repetition(texts)
    assert all(0 <= share <= 1 for share in shares)
    assert repetition(texts[::-1]) == shares[::-1]


@settings(deadline=None)
@given(WORDS.map(" ".join), st.integers(2, 8))
def test_one_text_again_and_again_repeats_itself_wholly(text, times):
    assert set(repetition([text] * times)) == {1.0}


def test_columns_are_told_by_name_or_by_what_they_mean():
    assert not is_described("Fare", "price of the ticket", "the fare is between 4 and 512")
    assert is_described("Fare", "price of the ticket", "the welfare of passengers")
    assert is_described("Fare", "the price of the ticket", "Fare: price of the ticket over 3")
    assert is_described("Fare", "", "price paid (`Fare`) over 3")
    assert not is_described("Fare", "Fare", "fare over 3")
    assert not is_described("x (mm)", "", "values of x (mm) over 3")
    questions = [
        Spoken(text="the price paid", columns={"fare": "", "price": ""}),
        Spoken(text="the `age`", columns={"age": ""}),
    ]
    assert measure_wording(questions).described == 1 / 3


def test_few_questions_are_not_compared():
    few = measure_wording([Spoken(text="Predict it.\n\nSave 1.23456789012.")] * 9)
    assert few.repetition is None
    assert few.described is None
    assert (few.n_words, few.n_paragraphs, few.long_numbers) == (4, 2, 1.0)
    assert measure_wording([]).n_words == 0
