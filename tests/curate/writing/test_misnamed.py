"""Labels are held against names alone."""

from __future__ import annotations

import pandas as pd
import pytest

from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.curate.writing.column_labels import label_columns
from darebench.curate.writing.misnamed import misnamed

NAMES = ["alcohol", "malic_acid", "ash", "AshAlkalinity", "n_visits", "a", "rooms"]


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("alcohol", "malic acid"),
        ("alcohol", "Malic Acids"),
        ("alcohol", "the malic acid"),
        ("alcohol", "amount of malic acid"),
        ("alcohol", "ash alkalinity"),
        ("alcohol", "n visit"),
        ("malic_acid", "number of rooms"),
        ("ash", "ash alkalinity"),
        ("alcohol", "a"),
        ("alcohol", "`ash`"),
    ],
)
def test_a_label_that_names_another_column_is_found(column, label):
    assert repr(label) in misnamed({column: label}, NAMES)


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ("alcohol", "`alcohol`"),
        ("alcohol", "percent by volume"),
        ("malic_acid", "malic acid"),
        ("AshAlkalinity", "alkalinity of the ash"),
        ("AshAlkalinity", "Ash alkalinity"),
        ("n_visits", "number of visits"),
        ("alcohol", "washed a glass"),
        ("ash", "what burns to a cinder"),
    ],
)
def test_a_label_of_its_own_is_none(column, label):
    assert misnamed({column: label}, NAMES) == ""


def test_a_description_that_is_another_name_labels_nothing():
    said = {"alcohol": "malic acid", "ash": "what is left over"}
    frame = pd.DataFrame({name: [1.5, 2.5, 4] for name in ("alcohol", "malic_acid", "ash")})
    raw = RawTable(title="", about="", licence="", updated="", frame=frame, descriptions=said)
    table = Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))
    metadata = "\n".join(f"{k}: {v}" for k, v in said.items())
    assert label_columns(table, ["alcohol", "ash"], metadata) == {
        "alcohol": "`alcohol`",
        "ash": "what is left over",
    }
