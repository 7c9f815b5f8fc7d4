"""The README's tree is the tree on disk, and its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TREE = re.search(r"## The tree\n\n```text\n(.*?)```", README, re.DOTALL)
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


PAGES = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not {part for part in page.relative_to(ROOT).parts if part.startswith(".")} - {".github"}
)
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(<?([^)\s>]+)")


def anchors(page: Path) -> set[str]:
    """Return the fragments that lead to a page's headings, as GitHub makes them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_to_a_file_and_a_heading(page):
    for target in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        name, _, fragment = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), target
        if fragment and path.suffix == ".md":
            assert fragment in anchors(path), target


def test_the_readme_leads_to_every_page():
    linked = {(ROOT / t.partition("#")[0]).resolve() for t in LINK.findall(README)}
    assert not {page for page in (ROOT / "docs").glob("*.md") if page not in linked}
