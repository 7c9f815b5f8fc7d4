"""Checks an export before anyone trains on it: schema, roles, mask, length, prefix stability.

Without a tokenizer the rows themselves are checked. With one, each row is also rendered by its chat
template: the tokens that the loss is on must be the assistant's turns and nothing else, a shorter
conversation must be the beginning of a longer one, and nothing may be over the length.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from darebench.agents.notebook.schemas import NAMES
from darebench.agents.tools import NAME
from darebench.errors import ConfigError
from darebench.rollouts.rows import BETWEEN_ANSWERS

SHOWN = 20
"""Most problems that are kept with their row; all are counted."""
PROVENANCE = ("run", "task", "column", "cluster", "epoch", "model", "score", "stop_reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong with a row of an export."""

    row: int
    """From 1."""
    check: str
    """`schema`, `roles`, `calls`, `provenance`, `prefix`, `mask` or `length`."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What the check of an export found."""

    rows: int
    problems: tuple[RowProblem, ...]
    """The first ones."""
    counts: Mapping[str, int]
    """Check -> number of problems."""
    tokens: Mapping[str, float] = field(default_factory=dict)
    """With a tokenizer: mean, median, largest, and the share that the loss is on."""


def check_export(
    path: Path, tokenizer: Any = None, *, max_length: int | None = None
) -> ExportReport:
    """Check every row of an export.

    Args:
        path: A file that `darebench export` wrote, of the form trl, openai or verl-sft.
        tokenizer: A tokenizer with a chat template, for the checks of what is trained on.
        max_length: Most tokens of a row.

    Raises:
        ConfigError: The file is missing or of another kind.
    """
    problems: list[RowProblem] = []
    counts: Counter[str] = Counter()
    lengths: list[int] = []
    n_loss = 0
    number = 0
    for number, row in enumerate(read_rows(path), 1):
        found = list(row_problems(row, openai=is_openai(row)))
        if not found and tokenizer is not None:
            encoded = encode(row, tokenizer)
            lengths.append(len(encoded["input_ids"]))
            n_loss += sum(encoded["assistant_masks"])
            found = list(_token_problems(row, encoded, tokenizer, max_length))
        for check, message in found:
            counts[check] += 1
            if len(problems) < SHOWN:
                problems.append(RowProblem(row=number, check=check, message=message))
    if not number:
        counts["schema"] += 1
        problems.append(RowProblem(row=0, check="schema", message="the file has no rows"))
    return ExportReport(
        rows=number,
        problems=tuple(problems),
        counts=dict(counts),
        tokens=_lengths(lengths, n_loss),
    )


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read the rows of an export, .jsonl or .parquet, one at a time.

    Raises:
        ConfigError: The file is missing, is of another kind, or cannot be read.
    """
    if not path.is_file():
        raise ConfigError(f"{path} is missing; make it with `darebench export`")
    if path.suffix == ".jsonl":
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    row = json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise ConfigError(f"{path} line {number} is not JSON: {error}") from None
                if not isinstance(row, dict):
                    raise ConfigError(
                        f"{path} line {number} is not an object; write one row a line"
                    )
                yield row
        return
    if path.suffix != ".parquet":
        raise ConfigError(f"{path} is neither .jsonl nor .parquet")
    try:
        for batch in pq.ParquetFile(path).iter_batches(256):
            for row in batch.to_pylist():
                messages = row.get("messages") or []
                row["messages"] = [{k: v for k, v in m.items() if v is not None} for m in messages]
                yield row
    except pa.ArrowException as error:
        raise ConfigError(f"{path} cannot be read as parquet: {error}") from None


def is_openai(row: Mapping[str, Any]) -> bool:
    """Check whether a row is one of an OpenAI fine-tuning file, which does not name its run."""
    return "run" not in row


def encode(row: Mapping[str, Any], tokenizer: Any, *, show_tools: bool = True) -> dict[str, Any]:
    """Return a row's `input_ids`, and its `assistant_masks` with 1 where the loss is."""
    return tokenizer.apply_chat_template(
        row["messages"],
        tools=row["tools"] if show_tools else None,
        tokenize=True,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )


