"""Asks a language model through Inspect; an answer is kept by content and never paid for twice.

Answers lie in the cache under a hash of the model's name and the whole conversation, so that a
curation which runs again gets the same answers. Each request is one line of the curation's log.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from darebench.errors import CurationReject, ProviderFault
from darebench.store.cache import cache_folder
from darebench.sync import run_sync
from darebench.types import Message, Role

if TYPE_CHECKING:
    from inspect_ai.model import Model, ModelOutput

CALLS = "calls.jsonl"
"""A curation's log of requests."""
MAX_RETRIES = 3
"""Retries of one request by Inspect, before the provider counts as failed."""
TIMEOUT_S = 600
ATTEMPTS = 3
"""How often a model may answer before its answers are given up as unusable."""

_Answer = TypeVar("_Answer", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a curation asked of models."""

    calls: int = 0
    cached: int = 0
    """Calls that an earlier one had answered."""
    input_tokens: int = 0
    """Tokens of the calls that were not cached, as output_tokens is."""
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModel:
    """An Inspect model by name. Can be pickled."""

    name: str
    base_url: str | None = field(default=None, repr=False)
    log: Path | None = field(default=None, repr=False)
    """File to which a line is added for each request."""

    def check(self) -> None:
        """Check that the model can be used, before there is work for it.

        Raises:
            ConfigError: The name is unknown, or its client or its key is missing.
        """
        _model(self.name, self.base_url)

    def reach(self, say: Callable[[str], None]) -> None:
        """Ask the model's server something, before there is work for it.

        Args:
            say: Is told whom the request goes to.

        Raises:
            ConfigError: The model cannot be used.
        """
        from darebench.evals.inspect.first_request import ask_first, is_asked

        model = _model(self.name, self.base_url)
        if is_asked(model):
            run_sync(ask_first(model, [], {}, say))

    def ask(self, messages: Sequence[Message], purpose: str) -> str:
        """Return the model's answer to a conversation.

        Raises:
            ProviderFault: The provider failed, also after retries.
        """
        said = [[m.role, m.content] for m in messages]
        text = json.dumps([1, self.name, said], ensure_ascii=False)
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        path = cache_folder("answers") / key[:2] / f"{key}.json"
        is_cached = path.is_file()
        if is_cached:
            row = json.loads(path.read_text(encoding="utf-8"))
        else:
            output = run_sync(_generate(self.name, self.base_url, messages))
            usage = output.usage
            row = {
                "schema": 1,
                "model": self.name,
                "answer": output.completion,
                "input_tokens": usage.input_tokens if usage else 0,
                "output_tokens": usage.output_tokens if usage else 0,
            }
            _keep(row, path)
        self._count(row, purpose, key, is_cached)
        return row["answer"]

    def _count(self, row: dict[str, Any], purpose: str, key: str, is_cached: bool) -> None:
        if self.log is None:
            return
        spent = {name: 0 if is_cached else row[name] for name in ("input_tokens", "output_tokens")}
        entry = {"purpose": purpose, "model": self.name, "key": key, "cached": is_cached, **spent}
        line = json.dumps(entry, sort_keys=True).encode() + b"\n"
        file = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(file, line)  # one write: workers share the file
        finally:
            os.close(file)


def read_usage(log: Path) -> Usage:
    """Add up a curation's log."""
    if not log.is_file():
        return Usage()
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return Usage(
        calls=len(rows),
        cached=sum(row["cached"] for row in rows),
        input_tokens=sum(row["input_tokens"] for row in rows),
        output_tokens=sum(row["output_tokens"] for row in rows),
    )


def ask_for(
    model: LanguageModel,
    messages: Sequence[Message],
    kind: type[_Answer],
    problems: Callable[[_Answer], list[str]],
    purpose: str,
) -> _Answer:
    """Ask for JSON of one kind; what is wrong with an answer is told, and it is asked again.

    Args:
        model: Whom to ask.
        messages: The conversation up to the question.
        kind: What the answer must be.
        problems: Says what of a well-formed answer does not fit the data.
        purpose: For the log.

    Raises:
        CurationReject: None of the answers was usable.
        ProviderFault: The provider failed.
    """
    said = list(messages)
    wrong: list[str] = []
    for _ in range(ATTEMPTS):
        text = model.ask(said, purpose)
        answer, wrong = _parse(text, kind)
        if answer is not None:
            wrong = problems(answer)
            if not wrong:
                return answer
        listed = "\n".join(f"- {problem}" for problem in wrong[:12])
        again = f"This cannot be used:\n{listed}\nAnswer again with the whole JSON object."
        said += [Message(role=Role.ASSISTANT, content=text), Message(role=Role.USER, content=again)]
    raise CurationReject(f"{model.name} gave no usable answer in {ATTEMPTS} attempts: {wrong[0]}")


def _parse(text: str, kind: type[_Answer]) -> tuple[_Answer | None, list[str]]:
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None, ["there is no JSON object in the answer"]
    try:
        return kind.model_validate_json(text[start : end + 1]), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        named = [f"{'.'.join(map(str, e['loc'])) or 'the answer'}: {e['msg']}" for e in found]
        return None, named


def _keep(row: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, suffix=".part", delete=False, encoding="utf-8"
    ) as stream:
        json.dump(row, stream, ensure_ascii=False, sort_keys=True)
    Path(stream.name).replace(path)


async def _generate(name: str, base_url: str | None, messages: Sequence[Message]) -> ModelOutput:
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

    from darebench.evals.inspect.connection import follow

    kinds = {
        "system": ChatMessageSystem,
        "user": ChatMessageUser,
        "assistant": ChatMessageAssistant,
    }
    given = [kinds[m.role](content=m.content) for m in messages]
    try:
        async with _model(name, base_url) as model:
            follow(model)
            output = await model.generate(given)
    except ProviderFault:
        raise
    except Exception as error:  # whatever a provider's client raises is the provider's fault
        text = " ".join(str(error).split())[:200]
        raise ProviderFault(f"{name}: {type(error).__name__}: {text}") from error
    if output.error is not None or not output.choices:
        raise ProviderFault(f"{name}: {output.error or 'no choice in the answer'}")
    return output


def _model(name: str, base_url: str | None) -> Model:
    from inspect_ai.model import GenerateConfig

    from darebench.evals.inspect.model import open_model

    config = GenerateConfig(max_retries=MAX_RETRIES, timeout=TIMEOUT_S)
    return open_model(name, base_url, {}, config)
