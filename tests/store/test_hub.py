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
    requests: ClassVar[list[tuple[str, str | None]]] = []
    """Path and the Range header of each GET."""
    refuse: ClassVar[list[tuple[int, dict[str, str]]]] = []
    """Statuses and headers to answer the next requests for the dataset with."""
    drops: ClassVar[list[int]] = []
    """After so many bytes the next connections for a file are dropped."""

    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self._file(body=False)

    def do_GET(self):
        self.requests.append((self.path, self.headers.get("Range")))
        if not self.path.startswith("/api/datasets/"):
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
        return {"id": "owner/name", "sha": COMMIT, "siblings": names, "private": False}

    def _file(self, *, body: bool):
        name = self.path.split(f"/resolve/{COMMIT}/")[-1].split("?")[0]
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


@pytest.fixture
def endpoint():
    root = open_store().root
    Hub.files = {
        str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
    }
    Hub.requests, Hub.refuse, Hub.drops = [], [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield url
    server.shutdown()
    server.server_close()


def fetch(url: str, cache: Path, ref: str = "hf://owner/name", **more: str):
    """Fetch in a process of its own: the client reads its endpoint when it is imported."""
    code = f"from darebench.store import hub; from pathlib import Path; print(hub.fetch({ref!r}, Path({str(cache)!r})))"
    env = {**os.environ, "HF_ENDPOINT": url, "HF_HUB_DISABLE_XET": "1", **more}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)


def files_asked() -> list[tuple[str, str | None]]:
    return [r for r in Hub.requests if "/resolve/" in r[0]]


def test_a_dataset_on_the_hub_is_a_store(endpoint, tmp_path: Path):
    done = fetch(endpoint, tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(open_store(done.stdout.strip()).tasks) == 12
    asked = files_asked()
    assert asked
    assert fetch(endpoint, tmp_path).returncode == 0
    assert files_asked() == asked


def test_a_warm_cache_needs_no_hub(endpoint, tmp_path: Path):
    folder = fetch(endpoint, tmp_path).stdout
    for more in ({"HF_HUB_OFFLINE": "1"}, {}):
        done = fetch("http://127.0.0.1:9", tmp_path, **more)
        assert (done.returncode, done.stdout) == (0, folder), done.stderr
    cold = fetch("http://127.0.0.1:9", tmp_path / "cold", HF_HUB_OFFLINE="1")
    assert "is not in" in cold.stderr.splitlines()[-1]


def test_a_dropped_download_goes_on_where_it_stopped(endpoint, tmp_path: Path):
    name = "databases/iris_class/source/train_v2.csv"
    Hub.files[name] += b"1,1,1,1,1,setosa\n" * 1_000_000
    Hub.drops = [12_000_000]
    done = fetch(endpoint, tmp_path)
    assert done.returncode == 0, done.stderr
    for path in Hub.files:
        assert (Path(done.stdout.strip()) / path).read_bytes() == Hub.files[path]
    assert [r for _, r in files_asked() if r] == [
        "bytes=10485760-"
    ]  # the client's pieces are 10 MB


def test_only_what_is_missing_is_fetched(endpoint, tmp_path: Path):
    names = list(Hub.files)
    first = fetch(endpoint, tmp_path)
    folder = Path(first.stdout.strip())
    (folder / names[0]).resolve().unlink()
    (folder / names[0]).unlink()
    Hub.requests.clear()
    assert fetch(endpoint, tmp_path).returncode == 0
    assert len(files_asked()) == 1
    assert (folder / names[0]).read_bytes() == Hub.files[names[0]]


REFUSALS = {
    "gated": ((401, {"X-Error-Code": "GatedRepo"}), "ask for access"),
    "gated for this token": ((403, {"X-Error-Code": "GatedRepo"}), "ask for access"),
    "private": ((401, {}), "HF_TOKEN"),
    "busy for long": ((429, {"Retry-After": "9000"}), "again in 9000 seconds"),
    "forbidden": ((403, {}), "set HF_TOKEN"),
    "broken": ((500, {}), "answers 500"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_is_one_sentence(what, endpoint, tmp_path: Path):
    answer, words = REFUSALS[what]
    Hub.refuse = [answer] * 20
    done = fetch(endpoint, tmp_path)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("darebench.")
    assert words in last, last


def test_a_hub_that_is_busy_is_waited_for(endpoint, tmp_path: Path):
    Hub.refuse = [(429, {"Retry-After": "1"})] * 2
    done = fetch(endpoint, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_dataset_that_is_not_there_says_so(endpoint, tmp_path: Path):
    assert "does not exist" in fetch(endpoint, tmp_path, "hf://owner/gone").stderr
