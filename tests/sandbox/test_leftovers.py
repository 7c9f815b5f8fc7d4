"""A cell is used again, and nothing that a program tries to leave in it can be seen by the next."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from darebench.sandbox import Limits, LocalExecutor, Program, Status
from darebench.sandbox.host import pool

LOOK = """
import glob, json, os, socket, stat
places = [os.getcwd(), "/sandbox", "/tmp", "/dev/shm"]
free = os.statvfs(".")
print(json.dumps({
    "pid": os.getpid(),
    "processes": sorted(e for e in os.listdir("/proc") if e.isdigit()),
    "files": {p: sorted(os.listdir(p)) for p in places},
    "rights": {p: [stat.filemode((s := os.stat(p)).st_mode), s.st_uid, s.st_nlink] for p in places},
    "mounts": open("/proc/self/mounts").read().replace("1048576", ""),
    "dates": len({os.stat(p).st_mtime_ns for p in places}),
    "used": (free.f_blocks - free.f_bfree, free.f_files - free.f_ffree),
    "unix": len(open("/proc/net/unix").readlines()),
    "shm": len(open("/proc/sysvipc/shm").readlines()),
    "host": socket.gethostname(),
    "umask": os.umask(0o22),
    "priority": os.getpriority(os.PRIO_PROCESS, 0),
    "cell": os.stat("/sandbox").st_mtime_ns,
}))
"""
PLAIN = {
    "nothing": "",
    "files everywhere": """
for n, folder in enumerate(('.', '/tmp', '/dev/shm', '/sandbox/code')):
    for name in ('.hidden', 'new\\nline', 'x' * 200, 'prediction.csv'):
        open(f'{folder}/{name}', 'w').write('left')
""",
    "a file without rights": "open('a', 'w').write('left'); os.chmod('a', 0)",
    "two names of a file": "open('a', 'w').write('left'); os.link('a', '/tmp/b')",
    "an error": "open('a', 'w').write('left'); raise ValueError",
    "more memory than there is": "open('a', 'w').write('left'); b = bytearray(900 << 20)",
    "an exit code": "os._exit(7)",
    "a signal": "os.kill(os.getpid(), 11)",
    "a daemon that ignores signals": """
import signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            open('/tmp/daemon', 'a').write('still here')
            time.sleep(0.001)
    os._exit(0)
time.sleep(0.1)
""",
    "a socket in a socket": """
import socket
one, two = socket.socketpair()
named = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
named.bind('\\0left')
socket.send_fds(one, [b'x'], [two.fileno(), named.fileno(), one.fileno()])
""",
    "folders' times": """
for n, folder in enumerate(('.', '/tmp', '/dev/shm', '/sandbox/code', '/sandbox')):
    os.utime(folder, ns=(7_000_000_000 + n, 8_000_000_000 + n))
""",
    "children of somebody else": """
import ctypes
for _ in range(60):
    if ctypes.CDLL(None).syscall({'x86_64': 56, 'aarch64': 220}[os.uname().machine], 0x8011, 0, 0, 0, 0) == 0:
        os.setsid()
        os._exit(0)
""",
    "names without a file": "[os.access(f'/usr/{k}', 0) for k in range(50_000)]",
    "a lock": "import fcntl; f = open('/tmp/lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX)",
    "60 MB": "open('/tmp/large', 'wb').write(bytes(60 << 20))",
    "shared memory": """
import ctypes
ctypes.CDLL(None).shmget(77, 4096, 0o1666)
""",
    "hundreds of processes": """
for _ in range(200):
    if os.fork() == 0:
        os._exit(0)
    os.wait()
""",
}
"""What a cell is used again after."""
OTHER = {
    "a folder": "os.mkdir('folder')",
    "a link": "os.symlink('/etc/passwd', '/tmp/prediction.csv')",
    "a pipe": "os.mkfifo('/dev/shm/pipe')",
    "a socket": "import socket; socket.socket(socket.AF_UNIX).bind('/tmp/socket')",
    "many files": "[open(f'/tmp/{k}', 'w') for k in range(100)]",
    "a folder's rights": "os.chmod('.', 0o777)",
    "the rights around": "os.chmod('/sandbox', 0)",
    "a large program": "#" + "x" * (2 << 20),
    "the time limit": "import time; open('a', 'w').write('left'); time.sleep(60)",
    "the memory limit": """
import mmap
with mmap.mmap(-1, 900 << 20) as memory:
    for _ in range(900):
        memory.write(bytes(1 << 20))
