"""Mends the answers of OpenAI-compatible servers before a client reads them.

The clients trust the form of an answer, and servers differ in it: arguments as an object or encoded
twice, calls without an id or a type, content in parts, counts that are null, an error with the
status 200, JSON in another encoding or under another content type. What can be understood is
brought into OpenAI's form here; for the rest an error says in words what the server has sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from darebench.errors import ProviderFault
from darebench.evals.inspect.faults import MESSAGES, message_of
from darebench.text import clean

SHOWN = 160
"""Characters of an answer that an error repeats."""
_STOPS = {
    "eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop", "done": "stop",
    "completed": "stop", "finished": "stop", "max_length": "length", "max_tokens": "length",
    "length_limit": "length", "context_length": "length", "tool_use": "tool_calls",
    "tool_call": "tool_calls", "function": "tool_calls", "safety": "content_filter",
    "blocked": "content_filter", "recitation": "content_filter", "sensitive": "content_filter",
}  # fmt: skip
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


class UnusableAnswer(ProviderFault):
    """A server answered with something that is not a completion."""

    def __init__(self, message: str, status: int | None = None, body: Any = None) -> None:
        super().__init__(message)
        self.shown = message
        self.status = status
        """Status that the answer itself names, if any."""
        self.body = body
        """The answer, as far as it was understood."""


def read_completion(body: bytes, content_type: str, request: Mapping[str, Any]) -> dict[str, Any]:
    """Read an answer to a chat request as the JSON of a completion, in OpenAI's form.

    Args:
        body: What the server has sent.
        content_type: What the server calls it; only used to say so, and for its charset.
        request: The arguments of the request.

    Raises:
        UnusableAnswer: It is not a completion.
    """
    text = _decoded(body, content_type)
    try:
        answer = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise UnusableAnswer(_what_it_is(text, content_type), body=text) from None
    answer = clean(answer)
    if not isinstance(answer, dict):
        if error := _error_in(answer):
            raise error
        shown = f"the answer is JSON, but no completion: {text[:SHOWN]}"
        raise UnusableAnswer(shown, body=answer)
    if error := _error_of(answer):
        raise error
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        raise UnusableAnswer(f"the answer holds no choice: {text[:SHOWN]}", body=answer)
    turn = sum(_get(message, "role") == "assistant" for message in request.get("messages") or ())
    return {
        **answer,
        "id": str(answer.get("id") or ""),
        "object": "chat.completion",
        "created": _count(answer.get("created")),
        "model": str(answer.get("model") or request.get("model") or ""),
        "choices": [_choice(choice, n, turn) for n, choice in enumerate(choices)],
        "usage": _usage(answer.get("usage")),
    }


def _decoded(body: bytes, content_type: str) -> str:
    charset = re.search(r"charset=[\"']?([\w-]+)", content_type)
    for name in (json.detect_encoding(body), charset[1] if charset else "utf-8", "cp1252"):
        try:
            return body.decode(name, "surrogatepass" if name.startswith("utf") else "strict")
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")


def _what_it_is(text: str, content_type: str) -> str:
    shown = " ".join(re.sub(r"<[^>]*>", " ", text).split())[:SHOWN]
    if text.lstrip("\ufeff \r\n\t")[:1] == "<":
        return f"the answer is a web page, not JSON: {shown or 'without text'}"
    if "event-stream" in content_type or text.lstrip().startswith("data:"):
        return "the answer is a stream, which was not asked for; add -M stream=true"
    if not text.strip():
        return "the answer is empty"
    return f"the answer ({content_type or 'of no content type'}) is not JSON: {shown}"


def _error_of(answer: Mapping[str, Any]) -> UnusableAnswer | None:
    """Return the error that stands in the place of a turn; None if there is a turn."""
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices:
        return _error_in(answer)
    for choice in choices:
        stop = _get(choice, "finish_reason")
        broken = stop if isinstance(stop, dict) else None
        if error := _get(choice, "error") or broken:
            return _error_in({"error": error}) or UnusableAnswer("the answer broke off", body=error)
        if stop in ("error", "abort"):
            return _error_in(answer) or UnusableAnswer("the answer broke off", body=answer)
    message = _get(choices[0], "message")
    is_turn = _get(message, "content") or _get(message, "tool_calls")
    return None if is_turn else _error_in({"error": answer.get("error")})


def _error_in(answer: Any) -> UnusableAnswer | None:
    """Return the error that an answer tells of, in whatever form; None if it tells of none."""
    if isinstance(answer, list):
        return next(filter(None, map(_error_in, answer)), None)
    if not isinstance(answer, dict):
        return None
    parent, error = answer, _first_message(answer)
    while isinstance(error, dict):
        parent, error = error, _first_message(error)
    said = message_of(parent) if isinstance(error, str | list) else ""
    if not said and not answer.get("error"):
        return None
    said = said or json.dumps(answer["error"], ensure_ascii=False)
    named = [str(parent[key]) for key in ("type", "code") if _is_word(parent.get(key))]
    shown = " ".join([said, *(f"({name})" for name in named if name not in said)])[:2000]
    return UnusableAnswer(shown, _status_of(parent, answer), answer)


def _status_of(*places: Mapping[str, Any]) -> int | None:
    """Return the HTTP status that an error names, in figures or by its type."""
    for place in places:
        for key in ("code", "status", "status_code", "http_code"):
            value = str(place.get(key))
            if re.fullmatch(r"[1-5]\d\d", value):
                return int(value)
    words = " ".join(str(place.get(key)) for place in places for key in ("type", "code"))
    return 400 if re.search(r"(?i)(?:invalid|bad)[_ ]?request", words) else None


def _first_message(error: Mapping[str, Any]) -> Any:
    return next((error[name] for name in MESSAGES if error.get(name)), None)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and not value.isdigit()


def _choice(choice: Any, number: int, turn: int) -> dict[str, Any]:
    choice = choice if isinstance(choice, dict) else {}
    message = choice.get("message") or choice.get("delta")
    if not isinstance(message, dict):
        message = {"content": message or choice.get("text")}
    stop = choice.get("finish_reason")
    stop = _STOPS.get(stop.lower(), stop.lower()) if isinstance(stop, str) else "stop"
    return {
        **choice,
        "index": number,
        "message": _message(message, turn),
        "finish_reason": stop,
        "logprobs": choice.get("logprobs") if isinstance(choice.get("logprobs"), dict) else None,
    }


def _message(message: Mapping[str, Any], turn: int) -> dict[str, Any]:
    calls = message.get("tool_calls")
    if isinstance(calls, dict):
        calls = [calls]
    if not isinstance(calls, list):
        old = message.get("function_call")
        calls = [{"function": old}] if isinstance(old, dict) else []
    thought, content = _content(message.get("content"))
    made = {**message, "role": "assistant", "content": content}
    made.pop("function_call", None)
    made["tool_calls"] = _calls([c for c in calls if isinstance(c, dict)], turn) or None
    if thought and not made.get("reasoning_content"):
        made["reasoning_content"] = thought
    if not isinstance(made.get("refusal"), str):
        made["refusal"] = None
    for name in ("reasoning_content", "reasoning"):
        if name in made and not isinstance(made[name], str):
            made[name] = _content(made[name])[1] or None
    return made


def _content(content: Any) -> tuple[str, str | None]:
    """Return the thought and the text of a content, which may come in parts."""
    if content is None or isinstance(content, str):
        return "", content
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return "", str(content)
    thoughts: list[str] = []
    texts: list[str] = []
    for item in content:
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, dict) and item.get("type") in ("thinking", "reasoning"):
            inner = item.get("thinking") or item.get("reasoning") or item.get("text")
            thoughts.append(_content(inner)[1] or "")
        elif isinstance(item, dict):
            texts.append(str(item.get("text") or item.get("content") or ""))
    return "\n".join(thoughts), "".join(texts)


def _calls(calls: list[dict[str, Any]], turn: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    used: set[str] = set()
    for number, call in enumerate(calls):
        function = call.get("function")
        if not isinstance(function, dict):
            function = {"name": function or call.get("name"), "arguments": call.get("arguments")}
        given = call.get("id")
        # Templates and servers pair a call and its answer by the id alone.
        name = str(given) if given not in (None, "") else f"call_{turn}_{number}"
        while name in used:
            name = f"{name}_{number}"
        used.add(name)
        made.append(
            {
                **call,
                "id": name,
                "type": "function",
                "function": {
                    "name": str(function.get("name") or ""),
                    "arguments": _arguments(function.get("arguments", function.get("parameters"))),
                },
            }
        )
    return made


def _arguments(arguments: Any) -> str:
    """Return a call's arguments as the text of a JSON object, where they are one in any form."""
    if isinstance(arguments, str):
        try:
            inner = json.loads(arguments)
        except (ValueError, RecursionError):
            return arguments
        is_twice = isinstance(inner, str) and inner.lstrip().startswith("{")
        return inner if is_twice else arguments
    return "" if arguments is None else json.dumps(arguments, ensure_ascii=False)


def _usage(usage: Any) -> dict[str, Any] | None:
    """Return how many tokens were counted, by OpenAI's names; None if nothing was."""
    if not isinstance(usage, dict):
        return None
    read, written, total = (_count(usage.get(name)) for name in _COUNTS)
    read = read or _count(usage.get("input_tokens"))
    written = written or _count(usage.get("output_tokens"))
    kept: dict[str, Any] = dict(zip(_COUNTS, (read, written, total or read + written), strict=True))
    for name, part in (
        ("prompt_tokens_details", "cached_tokens"),
        ("completion_tokens_details", "reasoning_tokens"),
    ):
        details = usage.get(name)
        if isinstance(details, dict):
            kept[name] = {part: _count(details.get(part))}
    return kept


def _count(value: Any) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 1e12 else 0


def _get(message: Any, name: str) -> Any:
    return message.get(name) if isinstance(message, Mapping) else getattr(message, name, None)
