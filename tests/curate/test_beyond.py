"""Harder noise and richer workflows: recorded, proven, and read back from their questions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from conftest import bundled
from darebench.audit.findings import Severity
from darebench.audit.store_audit import audit_store
from darebench.curate.clean import clean
from darebench.curate.extras import (
    draw_extras,
    lost_extras,
    read_extras,
    write_cleaning,
    write_features,
    write_join,
    write_target,
)
from darebench.curate.joins import take_apart
from darebench.curate.package import package_tabular
from darebench.curate.pipeline import curate
from darebench.curate.profile import profile
from darebench.curate.records import Design, RawTable, Table
from darebench.curate.table import Options
from darebench.curate.tabular import draft_tabular
from darebench.curate.verify import verify
from darebench.curate.workflow import Noise, Style, Workflow, Workflows
from darebench.store.extras import JOINS, Extras, Join
from darebench.store.noise import with_hard_noise
from darebench.store.read import open_store
from darebench.store.tables import read_table
from darebench.store.truth import read_settings
from darebench.store.write import write_store
from darebench.types import Family


def people(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": rng.lognormal(3, 1, n).round(2),
            "town": rng.choice(["Lyon", "Bonn", "Graz"], n),
            "target": rng.normal(size=n),
        }
    )


RANGES = {"age": [18, 89], "pay": [0.5, 900.0], "town": ["Bonn", "Graz", "Lyon"]}


def kept(noisy: pd.DataFrame) -> pd.DataFrame:
    """Follow the written rules, in other code than the reference's."""
    age, pay = (pd.to_numeric(noisy[c], errors="coerce") for c in ("age", "pay"))
    good = age.between(18, 89) & pay.between(0.5, 900) & noisy["town"].isin(RANGES["town"])
    return noisy.assign(age=age, pay=pay)[good].drop_duplicates().reset_index(drop=True)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("malformed", [True, False])
def test_every_rule_of_hard_noise_is_needed_and_all_of_them_suffice(seed, malformed):
    train = people().query("0.5 <= pay <= 900").drop_duplicates().reset_index(drop=True)
    noisy = with_hard_noise(train, RANGES, np.random.default_rng(seed), malformed=malformed)
    assert len(noisy) == len(train) + round(0.2 * len(train))
    pd.testing.assert_frame_equal(kept(noisy), train, check_dtype=False)
    age, pay = (pd.to_numeric(noisy[c], errors="coerce") for c in ("age", "pay"))
    fits = [age.between(18, 89), pay.between(0.5, 900), noisy["town"].isin(RANGES["town"])]
    for one in range(3):
        others = [f for i, f in enumerate(fits) if i != one]
        assert (others[0] & others[1] & ~fits[one]).any()
    assert noisy.duplicated().any()
    near = pay[~fits[1]].dropna()
    assert ((near > 900) & (near < 960)).any()
    assert malformed or pd.api.types.is_numeric_dtype(noisy["age"])


@pytest.mark.parametrize("seed", range(40))
def test_every_drawn_step_comes_back_from_its_text(seed):
    rng = np.random.default_rng(seed)
    train = people().assign(target=lambda f: f["target"].abs())
    extras = draw_extras(train, ["age", "pay"], ["town"], ["target"], rng, is_class=False)
    parts = [*write_cleaning(extras, rng, malformed=True), *write_features(extras, rng)]
    text = " ".join([*parts, f"Use {extras.scaler} and {extras.encoder}.", *write_target(extras)])
    assert lost_extras(text, extras) == ""
    assert read_extras(text) == extras
    if extras != Extras():
        assert lost_extras("Nothing of it.", extras) != ""


@pytest.fixture(scope="module")
def beyond(tmp_path_factory):
    folder = tmp_path_factory.mktemp("beyond") / "tables"
    folder.mkdir()
    bundled("diabetes").round(4).assign(
        sex=lambda f: np.where(f["sex"] > 0, "woman", "man")
    ).to_csv(folder / "diabetes.csv", index=False)
    bundled("breast_cancer").iloc[:, [0, 1, 4, 6, 9, -1]].to_csv(folder / "cells.csv", index=False)
    options = Options(max_targets=3, noise=Noise.HARD, workflows=Workflows.RICH)
    return curate(str(folder), folder.parent / "out", options=options)


