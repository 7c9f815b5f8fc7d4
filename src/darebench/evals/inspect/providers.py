"""The built-in agents as Inspect models: `darebench/baseline`, `/oracle`, `/trivial`, `/null`."""

from __future__ import annotations

from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from darebench.agents.protocol import ChatModel, Stop
from darebench.errors import ConfigError
from darebench.evals.builtin import AGENTS
from darebench.evals.identity import did_you_mean
from darebench.evals.inspect.model import from_inspect, to_inspect
from darebench.types import Task


class DarebenchAPI(ModelAPI):
    """Inspect's interface over a built-in agent.

    darebench's own task asks it for the agent of each task, and plays that without Inspect's
    messages. Other people's tasks generate with it like with any model.
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig | None = None,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config or GenerateConfig())
        if model_name not in AGENTS:
            hint = did_you_mean(model_name, AGENTS)
            raise ConfigError(f"no agent {model_name!r}; there are: {', '.join(AGENTS)}{hint}")

    def agent_for(self, task: Task) -> ChatModel:
        """Return what plays an attempt at a task."""
        return AGENTS[self.model_name](task)

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
        """Return the agent's turn.

        Raises:
            ConfigError: The agent must know the task, which only darebench's own task tells it.
        """
        messages = [from_inspect(m) for m in input]
        schemas = [{"type": "function", "function": t.model_dump()} for t in tools]
        reply = await AGENTS[self.model_name](None).reply(messages, schemas)
        message = to_inspect(reply.message)
        assert isinstance(message, ChatMessageAssistant)
        stop = "tool_calls" if reply.stop is Stop.TOOL_CALLS else "stop"
        output = ModelOutput.from_message(message, stop_reason=stop)
        output.model = f"darebench/{self.model_name}"
        output.usage = ModelUsage()  # without it Inspect counts tokens with a downloaded table
        return output


def builtin_agent(api: ModelAPI, task: Task) -> ChatModel | None:
    """Return the built-in agent behind one of Inspect's models, if it is one."""
    return api.agent_for(task) if isinstance(api, DarebenchAPI) else None
