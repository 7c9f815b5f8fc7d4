"""Many calls at a time: in this process, in its workers, or on a Ray cluster.

A worker of this machine ends within a second of its parent, also of one that is killed: what nobody
waits for must not go on writing.
"""

# Ray is an optional extra, which a plain checkout does not have.

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from typing import Any

from joblib import Parallel, delayed, parallel_config

from darebench.cores import take_share, usable_cores
from darebench.errors import ConfigError
from darebench.installing import install_command

Call = tuple[Any, tuple[Any, ...], dict[str, Any]]
"""What joblib's `delayed` makes: a function, its arguments and its keywords."""
PART = 16
"""Calls for each of Ray's workers between two reports."""


class Cluster(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    """Processes of this machine."""
    RAY = "ray"
    """The Ray cluster at `RAY_ADDRESS`, else one that is started here."""


def run_all(calls: Sequence[Any], cluster: Cluster, jobs: int) -> Iterator[Any]:
    """Run joblib's delayed calls and yield their results as they come, in any order.

    Raises:
        ConfigError: Ray is not installed, or its cluster cannot be reached.
    """
    if cluster is Cluster.RAY:
        yield from _run_on_ray(calls, jobs)
        return
    if jobs == 1:
        for function, arguments, keywords in calls:
            yield function(*arguments, **keywords)
        return
    share = max(1, usable_cores() // jobs)
    watched = (delayed(_watched)(os.getpid(), share, call) for call in calls)
    with parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=share):
        yield from Parallel(return_as="generator_unordered", pre_dispatch="4 * n_jobs")(watched)


def _watched(parent: int, share: int, call: Call) -> Any:
    """Run one call in a worker that ends with its parent."""
    _watch(parent)
    return _with_share(share, call)


def _with_share(share: int, call: Call) -> Any:
    """Run one call in a worker whose sandboxes and pools have a share of the processors."""
    take_share(share)
    function, arguments, keywords = call
    return function(*arguments, **keywords)


@cache
def _watch(parent: int) -> None:
    """Start this worker's watch over its parent, once."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.25)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


def _run_on_ray(calls: Sequence[Any], jobs: int) -> Iterator[Any]:
    """Send calls in parts, because Ray's backend gives results only when all of them are there.

    A worker has one processor, as Ray counts them.
    """
    with _ray(), parallel_config(backend="ray", n_jobs=jobs), Parallel() as parallel:
        for start in range(0, len(calls), PART * jobs):
            part = calls[start : start + PART * jobs]
            yield from parallel(delayed(_with_share)(1, call) for call in part)


@contextmanager
def _ray() -> Iterator[None]:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise ConfigError(f"--cluster ray needs Ray: {install_command(extra='ray')}") from None
    ours = not ray.is_initialized()
    try:
        ray.init(log_to_driver=False, ignore_reinit_error=True, configure_logging=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        text = " ".join(str(error).split())[:200]
        raise ConfigError(f"the Ray cluster cannot be reached: {text}; see RAY_ADDRESS") from None
    register_ray()
    try:
        yield
    finally:
        if ours:
            ray.shutdown()
