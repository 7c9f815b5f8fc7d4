"""Answers that should not work: found where they do, and left alone where they do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from written import written

from darebench.audit.checks import Need, find
from darebench.audit.entities import find_entities
from darebench.audit.headroom import measure
from darebench.audit.probes import probe
from darebench.types import Family, Variant


def table(n: int = 400, seed: int = 0, **columns) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=n), "b": rng.choice([*"uvw"], n)})
    return frame.assign(y=frame["a"] + rng.normal(scale=0.7, size=n), **columns)


def found(tables) -> set[str]:
    probes = probe(tables, measure(tables))
    return {finding.check for finding in find(Need.PROBES, probes, Variant.MM)}


def split(frame: pd.DataFrame, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    in_val = np.random.default_rng(seed).random(len(frame)) < 0.3
    return frame[~in_val], frame[in_val]


@pytest.mark.parametrize("family", [Family.REG, Family.CLASS])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_found_in_shuffled_independent_rows(family, seed):
    frame = table(seed=seed, row_id=range(400))
    if family is Family.CLASS:
        frame["y"] = np.where(frame["y"] > 0, "high", "low")
    assert found(written(*split(frame, seed), family=family)) == set()


@pytest.mark.parametrize("family", [Family.REG, Family.CLASS])
def test_a_target_that_follows_the_row_number_is_found(family):
    frame = table(row_id=range(400))
    frame["y"] = np.sin(np.arange(400) / 30) + np.random.default_rng(2).normal(scale=0.3, size=400)
    if family is Family.CLASS:
        frame["y"] = np.where(frame["y"] > 0, "high", "low")
    assert "order_tells" in found(written(*split(frame), family=family))


def test_a_target_that_follows_the_place_in_both_files_is_found():
    frame = table().sort_values("y")
    assert "order_tells" in found(written(*split(frame)))


def people(shared: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sixty people with ten rows each, whose level of the target is their own."""
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(60), 10)
    frame = pd.DataFrame({"person": person, "dose": rng.normal(size=600)})
    frame["y"] = rng.normal(size=60)[person] + 0.3 * rng.normal(size=600)
    if shared:
        return split(frame)
    return frame[person < 42], frame[person >= 42]


def test_people_on_both_sides_are_found():
    assert "entity_split" in found(written(*people(shared=True)))


def test_people_on_one_side_are_not_found():
    assert "entity_split" not in found(written(*people(shared=False)))


def test_an_entity_is_found_by_what_is_constant_in_it():
    rng = np.random.default_rng(4)
    code = np.repeat(np.arange(40), 8)
    frame = pd.DataFrame(
        {
            "q7": code,
            "height": rng.normal(size=40)[code],
            "town": rng.choice([*"klm"], 40)[code],
            "dose": rng.normal(size=320),
            "y": rng.normal(size=40)[code] + 0.2 * rng.normal(size=320),
        }
    ).drop(columns="height")
    frame["house"] = rng.choice([*"opqr"], 40)[code]
    tables = written(*split(frame))
    assert [entity.column for entity in find_entities(tables)] == ["q7"]
    assert "entity_split" in found(tables)


def test_the_make_of_a_thing_is_no_entity():
    rng = np.random.default_rng(6)
    model = np.repeat(np.arange(30), 12)
    frame = pd.DataFrame(
        {
            "model": model,
            "fuel": rng.choice([*"dp"], 30)[model],
            "doors": rng.choice([*"35"], 30)[model],
            "y": rng.normal(size=30)[model],
        }
    )
    assert find_entities(written(*split(frame))) == []


def test_neighbours_that_only_a_copy_finds_are_found():
    """Many measured columns that say nothing but which entity a row is of."""
    rng = np.random.default_rng(7)
    who = np.repeat(np.arange(300), 2)
    marks = rng.normal(size=(300, 12))[who] + 0.01 * rng.normal(size=(600, 12))
    frame = pd.DataFrame(marks, columns=[f"m{k}" for k in range(12)])
    frame["y"] = rng.normal(size=300)[who]
    in_val = np.arange(600) % 2 == 0
    in_val &= who % 3 == 0
    assert "nearest_row" in found(written(frame[~in_val], frame[in_val]))


def test_too_few_rows_are_not_probed():
    frame = table(40).sort_values("y")
    tables = written(frame.iloc[:25], frame.iloc[25:])
    assert found(tables) == set()
