"""The README's tree is the tree on disk, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TREE = re.search(r"## The tree\n\n```\n(.*?)```", README, re.DOTALL)
UNLISTED = {"__init__.py", "__main__.py", "_registry.py", "py.typed", "__pycache__"}
"""What every package has, and Inspect's door."""


def lines() -> dict[str, str]:
    """Path from the root -> what the tree says of it."""
    assert TREE is not None
    found = {}
    parent = ""
    for line in TREE[1].splitlines():
        name, _, said = line.strip().partition(" ")
        if not line.startswith(" ") and not said:
            parent = name
            continue
        found[(parent if line.startswith(" ") else "") + name] = said.strip()
    return found


def test_every_line_of_the_tree_is_on_disk_and_says_something():
    for name, said in lines().items():
        path = ROOT / name
        assert path.is_dir() if name.endswith("/") else path.is_file(), name
        assert said, name


def test_every_room_on_disk_has_a_line():
    package = ROOT / "src" / "darebench"
    there = {p.name + "/" * p.is_dir() for p in package.iterdir() if p.name not in UNLISTED}
    assert there == {n.removeprefix("src/darebench/") for n in lines() if n.startswith("src/")}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name
)
def test_every_link_to_a_file_leads_to_one(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target
