"""Joins: a lookup table gives back what was taken apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.curation_options import Noise, Steps, Style
from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import Design, RawTable, Table, Workflow
from darebench.curate.verify import verify
from darebench.curate.writing.draw_workflow import draw_workflow
from darebench.curate.writing.extra_steps import (
    read_extras,
    write_join,
)
from darebench.curate.writing.lookup import take_apart
from darebench.curate.writing.package import package_tabular
from darebench.store.extras import JOINS, Extras, Join
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


JOINED = ("pay", "town", "trade")


def joining(how: str, noise: Noise = Noise.PLAIN) -> tuple[Workflow, pd.DataFrame]:
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


@pytest.mark.parametrize("noise", [Noise.PLAIN, Noise.HARD])
def test_joins_are_drawn_proven_and_read_back(tmp_path, noise):
    """Each kind once: the reference, and the literal path from the noisy file, in the sandbox."""
    frame = clean(joining("left")[1].assign(target=lambda f: f["age"] + 9 * f["target"]))
    raw = RawTable(title="People", about="", licence="", updated="", frame=frame)
    table = Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))
    design = Design(family=Family.REG, target="target", features=("age", *JOINED))
    draft = draft_tabular(table, design, np.random.default_rng(0))
    style = Style(noise=noise, steps=Steps.RICH)
    made = []
    for rng in map(np.random.default_rng, range(12)):
        workflow = draw_workflow(draft, rng, style)
        assert workflow is not None
        made.append(package_tabular(draft, workflow, "t_reg", rng))
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
