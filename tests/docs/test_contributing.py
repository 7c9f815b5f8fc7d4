"""The examples of `docs/contributing/` work: their files are loaded, entered and tested from the page.

A block of a page that opens with `# src/...` becomes that module; one that opens with `# tests/...`
is a test file, whose tests are collected here. The entry is made for the length of a test.
"""

from __future__ import annotations

import doctest
import importlib
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "contributing").glob("*.md"))
BLOCK = re.compile(r"^```python\n(# (src|tests)/(\S+)\.py\n.*?)^```", re.DOTALL | re.MULTILINE)


def registry(path: str) -> Any:
    module, name = path.split(":")
    return getattr(importlib.import_module(module), name)


def check_entry(module: ModuleType) -> Any:
    checks = importlib.import_module("darebench.audit.checks")
    return checks.Check(
        name="features_vanish",
        needs=checks.Need.TABLES,
        severities=(checks.WARNING,),
        variants=(checks.MM,),
        find=module.features_vanish,
    )


def format_entry(module: ModuleType) -> Any:
    make = registry("darebench.report.formats:ReportFormat")
    return make(module=module.__name__, function="as_rst", summary="tables in reStructuredText")


def trainer_entry(module: ModuleType) -> Any:
    return registry("darebench.train.trainers:Trainer")(
        summary="Continue pretraining on plain text.",
        example="configs/text.toml",
        config=module.TextConfig,
        module=module.__name__,
        function="train_text",
    )


ENTRIES: dict[str, tuple[str, Callable[[ModuleType], tuple[str, Any]]]] = {
    "source": ("darebench.curate.sources.registry:SOURCES", lambda m: (m.KIND.name, m.KIND)),
    "metric": ("darebench.scoring.metrics:METRICS", lambda m: (m.RULE.name, m.RULE)),
    "agent": ("darebench.evals.builtin:AGENTS", lambda m: ("neighbours", m.NeighboursModel)),
    "format": ("darebench.report.formats:FORMATS", lambda m: ("rst", format_entry(m))),
    "check": ("darebench.audit.checks:CHECKS", lambda m: ("features_vanish", check_entry(m))),
    "trainer": ("darebench.train.trainers:TRAINERS", lambda m: ("text", trainer_entry(m))),
}
"""Page -> the registry, and the entry that the page tells to make."""
MODULES: dict[str, list[ModuleType]] = {}


def load(page: Path) -> dict[str, Any]:
    """Load a page's modules, and return the tests of its test files by name."""
    text = page.read_text(encoding="utf-8")
    tests: dict[str, Any] = {}
    for found in BLOCK.finditer(text):
        line = text.count("\n", 0, found.start(1))
        code = compile("\n" * line + found[1], str(page), "exec", dont_inherit=True)
        name = found[3].replace("/", ".")
        module = ModuleType(name if found[2] == "src" else f"example_{page.stem}")
        sys.modules[module.__name__] = module
        exec(code, module.__dict__)
        if found[2] == "src":
            parent, _, own = name.rpartition(".")
            setattr(importlib.import_module(parent), own, module)
            MODULES.setdefault(page.stem, []).append(module)
        else:
            marks = module.__dict__.get("pytestmark", lambda test: test)
            tests |= {k: marks(v) for k, v in vars(module).items() if k.startswith("test_")}
    return tests


def collect() -> None:
    """Make the tests of all pages tests of this module; a page that fails to load is one of them."""
    for page in PAGES:
        try:
            tests = load(page)
        except Exception as error:  # the page's test shows it, and the other pages are tested

            def test_it_loads(error: Exception = error) -> None:
                raise error

            tests = {"test_it_loads": test_it_loads}
        for name, test in tests.items():
            globals()[f"test_{page.stem}__{name.removeprefix('test_')}"] = test


@pytest.fixture(autouse=True)
def _entered(request, monkeypatch):
    """Make the entry of the page that a test comes from."""
    page = request.node.name.removeprefix("test_").partition("__")[0]
    if page in ENTRIES and page in MODULES:
        path, entry = ENTRIES[page]
        name, value = entry(MODULES[page][0])
        table = registry(path)
        if isinstance(table, dict):
            monkeypatch.setitem(table, name, value)
        else:
            module, attribute = path.split(":")
            monkeypatch.setattr(f"{module}.{attribute}", (*table, value))


def test_every_page_is_in_the_index_and_has_a_file_and_a_test():
    index = (ROOT / "docs" / "contributing" / "index.md").read_text(encoding="utf-8")
    for page in PAGES:
        if page.stem != "index":
            assert f"]({page.name})" in index, page.name
            kinds = {found[2] for found in BLOCK.finditer(page.read_text(encoding="utf-8"))}
            assert kinds == {"src", "tests"}, page.name


@pytest.mark.parametrize("page", [p.stem for p in PAGES if p.stem != "index"])
def test_doctests_of_examples_hold_and_files_are_short(page):
    for module in MODULES.get(page, []):
        assert doctest.testmod(module).failed == 0
    for found in BLOCK.finditer((ROOT / f"docs/contributing/{page}.md").read_text("utf-8")):
        assert found[1].count("\n") <= 80, found[3]


collect()
