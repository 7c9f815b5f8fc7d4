"""Programs that try to get out, to see, to change, to stay or to use up; each really tries.

As root this file runs once more without it, in `test_rootless.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.sandbox import Limits, LocalExecutor, Outcome, Program, Refused, Saved, Status
from darebench.sandbox.attacks.attack import PRELUDE, SMALL, Attack, Kind, says_held
from darebench.sandbox.attacks.run import ATTACKS, attacks_here, try_attack


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


@pytest.fixture
def run(executor, tmp_path):
    def run(code: str, *, load=None, save=(), limits=SMALL) -> Outcome:
        program = Program(
            code=PRELUDE + code, load=load or {}, save=save, save_to=tmp_path, limits=limits
        )
        return executor.execute_now(program)

    return run


@pytest.fixture(scope="module")
def one_slot():
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()


@pytest.mark.parametrize("attack", attacks_here(), ids=lambda a: f"{a.kind.name}: {a.name}")
def test_an_attack_of_the_registry_is_withstood(one_slot, attack):
    """One slot, so that what a program leaves would meet the next one."""
    result = try_attack(one_slot, attack)
    assert result.held, result.detail
    assert one_slot.execute_now(Program(code="print(1)")).stdout == "1\n"


@pytest.mark.parametrize(
    "attack",
    [
        Attack(name="a way that is open", kind=Kind.SEE, code="denied(lambda: open('x', 'w'))\nprint('held')", holds=says_held),
        Attack(name="a file that comes out", kind=Kind.FILES, code="open('out', 'w')", holds=lambda o: True, save=("out",)),
        Attack(name="what differs", kind=Kind.POISON, code="pass", holds=lambda o: True, look="print(time.time_ns())"),
        Attack(name="a look that fails", kind=Kind.POISON, code="pass", holds=lambda o: True, look="1 / 0"),
    ],
    ids=lambda a: a.name,
)  # fmt: skip
def test_what_does_not_hold_is_told(one_slot, attack):
    result = try_attack(one_slot, attack)
    assert not result.held
    assert result.detail


def test_attacks_have_names_of_their_own():
    names = [(attack.kind, attack.name) for attack in ATTACKS]
    assert len({*names}) == len(names) > 70
    assert {attack.kind for attack in ATTACKS} == {*Kind}


def test_the_threat_model_tells_of_every_kind_and_counts_its_attacks():
    page = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = [[c.strip() for c in line.split("|")[1:-1]] for line in page.splitlines()]
    counts = Counter(str(attack.kind) for attack in ATTACKS)
    shown = {row[0]: int(row[2]) for row in rows if len(row) == 3 and row[2].isdigit()}
    assert shown == counts


def test_memory_in_pipes_and_sockets_is_bounded(run):
    code = """
held = []
try:
    for _ in range(400):
        a, b = socket.socketpair()
        a.setblocking(False)
        a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 30)
        try:
            while True: a.send(b"x" * 65536)
        except BlockingIOError:
            held.append((a, b))
except OSError as error:
    print(error.errno)
print(len(held))
"""
    before = _available_mb()
    outcome = run(code, limits=Limits(wall_s=20, memory_mb=300, open_files=900))
    assert outcome.status in (Status.OK, Status.KILLED, Status.TIMEOUT)
    assert before - _available_mb() < 1000


def _available_mb() -> int:
    text = Path("/proc/meminfo").read_text()
    return int(text.partition("MemAvailable:")[2].split()[0]) >> 10


def test_processor_time_is_bounded(run):
    outcome = run("while True: pass", limits=Limits(wall_s=30.0, cpu_s=1.0))
    assert outcome.status is Status.KILLED
    assert "CPU" in outcome.detail
    assert outcome.seconds < 25


def test_a_core_is_not_written(run):
    outcome = run("os.abort()", save=("core", "core.2"))
    assert all(isinstance(f, Refused) for f in outcome.files.values())


def test_a_very_large_sparse_file_stays(run):
    code = "open('out', 'wb').truncate(10 << 30)"
    outcome = run(code, save=("out",), limits=Limits(wall_s=20, disk_mb=20_000, memory_mb=500))
    assert isinstance(outcome.files["out"], Refused)


def test_unreadable_files_stay_and_hard_links_come_out_once(run, tmp_path):
    code = "open('a', 'w').write('x'); os.link('a', 'b'); os.chmod('a', 0)"
    outcome = run(code, save=("a", "b"))
    assert all(isinstance(f, (Refused, Saved)) for f in outcome.files.values())
    assert not [p for p in tmp_path.iterdir() if p.is_symlink()]


def test_a_file_cannot_change_while_it_is_read(run, tmp_path):
    """A child and a thread rewrite the file, also through a map, until the tree is dead."""
    code = """
import mmap
open("out", "wb").write(b"a" * 500_000)
def spoil():
    with open("out", "r+b") as f:
        m = mmap.mmap(f.fileno(), 0)
        i = 0
        while True:
            i += 1
            m[:] = bytes([97 + i % 26]) * 500_000
if os.fork() == 0:
    os.setsid()
    spoil()
