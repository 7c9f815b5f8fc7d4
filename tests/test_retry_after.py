"""Seconds and dates, and whatever else servers write into `Retry-After`."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from darebench.retry_after import retry_after_s


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("0", 0.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)
def test_seconds_and_dates_that_are_past(text, seconds):
    assert retry_after_s(text) == seconds


def test_a_date_that_is_to_come():
    found = retry_after_s(formatdate(time.time() + 60, usegmt=True))
    assert found is not None
    assert 50 < found <= 60


@pytest.mark.parametrize("text", [None, "", "soon", "nan", "Wed, 21 Oct 2026"])
def test_what_says_nothing(text):
    assert retry_after_s(text) is None
