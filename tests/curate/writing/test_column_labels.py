"""What questions call a column."""

from __future__ import annotations

import pandas as pd
import pytest

from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.curate.writing.column_labels import label_columns, phrase_of


@pytest.mark.parametrize(
    ("description", "phrase"),
    [
        ("Body mass index", "body mass index"),
        ("a numeric vector of mathematics scores", "mathematics scores"),
        ("an ordered factor designating the school", "school"),
        ("economic aid in nominal U.S. dollars. 1 = yes", "economic aid in nominal U.S. dollars"),
        ("hus. weekly earns", "hus. weekly earns"),
        ("US Dollar / Pound exchange rate", "US Dollar / Pound exchange rate"),
        ("rear width (mm)", "rear width (mm)"),
        ("Number of young children (under 7 years of age)", "number of young children"),
        ("leaf architecture (0 = plagiotropic, 1 = orthotropic", "leaf architecture"),
        ("=1 if in a union", "whether in a union"),
        ("1=history of smoking; 0=none", "history of smoking"),
        ("Factor. Is the individual married?", "whether the individual is married"),
        ("Northern Territory rain", "Northern Territory rain"),
        ("number of admissions to a hospital, nursing or convalescent home", ""),
        ("number of days between registration and the earlier of death,", ""),
        ("size of the tree measured in log(height*diameter^2)", ""),
        ("index 1:50 within each of the four groups", ""),
        ("days after the 1st january, 1988", ""),
        ("Age in years (divided by 10)", ""),
        ("number of children for ages 0 to 5", ""),
        ("a factor with levels Male and Female", ""),
        ("How many times was the fly fed?", ""),
        ("income in USD 10,000", ""),
        ("in years", ""),
        ("m/f", ""),
    ],
)
def test_a_description_is_used_as_a_whole_phrase_or_not_at_all(description, phrase):
    assert phrase_of(description) == phrase


def test_a_name_stands_beside_a_description_that_is_not_clear_alone():
    meanings = {
        "re74": "real earnings in 1974", "re75": "real earnings in 1975",
        "year": "calendar time", "rate": "unemployment rate in each year",
    }  # fmt: skip
    assert labels_of(meanings) == {
        "re74": "real earnings in 1974 (`re74`)", "re75": "real earnings in 1975 (`re75`)",
        "year": "calendar time", "rate": "unemployment rate in each year (`rate`)",
    }  # fmt: skip


def test_columns_are_named_by_meaning_only_where_that_is_clear():
    meanings = {
        "a": "body mass index", "b": "number of visits in a year", "c": "number of visits in a year",
        "d": "1 female or not", "e": "type",
    }  # fmt: skip
    assert labels_of(meanings) == {
        "a": "body mass index", "b": "`b`", "c": "`c`", "d": "`d`", "e": "type (`e`)",
    }  # fmt: skip


def labels_of(meanings):
    frame = pd.DataFrame({name: [1.5, 2.5, 4] for name in meanings})
    raw = RawTable(title="", about="", licence="", updated="", frame=frame, descriptions=meanings)
    table = Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))
    return label_columns(table, list(meanings), "\n".join(f"{k}: {v}" for k, v in meanings.items()))
