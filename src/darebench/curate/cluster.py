"""Where tables are worked on: this process, its workers, or a Ray cluster."""

# Ray is an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

from joblib import Parallel, parallel_config

from darebench.errors import ConfigError

PART = 16
"""Calls for each of Ray's workers between two reports."""


class Cluster(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    """Processes of this machine."""
    RAY = "ray"
    """The Ray cluster at `RAY_ADDRESS`, else one that is started here."""


def run_all(calls: Sequence[Any], cluster: Cluster, jobs: int) -> Iterator[Any]:
    """Run joblib's delayed calls and give their results as they come, in any order.

    Raises:
        ConfigError: Ray is not installed, or its cluster cannot be reached.
    """
    if cluster is Cluster.RAY:
        yield from _run_on_ray(calls, jobs)
        return
    backend = {"inner_max_num_threads": 1} if jobs > 1 else {}
    with parallel_config(backend="loky" if jobs > 1 else "sequential", n_jobs=jobs, **backend):
        yield from Parallel(return_as="generator_unordered", pre_dispatch="4 * n_jobs")(calls)


def _run_on_ray(calls: Sequence[Any], jobs: int) -> Iterator[Any]:
    """Send calls in parts, because Ray's backend gives results only when all of them are there."""
    with _ray(), parallel_config(backend="ray", n_jobs=jobs), Parallel() as parallel:
        for start in range(0, len(calls), PART * jobs):
            yield from parallel(calls[start : start + PART * jobs])


@contextmanager
def _ray() -> Iterator[None]:
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise ConfigError("--cluster ray needs Ray; pip install 'darebench[ray]'") from None
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
