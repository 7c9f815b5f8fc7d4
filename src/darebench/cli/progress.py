"""How far long work is, on stderr: bars in a terminal, otherwise a line now and then."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

LINE_EVERY_S = 30.0
"""Seconds between two lines where there is no terminal to draw a bar in."""


class Show(Protocol):
    """Shows how much of a stage is done, with a remark beside it."""

    say: Callable[[str], None]
    """Shows a line of its own."""

    def __call__(self, stage: str, done: int, total: int, beside: str = "", /) -> None:
        """Show it."""
        ...


class _Shown:
    """What shows steps and lines."""

    def __init__(self, step: Callable[[str, int, int, str], None], say: Callable[[str], None]):
        self._step = step
        self.say = say

    def __call__(self, stage: str, done: int, total: int, beside: str = "", /) -> None:
        self._step(stage, done, total, beside)


@contextmanager
def show_progress(quiet: bool) -> Iterator[Show]:
    """Yield what shows progress, or shows nothing.

    A bar stands where the work stood when it ended, also if it was interrupted.
    """
    if quiet:
        yield _Shown(lambda *shown: None, lambda text: None)
        return
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[beside]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        known: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int, beside: str) -> None:
            if stage not in known:
                known[stage] = bars.add_task(stage, total=total, beside="")
            bars.update(known[stage], completed=done, beside=beside)

        yield _Shown(show, lambda text: bars.console.print(text, markup=False, highlight=False))


def _lines() -> Show:
    """Return what prints the first and the last report of a stage, and some between."""
    start = time.monotonic()
    due: dict[str, float] = {}

    def show(stage: str, done: int, total: int, beside: str) -> None:
        now = time.monotonic()
        is_end = done >= total
        if now < due.get(stage, 0.0) and not (is_end and due[stage] < math.inf):
            return
        due[stage] = math.inf if is_end else now + LINE_EVERY_S
        line = f"{now - start:.0f} s: {stage} {done}/{total} {beside}".rstrip()
        print(line, file=sys.stderr, flush=True)

    def say(text: str) -> None:
        print(f"{time.monotonic() - start:.0f} s: {text}", file=sys.stderr, flush=True)

    return _Shown(show, say)
