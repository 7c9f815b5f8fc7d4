"""K attempts a task, through the same path as evaluation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from darebench.evals.builtin import AGENTS
from darebench.evals.evaluation import EvalConfig, Run
from darebench.evals.run import evaluate
from darebench.types import Progress

ATTEMPTS = 8
"""K of the paper's section 5."""
SAMPLING = {"temperature": 1.0, "top_p": 0.95}
"""The paper's sampling, where the configuration leaves it open: greedy repeats would be equal."""


def collect(
    config: EvalConfig | None = None,
    *,
    attempts: int = ATTEMPTS,
    out: Path | None = None,
    fresh: bool = False,
    slots: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Make `attempts` attempts at every chosen task, or continue where an earlier call stopped.

    Raises:
        ConfigError: No task is selected, or the folder holds another run.
        StoreError: The store does not exist.
    """
    config = config or EvalConfig()
    wanted = replace(config, epochs=attempts, generation=sampling(config))
    return evaluate(wanted, out=out, fresh=fresh, slots=slots, progress=progress)


def sampling(config: EvalConfig) -> dict[str, Any]:
    """Return a configuration's sampling settings, the paper's where it leaves them open."""
    usual = {} if config.model in AGENTS else SAMPLING
    return {**usual, **config.generation}
