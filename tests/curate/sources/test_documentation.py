"""What is read out of the pages that people write beside their tables."""

from __future__ import annotations

import pytest

from darebench.curate.sources.documentation import (
    find_descriptions,
    read_json_page,
    read_r_page,
    read_text_page,
)

COLUMNS = ["wage", "years_school", "Sex", "x.1"]


WAYS = {
    "terms": "wage\n\n    \n\nhourly pay\n\n`years_school`\n\n    \n\nyears at\nschool\n\n",
    "bullets": "  * **wage:** hourly pay \n\n  * **years_school:** years at school\n",
    "numbered": "1. wage: hourly pay\n2. years_school - years at school\n",
    "table": "`wage` |  hourly pay  \n---|---  \n`years_school` |  years at school  \n",
    "lines": "wage: hourly pay.\nYears School: years at school\n",
}


@pytest.mark.parametrize("way", WAYS)
def test_columns_are_found_however_they_are_described(way):
    text = f"Some words before.\n\n{WAYS[way]}"
    found = find_descriptions(text, COLUMNS)
    assert found["wage"] == "hourly pay"
    assert found["years_school"] in ("years at school", "years at\nschool")


def test_an_r_page_gives_title_text_and_no_code():
    page = read_r_page(
        "wages| R Documentation\n---|---\n\n## Wages of `1985`\n\n### Description\n\nA survey.\n\n"
        "### Usage\n\n    data(wages)\n\n### Format\n\nwage\n\n    \n\nhourly pay\n\n"
        "### Examples\n\n    plot(wages)\n",
        COLUMNS,
    )
    assert page.title == "Wages of `1985`"
    assert "A survey." in page.about
    assert "plot" not in page.about
    assert page.descriptions == {"wage": "hourly pay"}


def test_kaggle_metadata_gives_licence_keywords_and_fields():
    content = {
        "title": "Pay",
        "subtitle": "of many",
        "description": "<p>All <b>pay</b> &amp; more</p><script>evil()</script>",
        "keywords": ["labour"],
        "licenses": [{"name": "CC0-1.0"}],
        "resources": [
            {
                "path": "pay.csv",
                "schema": {"fields": [{"name": "Wage", "description": "hourly pay"}]},
            }
        ],
    }
    page = read_json_page(content, "pay.csv", COLUMNS)
    assert (page.title, page.licence, page.keywords) == ("Pay", "CC0-1.0", ("labour",))
    assert page.about == "of many\n\nAll pay & more"
    assert page.descriptions == {"wage": "hourly pay"}


@pytest.mark.parametrize(
    "content", [None, [], "text", {"columns": 3}, {"resources": {"a": 1}}, {"info": []}]
)
def test_odd_json_is_no_reason_to_fail(content):
    assert read_json_page(content, "pay.csv", COLUMNS).descriptions == {}


def test_a_text_page_says_its_licence():
    assert read_text_page("# Pay\n\nLicense: MIT\n", COLUMNS).licence == "MIT"


@pytest.mark.parametrize(
    ("told", "kept"),
    [("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"), ("3 years ago", ""), ("May 2021", "")],
)
def test_a_date_that_is_no_iso_text_orders_nothing(told, kept):
    assert read_json_page({"lastUpdated": told}, "a.csv", ["a"]).updated == kept
