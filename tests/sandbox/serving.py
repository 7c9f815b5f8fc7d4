"""A real server process on a loopback port, and a stub that gives canned answers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOKEN_VARIABLE = "DAREBENCH_SANDBOX_TOKEN"


@dataclass
class Served:
    """A server that runs."""

    url: str
    process: subprocess.Popen
    folder: Path
    """Its TMPDIR."""
    log: Path

    def left(self) -> list[str]:
        """Name the files of calls that are still there."""
        return [
            str(path)
            for scratch in self.folder.glob("darebench-serve-*")
            for path in scratch.rglob("*")
            if path.name != "lock"
        ]


@contextlib.contextmanager
def serving(folder: Path, *options: str, token: str | None = None) -> Iterator[Served]:
    """Run `darebench sandbox serve` with these options."""
    environment = {k: v for k, v in os.environ.items() if k != TOKEN_VARIABLE}
    environment |= {"TMPDIR": str(folder)} | ({TOKEN_VARIABLE: token} if token else {})
    command = [sys.executable, "-m", "darebench", "sandbox", "serve", "--port", "0", *options]
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("serving on "), log.read_text()
        yield Served(line.split()[-1], process, folder, log)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


class Canned:
    """A server that gives one answer after the other, the last one forever."""

    def __init__(self, *answers: tuple[int, dict[str, str], bytes] | None, port: int = 0) -> None:
        left = list(answers)
        self.requests: list[bytes] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_POST(self) -> None:
                outer.requests.append(self.rfile.read(int(self.headers["Content-Length"])))
                answer = left.pop(0) if len(left) > 1 else left[0]
                self.close_connection = True
                if answer is None:  # hang up
                    return
                code, headers, body = answer
                self.send_response(code)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Canned:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
