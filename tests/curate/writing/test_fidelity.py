"""Every wording of a workflow comes back as its settings."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.curate.designing.as_told import design_as_told
from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.curate.told import Told
from darebench.curate.writing.column_labels import label_columns, with_names
from darebench.curate.writing.draw_workflow import draw_workflow
from darebench.curate.writing.fidelity import lost_in_workflow
from darebench.curate.writing.metadata import write_metadata
from darebench.curate.writing.purpose import write_purpose
from darebench.curate.writing.questions import write_workflow
from darebench.curate.writing.vary import write_number
from darebench.instructions.facts import file_facts
from darebench.instructions.reader import read_ranges
from darebench.reference.spec import SEEDLESS
from good_tables import bundled

SAID = {
    "age": "age in years", "sex": "Sex of the patient", "bmi": "body mass index",
    "bp": "average blood pressure (in mm Hg)", "s1": "total serum cholesterol",
    "s2": "albumin and globulin of the blood", "s3": "high-density lipoproteins",
    "s4": "total cholesterol / high-density lipoproteins", "s5": "a numeric vector of the U.S. score",
    "Blood.Sugar": "fasting blood sugar level, in mg", "result": "progression in one year",
}  # fmt: skip


@cache
def drafted():
    """A draft whose columns are of both kinds, some with a description, some alike."""
    frame = bundled("diabetes").assign(
        **{
            "sex": lambda f: np.where(f["sex"] > 0, "female", "male"),
            "age": lambda f: np.where(f["age"] > 0, "a lot", "10 to 20, or so"),
            "Blood.Sugar": lambda f: (f["s6"] * 1e6).round(),
        }
    )
    frame = frame.drop(columns="s6")
    raw = RawTable(
        title="Diabetes (2004).csv", about="", licence="", updated="", frame=frame,
        descriptions=SAID, told=Told(target=("result",)),
    )  # fmt: skip
    cleaned = clean(frame)
    made = Table(slug="t", owner="o", raw=raw, frame=cleaned, profile=profile(cleaned))
    (design,) = design_as_told(RulesDesigner(), made)
    return draft_tabular(made, design, np.random.default_rng(0))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000), naming=st.sampled_from(["meanings", "both", "names"]))
def test_every_wording_comes_back_as_its_settings(seed, naming):
    draft, rng = drafted(), np.random.default_rng(seed)
    workflow = draw_workflow(draft, rng)
    assert workflow is not None
    names = ("train_v1.csv", "val_v1.csv")
    metadata = write_metadata(draft.table, [*draft.design.features, "result"])
    labels = {name: f"`{name}`" for name in workflow.columns}
    if naming != "names":
        labels = label_columns(draft.table, workflow.columns, metadata)
    labels = with_names(labels) if naming == "both" else labels
    purpose = write_purpose(draft.table, workflow.targets, rng)
    text = write_workflow(workflow, *names, labels, rng, purpose)
    train, val = draft.split.train, draft.split.val[list(workflow.columns)]
    facts = file_facts(train, val, names, metadata)
    assert lost_in_workflow(text, workflow, facts, names) == ""
    assert 3 <= len(text.split("\n\n")) <= 5
    assert "\0" not in text
    assert not re.search(r"[{}|]|\[|  ", text)
    first, second = (labels[name] for name in workflow.features[:2])
    listing = text[text.index(first) :]
    wrong = text.replace(first, "\1").replace(second, first).replace("\1", second)
    assert listing == text[text.index(first) :]
    assert lost_in_workflow(wrong, workflow, facts, names) != ""


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 100_000))
def test_nothing_is_said_of_what_is_not_there(seed):
    draft, rng = drafted(), np.random.default_rng(seed)
    workflow = draw_workflow(draft, rng)
    assert workflow is not None
    labels = {name: f"`{name}`" for name in workflow.columns}
    text = write_workflow(workflow, "train_v1.csv", "val_v1.csv", labels, rng)
    assert ("random_state" in text) == (workflow.model not in SEEDLESS)
    assert ("categorical" in text) == bool(workflow.categorical)
    assert ("Encoder" in text) == bool(workflow.categorical)
    assert bool(re.search(r"\bnumeric(al)?\b|Scaler", text)) == bool(workflow.numerical)
    assert "that lack the target" not in text
    assert "dropped too" not in text
    assert "join" not in text.casefold() or workflow.n_tables > 1


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**12), 10**12)))
def test_a_written_number_reads_back_exactly(number):
    text = write_number(number)
    assert float(text.replace(",", "")) == float(number)
    low, high = sorted((0.0, float(number)))
    if number and "e" not in text:
        sentence = f"x from {write_number(low)} to {write_number(high)}"
        assert read_ranges(sentence) == [(low, high)]
