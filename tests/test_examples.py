"""Every example runs, is short, imports nothing of ours but `darebench`, and prints its point."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"
PRINTS = {
    "evaluate": "iris_class/mm: ",
    "own_agent": "iris_class/mm: 0.",
    "own_metric": "relative_absolute_error of diabetes_reg/mm: 0.",
    "own_model": "iris_class/mm: 0.",
    "own_tasks": "weather_class/mm: 1.00",
    "run_program": "ok 3 rows ['n,square', '1,1', '2,4', '3,9']\ntimeout",
    "score_file": "the first row again and again: 0.0000 1 asked-for row ",
    "select_attempts": "2 of 4 attempts kept",
}
TOUR = EXAMPLES / "tour.ipynb"


def cells() -> list[nbformat.NotebookNode]:
    """Return the code cells of the notebook."""
    return [c for c in nbformat.read(TOUR, as_version=4).cells if c.cell_type == "code"]


def sources() -> dict[str, str]:
    """Return the code of every example, by its file's name."""
    found = {path.name: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")}
    return {**found, TOUR.name: "\n".join(cell.source for cell in cells())}


def test_every_example_is_here():
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == {
        TOUR.name,
        *(f"{name}.py" for name in PRINTS),
    }


@pytest.mark.parametrize("name", sources())
def test_an_example_is_short(name):
    assert len(sources()[name].splitlines()) < 41


@pytest.mark.parametrize("name", sources())
def test_an_example_imports_the_front_door_only(name):
    imported = set()
    for node in ast.walk(ast.parse(sources()[name])):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert {module for module in imported if module not in sys.stdlib_module_names} == {"darebench"}


@pytest.mark.slow
@pytest.mark.parametrize("name", PRINTS)
def test_an_example_runs(name, tmp_path):
    path = EXAMPLES / f"{name}.py"
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert PRINTS[name] in done.stdout


def test_the_notebook_is_kept_without_outputs():
    assert all(not cell.outputs and cell.execution_count is None for cell in cells())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # the kernel's client leaves sockets to the collector
def test_the_notebook_runs(tmp_path):
    book = nbformat.read(TOUR, as_version=4)
    client = NotebookClient(book, timeout=180, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    shown = [cell.outputs[-1] if cell.outputs else {} for cell in code]
    html = [output.get("data", {}).get("text/html", "") for output in shown]
    assert "12 tasks" in html[1]
    assert "2 attempts" in html[2]
    assert "iris_class/mm" in html[3]
    assert "missing_rows" in html[5]
    assert shown[6]["text"] == "ok 42\n\n"
