"""What Inspect finds of darebench: the benchmark, the sandbox, the scripted agents, progress."""

from inspect_ai.model import modelapi

from darebench.evals.inspect.sandbox import DarebenchSandbox as DarebenchSandbox
from darebench.evals.inspect.task import bench as bench
from darebench.evals.progress import ProgressHooks as ProgressHooks


@modelapi(name="darebench")
def darebench():
    """Give the provider of `darebench/baseline`, `/oracle`, `/trivial` and `/null`."""
    from darebench.evals.inspect.providers import DarebenchAPI

    return DarebenchAPI
