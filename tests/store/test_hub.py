"""The hub's file API, spoken by a local server to the real client."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from darebench.store.read import open_store

COMMIT = "a" * 40


class Hub(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}
    requests: ClassVar[list[str]] = []

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._file(body=False)

    def do_GET(self):
        self.requests.append(self.path)
        if self.path.startswith("/api/datasets/owner/gone"):
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif self.path.startswith("/api/datasets/"):
            names = [{"rfilename": name} for name in self.files]
            info = {"id": "owner/name", "sha": COMMIT, "siblings": names, "private": False}
            if "/tree/" in self.path:
                info = [
                    {"type": "file", "path": n, "size": len(c), "oid": hashlib.sha1(c).hexdigest()}
                    for n, c in self.files.items()
                ]
            self._send(json.dumps(info).encode(), "application/json")
        else:
            self._file(body=True)

    def _file(self, *, body: bool):
        name = self.path.split(f"/resolve/{COMMIT}/")[-1].split("?")[0]
        content = self.files.get(name)
        if content is None:
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self._send(content, "application/octet-stream", body=body)

    def _send(self, content: bytes, kind: str, *, body: bool = True):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)


@pytest.fixture
def endpoint():
    root = open_store().root
    Hub.files = {
        str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
    }
    Hub.requests = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield url
    server.shutdown()
    server.server_close()


def fetch(url: str, ref: str, cache: Path) -> subprocess.CompletedProcess[str]:
    """Fetch in a process of its own: the client reads its endpoint when it is imported."""
    code = f"from darebench.store import hub; from pathlib import Path; print(hub.fetch({ref!r}, Path({str(cache)!r})))"
    env = {**os.environ, "HF_ENDPOINT": url, "HF_HUB_DISABLE_XET": "1"}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)


def test_a_dataset_on_the_hub_is_a_store(endpoint, tmp_path: Path):
    done = fetch(endpoint, "hf://owner/name", tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(open_store(done.stdout.strip()).tasks) == 12
    files_asked = [r for r in Hub.requests if "/resolve/" in r]
    assert files_asked
    assert fetch(endpoint, "hf://owner/name", tmp_path).returncode == 0
    assert [r for r in Hub.requests if "/resolve/" in r] == files_asked


def test_a_dataset_that_is_not_there_says_so(endpoint, tmp_path: Path):
    assert "does not exist" in fetch(endpoint, "hf://owner/gone", tmp_path).stderr
