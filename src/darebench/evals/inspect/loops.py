"""The registry of darebench's own loops around a chat model: name -> what plays an attempt.

`tool` is the paper's: programs in processes of their own. `notebook` works in a session, in the
stages of DatawiseAgent. Built-in agents without a language model (`darebench.evals.builtin`) play
in either, as any model does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from darebench.errors import ConfigError
from darebench.evals.evaluation import EvalConfig
from darebench.evals.inspect.players import ModelPlayer, NotebookPlayer

DEFAULT = "tool"
"""The loop of a configuration that names none."""
LOOPS: Mapping[str, Callable[[EvalConfig], ModelPlayer | NotebookPlayer]] = {
    "tool": lambda config: ModelPlayer(),
    "notebook": lambda config: NotebookPlayer(branches=config.branches),
}


def is_loop(agent: object) -> bool:
    """Check whether an agent, as it was given, is one of the loops."""
    return agent is None or (isinstance(agent, str) and agent in LOOPS)


def settled(config: EvalConfig) -> EvalConfig:
    """Return a configuration that leaves the default loop unnamed, as it is one run with it.

    Raises:
        ConfigError: There are branches, and the agent has none.
    """
    if config.branches < 1:
        raise ConfigError(f"branches={config.branches}; 1 is the least")
    if config.branches > 1 and config.agent != "notebook":
        raise ConfigError(
            f"branches={config.branches} is for the notebook agent; add --agent notebook"
        )
    return replace(config, agent=None) if config.agent == DEFAULT else config
