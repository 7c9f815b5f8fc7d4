"""The local executor against programs that mean harm."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import time
from pathlib import Path

import pytest

from darebench.errors import SandboxFault
from darebench.sandbox import (
    Limits,
    LocalExecutor,
    Outcome,
    Program,
    Refused,
    Saved,
    Status,
    run_python,
)
from darebench.sandbox.host.pool import is_light

SMALL = Limits(wall_s=10.0, memory_mb=600, disk_mb=64, processes=32, file_mb=1, output_kb=64)


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


@pytest.fixture
def run(executor, tmp_path):
    def run(code: str, *, load=None, save=(), limits=SMALL, stdin=b"") -> Outcome:
        program = Program(
            code=code, load=load or {}, save=save, save_to=tmp_path, limits=limits, stdin=stdin
        )
        return executor.execute_now(program)

    return run


def test_a_program_prints_and_ends(run):
    outcome = run("import sys\nprint('out')\nprint('err', file=sys.stderr)")
    assert (outcome.status, outcome.exit_code) == (Status.OK, 0)
    assert (outcome.stdout, outcome.stderr) == ("out\n", "err\n")


def test_an_exception_prints_the_traceback_of_a_script(run):
    outcome = run("def f():\n    return 1 / 0\nf()")
    assert outcome.status is Status.ERROR
    assert outcome.exit_code == 1
    assert outcome.stderr.startswith("Traceback (most recent call last):\n")
    assert outcome.stderr.count("File ") == 2
    assert "return 1 / 0" in outcome.stderr
    assert outcome.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [
        ("raise SystemExit(7)", Status.ERROR, 7),
        ("import sys; sys.exit()", Status.OK, 0),
        ("import sys; sys.exit('no')", Status.ERROR, 1),
        ("import os; os._exit(3)", Status.ERROR, 3),
        ("import os; os.abort()", Status.ERROR, -6),
        ("import ctypes; ctypes.string_at(0)", Status.ERROR, -11),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", Status.ERROR, -15),
        ("x = (", Status.ERROR, 1),
        ("import os; os.execv('/bin/sh', ['sh', '-c', 'exit 4'])", Status.ERROR, 4),
    ],
)
def test_exit_codes_are_those_of_a_script(run, code, status, exit_code):
    outcome = run(code)
    assert (outcome.status, outcome.exit_code) == (status, exit_code)


def test_main_guard_threads_and_exit_functions_run(run):
    code = """
import atexit, threading, time
if __name__ == "__main__":
    atexit.register(lambda: print("bye"))
    threading.Thread(target=lambda: (time.sleep(0.1), print("thread"))).start()
    print("main")
"""
    assert run(code).stdout == "main\nthread\nbye\n"


def test_libraries_with_threads_work_after_the_fork(run):
    code = """
import numpy as np
from joblib import Parallel, delayed
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingRegressor
X = np.random.default_rng(0).normal(size=(500, 3))
HistGradientBoostingRegressor(max_iter=5).fit(X, X[:, 0])
KMeans(2, n_init=1, random_state=0).fit(X)
print(np.linalg.svd(X)[1].shape, sum(Parallel(2)(delayed(abs)(-i) for i in range(4))))
"""
    outcome = run(code, limits=Limits(wall_s=60))
    assert outcome.stdout == "(3,) 6\n", outcome.stderr


def test_multiprocessing_and_subprocesses_of_python_work(run):
    code = """
import multiprocessing, subprocess, sys
def square(x):
    return x * x
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        print(pool.map(square, [1, 2, 3]))
    print(subprocess.run([sys.executable, "-c", "print(5)"], capture_output=True).stdout)
