"""Control groups: a program is inside before it runs, in version 1 for real, in 2 as far as here.

The files of version 2 are plain ones here, unless this machine has that hierarchy mounted.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from pathlib import Path

import pytest

from darebench.sandbox import LocalExecutor, Program
from darebench.sandbox.cell import cgroup, linux

SECOND = Path("/sys/fs/cgroup/unified")
NAME = "darebench-1-2"


def _until(met, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not met() and time.monotonic() < deadline:
        time.sleep(0.01)
    return met()


@pytest.mark.parametrize("left", ["", "os.mkdir('folder')"])
def test_a_program_and_its_children_are_in_one_group_that_is_removed(left):
    executor = LocalExecutor(1)
    try:
        if "control groups" in executor.missing():
            pytest.skip("no control groups on this machine")
        assert executor._pool is not None
        bases = executor._pool._groups

        def full() -> list[list[Path]]:
            members = [
                [
                    p
                    for p in sorted(Path(base).glob("*/cgroup.procs"))
                    if p.read_text().count("\n") == 4
                ]
                for base in bases
            ]
            return [found for found in members if len(found) == 1]

        code = "import os, time\nown = os.getpid()\nos.fork()\nos.fork()\ntime.sleep(1)"
        program = Program(code=f"{code}\nif os.getpid() == own: {left or 'pass'}")
        run = threading.Thread(target=executor.execute_now, args=(program,))
        run.start()
        assert _until(lambda: len(full()) == len(bases))
        groups = [found[0].parent for found in full()]
        assert len({group.name for group in groups}) == 1
        run.join()
        assert _until(lambda: not any(group.exists() for group in groups))
    finally:
        executor.close_now()


@pytest.mark.parametrize("handed_by", ["own", "parent"])
def test_version_2_makes_a_base_below_the_group_that_hands_down(tmp_path, handed_by, monkeypatch):
    own = tmp_path / "user" / "scope"
    giver = own if handed_by == "own" else own.parent
    for folder in (own, own.parent):
        (folder / NAME).mkdir(parents=True)
        (folder / NAME / "cgroup.procs").touch()
        (folder / "cgroup.subtree_control").write_text("cpu\n")
    write = Path.write_text

    def as_the_kernel(path: Path, text: str) -> int:
        if path == own / "cgroup.subtree_control" and giver != own:
            raise OSError(errno.EBUSY, "a group with processes hands nothing down")
        return write(path, text.replace("+", ""))

    monkeypatch.setattr(Path, "write_text", as_the_kernel)
    groups = cgroup._second(own, NAME, os.geteuid(), os.getegid())
    base = giver / NAME
    assert (groups.version, groups.paths, groups.missing) == (2, (str(base),), "")
    assert (base / "host/cgroup.procs").read_text() == str(os.getpid())
    assert (base / "cgroup.subtree_control").read_text() == "memory pids"


def test_version_2_limits_joins_counts_and_removes(tmp_path):
    descriptor = os.open(tmp_path, os.O_RDONLY)
    groups = cgroup.Groups(version=2, paths=(str(tmp_path),), descriptors=(descriptor,))
    groups.make("7")
    files = dict.fromkeys(("memory.max", "memory.swap.max", "pids.max", "cgroup.procs"), "")
    events = {"memory.events": "low 0\nhigh 0\nmax 3\noom 1\noom_kill 2\noom_group_kill 0\n"}
    for name, text in (files | events).items():
        (tmp_path / "7" / name).write_text(text)
    groups.join("7")
    groups.limit("7", 64, 12)
    told = {name: (tmp_path / "7" / name).read_text() for name in files}
    assert told == {
        "memory.max": str(64 << 20),
        "memory.swap.max": "0",
        "pids.max": "12",
        "cgroup.procs": "0",
    }
    assert groups.oom_kills("7") == 2
    for path in (tmp_path / "7").iterdir():
        path.unlink()
    groups.remove("7")
    assert not (tmp_path / "7").exists()
    os.close(descriptor)


@pytest.mark.skipif(
    os.geteuid() != 0 or not (SECOND / "cgroup.procs").exists(), reason="no version 2 to write to"
)
def test_a_process_steps_into_a_real_group_of_version_2_and_sees_no_other():
    base = SECOND / f"darebench-{os.getppid()}-{os.getpid()}"
    base.mkdir()
    descriptor = os.open(base, os.O_RDONLY)
    groups = cgroup.Groups(version=2, paths=(str(base),), descriptors=(descriptor,))
    groups.make("0")
    source, sink = os.pipe()
    pid = os.fork()
    if pid == 0:
        groups.join("0")
        inside = (base / "0/cgroup.procs").read_text()
        linux.unshare(linux.CLONE_NEWCGROUP)
        own = Path("/proc/self/cgroup").read_text().splitlines()[-1]
        os.write(sink, f"{int(inside) == os.getpid()} {own}".encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(source, 99) == b"True 0::/"
    for opened in (source, sink, descriptor):
        os.close(opened)
    cgroup.remove([str(base)])
    assert not base.exists()
