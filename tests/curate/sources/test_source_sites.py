"""Waiting for sites, and keeping what they list."""

from __future__ import annotations

from pathlib import Path

import pytest

from darebench.curate.sources import sites
from darebench.curate.sources.registry import open_source
from darebench.curate.sources.sites import patiently, pin
from darebench.errors import SourceFault


class Limited(Exception):
    def __init__(self, status: int, headers: dict[str, str]) -> None:
        class Answer:
            status_code = status

        self.response = Answer()
        self.response.headers = headers


def test_waiting_obeys_the_site_and_ends(monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(sites.time, "sleep", waits.append)
    planned = [Limited(429, {"Retry-After": "7"}), Limited(503, {})]

    def call() -> str:
        if planned:
            raise planned.pop(0)
        return "done"

    assert patiently(call, (Limited,)) == "done"
    assert waits == [7.0, sites.WAITS_S[1]]

    def never() -> str:
        raise Limited(500, {"Retry-After": "999999"})

    with pytest.raises(SourceFault, match="does not answer"):
        patiently(never, (Limited,))
    assert waits[-1] == sites.LONGEST_WAIT_S

    def refused() -> str:
        raise Limited(404, {})

    with pytest.raises(Limited):
        patiently(refused, (Limited,))


def test_a_local_source_is_not_pinned(tables, tmp_path: Path):
    source = open_source(str(tables))
    assert pin(source, tmp_path, limit=None, licences=("*",)) is source
