"""Imports point one way only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "darebench"
LEVELS = {
    "types": 0, "errors": 0, "environment": 0, "store": 1, "scoring": 2, "sandbox": 2,
    "reference": 3, "agents": 3, "evals": 4, "curate": 4, "rollouts": 5,
    "train": 6, "convert": 6, "view": 6, "report": 6, "cli": 7, "_registry": 7, "__main__": 8,
}  # fmt: skip
MAY_READ_TRUTH = {"store", "reference", "evals", "curate", "train"}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.startswith("darebench.")}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


MODULES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.stem != "__init__"]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_below(path):
    own = room_of(path)
    for name in imports_of(path):
        other = name.split(".")[1]
        if other in LEVELS and other != own:
            assert LEVELS[other] < LEVELS[own], f"{own} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_some_rooms_can_reach_the_truth(path):
    if "darebench.store.truth" in imports_of(path):
        assert room_of(path) in MAY_READ_TRUTH


@pytest.mark.parametrize("statement", ["import darebench", "import darebench.cli"])
def test_starting_imports_nothing_heavy(statement):
    heavy = ("numpy", "pandas", "sklearn", "inspect_ai", "pyarrow", "torch")
    code = f"import sys; {statement}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
