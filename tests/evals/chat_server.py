"""A server that speaks the OpenAI chat API and plays scripted conversations."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[dict[str, Any], int], dict[str, Any] | int | bytes | None]
"""(request, tool answers so far) -> a message, an HTTP status, a raw body, or None to hang up."""


def call(code: str, load: object = (), save: object = (), **more: Any) -> dict[str, Any]:
    """Make an assistant message that calls the tool."""
    arguments = {"code": code, "files_to_load": load, "files_to_save": save, **more}
    return raw_call(json.dumps(arguments))


def raw_call(arguments: str, name: str = "python_executor") -> dict[str, Any]:
    """Make an assistant message with these very arguments."""
    function = {"name": name, "arguments": arguments}
    return {"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}


class ChatServer:
    """Runs while the `with` block does; `requests` holds what was sent."""

    def __init__(self, script: Script) -> None:
        self.requests: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                request = json.loads(self.rfile.read(size))
                outer.requests.append(request)
                turn = sum(m["role"] == "tool" for m in request["messages"])
                answer = script(request, turn)
                if answer is None:
                    self.close_connection = True
                    return
                if isinstance(answer, bytes):
                    self._send(200, answer)
                    return
                if isinstance(answer, int):
                    self._send(answer, {"error": {"message": f"scripted {answer}"}})
                    return
                stop = answer.pop(
                    "finish_reason", "tool_calls" if "tool_calls" in answer else "stop"
                )
                choice = {
                    "index": 0,
                    "message": {"role": "assistant", **answer},
                    "finish_reason": stop,
                }
                usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
                self._send(
                    200,
                    {
                        "id": "x",
                        "object": "chat.completion",
                        "created": 0,
                        "model": "m",
                        "choices": [choice],
                        "usage": usage,
                    },
                )

            def _send(self, status: int, body: dict[str, Any] | bytes) -> None:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> ChatServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()
