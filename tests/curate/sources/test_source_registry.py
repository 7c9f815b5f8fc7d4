"""The registry of sources: names, filters, and what the documentation says of them."""

from __future__ import annotations

import pytest

from darebench.curate.pipeline import curate
from darebench.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "filters", "words"),
    [
        ("hf://ann", {}, "form hf://owner/name"),
        ("hf", {}, "--filter or a --limit"),
        ("openml", {}, "--filter or a --limit"),
        ("hf", {"colour": "red"}, "no filter 'colour'"),
        ("hf://ann/progress", {"search": "x"}, "is one dataset"),
        ("rdatasets", {"search": "x"}, "has no filters"),
        ("nowhere", {}, "there is no folder nowhere"),
    ],
)
def test_wrong_names_and_filters_are_named(tmp_path, name, filters, words):
    with pytest.raises(ConfigError, match=words):
        curate(name, tmp_path / "out", filters=filters)
