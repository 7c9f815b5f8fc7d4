"""The drawn parts of the pages are what the sources say; `--update-golden` draws them anew."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("drawing", ROOT / "docs" / "draw_architecture.py")
assert spec is not None
assert spec.loader is not None
drawing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(drawing)


@pytest.mark.parametrize("page", drawing.PAGES)
def test_a_page_is_drawn_from_the_sources(page, request):
    text = drawing.drawn(page)
    if request.config.getoption("--update-golden"):
        (ROOT / page).write_text(text, encoding="utf-8")
    assert (ROOT / page).read_text(encoding="utf-8") == text, "run python docs/draw_architecture.py"


def test_arrows_that_others_imply_are_left_out():
    graph = {"cli": {"evals", "store"}, "evals": {"store"}, "store": set()}
    assert drawing.reduced(graph) == {"cli": {"evals"}, "evals": {"store"}, "store": set()}


def test_every_room_says_what_it_is():
    for row in drawing.layers():
        for room in row:
            assert drawing.sentence(room).endswith("."), room
