"""Docstrings and pages become plain text, and what they say of columns comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.curate.sources.descriptions import find_descriptions
from darebench.curate.sources.packages.markup import plain_lines, without_tables

NUMPY = """Load the heart study [1]_.

    Men of `Framingham <http://a.example>`_ were followed; see :func:`other.load`.

    Parameters
    ----------
    age : bool
        Whether to keep the age.

    Returns
    -------
    frame : DataFrame
        ``chol`` is in mg.

    Notes
    -----
    Times are in days::

        age     in years
        - chol  - serum cholesterol

    Examples
    --------
    >>> load()

    References
    ----------
    .. [1] Dawber (1951)
"""


def test_a_docstring_loses_code_and_markup_and_keeps_what_it_says():
    text = plain_lines(NUMPY, ["age", "chol"])
    assert "Men of Framingham were followed; see other.load." in text
    assert "[1] Dawber (1951)" in text
    assert not any(
        mark in text for mark in ("Parameters", "Returns", ">>>", "::", "`", "---", "]_")
    )
    assert find_descriptions(text, ["age", "chol"]) == {
        "age": "in years",
        "chol": "serum cholesterol",
    }


@pytest.mark.parametrize(
    "page",
    [
        "Wages\n\nwage     average hourly earnings\neduc     years of education",
        "wage\naverage hourly earnings\n\neduc\nyears of education",
        "‘wage’ average hourly earnings\n\n‘educ’ years of education",
        "| wage | average hourly earnings |\n| educ | years of education |",
        "``wage`` - average hourly earnings\n``educ`` - years of education",
        "    - wage    average hourly earnings\n    - educ    years of education",
        "Args:\n    wage: whether\n\nwage: average hourly earnings\neduc: years of education",
    ],
)
def test_columns_are_described_in_every_way_that_pages_do(page):
    found = find_descriptions(plain_lines(page, ["wage", "educ"]), ["wage", "educ"])
    assert found == {"wage": "average hourly earnings", "educ": "years of education"}


def test_tables_become_lines():
    rows = "+---+----+\n| a | of b |\n|   | and c |\n+===+====+\n| d | e |"
    assert without_tables(rows) == "a: of b and c\nd: e"


WORDS = st.text(alphabet="abcdefgh ", min_size=1, max_size=30).map(lambda t: " ".join(t.split()))


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=6))
def test_plain_paragraphs_stay_as_they_are(paragraphs):
    text = "\n\n".join(paragraphs)
    assert plain_lines(text) == text
    assert plain_lines(f"{text}\n\nReturns\n-------\nframe\n    a frame") == text
