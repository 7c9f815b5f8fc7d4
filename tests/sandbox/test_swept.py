"""What a killed executor leaves on the host is swept by the next one, and nobody else's is."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from darebench.sandbox import LocalExecutor
from darebench.sandbox.cell import cgroup
from darebench.sandbox.host.keeper_process import FOLDER
from darebench.sandbox.owned_folder import OwnedFolder, make_locked, owned_folder, sweep

KILLS = int(os.environ.get("DAREBENCH_KILLS", "8"))
START = """
from darebench.sandbox import LocalExecutor
print("starts", flush=True)
executor = LocalExecutor(1)
executor.missing()
print("started", flush=True)
executor.missing()
import time; time.sleep(60)
"""


def bases() -> list[Path]:
    """Return where the base groups of executors are made here."""
    return [cgroup._base(mount, own) for _, mount, own in cgroup._hierarchies()]


def groups_of(pids: list[int]) -> list[str]:
    return [
        str(path)
        for base in bases()
        for parent in (base, base.parent)
        for pid in pids
        for path in parent.glob(f"darebench-{pid}-*")
    ]


def kill_while_starting(tmp_path: Path, after_s: float) -> int:
    """Start an executor and kill it so long after; return its number, once its processes ended."""
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", START], env=environment, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after_s)
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    psutil.wait_procs(family, timeout=30)
    return process.pid


@pytest.mark.slow
def test_a_kill_at_any_moment_of_the_start_leaves_nothing_that_the_next_start_does_not_sweep(
    tmp_path, monkeypatch
):
    moments = random.Random(7)
    killed = [kill_while_starting(tmp_path, moments.uniform(0, 4)) for _ in range(KILLS)]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    deadline = time.monotonic() + 30
    while True:  # the kernel may still be clearing up behind the last one
        executor = LocalExecutor(1)
        executor.missing()
        executor.close_now()
        left = [*map(str, tmp_path.glob(f"{FOLDER}*")), *groups_of(killed)]
        if not left or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    assert left == []


def test_two_that_start_at_a_time_do_not_sweep_each_other(tmp_path):
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", START], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "starts\n"
            assert process.stdout.readline() == "started\n"
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def test_a_folder_is_swept_without_its_owner_and_never_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = OwnedFolder("darebench-x-")
    (mine.path / "file").write_text("x")
    left = tmp_path / "darebench-x-999999-left"
    (left / "below").mkdir(parents=True)
    other = tmp_path / "darebench-y-1-left"
    other.mkdir()
    link = tmp_path / "darebench-x-1-link"
    link.symlink_to(other)
    sweep(tmp_path, "darebench-x-")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        [mine.path.name, other.name, link.name]
    )
    mine.remove()
    mine.remove()
    assert not mine.path.exists()
    assert other.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_users_folder_is_not_swept(tmp_path):
    left = tmp_path / "darebench-x-1-left"
    left.mkdir()
    os.chown(left, 4321, 4321)
    sweep(tmp_path, "darebench-x-")
    assert left.exists()


def test_a_folder_of_another_process_namespace_is_not_swept(tmp_path):
    """Its owner has a process number that means nobody here."""
    code = (
        "import os, sys, tempfile; from darebench.sandbox.owned_folder import OwnedFolder\n"
        "tempfile.tempdir = sys.argv[1]\n"
        "folder = OwnedFolder('darebench-x-')\n"
        "print(os.getpid(), flush=True); sys.stdin.read()"
    )
    command = ["unshare", "-Urpf", sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        if not process.stdout.readline():
            pytest.skip("this machine has no user namespaces")
        sweep(tmp_path, "darebench-x-")
        assert len(list(tmp_path.iterdir())) == 1
        process.send_signal(signal.SIGKILL)
        process.stdin.close()
    deadline = time.monotonic() + 20
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        sweep(tmp_path, "darebench-x-")
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


def _own_many(folder: str, sink) -> None:
    tempfile.tempdir = folder
    for _ in range(150):
        with owned_folder("darebench-x-") as path:
            (path / "file").write_text("x")
            assert (path / "file").read_text() == "x"
    sink.send("done")


def test_owners_and_sweeps_at_the_same_time_never_lose_a_folder(tmp_path):
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe(duplex=False) for _ in range(3)]
    workers = [context.Process(target=_own_many, args=(str(tmp_path), sink)) for _, sink in pipes]
    for worker in workers:
        worker.start()
    for (source, _), worker in zip(pipes, workers, strict=True):
        assert source.poll(120)
        assert source.recv() == "done"
        worker.join()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_swept_before_it_is_locked_is_made_again(tmp_path):
    made: list[Path] = []

    def make() -> Path:
        path = tmp_path / str(len(made))
        made.append(path)
        if len(made) > 2:  # the first two are gone already
            path.mkdir()
        return path

    path, lock = make_locked(make)
    os.close(lock)
    assert path == tmp_path / "2"


def test_a_group_with_a_living_owner_is_not_swept():
    executor = LocalExecutor(1)
    try:
        if "control groups" in executor.missing():
            pytest.skip("no control groups on this machine")
        assert executor._pool is not None
        groups = [Path(path) for path in executor._pool._groups]
        for path in groups:
            (path / "empty").mkdir()  # as that of a program that is just being made
            cgroup._sweep(path.parent)
            assert (path / "empty").is_dir()
    finally:
        executor.close_now()
    assert not any(path.exists() for path in groups)
