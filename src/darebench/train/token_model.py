"""The model in training as a chat model of the agent loop, by token ids from end to end.

The ids that were sampled are the ids that are trained on. What the tool answers is encoded once and
appended; nothing is ever decoded and encoded again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from darebench.agents.protocol import Reply, Stop
from darebench.train.chat_template import Render, as_dict, continuation
from darebench.train.seeds import seed_of
from darebench.train.tool_calls import parse_reply
from darebench.types import Message, Role, Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """What a model wrote after a prompt."""

    ids: list[int]
    """The end token included where it was written."""
    ended: bool
    """Whether the end token was written."""


class Sampler(Protocol):
    """Continues token ids; many calls at the same time become one batch."""

    async def sample(self, ids: Sequence[int], max_new: int, seed: int) -> Sampled:
        """Sample up to `max_new` ids after `ids`; the same seed gives the same ids."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """A tokenizer as `TokenModel` needs it."""

    tokenizer: Any
    render: Render
    end: str
    """The token that ends a turn, as text."""
    show_tools: bool = True
    """Whether the prompt holds the tool's schema; a small model of our own knows its one tool."""

    def encode(self, text: str) -> list[int]:
        """Encode text that may hold the template's special tokens."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def prompt_ids(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> list[int]:
        """Encode what comes before the first turn."""
        shown = tools if self.show_tools else None
        return self.encode(self.render([as_dict(m) for m in messages], shown, True))


@dataclass(slots=True, kw_only=True)
class TokenModel:
    """One conversation of the model in training."""

    codec: Codec
    sampler: Sampler
    max_context: int
    """Ids of the whole conversation."""
    max_new: int
    """Ids of one turn."""
    seed: int
    prompt_ids: list[int] = field(default_factory=list)
    completion_ids: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    """1 for an id that the model sampled, 0 for one of a tool's answer."""
    ended: bool = False
    """Whether the last turn ended by itself."""
    turns: int = 0
    n_seen: int = 0
    """Messages of the conversation that the ids already hold."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Sample the next turn and return it as a message."""
        self._follow(messages, tools)
        held = len(self.prompt_ids) + len(self.completion_ids)
        room = min(self.max_new, self.max_context - held)
        self.n_seen = len(messages) + 1
        if room < 1:
            self.ended = False
            self._forget_unanswered()
            return Reply(message=Message(role=Role.ASSISTANT, content=""), stop=Stop.MODEL_LENGTH)
        self.turns += 1
        sampled = await self.sampler.sample(
            [*self.prompt_ids, *self.completion_ids], room, seed_of(self.seed, self.turns)
        )
        self.completion_ids += sampled.ids
        self.mask += [1] * len(sampled.ids)
        self.ended = sampled.ended
        written = sampled.ids[:-1] if sampled.ended else sampled.ids
        text = self.codec.tokenizer.decode(written, skip_special_tokens=False)
        if sampled.ended:
            message = parse_reply(text, self.turns)
            stop = Stop.TOOL_CALLS if message.tool_calls else Stop.STOP
        else:  # whatever the turn was about to call is not called
            message, stop = Message(role=Role.ASSISTANT, content=text), Stop.MAX_TOKENS
        used = Tokens(input=held, output=len(sampled.ids), total=held + len(sampled.ids))
        return Reply(message=message, tokens=used, stop=stop)

    def _follow(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> None:
        """Append what has been said since the last turn."""
        if not self.prompt_ids:
            self.prompt_ids = self.codec.prompt_ids(messages, tools)
            return
        results = [as_dict(m) for m in messages[self.n_seen :]]
        added = self.codec.encode(continuation(self.codec.render, self.codec.end, results))
        self.completion_ids += added
        self.mask += [0] * len(added)

    def _forget_unanswered(self) -> None:
        """Drop a tool's answer that left no room: nothing after it can be trained on."""
        while self.mask and not self.mask[-1]:
            self.mask.pop()
            self.completion_ids.pop()
