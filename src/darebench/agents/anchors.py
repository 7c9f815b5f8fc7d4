"""Two agents that anchor the scale: one that does nothing, and one that predicts a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from darebench.agents.baseline.policy import trivial_turn
from darebench.agents.protocol import Reply
from darebench.types import Message, Role

_NOTHING = "I have nothing to predict with."


class NullModel:
    """Answers at once, without a prediction: scores 0 everywhere."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """End the attempt."""
        return Reply(message=Message(role=Role.ASSISTANT, content=_NOTHING))


class TrivialModel:
    """Predicts the majority label, the mean or the last value: the floor of every task."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Run the one constant program, then end the attempt."""
        return trivial_turn(messages)
