"""The public release under its names, from a local server that gives archives and speaks the hub's API."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from hub_server import Hub, serving

from darebench.errors import StoreError
from darebench.store import download, release
from darebench.store.git_tree import git_tree
from darebench.store.read import open_store
from darebench.store.sources import resolve

COMMIT = "c" * 40
ARCHIVE = f"archive/{COMMIT}.tar.gz"


@pytest.fixture(scope="module")
def starter() -> Path:
    return open_store().root


def packed(folder: Path, name: str) -> bytes:
    """Pack a store as a host of repositories does: under a folder of the repository's name."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        archive.add(folder, arcname=f"dare-bench-{COMMIT}/{name}")
        info = tarfile.TarInfo(f"dare-bench-{COMMIT}/README.md")
        archive.addfile(info, io.BytesIO())
    return made.getvalue()


@pytest.fixture
def server(starter, tmp_path, monkeypatch):
    monkeypatch.setenv("DAREBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(download, "WAIT_S", 0.01)
    with serving({ARCHIVE: packed(starter, "data/eval")}) as url:
        here = replace(release.EVALUATION, repository=url, commit=COMMIT, tree=git_tree(starter))
        monkeypatch.setattr(release, "EVALUATION", here)
        yield here


def test_a_folders_hash_is_gits_own(starter, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x").write_text("1\n")
    (tmp_path / "a.b").write_text("2\n")
    (tmp_path / "run").write_text("")
    (tmp_path / "run").chmod(0o755)
    git = ["git", "-c", "core.autocrlf=false", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    wanted = subprocess.run([*git, "write-tree"], check=True, capture_output=True, text=True)
    for path in sorted((tmp_path / ".git").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (tmp_path / ".git").rmdir()
    assert git_tree(tmp_path) == wanted.stdout.strip()


def test_release_is_the_evaluation_data_and_is_fetched_once(server):
    assert len(open_store("release").tasks) == 12
    assert [path for path, _ in Hub.requests] == [f"/{ARCHIVE}"]
    assert len(open_store("release").tasks) == 12
    assert len(Hub.requests) == 1
    kept = resolve("release")
    assert sorted(p.name for p in kept.parent.iterdir()) == [COMMIT, f"{COMMIT}.lock"]


def test_a_broken_download_goes_on_where_it_stopped(server):
    Hub.drops = [4_000, 3_000]
    assert len(open_store("release").tasks) == 12
    assert [wanted for _, wanted in Hub.requests] == [None, "bytes=4000-", "bytes=7000-"]


def test_a_later_call_goes_on_where_one_stopped(server):
    Hub.drops = [4_000]
    part = Path(os.environ["DAREBENCH_CACHE"]) / "release" / f"{COMMIT}.tar.gz.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(Hub.files[ARCHIVE][:5_000])
    assert len(open_store("release").tasks) == 12
    assert [wanted for _, wanted in Hub.requests] == ["bytes=5000-", "bytes=9000-"]


def test_a_server_that_is_busy_is_waited_for(server):
    Hub.refuse = [(503, {}), (429, {"Retry-After": "0"})]
    Hub.refuse_files = True
    try:
        assert len(open_store("release").tasks) == 12
    finally:
        Hub.refuse_files = False
    assert len(Hub.requests) == 3


@pytest.mark.parametrize("what", ["edited", "cut off", "another archive"])
def test_what_was_not_published_is_refused_and_not_kept(what, server, starter, monkeypatch):
    sound = Hub.files[ARCHIVE]
    if what == "edited":
        monkeypatch.setattr(release, "EVALUATION", replace(server, tree="0" * 40))
    bad = {"edited": sound, "cut off": sound[:-9_000], "another archive": packed(starter, "data/x")}
    Hub.files[ARCHIVE] = bad[what]
    with pytest.raises(StoreError, match=r"as it was published|cannot be unpacked"):
        open_store("release")
    Hub.files[ARCHIVE] = sound
    monkeypatch.setattr(release, "EVALUATION", server)
    assert len(open_store("release").tasks) == 12


def test_without_a_network_it_says_what_to_do(server, monkeypatch, tmp_path):
    away = replace(server, repository="http://127.0.0.1:9")
    monkeypatch.setattr(release, "EVALUATION", away)
    with pytest.raises(StoreError) as error:
        open_store("release")
    for words in ("cannot be fetched", "127.0.0.1:9", "give an archive of the repository"):
        assert words in str(error.value)
    own = tmp_path / "repository.tar.gz"
    own.write_bytes(Hub.files[ARCHIVE])
    assert len(open_store(own).tasks) == 12  # as the message advises
    Hub.files.clear()
    monkeypatch.setattr(release, "EVALUATION", server)
    with pytest.raises(StoreError, match="the server answers 404"):
        open_store("release")


def test_names_that_are_no_part_of_the_release(server, starter, tmp_path, monkeypatch):
    with pytest.raises(StoreError, match="release:train"):
        open_store("release:test")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "release").mkdir()
    assert resolve("release").name == COMMIT  # a folder that is no store does not hide it
    (tmp_path / "release").rmdir()
    (tmp_path / "release").symlink_to(starter)
    assert resolve("release") == Path("release")


LAYOUTS = {
    "the store itself": lambda files, folder: files,
    "beside the evaluation data": lambda files, folder: {
        f"{part}/{name}": content for part in ("eval", "train") for name, content in files.items()
    },
    "packed": lambda files, folder: {
        "trajectories.zip": b"PK", "data/dare_train.tar.gz": packed(folder, "train")
    },
}  # fmt: skip


@pytest.mark.parametrize("form", LAYOUTS)
def test_the_training_data_comes_from_the_hub(form, starter, tmp_path):
    files = {
        p.relative_to(starter).as_posix(): p.read_bytes() for p in starter.rglob("*") if p.is_file()
    }
    with serving(LAYOUTS[form](files, starter)) as url:
        env = {
            **os.environ,
            "HF_ENDPOINT": url,
            "HF_HUB_DISABLE_XET": "1",
            "DAREBENCH_CACHE": str(tmp_path),
        }
        command = [sys.executable, "-m", "darebench", "tasks", "list", "--store", "release:train"]
        done = subprocess.run(command, capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == 12
        assert any("/api/datasets/Snowflake/dare-bench" in path for path, _ in Hub.requests)
