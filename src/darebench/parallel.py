"""Many calls at a time: in this process, in its workers, or on a Ray cluster.

A worker of this machine ends within a second of its parent, also of one that is killed: what nobody
waits for must not go on writing. A worker may be killed as well, as the kernel does where memory
runs out: what it worked on is tried once more when nothing else runs, and then given up by name.
"""

# Ray is an optional extra, which a plain checkout does not have.

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import TerminatedWorkerError

from darebench.cores import share_of, take_share
from darebench.errors import ConfigError
from darebench.installing import install_command

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Variables by which numerical libraries are told how many threads to use."""

Call = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""What joblib's `delayed` makes: a function, its arguments and its keywords."""


class Cluster(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    """Processes of this machine."""
    RAY = "ray"
    """The Ray cluster at `RAY_ADDRESS`, else one that is started here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """In place of a call's result: its worker was killed twice, the second time alone."""

    index: int
    """Position of the call."""
    reason: str = (
        "its worker process was killed twice, the second time while nothing else ran, most likely "
        "because memory ran out; try it where there is more memory, or make it smaller"
    )


class _WorkerKilled(Exception):
    """A worker ended before its call did."""


class _Pool(Protocol):
    """Workers, each of which makes one call at a time."""

    def start(self, call: Any) -> Any:
        """Start a call of joblib's `delayed` and return a handle of it."""
        ...

    def wait(self, handles: Collection[Any]) -> Collection[Any]:
        """Wait until at least one call has ended and return the handles of all that have."""
        ...

    def result(self, handle: Any) -> Any:
        """Return what a call that has ended returned, or raise what it raised."""
        ...


def run_all(calls: Sequence[Any], cluster: Cluster, jobs: int) -> Iterator[Any]:
    """Run joblib's delayed calls and yield their results as they come, in any order.

    Yields:
        The result of each call, or `Lost` for one whose worker was killed again and again.

    Raises:
        ConfigError: Ray is not installed, or its cluster cannot be reached.
    """
    if cluster is Cluster.RAY:
        with _ray_pool() as pool:
            yield from _run(calls, pool, jobs)
    elif jobs == 1:
        yield from map(_call, calls)
    else:
        with _local_pool(jobs) as pool:
            yield from _run(calls, pool, jobs)


def _call(call: Call) -> Any:
    function, arguments, keywords = call
    return function(*arguments, **keywords)


def _call_on_one_core(call: Call) -> Any:
    """Make a call in a worker of Ray's, which counts one processor for each."""
    take_share(1)
    return _call(call)


def _run(calls: Sequence[Any], pool: _Pool, jobs: int) -> Iterator[Any]:
    """Keep `jobs` calls running; what ran beside a worker's end is run again at last, alone."""
    waiting = deque(range(len(calls)))
    running: dict[Any, int] = {}
    again: list[int] = []
    while waiting or running:
        while waiting and len(running) < jobs:
            index = waiting.popleft()
            running[pool.start(calls[index])] = index
        for handle in pool.wait(running):
            index = running.pop(handle)
            try:
                result = pool.result(handle)
            except _WorkerKilled:
                again.append(index)
            else:
                yield result
    for index in sorted(again):
        handle = pool.start(calls[index])
        pool.wait([handle])
        try:
            result = pool.result(handle)
        except _WorkerKilled:
            result = Lost(index=index)
        yield result


class _LocalPool:
    """Processes of this machine. All of them end with the first one that is killed."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._executor: ProcessPoolExecutor | None = None

    def start(self, call: Any) -> Future[Any]:
        if self._executor is None:
            share = share_of(self._jobs)
            self._executor = ProcessPoolExecutor(
                max_workers=self._jobs,
                initializer=_begin_worker,
                initargs=(os.getpid(), share),
                env=dict.fromkeys(THREADS, str(share)),
            )
        try:
            return self._executor.submit(_call, call)
        except BrokenProcessPool:
            self.close()
            return self.start(call)

    def wait(self, handles: Collection[Future[Any]]) -> Collection[Future[Any]]:
        return wait(handles, return_when=FIRST_COMPLETED).done

    def result(self, handle: Future[Any]) -> Any:
        try:
            return handle.result()
        except TerminatedWorkerError:
            raise _WorkerKilled from None

    def close(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(kill_workers=True)
            self._executor = None


@contextmanager
def _local_pool(jobs: int) -> Iterator[_LocalPool]:
    pool = _LocalPool(jobs)
    try:
        yield pool
    finally:
        pool.close()


def _begin_worker(parent: int, share: int) -> None:
    """Set the share of the processors that a worker has, and start its watch over its parent."""
    take_share(share)
    _watch(parent)


def _watch(parent: int) -> None:
    """Start this worker's watch over its parent."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.25)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


class _RayPool:
    """Tasks of a Ray cluster."""

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._call = ray.remote(max_retries=0)(_call_on_one_core)

    def start(self, call: Any) -> Any:
        return self._call.remote(call)

    def wait(self, handles: Collection[Any]) -> Collection[Any]:
        return self._ray.wait(list(handles))[0]

    def result(self, handle: Any) -> Any:
        errors = self._ray.exceptions
        killed = (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError)
        try:
            return self._ray.get(handle)
        except killed:
            raise _WorkerKilled from None
        except errors.RayTaskError as error:
            raise error.cause from None


@contextmanager
def _ray_pool() -> Iterator[_RayPool]:
    with redirect_stdout(sys.stderr):  # Ray tells of killed workers on stdout, among the results
        ray, ours = _ray()
        try:
            yield _RayPool(ray)
        finally:
            if ours:
                ray.shutdown()


def connect_ray() -> Any:
    """Return Ray, connected to the cluster at `RAY_ADDRESS`, else to one that is started here.

    Raises:
        ConfigError: Ray is not installed, or its cluster cannot be reached.
    """
    with redirect_stdout(sys.stderr):
        return _ray()[0]


def _ray() -> tuple[Any, bool]:
    """Return Ray, connected, and whether this has connected it."""
    try:
        import ray
    except ImportError:
        raise ConfigError(f"--cluster ray needs Ray: {install_command(extra='ray')}") from None
    ours = not ray.is_initialized()
    try:
        ray.init(log_to_driver=False, ignore_reinit_error=True, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        text = " ".join(str(error).split())[:200]
        raise ConfigError(f"the Ray cluster cannot be reached: {text}; see RAY_ADDRESS") from None
    return ray, ours
