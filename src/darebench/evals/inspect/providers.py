"""Agents without a language model, as Inspect models: `darebench/baseline` and the three anchors.

`baseline` is a scripted data scientist. `null` answers at once, `trivial` predicts the majority,
mean or last value, `oracle` knows the answers: they prove that the path gives 0, the floor and 1.
"""

from __future__ import annotations

from typing import Any

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from darebench.agents.anchors import NullModel, TrivialModel
from darebench.agents.baseline import BaselineModel
from darebench.agents.protocol import ChatModel
from darebench.errors import ConfigError
from darebench.evals.inspect.model import from_inspect, to_inspect
from darebench.evals.oracle import OracleModel

AGENTS: dict[str, type[ChatModel]] = {
    "baseline": BaselineModel,
    "null": NullModel,
    "trivial": TrivialModel,
    "oracle": OracleModel,
}


class DarebenchAPI(ModelAPI):
    """Inspect's interface over one of our scripted chat models."""

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        if model_name not in AGENTS:
            raise ConfigError(f"no agent {model_name!r}; there are: {', '.join(AGENTS)}")
        self._agent = AGENTS[model_name](**model_args)

    def max_connections(self) -> int:
        """Never let the model be the bottleneck; the sandbox bounds the work."""
        return 256

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Let the scripted model take its turn."""
        messages = [from_inspect(m) for m in input]
        schemas = [{"type": "function", "function": t.model_dump()} for t in tools]
        reply = await self._agent.reply(messages, schemas)
        message = to_inspect(reply.message)
        if not isinstance(message, ChatMessageAssistant):
            raise TypeError(f"{self.model_name} gave a {message.role} message")
        stop = "tool_calls" if message.tool_calls else "stop"
        output = ModelOutput.from_message(message, stop_reason=stop)
        output.model = f"darebench/{self.model_name}"
        output.usage = ModelUsage()  # without it Inspect counts tokens with a downloaded table
        return output
