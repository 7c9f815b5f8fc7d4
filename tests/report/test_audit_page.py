"""An audit's page: figures, charts and tasks for reading."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from darebench.audit.store_audit import Audit, audit_store
from darebench.report.audit_figures import store_charts, store_facts
from darebench.report.page.audit_page import audit_page
from darebench.report.page.audit_samples import draw_samples
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
    names = [sample.audit.id for sample in draw_samples(audit)]
    assert len(names) == len({*names}) == 20
    assert names == [sample.audit.id for sample in draw_samples(audit)]
    assert names != [sample.audit.id for sample in draw_samples(audit, seed=1)]


def test_a_sample_is_what_the_agent_sees_and_no_true_value(audit):
    page = audit_page(audit)
    assert "4242" not in page
    assert page.count('<p class="question">') == 20
    assert page.count("train_v2.csv <span") == page.count("val_v2.csv <span") == 20
    assert "<b>u" not in page
    assert "&lt;b&gt;u" in page
    assert audit_page(audit) == page


def test_the_charts_count_every_target_and_every_task(audit):
    charts = {chart.title: chart for chart in store_charts(audit)}
    assert [*charts] == ["What the targets are", "Headroom of reg-MM"]
    for chart in charts.values():
        assert sum(int(bar.text) for bar in chart.bars) == 30
        assert max(bar.share for bar in chart.bars) == 1.0
    facts = store_facts(audit)
    assert facts["natural or sensible"].startswith("100% of 30 targets")
    assert "30 datasets of 30 tables count as 30.0" in facts["distinct"]
    assert re.search(r"1\.00 of the 5-grams", facts["wording, reg-MM"])
