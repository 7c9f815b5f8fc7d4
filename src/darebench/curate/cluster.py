"""Where tables are worked on: this process, its workers, or a Ray cluster."""

# Ray is an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from joblib import parallel_config

from darebench.errors import ConfigError


class Cluster(StrEnum):
    """Who does the work."""

    LOCAL = "local"
    """Processes of this machine."""
    RAY = "ray"
    """The Ray cluster at `RAY_ADDRESS`, else one that is started here."""


@contextmanager
def workers(cluster: Cluster, jobs: int) -> Iterator[None]:
    """Let joblib send its work to a cluster while the block runs.

    Raises:
        ConfigError: Ray is not installed, or its cluster cannot be reached.
    """
    if cluster is Cluster.RAY:
        with _ray(jobs):
            yield
        return
    backend = {"inner_max_num_threads": 1} if jobs > 1 else {}
    with parallel_config(backend="loky" if jobs > 1 else "sequential", n_jobs=jobs, **backend):
        yield


@contextmanager
def _ray(jobs: int) -> Iterator[None]:
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
        with parallel_config(backend="ray", n_jobs=jobs):
            yield
    finally:
        if ours:
            ray.shutdown()
