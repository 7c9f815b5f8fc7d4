"""The dataset card, and the hub's names of licences."""

from __future__ import annotations

import pytest

from darebench.publish.card import hub_licence, write_card
from darebench.publish.contents import read_contents


def test_the_card_says_what_an_agent_must_not_see_and_shows_the_questions_only(store):
    from huggingface_hub import DatasetCard

    card = DatasetCard(write_card(read_contents(str(store)), "me/tasks"))
    data = card.data.to_dict()
    files = {config["data_files"] for config in data["configs"]}
    assert files == {"question_list.json", "LICENSES.csv"}
    assert "verify/`" in card.text
    assert "never give them to an agent" in card.text
    assert "arXiv:2602.24288" in card.text
    assert "| class-IF | " in card.text
    assert data["license"] == "other"
    assert data["license_link"] == "LICENSES.csv"
    assert "tabular-classification" in data["task_categories"]


@pytest.mark.parametrize(
    ("spelled", "known"),
    [
        ("CC0: Public Domain", "cc0-1.0"),
        ("CC0-1.0", "cc0-1.0"),
        ("Attribution 4.0 International (CC BY 4.0)", "cc-by-4.0"),
        ("cc-by-4.0", "cc-by-4.0"),
        ("CC BY-SA 4.0", "cc-by-sa-4.0"),
        ("MIT", "mit"),
        ("ODC Public Domain Dedication and Licence (PDDL)", "pddl"),
        ("unknown", ""),
        ("CC BY-NC 4.0", ""),
    ],
)
def test_licences_get_the_hubs_names(spelled, known):
    assert hub_licence(spelled) == known
