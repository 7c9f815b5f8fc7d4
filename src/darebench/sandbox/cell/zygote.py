"""A zygote: a process with libraries imported and warmed, forked for each program.

There are two: a large one with all the libraries, and a small one for programs that import none,
whose forks cost a fifth. A zygote lives in the cell, never runs a program itself, and has one
thread, as a process that is forked must. A warden asks it for a process in the warden's own
namespaces; the zygote is that process's parent in name only, and reaps it when the warden is
done.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import select
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from darebench.sandbox.cell import child, linux, memory, rootfs, warm
from darebench.sandbox.cell.isolation import Isolation
from darebench.sandbox.channel import close_all
from darebench.sandbox.program import WarmModule

LIGHT = ("collections", "csv", "datetime", "json", "math", "numpy", "numpy.fft",
    "numpy.linalg", "numpy.random", "random", "re", "statistics")  # fmt: skip
"""Modules of the small zygote; its programs may import the rest of the standard library as well."""
PRELOADED = (
    *LIGHT,
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.compose",
    "sklearn.decomposition",
    "sklearn.ensemble",
    "sklearn.feature_selection",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.metrics",
    "sklearn.model_selection",
    "sklearn.multioutput",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "sklearn.svm",
    "sklearn.tree",
    "sqlite3",
)
WHERE_INSTALLED = ("matplotlib.pyplot",)
PATIENCE_S = 20.0
"""How long a thread that the imports have started may take to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zygote:
    """A zygote as its keeper sees it."""

    handle: int
    """Its pidfd."""
    request_socket: socket.socket
    """Where wardens ask it for a process."""


def prepare(wanted: Sequence[str] | None, *, light: bool) -> tuple[WarmModule, ...]:
    """Import and warm the libraries, and make this process like a new interpreter for its forks.

    Args:
        wanted: The modules to import; None for those that most programs need.
        light: Import those of the small zygote instead.

    Returns:
        What each import took.

    Raises:
        RuntimeError: A module cannot be imported, has started a thread, or shares writable memory.
    """
    names = LIGHT if light else wanted
    if names is None:
        there = [n for n in WHERE_INSTALLED if importlib.util.find_spec(n.partition(".")[0])]
        names = (*PRELOADED, *there)
    warmed: list[WarmModule] = []
    with_threads: list[str] = []
    for name in names:
        n_threads = _n_threads()
        warmed.append(_import(name))
        with_threads += [name] if _n_threads() > n_threads else []
    is_tabular = not light and {"pandas", "sklearn"} <= set(sys.modules)
    if is_tabular:
        warm.count_cores()
        warm.up()
    _require_one_thread(
        with_threads
    )  # first: the next step takes the state of all other threads away
    child.become_fresh()
    _require_own_memory()
    child.learn(light=not is_tabular)
    memory.collapse()
    child.measure()
    return tuple(warmed)


def _import(name: str) -> WarmModule:
    """Import a module, and measure what that takes."""
    start, before = time.perf_counter(), memory.resident_mb()
    try:
        importlib.import_module(name)
    except Exception as error:  # a module may raise anything when it is imported
        raise RuntimeError(f"the warm module {name!r} cannot be imported: {error!r}") from None
    seconds, grown = time.perf_counter() - start, memory.resident_mb() - before
    return WarmModule(name=name, seconds=round(seconds, 3), megabytes=round(max(0.0, grown), 1))


def _require_one_thread(suspects: Sequence[str]) -> None:
    """Wait for the threads that the imports have left, which a fork would not have.

    Args:
        suspects: Modules that have started one.

    Raises:
        RuntimeError: There is one still.
    """
    deadline = time.monotonic() + PATIENCE_S
    while _n_threads() != 1:  # matplotlib's timer, for one, is cancelled but may not be gone yet
        if time.monotonic() > deadline:
            named = f"; leave out {', '.join(suspects)}" if suspects else ""
            raise RuntimeError(f"there are {_n_threads()} threads after the imports{named}")
        time.sleep(0.005)


def _require_own_memory() -> None:
    """Check that there is no writable memory that a fork would share."""
    with open("/proc/self/maps") as stream:  # noqa: PTH123 -- no Path needed here
        shared = [line for line in stream if line.split()[1][1:4:2] == "ws"]
    if shared:
        raise RuntimeError(f"the zygote shares writable memory: {shared[0].strip()}")


def _n_threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 -- names are enough


def serve(requests: socket.socket, isolation: Isolation) -> None:
    """Fork for wardens until the keeper is gone."""
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    poll = select.poll()
    poll.register(requests, select.POLLIN)
    running: dict[int, int] = {}
    places = rootfs.Places()
    while True:
        # Ended programs first: whoever asks for the next one wants the number of the last.
        for descriptor, _ in sorted(poll.poll(), key=lambda ready: ready[0] == requests.fileno()):
            if descriptor != requests.fileno():
                poll.unregister(descriptor)
                os.close(descriptor)
                os.waitpid(running.pop(descriptor), 0)
                continue
            message, received, _, _ = socket.recv_fds(requests, 1, 3)
            if not message:
                return
            warden, channel, release = received
            try:
                pid = _fork(warden, channel, own, isolation, places, child.Kind(message.decode()))
                running[release] = pid
                poll.register(release, select.POLLIN)
            except OSError:  # the warden has ended, or memory is short: it sees its channel close
                os.close(release)
            close_all([warden, channel])


def _fork(
    warden: int,
    channel: int,
    own: int,
    isolation: Isolation,
    places: rootfs.Places,
    kind: child.Kind,
) -> int:
    """Fork a program into the pid namespace of a warden; it joins the others itself."""
    if _n_threads() != 1:
        raise RuntimeError("the zygote has got a thread")
    linux.setns(warden, linux.CLONE_NEWPID)
    try:
        pid = linux.fork()
    except OSError:
        linux.setns(own, linux.CLONE_NEWPID)
        raise
    if pid == 0:
        child.live(channel, isolation, places, kind, warden)
    linux.setns(own, linux.CLONE_NEWPID)
    return pid
