"""What goes wrong with the sandbox itself is its own fault, is retried, and heals."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import resource
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from darebench.errors import SandboxFault
from darebench.sandbox import Limits, LocalExecutor, Program, Status
from darebench.sandbox.executor import execute_retrying

ONE = Program(code="print(1)", limits=Limits(wall_s=20.0))


@pytest.fixture
def executor():
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()


def pool_of(executor: LocalExecutor):
    assert executor.execute_now(ONE).stdout == "1\n"
    assert executor._pool is not None
    return executor._pool


def descendants(pid: int) -> list[int]:
    """List a process's family, the oldest first."""
    family = psutil.Process(pid).children(recursive=True)
    return [p.pid for p in sorted(family, key=lambda p: (p.create_time(), p.pid))]


def test_a_killed_sandbox_heals(executor):
    pool = pool_of(executor)
    pool.process.kill()
    pool.process.wait()
    assert executor.execute_now(ONE).stdout == "1\n"


@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_killed_keeper_or_zygote_is_a_fault_that_a_retry_heals(executor, which):
    pool = pool_of(executor)
    keeper = descendants(pool.process.pid)[0]
    victim = [keeper, *descendants(keeper)[:2]][which]
    os.kill(victim, signal.SIGKILL)
    outcome = asyncio.run(execute_retrying(executor, ONE, attempts=8))
    assert outcome.stdout == "1\n"


def test_a_kill_during_a_call_is_a_fault_not_an_outcome(executor):
    pool = pool_of(executor)
    found: list[object] = []

    def call():
        try:
            found.append(executor.execute_now(Program(code="import time; time.sleep(15)")))
        except SandboxFault as error:
            found.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(0.5)
    os.kill(descendants(pool.process.pid)[0], signal.SIGKILL)
    thread.join(15)
    assert isinstance(found[0], SandboxFault)
    assert asyncio.run(execute_retrying(executor, ONE, attempts=5)).stdout == "1\n"


def test_dead_spares_are_passed_over(executor):
    pool = pool_of(executor)
    time.sleep(0.5)
    keeper = descendants(pool.process.pid)[0]
    for pid in descendants(keeper)[2:]:
        with contextlib.suppress(ProcessLookupError):  # a program goes with its warden
            os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    assert asyncio.run(execute_retrying(executor, ONE, attempts=8)).stdout == "1\n"


def test_a_program_that_is_killed_while_it_waits_costs_no_call(executor):
    pool = pool_of(executor)
    if "namespaces" in executor.missing():
        pytest.skip("no namespaces on this machine: a program is a fork of its warden")
    time.sleep(0.5)
    keeper = descendants(pool.process.pid)[0]
    programs = [p for z in descendants(keeper)[:2] for p in descendants(z)]
    assert programs
    for pid in programs:
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.3)
    for _ in range(6):
        assert executor.execute_now(ONE).stdout == "1\n"


def test_descriptors_that_a_program_holds_in_flight_cost_others_nothing():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4096:
        pytest.skip("the hard limit of open files is too low to be raised")
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    executor = LocalExecutor(2)
    hog = """
import os, socket, time
file, pairs = os.open('/dev/null', 0), []
try:
    for _ in range(5):
        pairs.append(socket.socketpair())
        socket.send_fds(pairs[-1][0], [b'x'], [file] * 250)
finally:
    print('sent', flush=True)
    time.sleep(2)
"""
    try:
        pool_of(executor)
        thread = threading.Thread(target=executor.execute_now, args=(Program(code=hog),))
        thread.start()
        time.sleep(1)
        for _ in range(8):
            assert executor.execute_now(ONE).stdout == "1\n"
        thread.join()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        executor.close_now()


def test_cancelled_calls_leave_no_control_groups(executor):
    pool = pool_of(executor)
    if "control groups" in executor.missing():
        pytest.skip("no control groups on this machine")

    async def cancelled(delay_s: float) -> None:
        calls = [asyncio.create_task(executor.execute(ONE)) for _ in range(8)]
        await asyncio.sleep(delay_s)
        for one in calls:
            one.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    for number in range(20):
        asyncio.run(cancelled(0.001 * (number % 7)))
    time.sleep(0.5)
    left = [path for path in Path(pool._groups[0]).iterdir() if path.is_dir()]
    assert len(left) <= 8  # those of the spares


def test_a_full_disk_on_the_host_is_a_fault(executor, tmp_path):
    gone = tmp_path / "gone"
    program = Program(code="open('x', 'w').write('1')", save=("x",), save_to=gone)
    with pytest.raises(SandboxFault):
        executor.execute_now(program)
    gone.mkdir()
    assert executor.execute_now(program).status is Status.OK


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
def test_no_room_for_a_saved_file_is_a_fault(executor, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "darebench.sandbox.host.call.shutil.copyfileobj",
        lambda source, target, size: Path("/dev/full").write_bytes(source.read(size)),
    )
    program = Program(code="open('x', 'w').write('1')", save=("x",), save_to=tmp_path)
    with pytest.raises(SandboxFault, match="No space"):
        executor.execute_now(program)
    assert not list(tmp_path.iterdir())


