"""verifiers' own evaluation of our taskset, with a scripted model behind a server that streams.

It needs verifiers, which lives in an environment of its own: docs/training.md says how to make it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("verifiers.v1", reason="verifiers is not installed: docs/training.md")

SERVER = "darebench.train.verifiers_taskset"
NOTE = "open('note.txt', 'w').write('x')"
PREDICT = (
    "import pandas as pd\nprint(open('note.txt').read())\nv = pd.read_csv('val_v2.csv')\n"
    "v['species'] = 'setosa'\nv[['row_id', 'species']].to_csv('prediction.csv', index=False)"
)
TURNS = (
    {"code": NOTE, "files_to_load": [], "files_to_save": ["note.txt"]},
    {
        "code": PREDICT,
        "files_to_load": ["val_v2.csv", "note.txt"],
        "files_to_save": ["prediction.csv"],
    },
)
"""The calls of every attempt; the second needs what the first one saved."""


class Chat(BaseHTTPRequestHandler):
    """Plays `TURNS`, then ends; keeps which processes of our tool it has seen."""

    seen: set[int] = set()  # noqa: RUF012 -- shared by all requests
    below: set[int] = set()  # noqa: RUF012

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        self.seen |= servers()
        self.below |= below(self.seen)
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        turn = sum(message["role"] == "tool" for message in request["messages"])
        delta: dict = {"role": "assistant", "content": "done"}
        if turn < len(TURNS):
            function = {"name": "python_executor", "arguments": json.dumps(TURNS[turn])}
            call = {"index": 0, "id": f"c{turn}", "type": "function", "function": function}
            delta = {"role": "assistant", "content": None, "tool_calls": [call]}
        why = "tool_calls" if turn < len(TURNS) else "stop"
        said = [{"index": 0, "delta": delta, "finish_reason": None}]
        end = [{"index": 0, "delta": {}, "finish_reason": why}]
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        lines = [{"choices": said}, {"choices": end}, {"choices": [], "usage": usage}]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for line in lines:
            whole = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m"}
            self.wfile.write(f"data: {json.dumps(whole | line)}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")


def servers() -> set[int]:
    """Return the processes that serve our tool."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:  # it has ended
            continue
        if SERVER.encode() in words:
            found.add(int(path.parent.name))
    return found


def below(parents: set[int]) -> set[int]:
    """Return all processes that these have started."""
    found: set[int] = set()
    for parent in parents:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):  # it has ended
                found |= set(map(int, path.read_text().split()))
    return found | below(found) if found else found


def test_rollouts_share_one_sandbox_which_is_gone_at_the_end(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [
        str(Path(sys.executable).with_name("vf-eval")), "darebench-taskset",
        "--env.taskset.patterns", "iris_class/mm", "--env.agent.runtime.type", "subprocess",
        "--client.base-url", f"http://127.0.0.1:{server.server_port}/v1",
        "--client.api-key-var", "SOME_KEY", "-m", "m", "-r", "4", "--no-push",
        "-o", str(tmp_path),
    ]  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, env=os.environ | {"SOME_KEY": "x"}
        )
    finally:
        server.shutdown()
        server.server_close()
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = tmp_path.glob("*/traces.jsonl")
    traces = [t for line in path.open() for t in json.loads(line)["traces"]]
    assert len(traces) == 4
    for trace in traces:
        assert not trace["errors"], trace["errors"]
        assert trace["rewards"]["darebench"]["score"] > 0.1
    assert len(Chat.seen) == 1
    assert len(Chat.below) > 1
    assert not [pid for pid in Chat.seen | Chat.below if Path(f"/proc/{pid}").exists()]