"""
    outcome = run(code, limits=Limits(wall_s=60))
    assert outcome.stdout == "[1, 4, 9]\nb'5\\n'\n", outcome.stderr


def test_stdin_is_given(run):
    assert run("print(input())", stdin=b"hello\n").stdout == "hello\n"


def test_a_long_stdin_is_given_whole(run):
    code = "import sys\nprint(len(sys.stdin.buffer.read()))"
    assert run(code, stdin=b"x" * 20_000_000).stdout == "20000000\n"


def test_less_memory_than_a_spare_holds_is_the_programs_limit(run):
    code = "import pandas\nprint(pandas.DataFrame({'a': range(100_000)}).describe())"
    run(code)
    time.sleep(0.5)  # a spare that is filled holds more than the limit
    outcome = run(code, limits=Limits(wall_s=10.0, memory_mb=1))
    assert outcome.status in (Status.KILLED, Status.ERROR), outcome


def test_a_library_in_disguise_is_imported_all_the_same(run):
    code = "import sys\nname = 'pan' + 'das'\nsys.modules['builtins'].__dict__['__imp' + 'ort__'](name)"
    assert is_light(code)
    assert run(code + "\nprint(sys.modules[name].Series([1, 2]).sum())").stdout == "3\n"


def test_files_go_in_and_out(run, tmp_path):
    source = tmp_path / "given"
    source.write_text("3")
    code = "n = int(open('a.txt').read())\nopen('b.txt', 'w').write(str(n + 1))"
    outcome = run(code, load={"a.txt": source}, save=("b.txt", "c.txt"))
    assert outcome.files["b.txt"] == Saved(path=tmp_path / "b.txt", n_bytes=1)
    assert (tmp_path / "b.txt").read_text() == "4"
    assert outcome.files["c.txt"] == Refused(why="the program did not write it")


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "", ".", "..", "a/b", "a\nb", "a\0b", "x" * 256]
)
def test_names_that_are_not_plain_are_refused(run, tmp_path, name):
    source = tmp_path / "given"
    source.write_text("3")
    assert run("print(1)", load={name: source}).status is Status.REFUSED
    outcome = run("print(1)", save=(name,))
    assert isinstance(outcome.files[name], Refused)


@pytest.mark.parametrize(
    "code",
    [
        "import os; os.symlink('/etc/passwd', 'out')",
        "import os; os.mkfifo('out')",
        "import os; os.mkdir('out')",
        "open('out', 'wb').truncate(50_000_000)",
        "import socket; socket.socket(socket.AF_UNIX).bind('out')",
    ],
)
def test_only_small_regular_files_come_out(run, tmp_path, code):
    outcome = run(code, save=("out",))
    assert isinstance(outcome.files["out"], Refused)
    assert not (tmp_path / "out").exists()


def test_the_event_loop_goes_on_while_the_sandbox_starts():
    async def both() -> float:
        executor = LocalExecutor(1)
        ticks = [time.monotonic()]

        async def tick() -> None:
            while True:
                await asyncio.sleep(0.01)
                ticks.append(time.monotonic())

        clock = asyncio.create_task(tick())
        program = Program(code="print(1)")
        first = asyncio.create_task(executor.execute(program))
        await asyncio.sleep(0.1)
        await asyncio.gather(first, executor.execute(program), executor.execute(program))
        clock.cancel()
        await executor.close()
        return max(b - a for a, b in itertools.pairwise(ticks))

    assert asyncio.run(both()) < 0.5


def test_the_time_limit_ends_the_whole_tree_and_keeps_the_output(run):
    code = """
