"""What a target is, by its name, its description, its page and its numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.audit.naturalness.page import read_page, split_name
from darebench.audit.naturalness.verdicts import Verdict, judge_columns

RNG = np.random.default_rng(5)
HOUSES = {
    "parcel_id": "identifier of the parcel",
    "year": "year in which it was sold",
    "sex": "sex of the seller",
    "treatment": "treatment arm to which the seller was assigned",
    "rooms": "number of rooms",
    "lot": "size of the lot in square feet",
    "price": "sale price in dollars",
}


def houses(**more: str) -> tuple[pd.DataFrame, str]:
    columns = HOUSES | more
    frame = pd.DataFrame({name: RNG.integers(1, 60, 200) for name in columns})
    lines = "\n".join(f"{name}: {text}" for name, text in columns.items())
    return frame, f"Sales of houses\n\nWhat houses are sold for.\n\nColumns:\n\n{lines}\n"


@pytest.mark.parametrize(
    ("column", "verdict"),
    [
        ("price", Verdict.NATURAL),
        ("parcel_id", Verdict.CODE),
        ("year", Verdict.CALENDAR),
        ("sex", Verdict.DEMOGRAPHIC),
        ("treatment", Verdict.DESIGN),
        ("rooms", Verdict.COVARIATE),
        ("lot", Verdict.COVARIATE),
    ],
)
def test_columns_are_what_their_descriptions_say(column, verdict):
    frame, metadata = houses()
    (judged,) = judge_columns(frame, metadata, [column])
    assert (judged.target, judged.verdict) == (column, verdict)
    assert judged.reason


@pytest.mark.parametrize(
    "line", ["{n}: {t}", "- {n}: {t}", "* `{n}` - {t}", "{n} – {t}", "{n} | {t}"]
)
def test_a_description_is_found_however_its_line_is_written(line):
    text = "\n".join(line.format(n=n, t=t) for n, t in HOUSES.items())
    assert read_page(f"Sales\n\n{text}", HOUSES).descriptions == HOUSES


def test_a_line_that_only_gives_the_kind_is_no_description():
    page = read_page("Houses\n\nColumns:\n\nprice (number)\nkind (category)\n", ["price", "kind"])
    assert page.descriptions == {}


def test_a_part_of_a_total_is_one_and_the_total_is_not():
    frame = pd.DataFrame(RNG.integers(1, 90, (200, 3)), columns=["lamb", "beef", "pork"])
    frame["meat"] = frame.sum(axis=1)
    parts = {j.target: j.verdict for j in judge_columns(frame, "", [*frame.columns])}
    assert [parts[name] is Verdict.PART for name in frame.columns] == [True, True, True, False]


def test_unrelated_numbers_are_no_parts():
    frame = pd.DataFrame(RNG.normal(size=(200, 4)), columns=[*"abcd"])
    assert Verdict.PART not in {j.verdict for j in judge_columns(frame, "", [*"abcd"])}


def test_a_copy_of_an_outcome_in_logarithms_is_less_wanted():
    frame, metadata = houses(lprice="log of price")
    price, copy = judge_columns(frame, metadata, ["price", "lprice"])
    assert price.points > copy.points


def test_an_earlier_measurement_is_less_wanted():
    frame, metadata = houses(price_1="previous sale price in dollars")
    price, earlier = judge_columns(frame, metadata, ["price", "price_1"])
    assert price.points > earlier.points


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=6, unique=True), st.text(max_size=300))
def test_any_names_and_any_text_get_a_verdict(names, metadata):
    frame = pd.DataFrame({name: range(12) for name in names})
    judged = judge_columns(frame, metadata, names)
    assert [j.target for j in judged] == names


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_columns_does_not_matter(random):
    frame, metadata = houses()
    order = [*frame.columns]
    random.shuffle(order)
    straight = {j.target: j.verdict for j in judge_columns(frame, metadata, order)}
    assert straight == {j.target: j.verdict for j in judge_columns(frame[order], metadata, order)}


def test_names_are_taken_apart_at_capitals_and_marks():
    assert split_name("FloodOccurrence") == ("flood", "occurrence")
    assert split_name("HTMLSize.2_max") == ("html", "size", "2", "max")
