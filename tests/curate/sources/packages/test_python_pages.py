"""What source code says of a file is found, and no code runs."""

from __future__ import annotations

import pytest

from darebench.curate.sources.packages.python_pages import (
    read_module,
    said_by_loader,
    said_by_name,
)

SOURCE = '''"""Data of a garden."""
raise SystemExit("this module has run")

TITLE = __doc__
DESCR = "Two " + "halves"
DATASETS = {
    "snails": {"Filename": "snails.csv", "License": "CC0", "Description": "All snails."},
    "slugs": "Slugs of one night.",
}

def load_roses():
    """Load the roses."""
    return read("data/roses.csv.gz")

def load_any(name="roses"):
    """Load a table."""
    description = "whatever there is"
    return read(name), "roses.csv.gz", "tulips.csv"

class Weeds:
    """Weeds of the garden."""
    file = "weeds"
'''


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "garden.py"
    path.write_text(SOURCE, encoding="utf-8")
    return read_module(path)


def test_constants_are_read_without_running_anything(module):
    assert module.constants == {"TITLE": "Data of a garden.", "DESCR": "Two halves"}


@pytest.mark.parametrize(
    ("file", "stem", "said"),
    [
        ("roses.csv.gz", "roses", "Load the roses."),
        ("tulips.csv", "tulips", "Load a table.\n\nwhatever there is"),
        ("weeds.csv", "weeds", "Weeds of the garden."),
        ("moles.csv", "moles", ""),
    ],
)
def test_the_loader_of_a_file_describes_it(module, file, stem, said):
    assert said_by_loader(module, file, stem) == said


def test_dictionaries_describe_files(module):
    found = said_by_name(module, "snails.csv", "snails")
    assert found is not None
    assert (found["license"], found["description"]) == ("CC0", "All snails.")
    assert said_by_name(module, "other.csv", "other") is None
    assert dict(said_by_name(module, "slugs.csv", "slugs") or {})["description"].startswith("Slugs")


def test_a_file_that_is_not_python_says_nothing(tmp_path):
    path = tmp_path / "old.py"
    path.write_text("print 'python 2'", encoding="utf-8")
    assert read_module(path).docstring == ""
