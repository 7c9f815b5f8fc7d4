"""The hub's file API, spoken by a local server to the real client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import Hub, serving

from darebench.store.read import open_store


@pytest.fixture
def endpoint():
    root = open_store().root
    files = {
        str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
    }
    with serving(files) as url:
        yield url


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
