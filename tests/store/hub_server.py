"""A local server that speaks the hub's file API and hands out archives; the real clients ask it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

COMMIT = "a" * 40


class Hub(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}
    requests: ClassVar[list[tuple[str, str | None]]] = []
    """Path and the Range header of each GET."""
    refuse: ClassVar[list[tuple[int, dict[str, str]]]] = []
    """Statuses and headers to answer the next requests for the dataset with."""
    refuse_files: ClassVar[bool] = False
    """Whether files are refused as well."""
    drops: ClassVar[list[int]] = []
    """After so many bytes the next connections for a file are dropped."""

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._file(body=False)

    def do_GET(self):
        self.requests.append((self.path, self.headers.get("Range")))
        if not self.path.startswith("/api/datasets/") and not (self.refuse_files and self.refuse):
            self._file(body=True)
        elif self.refuse:
            status, headers = self.refuse.pop(0)
            self._answer(status, b"", headers)
        elif self.path.startswith("/api/datasets/owner/gone"):
            self._answer(404, b"", {"X-Error-Code": "RepoNotFound"})
        else:
            self._answer(200, json.dumps(self._listing()).encode(), {})

    def _listing(self):
        if "/tree/" in self.path:
            return [
                {"type": "file", "path": n, "size": len(c), "oid": hashlib.sha1(c).hexdigest()}
                for n, c in self.files.items()
            ]
        names = [{"rfilename": name} for name in self.files]
        return {
            "id": self.path.split("/revision/")[0].removeprefix("/api/datasets/"),
            "sha": COMMIT,
            "siblings": names,
            "private": False,
        }

    def _file(self, *, body: bool):
        name = self.path.split(f"/resolve/{COMMIT}/")[-1].split("?")[0].removeprefix("/")
        content = self.files.get(name)
        if content is None:
            self._answer(404, b"", {})
            return
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        start = int((self.headers.get("Range") or "bytes=0-")[6:].split("-")[0])
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        dropped = body and self.drops and len(content) > self.drops[0]
        end = start + self.drops.pop(0) if dropped else len(content)
        headers["Content-Length"] = str(len(content) - start)
        self._answer(206 if start else 200, content[start:end] if body else b"", headers)
        self.close_connection = end < len(content)

    def _answer(self, status: int, content: bytes, headers: dict[str, str]):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[str]:
    """Serve a dataset's files, and yield the address."""
    Hub.files = files
    Hub.requests, Hub.refuse, Hub.drops = [], [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
