"""Steps beyond the paper: recorded, proven, and read back from their questions."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from darebench.audit.findings import Severity
from darebench.audit.store_audit import audit_store
from darebench.curate.curation_options import Noise, Options, Steps
from darebench.curate.pipeline import curate
from darebench.curate.writing.extra_steps import (
    draw_extras,
    lost_extras,
    read_extras,
    write_cleaning,
    write_features,
    write_target,
)
from darebench.store.extras import Extras
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from good_tables import bundled


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
    options = Options(max_targets=3, noise=Noise.HARD, steps=Steps.RICH)
    return curate(str(folder), folder.parent / "out", options=options)


def test_hard_and_rich_tasks_are_proven_and_recorded(beyond):
    tasks = [t for t in open_store(beyond.store).tasks if t.variant == "if"]
    assert len(tasks) >= 2
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
