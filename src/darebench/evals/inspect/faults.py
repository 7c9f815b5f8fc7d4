"""What a provider's client raised, in words: the status, the server's message, the cause below."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from darebench.errors import ProviderFault
from darebench.retry_after import retry_after_s
from darebench.text import clean

SHOWN = 300
"""Characters of a server's message that are repeated."""

READ = 4000
"""Characters of a server's answer that rules read; the rest may repeat the request."""
MESSAGES = (
    "message",
    "error",
    "errors",
    "detail",
    "error_message",
    "error_msg",
    "msg",
    "status_msg",
    "base_resp",
)
"""What servers call the message of an error, or that which holds it."""


class Fault(NamedTuple):
    """A failed request to a model."""

    what: str
    """In words, for people."""
    status: int | None
    """HTTP status; None if there was no answer."""
    text: str
    """All that the server said, which rules read."""
    retry_after_s: float | None = None
    """When the server asks to come back."""


def fault_of(error: BaseException) -> Fault:
    """Return what an exception of any provider's client says."""
    chain = list(_chain(error))
    for link in chain:
        status = _status(link)
        if status is not None:
            said, everything = _said(link), all_text(getattr(link, "body", None))
            text = said if everything in said else f"{said} {everything}"
            return Fault(_answered(status, said), status, text, _retry_after(link))
    text = clean(" ".join(str(error).split()))
    if isinstance(error, ProviderFault):
        everything = all_text(getattr(error, "body", None))
        return Fault(text[:SHOWN], None, f"{text} {everything}".rstrip())
    what = next(filter(None, map(_unanswered, chain)), None)
    return Fault(what or f"{type(error).__name__}: {text[:SHOWN]}", None, text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those that it came from, some links deep."""
    link: BaseException | None = error
    for _ in range(12):
        if link is None:
            return
        yield link
        if isinstance(link, BaseExceptionGroup):
            link = link.exceptions[0]
        else:
            link = link.__cause__ or link.__context__


def _status(error: BaseException) -> int | None:
    response = getattr(error, "response", None)
    for value in (
        getattr(error, "status_code", None),
        getattr(error, "status", None),
        getattr(error, "code", None),
        getattr(response, "status_code", None),
        _get(response, "ResponseMetadata", "HTTPStatusCode"),
    ):
        if isinstance(value, int) and 100 <= value < 600:
            return value
    return None


def _get(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _said(error: BaseException) -> str:
    """Return the server's own words in an error, or the client's."""
    body = getattr(error, "body", None)
    shown = getattr(error, "shown", None)  # what an error of ours makes of its body
    found = shown or (message_of(body) if body is not None else "")
    text = found or str(getattr(error, "message", "") or error)
    codes = [str(v) for v in (_get(body, "code"), _get(body, "type")) if isinstance(v, str)]
    said = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL)
    return clean(" ".join([*said.split(), *(f"({code})" for code in codes if code not in text)]))


def message_of(body: Any) -> str:
    """Return the message in the body of an error; every server nests it in its own way."""
    if isinstance(body, str):
        return body
    if isinstance(body, Mapping):
        for name in MESSAGES:
            if body.get(name):
                return message_of(body[name])
        return json.dumps(body, ensure_ascii=False, default=str)
    if isinstance(body, list):
        return "; ".join(
            f"{'.'.join(map(str, item.get('loc', ())))}: {item.get('msg')}"
            if isinstance(item, Mapping) and "msg" in item
            else message_of(item)
            for item in body
        )
    return str(body)


def all_text(body: Any, depth: int = 0) -> str:
    """Return every text in the body of an error, since the telling one may stand anywhere."""
    if isinstance(body, str):
        return clean(body[:READ])
    if isinstance(body, Mapping):
        body = list(body.values())
    if not isinstance(body, list) or depth > 8:
        return ""
    return " ".join(filter(None, (all_text(item, depth + 1) for item in body[:50])))[:READ]


def _answered(status: int, text: str) -> str:
    try:
        name = f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        name = str(status)
    said = re.sub(rf"^(Error code: )?{status}\b[\s:-]*", "", text)[:SHOWN].rstrip(". ")
    return f"{name}: {said}" if said and said.lower() not in name.lower() else name


def _unanswered(error: BaseException) -> str | None:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was closed without an answer"
    if isinstance(error, socket.gaierror):
        return "the host's name cannot be resolved"
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "reason", None) or error.strerror or error
        return f"no TLS connection can be made ({why})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return f"no connection: {error.strerror.lower()}"
    return _BY_NAME.get(type(error).__name__)


_BY_NAME = {
    "ConnectTimeout": "no connection in time",
    "ReadTimeout": "no answer in time",
    "WriteTimeout": "no answer in time",
    "PoolTimeout": "no answer in time",
    "APITimeoutError": "no answer in time",
    "RemoteProtocolError": "the connection was closed without a whole answer",
    "ReadError": "the connection was closed without an answer",
    "UnsupportedProtocol": "the address does not begin with http:// or https://",
}


def _retry_after(error: BaseException) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None)
    return None if headers is None else retry_after_s(headers.get("retry-after"))
