"""An audit's page: figures, charts and tasks for reading."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

from darebench.audit.store_audit import Audit, audit_store
from darebench.errors import ConfigError
from darebench.report.audit_figures import store_facts
from darebench.report.page.audit_page import audit_page, draw_samples, read_audit
from pages import documents_in
from small_store import write_tables

SECRET = 4242.4242


@pytest.fixture(scope="module")
def audit(tmp_path_factory) -> Audit:
    """The audit of a store of thirty small tasks, in which one true value is a known number."""
    rng = np.random.default_rng(0)
    datasets = {}
    for k in range(30):
        frame = pd.DataFrame({"a": rng.normal(size=80), "b": rng.choice(["<b>u</b>", "v"], 80)})
        frame["price"] = frame["a"] * 3 + rng.normal(size=80)
        frame.loc[60:, "price"] += SECRET
        frame.loc[60, "price"] = SECRET
        datasets[f"table{k}"] = (f"o/table{k}", frame, "price")
    return audit_store(write_tables(tmp_path_factory.mktemp("page") / "store", datasets))


def test_twenty_tasks_are_drawn_always_the_same(audit):
    names = [sample["id"] for sample in draw_samples(audit)]
    assert len(names) == len({*names}) == 20
    assert names == [sample["id"] for sample in draw_samples(audit)]
    assert names != [sample["id"] for sample in draw_samples(audit, seed=1)]


def test_the_page_has_every_task_and_no_true_value(audit):
    page = audit_page(audit)
    assert audit_page(audit) == page
    assert "<b>u" not in page
    documents = documents_in(page)
    assert "4242" not in json.dumps(documents)
    held = documents["audit/0"]
    assert [task["id"] for task in held["tasks"]] == [task.id for task in audit.tasks]
    (train, val) = held["samples"][0]["files"]
    assert (train["name"], val["name"]) == ("train_v2.csv", "val_v2.csv")
    assert {"<b>u</b>", "v"} >= {row[1] for row in train["rows"]}
    assert sum(held["store"]["verdicts"].values()) == 30


def test_the_facts_say_what_the_store_is_like(audit):
    facts = store_facts(audit)
    assert facts["natural or sensible"].startswith("100% of 30 targets")
    assert "30 datasets of 30 tables count as 30.0" in facts["distinct"]
    assert re.search(r"1\.00 of the 5-grams", facts["wording, reg-MM"])


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "tasks": [{}], "store": {}}']
)
def test_a_file_that_is_not_an_audit_is_refused(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ConfigError, match="is not what `darebench audit --json` prints"):
        read_audit(tmp_path / "a.json")
