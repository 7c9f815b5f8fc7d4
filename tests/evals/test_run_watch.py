"""Progress counts what has ended, and an interruption reaches the loop that runs."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from darebench.evals.run_watch import RETRIES, Watch


def test_faults_end_an_attempt_after_the_last_retry_only():
    told = []
    watch = Watch(lambda *step: told.append(step))
    watch.kept, watch.expected = 3, 5
    for _ in range(RETRIES):
        watch.failed("a/if", 1)
    assert told == []
    watch.failed("a/if", 1)
    watch.ended("a/if", 2)
    assert told == [("attempts", 4, 5), ("attempts", 5, 5)]
    assert watch.new_attempts == 2
    watch.finish()
    assert len(told) == 2


def test_an_interruption_cancels_what_runs_and_what_begins_later():
    watch = Watch()
    threading.Timer(0.2, watch.interrupt).start()
    start = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        watch.run(asyncio.sleep(60))
    with pytest.raises(asyncio.CancelledError):
        watch.run(asyncio.sleep(60))
    assert time.monotonic() - start < 30