def test_a_lost_control_socket_leaves_no_descriptors_open(executor):
    pool = pool_of(executor)
    time.sleep(0.3)
    pool._control.close()
    for spare in pool._spares:
        spare.reply.close()
    pool._spares.clear()
    descriptors = len(os.listdir("/proc/self/fd"))
    with pytest.raises(SandboxFault):
        executor.execute_now(ONE)
    assert len(os.listdir("/proc/self/fd")) == descriptors


def _call_in_fork(executor: LocalExecutor, sink) -> None:
    try:
        sink.send(executor.execute_now(ONE).stdout)
        executor.close_now()
    except BaseException as error:
        sink.send(repr(error))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_fork_of_the_caller_gets_its_own_sandbox(executor):
    pool_of(executor)
    source, sink = multiprocessing.Pipe(duplex=False)
    fork = multiprocessing.get_context("fork").Process(target=_call_in_fork, args=(executor, sink))
    fork.start()
    assert source.poll(60)
    assert source.recv() == "1\n"
    fork.join(20)
    assert executor.execute_now(ONE).stdout == "1\n"


def test_a_sandbox_outlives_the_thread_that_started_it(executor):
    results: list[str] = []
    thread = threading.Thread(target=lambda: results.append(executor.execute_now(ONE).stdout))
    thread.start()
    thread.join()
    pool = executor._pool
    time.sleep(0.2)
    results.append(executor.execute_now(ONE).stdout)
    assert results == ["1\n", "1\n"]
    assert executor._pool is pool


def test_several_loops_and_threads_share_one_sandbox():
    executor = LocalExecutor(2)
    found: dict[int, str] = {}

    def one_loop(number: int) -> None:
        async def calls():
            programs = [Program(code=f"print({number * 100 + i})") for i in range(6)]
            return await asyncio.gather(*map(executor.execute, programs))

        found[number] = "".join(o.stdout for o in asyncio.run(calls()))

    try:
        threads = [threading.Thread(target=one_loop, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        executor.close_now()
    for number in range(4):
        assert found[number] == "".join(f"{number * 100 + i}\n" for i in range(6))


def test_the_sandbox_ends_when_its_executor_is_killed(tmp_path):
    import subprocess
    import sys

    code = (
        "import time, sys\n"
        "from darebench.sandbox import LocalExecutor, Program\n"
        "e = LocalExecutor(1)\n"
        "e.execute_now(Program(code='print(1)'))\n"
        "print(e._pool.process.pid, flush=True)\n"
        "e.execute_now(Program(code='import time; time.sleep(100)'))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        root = int(process.stdout.readline())
        time.sleep(0.3)
        family = [root, *descendants(root)]
        process.kill()
    deadline = time.monotonic() + 10
    while (living := [p for p in family if _lives(p)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not living


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_short_soak_loses_nothing_and_stays_flat():
    """The long one is benchmarks/soak.py."""
    executor = LocalExecutor(2)
    # Of each kind there are two to three spares a slot; each has a descriptor here and two processes.
    slack = (4, 0, 8)
    try:

        async def rounds(n: int, offset: int):
            codes = [f"print({offset + i})" for i in range(n)]
            codes[::8] = ["import pandas\n" + code for code in codes[::8]]
            programs = [Program(code=code) for code in codes]
            return [o.stdout for o in await asyncio.gather(*map(executor.execute, programs))]

        asyncio.run(rounds(40, 0))
        time.sleep(1.0)
        before = _state(executor)
        assert asyncio.run(rounds(160, 1000)) == [f"{1000 + i}\n" for i in range(160)]
        deadline = time.monotonic() + 10
        while True:  # the kernel may still be clearing up
            time.sleep(0.5)
            after = _state(executor)
            most = [then + more for then, more in zip(before, slack, strict=False)]
            flat = all(now <= bound for now, bound in zip(after, most, strict=False))
            if flat or time.monotonic() > deadline:
                break
    finally:
        executor.close_now()
    assert flat, (before, after)
    assert after[3] - before[3] < 20_000


def _state(executor: LocalExecutor) -> tuple[int, int, int, int]:
    """Count our descriptors, mounts and the sandbox's processes; its resident memory in KiB."""
    assert executor._pool is not None
    family = [executor._pool.process.pid, *descendants(executor._pool.process.pid)]
    fixed = family[:4]
    memory = sum(
        int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])
        for pid in fixed
    )
    mounts = Path("/proc/self/mountinfo").read_text().count("\n")
    return len(os.listdir("/proc/self/fd")), mounts, len(family), memory