threading.Thread(target=spoil, daemon=True).start()
time.sleep(0.2)
"""
    seen = []
    for _ in range(3):
        outcome = run(code, save=("out",))
        assert isinstance(outcome.files["out"], Saved)
        first = (tmp_path / "out").read_bytes()
        time.sleep(0.05)
        seen.append((tmp_path / "out").read_bytes() == first)
    assert all(seen)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | st.text(alphabet="./\\\0\n x", max_size=12))
def test_names_are_plain_or_refused(executor, tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("out")
    program = Program(code="pass", save=(name,), save_to=folder, limits=SMALL)
    outcome = executor.execute_now(program)
    assert isinstance(outcome.files[name], Refused)
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "name", ["x" * 10_000, "a\u202eb", "\ud800", "nul\0", "../../etc/cron", "~"]
)
def test_odd_names_do_not_leave_the_folder(run, tmp_path, name):
    outcome = run(f"try:\n    open({name!r}, 'w').write('x')\nexcept (OSError, ValueError): pass", save=(name,))  # fmt: skip
    for path in tmp_path.iterdir():
        assert path.name == name == "~"
    assert name in outcome.files


def test_pickles_leave_as_bytes_and_run_nothing(run, tmp_path):
    code = "import pickle\nclass A:\n    def __reduce__(self):\n        return (os.system, ('touch /tmp/pwned-by-a-pickle',))\npickle.dump(A(), open('out', 'wb'))"
    run(code, save=("out",))
    assert b"pwned" in (tmp_path / "out").read_bytes()
    assert not Path("/tmp/pwned-by-a-pickle").exists()


def test_concurrent_calls_do_not_see_each_other(executor):
    import asyncio

    meet = (
        PRELUDE
        + """
import hashlib
open("/tmp/mine", "w").write("{i}"); open("/dev/shm/mine", "w").write("{i}")
s = socket.socket(socket.AF_UNIX); s.bind("\\0meet")
t = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); t.bind(("0.0.0.0", 5000))
time.sleep(0.3)
print(open("/tmp/mine").read() + open("/dev/shm/mine").read(), sorted(p for p in os.listdir("/proc") if p.isdigit())[-1], [n for n in os.listdir("/tmp") if not sys.prefix.startswith("/tmp/" + n + "/")])
"""
    )

    async def both():
        programs = [Program(code=meet.replace("{i}", str(i)), limits=SMALL) for i in range(4)]
        return await asyncio.gather(*map(executor.execute, programs))

    for i, outcome in enumerate(asyncio.run(both())):
        assert outcome.stdout == f"{i}{i} 2 ['mine']\n", outcome


def test_garbage_to_every_descriptor_and_signal_changes_no_result(run):
    code = """
for fd in range(3, 2000):
    try: os.write(fd, b'{"status": "ok"}' * 20)
    except OSError: pass
for pid in (0, 1, 2):
    for s in (signal.SIGUSR1, signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH):
        signal.signal(s, signal.SIG_IGN) if s != signal.SIGCHLD else None
        try: os.kill(pid, s)
        except OSError: pass
print("alive")
sys.exit(9)
"""
    outcome = run(code)
    assert (outcome.stdout, outcome.exit_code) == ("alive\n", 9)


def test_children_that_end_first_do_not_end_the_call(run):
    code = """
for i in range(20):
    if os.fork() == 0:
        os._exit(i)
    os.wait()
threads = [threading.Thread(target=os.system, args=("exit 3",)) for _ in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print("on")
sys.exit(6)
"""
    outcome = run(code)
    assert (outcome.stdout, outcome.exit_code) == ("on\n", 6)


def test_an_exit_asked_for_by_a_child_is_the_child_s(run):
    code = (
        "if os.fork() == 0:\n    os._exit(0)\ntime.sleep(0.2)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    assert run(code).exit_code == -9


def test_a_stop_between_the_question_and_the_answer_keeps_nothing_alive(run):
    code = """
import mmap
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
n = 0
def tick(*_):
    global n
    n += 1
    os.write(1, b".")
signal.signal(signal.SIGALRM, tick)
time.sleep(0.02)
os._exit(0)
"""
    for _ in range(5):
        outcome = run(code)
        assert outcome.exit_code == 0
        assert set(outcome.stdout) <= {"."}


def test_nothing_is_left_on_the_host(executor):
    before = _traces()
    executor.execute_now(Program(code="import os\nif os.fork() == 0:\n    os.setsid()\n    __import__('time').sleep(985)", limits=SMALL))  # fmt: skip
    deadline = time.monotonic() + 10
    while _traces() != before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert _traces() == before
    assert "sleep(985)" not in subprocess.run(["ps", "ax"], capture_output=True, text=True).stdout


def _traces() -> tuple[int, int]:
    mounts = Path("/proc/self/mountinfo").read_text().count("\n")
    return mounts, len(list(Path("/tmp").glob("darebench-c*")))


def test_root_and_rootless_have_the_same_walls(executor):
    missing = executor.missing()
    assert "namespaces" not in missing
    assert "seccomp" not in missing
    if os.geteuid() == 0 and sys.platform == "linux" and Path("/sys/fs/cgroup/memory").is_dir():
        assert "control groups" not in missing
