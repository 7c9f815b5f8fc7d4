"""darebench: evaluate and train LLM agents on verifiable data-science tasks (arXiv 2602.24288).

The names below are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from darebench.evals.run import EvalConfig, evaluate
    from darebench.sandbox import Executor, LocalExecutor, run_python
    from darebench.sandbox.client import RemoteExecutor
    from darebench.scoring import score_prediction as score
    from darebench.store.read import Store, open_store, select
    from darebench.types import Score, Task, Trajectory, Truth

__version__ = "0.1.0"
__all__ = [
    "EvalConfig",
    "Executor",
    "LocalExecutor",
    "RemoteExecutor",
    "Score",
    "Store",
    "Task",
    "Trajectory",
    "Truth",
    "evaluate",
    "open_store",
    "run_python",
    "score",
    "select",
]

_HOMES = {
    "EvalConfig": ("darebench.evals.run", "EvalConfig"),
    "evaluate": ("darebench.evals.run", "evaluate"),
    "Executor": ("darebench.sandbox", "Executor"),
    "LocalExecutor": ("darebench.sandbox", "LocalExecutor"),
    "RemoteExecutor": ("darebench.sandbox.client", "RemoteExecutor"),
    "run_python": ("darebench.sandbox", "run_python"),
    "score": ("darebench.scoring.score", "score_prediction"),
    "Store": ("darebench.store.read", "Store"),
    "open_store": ("darebench.store.read", "open_store"),
    "select": ("darebench.store.read", "select"),
    "Score": ("darebench.types", "Score"),
    "Task": ("darebench.types", "Task"),
    "Trajectory": ("darebench.types", "Trajectory"),
    "Truth": ("darebench.types", "Truth"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'darebench' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
