"""The sandbox that the tests of this folder share."""

from __future__ import annotations

import pytest

from darebench.sandbox import LocalExecutor


@pytest.fixture(scope="session")
def sandbox():
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()
