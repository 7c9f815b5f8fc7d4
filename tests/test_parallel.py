"""Many calls at a time, on this machine or a Ray cluster."""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
import time

import pytest
from joblib import delayed

from darebench.errors import ConfigError
from darebench.parallel import Cluster, run_all

WORK = """
import os, sys, time
from pathlib import Path
from joblib import delayed
from darebench.parallel import Cluster, run_all

def write(path):
    Path(path).mkdir(exist_ok=True)
    while True:
        (Path(path) / str(os.getpid())).write_text(str(time.time()))
        time.sleep(0.02)

list(run_all([delayed(write)(sys.argv[1])] * 2, Cluster.LOCAL, 2))
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_call_gives_its_result(jobs):
    calls = [delayed(pow)(number, 2) for number in range(10)]
    assert sorted(run_all(calls, Cluster.LOCAL, jobs)) == [n * n for n in range(10)]


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    folder = tmp_path / "written"
    parent = subprocess.Popen([sys.executable, "-c", WORK, str(folder)], start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not folder.is_dir() or len(list(folder.iterdir())) < 2:
            assert time.monotonic() < deadline, "the workers did not start"
            time.sleep(0.05)
    finally:
        parent.kill()
        parent.wait()
    workers = [int(path.name) for path in folder.iterdir()]
    try:
        deadline = time.monotonic() + 20
        while any(is_running(worker) for worker in workers):
            assert time.monotonic() < deadline, "the workers go on without their parent"
            time.sleep(0.05)
    finally:
        for worker in filter(is_running, workers):
            os.kill(worker, signal.SIGKILL)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_without_ray_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name: str, *rest, **more):
        if name.split(".")[0] == "ray":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"darebench\[ray\]"):
        list(run_all([], Cluster.RAY, 2))
