"""The registry, the modules of checks and the page that describes them agree."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import darebench.audit.checks as room
from darebench.audit.checks import CHECKS, Check
from darebench.audit.findings import Severity
from darebench.types import Variant

PAGE = Path(__file__).parents[2] / "docs" / "audit.md"
FOLDER = Path(room.__file__).parent


def documented() -> dict[str, tuple[set[Variant], set[Severity]]]:
    """Return what the page's table says of each check: its tasks and its severities."""
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|.*\| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    return {
        name: (
            {*Variant} if tasks == "all" else {Variant(t.lower()) for t in tasks.split(", ")},
            {severity for severity in Severity if severity.value in severities},
        )
        for name, tasks, severities in rows
    }


def registered() -> dict[str, tuple[set[Variant], set[Severity]]]:
    found: dict[str, tuple[set[Variant], set[Severity]]] = {}
    for check in CHECKS:
        variants, severities = found.setdefault(check.name, (set(), set()))
        variants |= {*check.variants}
        severities |= {*check.severities}
    return found


def test_the_page_describes_the_checks_that_there_are():
    assert documented() == registered()


def test_the_page_lists_the_checks_in_the_order_of_their_findings():
    assert list(documented()) == list(registered())


def test_every_module_of_the_folder_is_in_the_registry():
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {check.find.__module__.rsplit(".", 1)[1] for check in CHECKS} == modules


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: f"{c.name} {c.needs}")
def test_a_check_writes_its_own_name_and_severities(check: Check):
    tree = ast.parse(Path(FOLDER / f"{check.find.__module__.rsplit('.', 1)[1]}.py").read_text())
    names = {
        keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "check" and isinstance(keyword.value, ast.Constant)
    }
    assert names == {check.name}
    used = {
        Severity[node.attr]
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Severity"
    }
    assert used == {*check.severities}
