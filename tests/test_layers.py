"""Imports point one way only."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "darebench"
LAYERS = (
    ("types", "errors", "environment", "files", "cores", "text", "installing", "retry_after"),
    ("work", "parallel", "sync", "toml_file"),
    ("store",),
    ("scoring", "sandbox", "instructions"),
    ("reference", "agents"),
    ("evals", "audit"),
    ("curate", "rollouts", "publish"),
    ("train", "report", "harbor"),
    ("view", "convert"),
    ("cli",),
    ("_registry", "__main__"),
)
"""Rooms from the first to the last; one imports only from rows above its own."""
LEVELS = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
MAY_READ_TRUTH = {"store", "reference", "evals", "audit", "curate", "train", "convert"}


def imports_of(path: Path) -> set[str]:
    """Return everything of darebench that a module imports, also inside functions."""
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


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.stem != "__init__"]


def test_the_layers_list_the_rooms_that_there_are():
    assert set(LEVELS) == {room_of(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_only_from_rooms_above_its_own(path):
    own = room_of(path)
    for name in imports_of(path):
        other = name.split(".")[1]
        if other in LEVELS and other != own:
            assert LEVELS[other] < LEVELS[own], f"{own} imports {name}"


def test_no_module_imports_itself_through_others():
    names = {name_of(path) for path in MODULES}
    graph = {name_of(path): imports_of(path) & names - {name_of(path)} for path in MODULES}
    TopologicalSorter(graph).prepare()


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
