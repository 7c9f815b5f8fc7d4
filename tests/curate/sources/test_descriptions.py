"""Descriptions of columns, in the ways in which people write them, and what describes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.curate.sources.descriptions import find_descriptions, fold
from darebench.curate.sources.documentation import read_json_page, read_text_page
from darebench.curate.sources.file_sections import of_file

WINE = ["alcohol", "malic_acid", "ash", "Colour Intensity"]
SAID = {
    "alcohol": "percent by volume",
    "malic_acid": "grams per litre",
    "ash": "what is left when it burns",
    "Colour Intensity": "absorbance at three wavelengths",
}
WAYS = {
    "bullets": "- {}: {}",
    "bold bullets": "* **{}**: {}",
    "bold with the colon": "* **{}:** {}",
    "code bullets": "+ `{}` - {}",
    "dash bullets": "- {} – {}",
    "double dash": "- {} -- {}",
    "equals": "* {} = {}",
    "arrows": "- {} -> {}",
    "numbered": "1. {}: {}",
    "numbered in brackets": "(2) {}: {}",
    "lettered": "a) {}: {}",
    "round bullets": "• {}: {}",
    "lines": "{}: {}",
    "no blank behind": "{}:{}",
    "dashed lines": "{} - {}",
    "tabs": "{}\t{}",
    "types in brackets": "- {} (float): {}",
    "table": "| {} | {} |",
    "table without edges": "{} | {}",
    "table with types": "| {} | float64 | {} |",
    "table with numbers": "| 3 | {} | numeric | {} |",
    "headings": "### {}\n\n{}\n",
    "code headings": "#### `{}`\n{}\n",
    "definitions": "{}\n: {}\n",
    "indented below": "{}\n    {}\n",
    "colon and below": "{}:\n    {}\n",
    "bold and below": "**{}**\n{}\n",
    "numpydoc": "{} : float\n    {}",
    "terms of R": "{}\n\n    \n\n{}\n\n",
    "list of definitions": "<dl><dt>{}</dt><dd>{}</dd></dl>",
    "definitions in paragraphs": "<dt><b>{}</b></dt>\n<dd><p>{}</p></dd>",
    "list in a page": "<ul><li><code>{}</code>: {}</li></ul>",
    "table in a page": "<table><tr><td>{}</td><td>{}</td></tr></table>",
    "paragraphs in cells": "<table><tr><td><p>{}</p></td><td><p>{}</p></td></tr></table>",
    "lines broken in a page": "<p>{}: {}<br>",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_each_column_gets_what_is_said_of_it(way, between):
    text = "Wines of three growers.\n\n" + between.join(
        WAYS[way].format(name.replace("_", " "), said) for name, said in SAID.items()
    )
    assert read_text_page(text, WINE).descriptions == SAID


BARE = {
    "bullets": "- {}\n",
    "bullets apart": "- {}\n\n",
    "stars": "* {}\n",
    "numbered": "1. {}\n",
    "lines": "{}\n",
    "indented": "{}\n\n    \n\n",
    "headings": "### {}\n\n",
    "headings together": "### {}\n",
    "bold": "**{}**\n",
    "bold apart": "**{}**\n\n",
    "colons": "{}:\n",
    "colons apart": "{}:\n\n",
    "bullets with colons": "- {}:\n",
    "dashes behind": "- {} -\n",
    "table": "| {} |\n",
    "table of types": "| {} | float64 |\n",
    "empty cells": "| {} | |\n",
    "list in a page": "<li>{}</li>\n",
    "terms alone": "<dt>{}</dt>\n",
    "empty definitions": "<dt>{}</dt><dd></dd>\n",
    "one line": "{}, ",
    "one line with bars": "{} | ",
    "one line with dashes": "{} - ",
    "steps": "{}\n    ",
}


@pytest.mark.parametrize("way", BARE)
def test_a_list_of_bare_names_describes_nothing(way):
    text = "Columns of the table\n\n" + "".join(BARE[way].format(name) for name in WINE)
    assert read_text_page(text, WINE).descriptions == {}


NAMES = st.lists(
    st.text("abcdefghij _.", min_size=3, max_size=12).filter(lambda n: len(fold(n)) > 2),
    min_size=2,
    max_size=6,
    unique_by=fold,
)


@given(names=NAMES, marks=st.sampled_from(list(BARE.values())))
@settings(max_examples=150, deadline=None)
def test_bare_names_describe_nothing_whatever_they_are(names, marks):
    columns = [" ".join(name.split()) for name in names]
    assert find_descriptions("".join(marks.format(name) for name in columns), columns) == {}


@given(
    names=NAMES,
    said=st.lists(st.text("klmnopqrs ", min_size=5, max_size=30), min_size=6, max_size=6),
    way=st.sampled_from(["- {}: {}\n", "| {} | {} |\n", "{}: {}\n", "### {}\n\n{}\n\n"]),
    described=st.sets(st.integers(0, 5)),
)
@settings(max_examples=150, deadline=None)
def test_what_is_said_is_never_what_is_said_of_another(names, said, way, described):
    columns = ["".join(name.split()).strip("_.") for name in names]
    texts = [" ".join(f"{'uvwxyz'[i]} {text}".split()) for i, text in enumerate(said)]
    page = "".join(
        way.format(name, texts[i] if i in described else "") for i, name in enumerate(columns)
    )
    found = find_descriptions(page, columns)
    for i, name in enumerate(columns):
        assert found.get(name) in ({texts[i]} if i in described else {None, ""})


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("- alcohol: percent\n  by volume\n- ash: grey", {"alcohol": "percent by volume", "ash": "grey"}),
        ("- alcohol:\n- ash: grey", {"ash": "grey"}),
        ("alcohol: malic acid\nash: grey", {"ash": "grey"}),
        ("alcohol: Malic acid (g/l)", {}),
        ("alcohol: alcohol", {}),
        ("malic_acid: Malic acid", {"malic_acid": "Malic acid"}),
        ("alcohol, ash: grams", {"alcohol": "grams", "ash": "grams"}),
        ("alcohol and taste: grams", {}),
        ("| alcohol | malic acid | ash |\n|---|---|---|\n| 14.2 | low | grey |", {}),
        ("| Column | Type | Example |\n|---|---|---|\n| alcohol | float | strong one |", {}),
        (
            "| Name | Role | Type | Description |\n|--|--|--|--|\n| alcohol | Feature | Real | strength of it |"
            "\n| ash | Feature | Real | |",
            {"alcohol": "strength of it"},
        ),
        ("alcohol: 14.2", {}),
        ("see alcohol: an essay", {}),
        ("ash http://example.org/ash", {}),
        ("ash: grey, as in the alcohol column", {"ash": "grey, as in the alcohol column"}),
        ("### ash\n\n### alcohol\nstrength", {"alcohol": "strength"}),
        ("ash\n\n    \n\nalcohol\n\n    \n\nstrength\n", {"alcohol": "strength"}),
    ],
)  # fmt: skip
def test_small_pages(text, right):
    assert find_descriptions(text, WINE) == right


README = """# Two files

