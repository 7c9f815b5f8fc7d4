"""Keeps every test to itself: its own cache, no keys, no colour."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL_STORE = Path(__file__).parents[2] / "shared" / "data" / "dare-bench-dev"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="Write the golden files anew.")


@pytest.fixture(scope="session", autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory):
    cache = tmp_path_factory.mktemp("cache")
    changed = {
        "DAREBENCH_CACHE": str(cache),
        "XDG_DATA_HOME": str(cache / "data"),
        "NO_COLOR": "1",
        "INSPECT_DISPLAY": "none",
        "OPENAI_API_KEY": "",
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    yield
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture
def real_store() -> Path:
    """The public tasks, where a checkout has them beside it."""
    if not REAL_STORE.is_dir():
        pytest.skip("the public dev tasks are not beside this checkout")
    return REAL_STORE
