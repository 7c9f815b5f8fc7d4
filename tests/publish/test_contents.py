"""What of a store is published."""

from __future__ import annotations

import json
import shutil
from itertools import cycle

import pytest

from darebench.errors import StoreError
from darebench.publish.contents import read_contents


def test_a_broken_store_is_not_published(store):
    shutil.rmtree(next((store / "databases").glob("*_ts")))
    with pytest.raises(StoreError, match="mend or remove"):
        read_contents(str(store))


def test_odd_dates_of_tables_are_no_date(store):
    path = store / "question_list.json"
    entries = json.loads(path.read_text())
    for entry, told in zip(entries, cycle(("yesterday", "2024-05-01 10:00", None, "v2"))):
        entry["lastUpdated"] = told
    path.write_text(json.dumps(entries))
    assert read_contents(str(store)).updated == "2024-05-01"