import os, signal, sys, time
print("early", flush=True)
open("partial", "w").write("x")
for s in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(s, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(987)"])
    os._exit(0)
time.sleep(1000)
"""
    start = time.monotonic()
    outcome = run(code, limits=Limits(wall_s=1.0), save=("partial",))
    assert outcome.status is Status.TIMEOUT
    assert outcome.stdout == "early\n"
    assert isinstance(outcome.files["partial"], Saved)
    assert time.monotonic() - start < 8
    assert (
        "time.sleep(987)" not in subprocess.run(["ps", "ax"], capture_output=True, text=True).stdout
    )


def test_a_daemon_does_not_outlive_its_program(run):
    code = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(986)
"""
    start = time.monotonic()
    assert run(code).status is Status.OK
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "code",
    [
        "x = []\nwhile True: x.append(bytearray(10_000_000))",
        "import mmap\nm = mmap.mmap(-1, 4 << 30)\nfor i in range(0, 4 << 30, 4096): m[i] = 1",
        "import os\nfor _ in range(8):\n    if os.fork() == 0:\n        x = bytearray(150_000_000)\n        break\nimport time; time.sleep(8)",
    ],
)
def test_memory_is_bounded(run, code):
    outcome = run(code)
    assert outcome.status in (Status.KILLED, Status.ERROR)
    assert (
        "memory" in outcome.detail
        or "MemoryError" in outcome.stderr
        or "allocate" in outcome.stderr
    )


def test_disk_is_bounded(run):
    code = "with open('x', 'wb') as f:\n    while True: f.write(b'x' * 1_000_000)"
    outcome = run(code)
    assert outcome.status is not Status.OK
    assert "No space left" in outcome.stderr or "File too large" in outcome.stderr


def test_processes_are_bounded_and_the_next_call_works(run):
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    outcome = run(bomb, limits=Limits(wall_s=1.0, processes=32))
    assert outcome.status is Status.TIMEOUT
    assert run("print(1)").stdout == "1\n"


def test_output_is_bounded_and_the_cut_is_named(run):
    code = "import sys\nsys.stdout.write('a' * 10_000_000 + 'end')"
    outcome = run(code)
    assert len(outcome.stdout) < 70_000
    assert "bytes left out" in outcome.stdout
    assert outcome.stdout.endswith("end")


def test_binary_output_and_closed_streams_are_no_fault(run):
    assert run("import sys; sys.stdout.buffer.write(bytes(range(256)))").status is Status.OK
    assert run("import os; os.close(1); os.close(2)").exit_code is not None


ESCAPES = {
    "another program's files": "import os; print(os.listdir('/home'))",
    "the host's users": "print(open('/etc/shadow').read())",
    "the checkout": f"print(open({str(Path(__file__))!r}).read())",
    "our own package": "import darebench.store.truth",
    "a write to the libraries": "import numpy; open(numpy.__file__, 'a').write('x')",
    "a write to the root": "open('/x', 'w').write('x')",
    "a mount": "import ctypes; r = ctypes.CDLL(None).mount(b'none', b'/tmp', b'tmpfs', 0, None); print(r); 1 / (r + 1)",
    "a namespace": "import ctypes; r = ctypes.CDLL(None).unshare(0x10000000); 1 / (r + 1)",
    "a trace of the warden": "import ctypes; r = ctypes.CDLL(None).ptrace(16, 1, 0, 0); 1 / (r + 1)",
    "the warden's memory": "open('/proc/1/mem', 'rb').read(1)",
    "the warden's files": "import os; print(os.listdir('/proc/1/fd'))",
    "a network route": "import socket; socket.create_connection(('1.1.1.1', 53), 2)",
    "the host's loopback": "import socket; socket.create_connection(('127.0.0.1', 22), 2)",
    "a name server": "import socket; socket.getaddrinfo('example.org', 80)",
    "a raw socket": "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "a netlink socket": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
    "a hypervisor socket": "import socket; socket.socket(40, socket.SOCK_STREAM)",
    "root": "import os; os.setuid(0)",
    "the clock": "import time; time.clock_settime(time.CLOCK_REALTIME, 0)",
    "a device": "import os, stat; os.mknod('d', stat.S_IFBLK | 0o600, os.makedev(254, 0)); open('d', 'rb').read(1)",
    "the kernel's log": "print(open('/dev/kmsg').read(10))",
    "the system's settings": "open('/proc/sys/kernel/hostname', 'w').write('x')",
}


@pytest.mark.parametrize("what", ESCAPES)
def test_out_of_reach(run, what):
    outcome = run(ESCAPES[what])
    assert outcome.status is Status.ERROR, outcome.stdout
    assert outcome.exit_code == 1