def row_problems(row: Any, *, openai: bool) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a row, as pairs of check and message."""
    if not isinstance(row, dict) or not isinstance(row.get("messages"), list):
        yield "schema", "a row is an object with a list of messages"
        return
    yield from _tool_problems(row.get("tools"))
    if not openai:
        missing = [name for name in PROVENANCE if row.get(name) is None]
        if missing:
            yield "provenance", f"{missing[0]} is missing"
    yield from _role_problems(row["messages"], openai=openai)


def _tool_problems(tools: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(tools, list):
        yield "schema", "tools is not a list; export the attempts again"
        return
    try:
        names = [tool["function"]["name"] for tool in tools]
    except (KeyError, TypeError) as error:
        yield "schema", f"tools cannot be read: {error!r}"
        return
    if names not in ([NAME], list(NAMES)):
        yield "schema", f"tools describes {names}, not {NAME}, nor the notebook's"


def _role_problems(messages: Sequence[Any], *, openai: bool) -> Iterator[tuple[str, str]]:
    asked: list[str] = []
    turns = 0
    for position, message in enumerate(messages):
        role = message.get("role") if isinstance(message, dict) else None
        if role not in ("system", "user", "assistant", "tool"):
            yield "roles", f"message {position} has the role {role!r}"
            return
        if not isinstance(message.get("content"), str):
            yield "schema", f"the content of message {position} is not text"
        if role == "tool":
            answered = message.get("tool_call_id")
            parts = str(message.get("content")).count(BETWEEN_ANSWERS) + 1
            if answered is None and 1 < len(asked) == parts:
                asked = []
            elif answered not in asked:
                yield "roles", f"message {position} answers {answered!r}, which nobody called"
            else:
                asked.remove(answered)
        elif asked:
            yield "roles", f"message {position} comes before the answer to {asked[0]!r}"
        if role == "assistant":
            turns += 1
            calls = message.get("tool_calls") or []
            if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
                yield "calls", f"message {position}: tool_calls is not a list of objects"
                return
            yield from _call_problems(calls, position)
            asked = [call.get("id") for call in calls]
    if not turns:
        yield "roles", "the row has no assistant turn to train on"
    if openai and messages and messages[-1].get("role") != "assistant":
        yield "roles", "the last message is not the assistant's"


def _call_problems(calls: Sequence[Any], position: int) -> Iterator[tuple[str, str]]:
    for call in calls:
        try:
            arguments = call["function"]["arguments"]
            if not isinstance(arguments, str) or not isinstance(json.loads(arguments), dict):
                yield "calls", f"message {position}: arguments are not the JSON text of an object"
        except (KeyError, TypeError, ValueError) as error:
            yield "calls", f"message {position}: a call cannot be read: {error!r}"


def _token_problems(
    row: Mapping[str, Any], encoded: Mapping[str, Any], tokenizer: Any, max_length: int | None
) -> Iterator[tuple[str, str]]:
    ids, mask = encoded["input_ids"], encoded["assistant_masks"]
    if max_length is not None and len(ids) > max_length:
        yield "length", f"{len(ids)} tokens, the limit is {max_length}"
    messages = row["messages"]
    turns = [n for n, message in enumerate(messages) if message["role"] == "assistant"]
    for n in turns:
        shorter = encode({**row, "messages": messages[: n + 1]}, tokenizer)["input_ids"]
        if ids[: len(shorter)] != shorter:
            yield "prefix", f"the text up to message {n} changes when more follows"
            break
    spans = _spans(mask)
    if len(spans) != len(turns):
        yield "mask", f"{len(spans)} stretches are trained on, and there are {len(turns)} turns"
        return
    end = tokenizer.eos_token_id
    for n, (position, (start, stop)) in enumerate(zip(turns, spans, strict=True), 1):
        if ids[stop - 1] != end:
            yield "mask", f"turn {n} does not end with the end token, so stopping is not learned"
            return
        if tokenizer.decode(ids[start:stop]) != _turn_text(row, position, tokenizer):
            yield "mask", f"what is trained on in turn {n} is not that turn's text"
            return


def _turn_text(row: Mapping[str, Any], position: int, tokenizer: Any) -> str | None:
    """Return what the assistant writes in the message at a position, up to the end token.

    The result is None where the template does not write a turn behind its own prompt for one.
    """
    messages = row["messages"]
    render = partial(tokenizer.apply_chat_template, tools=row["tools"], tokenize=False)
    before = render(messages[:position], add_generation_prompt=True)
    whole = render(messages[: position + 1])
    if not whole.startswith(before):
        return None
    text, end, _ = whole[len(before) :].partition(tokenizer.eos_token)
    return text + end


def _spans(mask: Sequence[int]) -> list[tuple[int, int]]:
    edges = [k for k in range(1, len(mask)) if mask[k] != mask[k - 1]]
    bounds = [0, *edges, len(mask)]
    pairs = itertools.pairwise(bounds)
    return [(a, b) for a, b in pairs if a < b and mask[a]]


def _lengths(lengths: Sequence[int], n_loss: int) -> dict[str, float]:
    if not lengths:
        return {}
    ordered = sorted(lengths)
    return {
        "mean": sum(ordered) / len(ordered),
        "median": float(ordered[len(ordered) // 2]),
        "largest": float(ordered[-1]),
        "loss_share": n_loss / sum(ordered),
    }
