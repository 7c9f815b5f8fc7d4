"""The registry of the agents that need no language model: name -> what plays attempts at a task.

`baseline` is a scripted data scientist. The others anchor the scale and prove the path from a task
to its score: `null` answers at once, `trivial` predicts the majority, the mean or the last value,
and `oracle` knows the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from darebench.agents.anchors import NullModel, TrivialModel
from darebench.agents.baseline import BaselineModel
from darebench.agents.protocol import ChatModel
from darebench.evals.oracle import OracleModel
from darebench.types import Task

AGENTS: Mapping[str, Callable[[Task | None], ChatModel]] = {
    "baseline": lambda task: BaselineModel(),
    "oracle": OracleModel,
    "trivial": lambda task: TrivialModel(),
    "null": lambda task: NullModel(),
}
