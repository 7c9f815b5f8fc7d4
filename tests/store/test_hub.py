"""The hub's file API, spoken by a local server to the real client."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from darebench.errors import StoreError
from darebench.store import hub
from darebench.store.read import open_store

COMMIT = "a" * 40


class Hub(BaseHTTPRequestHandler):
    files: dict[str, bytes] = {}
    requests: list[str] = []

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
def endpoint(monkeypatch):
    root = open_store().root
    Hub.files = {
        str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
    }
    Hub.requests = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    import huggingface_hub.constants
    import huggingface_hub.hf_api

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", url)
    monkeypatch.setattr(huggingface_hub.hf_api.api, "endpoint", url)
    yield url
    server.shutdown()
    server.server_close()


def test_a_dataset_on_the_hub_is_a_store(endpoint, tmp_path: Path):
    folder = hub.fetch("hf://owner/name", tmp_path)
    assert len(open_store(folder).tasks) == 12
    files_asked = [r for r in Hub.requests if "/resolve/" in r]
    hub.fetch("hf://owner/name", tmp_path)
    assert [r for r in Hub.requests if "/resolve/" in r] == files_asked


def test_a_dataset_that_is_not_there_says_so(endpoint, tmp_path: Path):
    with pytest.raises(StoreError, match="does not exist"):
        hub.fetch("hf://owner/gone", tmp_path)
