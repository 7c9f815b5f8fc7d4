"""Many calls at a time, on this machine or a Ray cluster."""

from __future__ import annotations

import builtins
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from joblib import delayed

from darebench.errors import ConfigError
from darebench.parallel import Cluster, Lost, run_all

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


def end_at(path: str, number: int, times: int) -> int:
    """Kill the process that works on this, so many times."""
    ended = Path(path)
    if number == 3 and len(list(ended.iterdir())) < times:
        (ended / str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    """Let Ray's workers import this module; those of this machine can."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


CLUSTERS = [Cluster.LOCAL, pytest.param(Cluster.RAY, marks=pytest.mark.slow)]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_call_whose_worker_is_killed_once_gives_its_result(tmp_path, cluster):
    calls = [delayed(end_at)(str(tmp_path), number, 1) for number in range(8)]
    assert sorted(run_all(calls, cluster, 2)) == [n * n for n in range(8)]


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_a_call_whose_workers_are_killed_is_lost_and_no_other_is(tmp_path, cluster):
    calls = [delayed(end_at)(str(tmp_path), number, 9) for number in range(8)]
    results = list(run_all(calls, cluster, 2))
    (lost,) = [result for result in results if isinstance(result, Lost)]
    assert lost.index == 3
    assert sorted(r for r in results if r != lost) == [n * n for n in range(8) if n != 3]
    assert len(list(tmp_path.iterdir())) == 2


def refuse(number: int) -> int:
    if number == 2:
        raise ConfigError("not this one")
    return number


@pytest.mark.parametrize("cluster", CLUSTERS)
def test_what_a_call_raises_is_raised_here(cluster):
    with pytest.raises(ConfigError, match="not this one"):
        list(run_all([delayed(refuse)(number) for number in range(5)], cluster, 2))


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
    with pytest.raises(ConfigError, match=r"needs Ray: .*\[ray\]"):
        list(run_all([], Cluster.RAY, 2))
