"""Every wording of a workflow comes back as its settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.curate.writing.draw_workflow import draw_workflow
from darebench.curate.writing.fidelity import lost_in_workflow
from darebench.curate.writing.questions import write_workflow
from darebench.instructions.facts import file_facts
from good_tables import bundled


def table(frame: pd.DataFrame) -> Table:
    raw = RawTable(title="T", about="", licence="", updated="", frame=frame)
    cleaned = clean(frame)
    return Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))


@pytest.mark.parametrize("seed", range(25))
def test_every_wording_comes_back_as_its_settings(seed):
    frame = bundled("diabetes").assign(
        **{
            "sex": lambda f: np.where(f["sex"] > 0, "female", "male"),
            "Blood.Sugar": lambda f: f["s6"],
        }
    )
    made = table(frame.drop(columns="s6"))
    design = next(d for d in RulesDesigner().design(made) if d.target == "result")
    rng = np.random.default_rng(seed)
    draft = draft_tabular(made, design, rng)
    workflow = draw_workflow(draft, rng)
    assert workflow is not None
    names = ("train_v1.csv", "val_v1.csv")
    labels = {name: f"`{name}`" for name in workflow.columns}
    text = write_workflow(workflow, *names, labels, rng)
    facts = file_facts(draft.split.train, draft.split.val[list(workflow.columns)], names, "")
    assert lost_in_workflow(text, workflow, facts, names) == ""
    wrong = text.replace(f"`{workflow.features[0]}`", f"`{workflow.features[1]}`")
    assert lost_in_workflow(wrong, workflow, facts, names) != ""
