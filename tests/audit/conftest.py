"""Tables to curate a store of, which is then audited."""

from __future__ import annotations

from pathlib import Path

import pytest

from good_tables import write_good_tables


@pytest.fixture(scope="session")
def tables(tmp_path_factory) -> Path:
    """A folder of good tables in several formats, one of them with its page."""
    folder = tmp_path_factory.mktemp("good") / "tables"
    write_good_tables(folder)
    return folder
