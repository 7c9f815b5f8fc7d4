"""The pages of memory that a fork will write to: found in a trial run, and prefaulted later.

A page that parent and child share is copied at the first write, which costs a fault each time; a
range of them can be copied at once, ahead of the call, for a third of that.
"""

from __future__ import annotations

import mmap
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from darebench.sandbox.cell import linux

_PAGE = mmap.PAGESIZE
_HUGE = (2 << 20) // _PAGE
"""Pages in a huge one."""
PM_MMAP_EXCLUSIVE, PM_PRESENT = 1 << 56, 1 << 63
"""Bits of an entry in /proc/PID/pagemap."""
_GAP_PAGES = 2
"""Ranges that are this close are one: a call costs as much as some pages."""

Ranges = Sequence[tuple[int, int]]
"""First page and number of pages of each."""


def prefault(ranges: Ranges) -> None:
    """Copy these pages for this process ahead of its first write, where the kernel can do it."""
    for first, n_pages in ranges:
        if not linux.prefault(first * _PAGE, n_pages * _PAGE):
            return


def collapse() -> None:
    """Move this process's own memory to huge pages, so that its forks cost less."""
    for first, n_pages in writable():
        for page in range(-(-first // _HUGE) * _HUGE, first + n_pages - _HUGE + 1, _HUGE):
            linux.collapse(page * _PAGE, _HUGE * _PAGE)


def resident_mb() -> float:
    """Return the resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE / (1 << 20)


def written_by(action: Callable[[], object]) -> Ranges:
    """Run `action` in a fork, and return the ranges of this process's memory that it wrote to.

    The fork then waits to be looked at from here, so that the look adds nothing.
    """
    areas = writable()
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(source)
            action()
            os.write(sink, b"done")
            signal.pause()
        except BaseException:  # a fork must never return into the caller's code
            traceback.print_exc()
        finally:
            os._exit(1)
    os.close(sink)
    finished = os.read(source, 4)
    os.close(source)
    ranges = written(areas, str(pid)) if finished else []
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return ranges


def writable() -> Ranges:
    """Return the ranges of this process's writable private memory."""
    areas: list[tuple[int, int]] = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, rights, *_ = line.split()
        if rights.startswith("rw") and rights.endswith("p"):
            start, end = (int(part, 16) // _PAGE for part in span.split("-"))
            areas.append((start, end - start))
    return areas


def written(areas: Ranges, process: str = "self") -> Ranges:
    """Return the pages in `areas` that are a process's alone: it wrote to them since the fork."""
    both = PM_MMAP_EXCLUSIVE | PM_PRESENT
    ranges: list[tuple[int, int]] = []
    with open(f"/proc/{process}/pagemap", "rb", buffering=0) as stream:  # noqa: PTH123 -- unbuffered
        for start, n_pages in areas:
            stream.seek(start * 8)
            entries = memoryview(stream.read(n_pages * 8)).cast("Q")
            for page in (start + i for i, entry in enumerate(entries) if entry & both == both):
                if ranges and page <= sum(ranges[-1]) + _GAP_PAGES:
                    ranges[-1] = (ranges[-1][0], page + 1 - ranges[-1][0])
                else:
                    ranges.append((page, 1))
    return ranges