def test_hard_and_rich_tasks_are_proven_and_recorded(beyond):
    tasks = [t for t in open_store(beyond.store).tasks if t.variant == "if"]
    assert len(tasks) >= 4
    drawn = [read_settings(task).extras for task in tasks]
    assert all(extras.drop_duplicates for extras in drawn)
    assert any(extras.derived or extras.groups for extras in drawn)
    for task in tasks:
        path = task.source.parent / "verify" / "all_metadata.json"
        settings = json.loads(path.read_text())["question"]
        assert settings["noise"] == "hard"
        assert settings["extras"]["scaler"] in task.question
        assert "equal" in task.question or "repeats" in task.question


def test_an_audit_of_them_finds_nothing(beyond):
    audit = audit_store(beyond.store)
    found = [
        (task.id, finding.check, finding.message)
        for task in audit.tasks
        for finding in task.findings
        if finding.severity is not Severity.NOTE and finding.check != "settings_lost"
    ]
    assert found == []


JOINED = ("pay", "town", "trade")


def joining(how: str, noise: Noise = Noise.PAPER) -> tuple[Workflow, pd.DataFrame]:
    rng = np.random.default_rng(4)
    rows = people(400).assign(trade=rng.choice([*"abcdefghijklmnop"], 400))
    rows["pay"] = rows["pay"].where(rng.random(400) > 0.1)
    workflow = Workflow(
        targets=("target",), task_kind="regression", columns=("age", *JOINED),
        features=("age", *JOINED), numerical=("age", "pay"), categorical=("town", "trade"),
        ranges={"age": [18, 89], "pay": [0.0, 900.0]}, imputer="mean", model="Ridge",
        random_state=0, suffix=".csv", n_tables=1, noise=noise, joined=("town", "trade"),
        extras=Extras(join=Join(file="lookup_v1.csv", key="lookup_id", how=how)),
    )  # fmt: skip
    return workflow, rows


@pytest.mark.parametrize("how", JOINS)
@pytest.mark.parametrize("seed", range(5))
def test_a_lookup_table_gives_back_what_was_taken_apart(how, seed):
    workflow, rows = joining(how)
    good, asked = rows.iloc[:300], rows.iloc[300:].reset_index(drop=True)
    noisy = good.sample(frac=1, random_state=seed)
    (_, keyed, asked_keyed), entries = take_apart(
        noisy, (good, asked), workflow, np.random.default_rng(seed)
    )
    assert entries["lookup_id"].is_unique
    assert list(keyed.columns) == ["age", "pay", "lookup_id", "target"]
    back = keyed.merge(entries, on="lookup_id", how=how)
    absent = ~keyed["lookup_id"].isin(entries["lookup_id"])
    assert 0 < absent.mean() <= 0.05
    assert len(back) == 300 - (absent.sum() if how == "inner" else 0)
    known = back.dropna(subset=["town"])[rows.columns].reset_index(drop=True)
    pd.testing.assert_frame_equal(known, good[~absent.to_numpy()].reset_index(drop=True))
    text = " ".join(write_join(workflow.extras, np.random.default_rng(seed)))
    assert read_extras(text).join == workflow.extras.join
    assert len(asked_keyed.merge(entries, on="lookup_id", how="left")) == 100


@pytest.mark.parametrize("noise", list(Noise))
def test_joins_are_drawn_proven_and_read_back(tmp_path, noise):
    """Each kind once: the reference, and the literal path from the noisy file, in the sandbox."""
    frame = clean(joining("left")[1].assign(target=lambda f: f["age"] + 9 * f["target"]))
    raw = RawTable(title="People", about="", licence="", updated="", frame=frame)
    table = Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))
    design = Design(family=Family.REG, target="target", features=("age", *JOINED))
    draft = draft_tabular(table, design, np.random.default_rng(0))
    style = Style(noise=noise, workflows=Workflows.RICH)
    made = [package_tabular(draft, "t_reg", np.random.default_rng(n), style) for n in range(12)]
    kinds = {(d.settings["extras"]["join"] or {}).get("how"): d for d in made}
    assert kinds.keys() == {None, *JOINS}
    for how in JOINS:
        write_store([kinds[how]], tmp_path / how)
        verify(tmp_path / how)
        task = open_store(tmp_path / how).task("t_reg/if")
        join = read_settings(task).extras.join
        assert join is not None
        assert join.file in task.files
        assert join.file in task.question
        header = {*read_table(task.source / task.files[0]).columns}
        assert {*read_table(task.source / join.file).columns} & header == {join.key}
