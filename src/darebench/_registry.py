"""What Inspect finds of darebench: the benchmark, the sandbox, the built-in agents."""

from inspect_ai.model import modelapi

from darebench.evals.inspect.sandbox import DarebenchSandbox as DarebenchSandbox
from darebench.evals.inspect.task import bench as bench


@modelapi(name="darebench")
def darebench():
    """Return the provider of `darebench/baseline`, `/oracle`, `/trivial` and `/null`."""
    from darebench.evals.inspect.providers import DarebenchAPI

    return DarebenchAPI
