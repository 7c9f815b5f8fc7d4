"""Fleets: several servers balanced by the client, and replicas on a Ray cluster."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import serving

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox import Program
from darebench.sandbox.balanced import BalancedExecutor
from darebench.sandbox.client import RemoteExecutor
from darebench.sandbox.http.sessions import replica_of
from darebench.sandbox.session import Session


@contextlib.contextmanager
def balanced(*urls, **patience):
    executor = BalancedExecutor(urls, **patience)
    try:
        yield executor
    finally:
        executor.close_now()


def many(executor, n, code="print({})"):
    async def all_of_them():
        return await asyncio.gather(
            *(executor.execute(Program(code=code.format(i))) for i in range(n))
        )

    return [outcome.stdout for outcome in asyncio.run(all_of_them())]


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def test_calls_go_on_where_one_of_two_servers_ends_without_a_word(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        serving(tmp_path / "a", "--slots", "1") as first,
        serving(tmp_path / "b", "--slots", "1") as second,
        balanced(first.url, second.url) as executor,
    ):
        executor.start_now()
        told = []
        executor.on_wait(told.append)
        assert many(executor, 20) == [f"{i}\n" for i in range(20)]
        assert all("run_code" in served.log.read_text() for served in (first, second))
        sessions = [Session(executor=executor) for _ in range(4)]
        hosts = [session._host._url for session in sessions]
        assert sorted(hosts) == sorted([first.url, second.url] * 2)
        for number, session in enumerate(sessions):
            session.run(f"x = {number}")
        first.process.kill()
        slow = "import time; time.sleep(0.05); print({})"
        assert many(executor, 20, slow) == [f"{i}\n" for i in range(20)]
        assert len(told) == 1
        assert "is left alone" in told[0]
        for number, session in enumerate(sessions):
            if hosts[number] == second.url:
                assert session.run("x").result == str(number)
            else:
                with pytest.raises(SandboxFault):
                    session.run("x")
            session.close()
        with Session(executor=executor) as another:
            assert another._host._url == second.url


def test_it_is_a_fault_only_when_no_server_answers():
    nobody = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
    with balanced(*nobody, gone_s=0.5) as executor:
        with pytest.raises(SandboxFault, match="none of 2 sandboxes answers"):
            many(executor, 1)
        with pytest.raises(ConfigError, match="no sandbox can be reached"):
            executor.start_now()
    with pytest.raises(ConfigError, match="given twice"):
        BalancedExecutor(["http://127.0.0.1:1", "http://127.0.0.1:1/"])


@given(st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True), st.text("abcXYZ019_-", min_size=1))
def test_a_session_is_looked_for_at_the_replica_that_its_name_begins_with(replica, rest):
    assert replica_of(f"/sessions/{replica}.{rest}/run") == replica
    assert replica_of(f"/sessions/{rest}/files/a.b") == ""


@pytest.mark.slow
def test_replicas_of_a_cluster_share_calls_keep_sessions_and_are_replaced(tmp_path):
    pytest.importorskip("ray.serve")
    port = free_port()
    command = [sys.executable, "-m", "darebench", "sandbox", "serve", "--cluster", "ray"]
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [*command, "--slots", "1", "--replicas", "2", "--port", str(port)],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True,
            env=os.environ | {"RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"},
        ) as serve,
    ):  # fmt: skip
        try:
            assert serve.stdout is not None
            line = serve.stdout.readline()
            assert line.startswith("serving on "), (tmp_path / "log").read_text()
            check(line.split()[-1])
        finally:
            serve.send_signal(signal.SIGTERM)
            assert serve.wait(120) == 0


def check(url):
    executor = RemoteExecutor(url)
    sessions = [Session(server=url) for _ in range(8)]
    names = [session._host._names[1].session.partition(".")[0] for session in sessions]
    try:
        assert len(set(names)) == 2
        for number, session in enumerate(sessions):
            session.run(f"import os; x = {number}")
        for _ in range(3):
            assert [s.run("x").result for s in sessions] == [str(n) for n in range(8)]
        forks = [session.fork() for session in sessions[:2]]
        assert [fork.run("x").result for fork in forks] == ["0", "1"]
        for fork in forks:
            fork.close()
        victim = replica_process(names[0])
        os.kill(victim, signal.SIGKILL)
        assert many(executor, 40) == [f"{i}\n" for i in range(40)]
        kept = [n for n, name in enumerate(names) if name != names[0]]
        assert [sessions[n].run("x").result for n in kept] == [str(n) for n in kept]
        with pytest.raises(SandboxFault):
            sessions[0].run("x")
    finally:
        for session in sessions:
            session.close()
        executor.close_now()


def replica_process(name):
    """Return the process of a replica: its log is open in it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                for link in os.listdir(f"/proc/{entry}/fd") if entry.isdigit() else ():
                    if f"_{name}.log" in os.readlink(f"/proc/{entry}/fd/{link}"):
                        return int(entry)
    raise AssertionError("the replica is not found")