""",
}
"""What a cell ends after."""


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(1)
    if "namespaces" in executor.missing():
        pytest.skip("no namespaces on this machine: no place is used again")
    yield executor
    executor.close_now()


@pytest.fixture
def patient(monkeypatch):
    """Wait for a used cell as long as it takes: a busy machine would have new ones made instead."""
    monkeypatch.setattr(pool, "PATIENCE_S", 60)


def look(executor: LocalExecutor) -> dict:
    outcome = executor.execute_now(Program(code=LOOK))
    assert outcome.status is Status.OK, outcome.stderr
    return json.loads(outcome.stdout)


@pytest.fixture(scope="module")
def new():
    """What the first program of an executor sees."""
    executor = LocalExecutor(1)
    try:
        return look(executor)
    finally:
        executor.close_now()


def without(seen: dict) -> dict:
    """Leave out which cell it was: the time when its folders were made."""
    return {name: value for name, value in seen.items() if name != "cell"}


def run(executor: LocalExecutor, deed: str, wall_s: float = 60) -> int:
    """Run a deed, which has time to end however busy the machine is; return the cell it ran in."""
    mark = "import os\nprint(os.stat('/sandbox').st_mtime_ns, flush=True)\n"
    outcome = executor.execute_now(
        Program(code=mark + deed, limits=Limits(wall_s=wall_s, memory_mb=400))
    )
    assert (outcome.status is Status.TIMEOUT) == (deed == OTHER["the time limit"]), outcome
    return int(outcome.stdout)


@pytest.mark.parametrize("deed", PLAIN)
def test_the_next_program_in_a_cell_finds_it_as_new(executor, new, deed, patient):
    cell = run(executor, PLAIN[deed])
    seen = [look(executor) for _ in range(12)]
    assert cell in [one["cell"] for one in seen]
    assert all(without(one) == without(new) for one in seen)


@pytest.mark.parametrize("deed", OTHER)
def test_a_cell_with_anything_but_a_few_plain_files_ends(executor, new, deed):
    cell = run(executor, OTHER[deed], wall_s=2 if deed == "the time limit" else 60)
    seen = [look(executor) for _ in range(12)]
    assert cell
    assert cell not in [one["cell"] for one in seen]
    assert all(without(one) == without(new) for one in seen)


@pytest.mark.parametrize(
    "deed",
    [
        "os.rename('/sandbox/work', '/sandbox/other')",
        "os.rmdir('/sandbox/shm'); os.mkdir('/sandbox/shm')",
    ],
)
def test_a_folder_that_is_moved_is_forbidden_or_ends_the_cell(executor, new, deed):
    assert run(executor, deed)
    assert all(without(look(executor)) == without(new) for _ in range(6))


def test_limits_are_each_calls_own_in_a_cell_that_is_used_again(executor):
    code = "b = bytearray({} << 20); b[::4096] = b'x' * len(b[::4096]); print(len(b) >> 20)"
    for memory_mb, wanted, status in [
        (200, 100, Status.OK), (2000, 1000, Status.OK), (200, 1000, None), (300, 100, Status.OK),
    ] * 3:  # fmt: skip
        limits = Limits(memory_mb=memory_mb)
        outcome = executor.execute_now(Program(code=code.format(wanted), limits=limits))
        assert (outcome.status is Status.OK) == (status is Status.OK), outcome


def test_a_call_with_little_memory_is_not_charged_for_the_one_before(executor):
    names = "import os\nfor k in range(100_000): os.access(f'/usr/{k}', 0)"
    for _ in range(3):
        executor.execute_now(Program(code=names, limits=Limits(memory_mb=2000)))
        outcome = executor.execute_now(Program(code="print(1)", limits=Limits(memory_mb=16)))
        assert outcome.stdout == "1\n", outcome


def test_a_call_does_not_wait_for_a_predecessor_that_is_slow_to_end(executor):
    slow = """
import mmap, os
with open('large', 'wb') as file:
    file.truncate(128 << 20)
file = os.open('large', os.O_RDWR)
kept = [mmap.mmap(file, 0, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE) for _ in range(60)]
"""
    limits = Limits(memory_mb=4000, wall_s=30)
    for _ in range(3):
        assert executor.execute_now(Program(code=slow, limits=limits)).status is Status.OK
        start = time.monotonic()
        assert executor.execute_now(Program(code="print(1)")).stdout == "1\n"
        assert time.monotonic() - start < 1


def test_outputs_outlive_the_next_call_in_the_cell(executor, tmp_path):
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        code = f"open('out.bin', 'wb').write(bytes([{number}]) * 5_000_000)"
        program = Program(code=code, save=("out.bin",), save_to=folder)
        assert executor.execute_now(program).status is Status.OK
    for number in range(12):
        kept = (tmp_path / str(number) / "out.bin").read_bytes()
        assert kept == bytes([number]) * 5_000_000


def test_many_programs_at_once_see_new_cells(new, patient):
    executor = LocalExecutor(2)
    try:
        with ThreadPoolExecutor(6) as threads:
            seen = list(threads.map(lambda _: look(executor), range(200)))
    finally:
        executor.close_now()
    assert all(without(one) == without(new) for one in seen)
    assert len({one["cell"] for one in seen}) < 10
