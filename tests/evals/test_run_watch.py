"""Progress counts what has ended, and an interruption reaches the loop that runs."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import threading
import time
from contextlib import closing

import pytest
from kept_attempts import attempt

from darebench.evals.attempts_file import AttemptsFile
from darebench.evals.run_watch import Watch


def test_progress_begins_with_what_is_kept_and_counts_each_attempt_once(tmp_path):
    told = []
    watch = Watch(lambda *step: told.append(step))
    with closing(AttemptsFile(tmp_path)) as file:
        asyncio.run(file.append(attempt("a/if", 1)))
        asyncio.run(file.append(attempt("a/if", 2, score=None)))
        watch.follow(file, [tmp_path], 4)
        watch.begin()
        for epoch in (2, 3, 4):
            asyncio.run(watch.ended(attempt("a/if", epoch)))
    assert told == [("attempts", n, 4) for n in (1, 2, 3, 4)]
    assert watch.new_attempts == 3


def test_an_attempt_that_cannot_be_written_down_ends_the_run_and_is_not_counted(
    tmp_path, monkeypatch
):
    told = []
    watch = Watch(lambda *step: told.append(step))

    def full(file, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    async def loop():
        watch.began()
        monkeypatch.setattr(os, "write", full)
        await watch.ended(attempt("a/if", 1))

    with closing(AttemptsFile(tmp_path)) as file:
        watch.follow(file, [tmp_path], 4)
        with pytest.raises((OSError, asyncio.CancelledError)):
            asyncio.run(loop())
        monkeypatch.undo()
        with pytest.raises(asyncio.CancelledError):
            watch.run(asyncio.sleep(60))
    assert str(tmp_path) in str(watch.problem)
    assert "no space left on the disk" in str(watch.problem)
    assert told == []


def test_a_fault_is_the_disks_only_where_the_disk_is_full(tmp_path):
    watch = Watch()
    with closing(AttemptsFile(tmp_path)) as file:
        watch.follow(file, [tmp_path], 4)
        watch.failed()
        assert watch.problem is None
        watch.follow(file, [tmp_path / "gone"], 4)
        watch.failed()
    assert "gone cannot be written (No such file or directory)" in str(watch.problem)


def test_a_clean_up_that_waits_without_end_is_cancelled_again(monkeypatch):
    monkeypatch.setattr("darebench.evals.run_watch.CLEAN_UP_S", 0.2)
    watch, waits = Watch(), []

    async def clean_up_without_end():
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            waits.append("for what nobody sets")
            await asyncio.Event().wait()

    threading.Timer(0.2, watch.interrupt).start()
    with pytest.raises(asyncio.CancelledError):
        watch.run(clean_up_without_end())
    assert waits


def test_an_interruption_cancels_what_runs_and_what_begins_later():
    watch = Watch()
    threading.Timer(0.2, watch.interrupt).start()
    start = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        watch.run(asyncio.sleep(60))
    with pytest.raises(asyncio.CancelledError):
        watch.run(asyncio.sleep(60))
    assert time.monotonic() - start < 30


def test_a_second_interruption_does_not_break_into_the_clean_up_of_the_first():
    watch, done = Watch(), []

    async def loop():
        watch.began()
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            for _ in range(3):
                os.kill(os.getpid(), signal.SIGINT)
                await asyncio.sleep(0.05)
            done.append("cleaned up")

    with watch.interrupted_once(), pytest.raises(asyncio.CancelledError):
        asyncio.run(loop())
    assert done == ["cleaned up"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interruption_is_heard_again_when_the_clean_up_takes_too_long(monkeypatch):
    monkeypatch.setattr("darebench.evals.run_watch.CLEAN_UP_S", 0.05)
    watch = Watch()

    def interrupt_twice():
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)

    with watch.interrupted_once(), pytest.raises(KeyboardInterrupt):
        interrupt_twice()


def test_an_interruption_that_comes_before_the_first_attempt_ends_the_run():
    watch = Watch()

    async def loop():
        watch.began()
        await asyncio.sleep(60)

    with watch.interrupted_once():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(loop())