def test_nothing_of_the_host_shows(run, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "hunter2")
    code = """
import os
print(dict(os.environ))
print(sorted(p for p in os.listdir("/proc") if p.isdigit()))
print(open("/proc/self/mountinfo").read())
print(os.listdir("/proc/self/fd"))
"""
    outcome = run(code)
    assert "hunter2" not in outcome.stdout
    assert outcome.stdout.splitlines()[1] == "['1', '2']"
    assert outcome.stdout.splitlines()[-1] in ("['0', '1', '2', '3']",)


def test_signals_to_everyone_only_hit_the_program(run):
    run("import os, signal; os.kill(-1, signal.SIGKILL)")
    run("import os, signal; os.kill(1, signal.SIGKILL)")
    run("import os, signal; os.kill(0, signal.SIGKILL)")
    assert run("print(1)").stdout == "1\n"


def test_stopping_itself_ends_at_the_limit(run):
    code = "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"
    assert run(code, limits=Limits(wall_s=1.0)).status is Status.TIMEOUT


def test_a_call_does_not_change_what_the_next_one_sees(run):
    poison = """
import os, sys, numpy, pandas, random
numpy.mean = None
pandas.DataFrame.to_csv = None
sys.modules["json"] = None
open("left.txt", "w").write("x")
open("/tmp/left.txt", "w").write("x")
os.environ["PYTHONPATH"] = "/tmp"
"""
    assert run(poison).status is Status.OK
    check = """
import os, json, numpy as np, pandas as pd
print(np.mean([1, 3]), pd.DataFrame({"a": [1]}).to_csv(index=False).split(), os.listdir("."), os.path.exists("/tmp/left.txt"))
"""
    assert run(check).stdout == "2.0 ['a', '1'] [] False\n"


def test_random_numbers_differ_between_calls_and_hashes_do_not(run):
    code = "import random, numpy; print(random.random(), numpy.random.rand())"
    assert run(code).stdout != run(code).stdout
    assert run("print(hash('a'))").stdout == run("print(hash('a'))").stdout


def test_concurrent_calls_get_their_own_results(executor):
    async def all_of_them():
        programs = [Program(code=f"print({i})", limits=SMALL) for i in range(40)]
        return await asyncio.gather(*map(executor.execute, programs))

    outcomes = asyncio.run(all_of_them())
    assert [o.stdout for o in outcomes] == [f"{i}\n" for i in range(40)]


def test_a_zygote_leaves_no_folder_even_if_it_is_never_stopped():
    executor = LocalExecutor(1)
    try:
        executor.execute_now(Program(code="print(1)"))
        pool = executor._pool
        assert pool is not None
        assert not pool._root.exists()
    finally:
        executor.close_now()


def test_a_closed_executor_says_so():
    executor = LocalExecutor(1)
    executor.close_now()
    with pytest.raises(SandboxFault, match="closed"):
        executor.execute_now(Program(code="print(1)"))


def test_nothing_is_left_behind(executor):
    executor.execute_now(Program(code="print(1)"))
    descriptors = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        executor.execute_now(Program(code="print(1)", limits=SMALL))
    assert len(os.listdir("/proc/self/fd")) == descriptors
    children = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "args"], capture_output=True, text=True
    ).stdout
    assert children.count("darebench.sandbox.cell.keeper") <= 2


def test_run_python_works_under_a_loop_that_runs(tmp_path):
    async def notebook() -> Outcome:
        return run_python("print(6 * 7, file=open('out', 'w'))", save=["out"], save_to=tmp_path)

    outcome = asyncio.run(notebook())
    assert outcome.files["out"] == Saved(path=tmp_path / "out", n_bytes=3)


def test_an_executor_is_shown_in_short():
    executor = LocalExecutor(3)
    assert repr(executor) == "LocalExecutor(slots=3)"
    executor.close_now()
