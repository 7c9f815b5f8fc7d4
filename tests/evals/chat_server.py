"""A server that speaks the OpenAI chat API and plays scripted conversations."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from darebench.evals.inspect.first_request import QUESTION


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as it goes over the wire."""

    body: dict[str, Any] | bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    chunks: bool = False
    """Whether the body comes in chunks of a few bytes, without its length."""


Script = Callable[[dict[str, Any], int], dict[str, Any] | int | bytes | Answer | None]
"""(request, tool answers so far) -> a message, an HTTP status, a raw body, or None to hang up."""


def completion(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Make the body of a completion with one choice."""
    stop = message.pop("finish_reason", "tool_calls" if "tool_calls" in message else "stop")
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": stop}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    made = {"id": "x", "object": "chat.completion", "created": 0, "model": "m"}
    return {**made, "choices": [choice], "usage": usage, **more}


def call(code: str, load: object = (), save: object = (), **more: Any) -> dict[str, Any]:
    """Make an assistant message that calls the tool."""
    arguments = {"code": code, "files_to_load": load, "files_to_save": save, **more}
    return raw_call(json.dumps(arguments))


def raw_call(arguments: str, name: str = "python_executor") -> dict[str, Any]:
    """Make an assistant message with these very arguments."""
    function = {"name": name, "arguments": arguments}
    return {"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that is gone."""


class ChatServer:
    """Runs while the `with` block does; `requests` holds what was sent.

    Args:
        script: Answers the requests of attempts.
        first: Answers the request that comes before a run; it says that it is ready without one.
        port: Where to listen; a free port without it.
        names: Models that the server lists.
    """

    def __init__(
        self,
        script: Script,
        *,
        first: Script | None = None,
        port: int = 0,
        names: Sequence[str] = (),
    ) -> None:
        self.requests: list[dict[str, Any]] = []
        self.first_requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                request = json.loads(self.rfile.read(size))
                outer.keys.append(self.headers["Authorization"])
                if request["messages"][-1]["content"] == QUESTION:
                    outer.first_requests.append(request)
                    answer = first(request, 0) if first else {"content": "ready"}
                else:
                    outer.requests.append(request)
                    turn = sum(m["role"] == "tool" for m in request["messages"])
                    answer = script(request, turn)
                self._answer(answer)

            def do_GET(self) -> None:
                self._send(Answer(body={"data": [{"id": name} for name in names]}))

            def _answer(self, answer: Any) -> None:
                if answer is None:
                    self.close_connection = True
                elif isinstance(answer, Answer):
                    self._send(answer)
                elif isinstance(answer, bytes):
                    self._send(Answer(body=answer))
                elif isinstance(answer, int):
                    headers = {"Retry-After": "1"} if answer == 429 else {}
                    body = {"error": {"message": f"scripted {answer}"}}
                    self._send(Answer(status=answer, body=body, headers=headers))
                else:
                    self._send(Answer(body=completion(dict(answer))))

            def _send(self, answer: Answer) -> None:
                time.sleep(answer.delay_s)
                body = answer.body
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(answer.status)
                usual = {"Content-Type": "application/json", "Connection": "close"}
                for name, value in {**usual, **answer.headers}.items():
                    self.send_header(name, value)
                if not answer.chunks:
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                    return
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for start in range(0, len(content), 7):
                    part = content[start : start + 7]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")

        self._server = _Server(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> ChatServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