Collected in 2020.

## homes.csv
- area: floor area in metres
- price: paid in euros

## `agents.csv`
- area: number of the district
- price: fee in percent

## Licence
CC0
"""


@pytest.mark.parametrize(
    ("file", "area"),
    [("homes.csv", "floor area in metres"), ("agents.csv", "number of the district"),
     ("Homes.CSV", "floor area in metres")],
)  # fmt: skip
def test_a_text_page_of_two_files_is_read_where_it_is_of_this_one(file, area):
    page = read_text_page(README, ["area", "price"], file)
    assert page.descriptions["area"] == area
    assert "Collected in 2020" in page.about
    assert "Licence" in page.about


def test_a_text_page_of_other_files_alone_describes_nothing():
    assert read_text_page(README, ["area", "price"], "rents.csv").descriptions == {}


def test_a_list_of_files_is_no_section():
    text = "- homes.csv: one row a home\n- agents.csv: the agents\n\n- area: floor area\n"
    assert of_file(text, "homes.csv") == text
    assert find_descriptions(of_file(text, "agents.csv"), ["area"]) == {"area": "floor area"}


def entry(name: str, area: str, key: str = "name") -> dict:
    return {key: name, "columns": [{"name": "area", "description": area}]}


@pytest.mark.parametrize(
    ("content", "file", "right"),
    [
        ({"data": [entry("a.csv", "of a"), entry("b.csv", "of b")]}, "b.csv", {"area": "of b"}),
        ({"data": [entry("a.csv", "of a"), entry("b.csv", "of b")]}, "c.csv", {}),
        ({"data": [entry("a.csv", "of a")]}, "c.csv", {}),
        ({"resources": [entry("x/a.csv", "of x", "path"), entry("y/a.csv", "of y", "path")]},
         "y/a.csv", {"area": "of y"}),
        ({"resources": [entry("x/a.csv", "of x", "path"), entry("y/a.csv", "of y", "path")]},
         "a.csv", {}),
        ({"resources": [{"path": "./a.csv", "schema": {"fields": [{"name": "area", "title": "T1"}]}}]},
         "a.csv", {"area": "T1"}),
        ({"resources": [entry("a", "of a"), entry("b", "of b")]}, "b.parquet", {"area": "of b"}),
        ({"columns": {"area": "of all"}, "data": [entry("b.csv", "of b")]}, "b.csv", {"area": "of b"}),
        ({"columns": {"area": "of all"}, "data": [entry("b.csv", "of b")]}, "a.csv",
         {"area": "of all"}),
        ({"columns": {"area": "price"}}, "a.csv", {}),
        ({"columns": {"area": {"description": "size", "unit": "m"}}}, "a.csv", {"area": "size"}),
        ({"fields": [{"name": "AREA", "label": "size"}]}, "a.csv", {"area": "size"}),
        ({"description": "## a.csv\n- area: of a\n## b.csv\n- area: of b"}, "b.csv", {"area": "of b"}),
    ],
)  # fmt: skip
def test_json_pages_describe_by_the_entry_of_the_file(content, file, right):
    assert dict(read_json_page(content, file, ["area", "price"]).descriptions) == right


@pytest.mark.parametrize(
    ("text", "columns", "right"),
    [
        ("The alcohol of wines", WINE, True),
        ("malic acid and more", WINE, True),
        ("ColourIntensity is measured", ["colour_intensity"], True),
        ("How to install this program", WINE, False),
        ("washing machines", ["ash"], False),
        ("a table of x-rays", ["x", "y"], False),
        ("`x` is across", ["x", "y"], True),
        ("x: across", ["x", "y"], True),
    ],
)
def test_a_page_names_a_column_or_is_not_of_this_table(text, columns, right):
    assert read_text_page(text, columns).names_columns is right
