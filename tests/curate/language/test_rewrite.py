"""Rewritten questions are kept where they are faithful."""

from __future__ import annotations

import json
import re

import pytest
from model_answers import honest, models, question_in

from darebench.curate.curation_options import Options
from darebench.curate.language.authors import choose_authors
from darebench.curate.language.rewrite import moved_ranges
from darebench.curate.pipeline import curate
from darebench.store.read import open_store
from sites import Chat

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def test_faithful_texts_are_kept_and_others_are_not(folder, tmp_path):
    def script(said: list[dict[str, str]]) -> str:
        question = question_in(said)
        if "random_state" not in question:
            return honest(said)
        if len(said) == 2:
            return question.replace("StandardScaler", "a scaler")
        return re.sub(r"(random_state\D{1,6})\d+", r"\g<1>77777", question)

    with Chat(script) as chat:
        authors = choose_authors(models(chat.url, rewriter="writer"), tmp_path / "out")
        made = curate(
            str(folder), tmp_path / "out", authors=authors, options=Options(max_targets=1)
        )
    assert made.n_tasks == 2
    workflow, modelling = open_store(made.store).tasks
    assert modelling.question.startswith("Dear colleague")
    assert "77777" not in workflow.question
    assert "StandardScaler" in workflow.question
    path = workflow.source.parent / "verify" / "all_metadata.json"
    told = json.loads(path.read_text())["question"]["rewriting"]
    assert told["v2"] == "rewritten"
    assert "template's text is kept: random_state" in told["v1"]
    complaints = [said[-1]["content"] for said in chat.conversations if len(said) > 2]
    assert any("'StandardScaler' is not in the text" in text for text in complaints)
    assert any("comes back as" in text for text in complaints)


def test_a_range_must_stay_with_its_column():
    question = "Rules: `age` between 3 and 5; `height` from 1 to 2. Use `age`."
    names = ["age", "height"]
    assert (
        moved_ranges("Keep rows whose age lies between 3 and 5, height 1 to 2.", question, names)
        == ""
    )
    assert "another" in moved_ranges("`height` between 3 and 5, `age` from 1 to 2", question, names)
    assert "another" in moved_ranges("between 3 and 5 for `age`, 1 to 2", question, names)
    twice = "Rules: `age` between 3 and 5; `height` between 3 and 5."
    assert moved_ranges("`height` and `age` between 3 and 5, both.", twice, names) == ""
