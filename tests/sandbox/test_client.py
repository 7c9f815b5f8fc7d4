"""The remote executor: as the local one, and every way that a server can fail is a fault of ours."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from serving import Canned, serving

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox import Limits, LocalExecutor, Program, Refused, Saved, Status
from darebench.sandbox.client import RemoteExecutor
from darebench.sandbox.executor import execute_retrying

SMALL = Limits(wall_s=2.0, memory_mb=500, file_mb=1, output_kb=64)
GOOD = {
    "status": "Success",
    "message": "",
    "run_result": {"status": "Finished", "return_code": 0, "stdout": "1\n", "stderr": ""},
}
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--slots", "2", token="t0ken") as served:
        yield served


@pytest.fixture(scope="module")
def remote(server):
    executor = RemoteExecutor(server.url + "/", token="t0ken")
    yield executor
    executor.close_now()


@pytest.fixture(scope="module")
def local():
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()


def told(answer: object, code: int = 200, **headers: str) -> tuple[int, dict[str, str], bytes]:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return code, JSON | headers, body


def run_code_on(url: str) -> str:
    executor = RemoteExecutor(url)
    try:
        return executor.execute_now(Program(code="print(1)", limits=SMALL)).stdout
    finally:
        executor.close_now()


def ask(canned: Canned, program: Program | None = None, **options):
    executor = RemoteExecutor(canned.url, **options)
    try:
        return executor.execute_now(program or Program(code="print(1)", limits=SMALL))
    finally:
        executor.close_now()


PROGRAMS = {
    "prints": "import sys; print('é'); print('b', file=sys.stderr)",
    "fails": "1 / 0",
    "exits": "raise SystemExit(7)",
    "dies": "import os; os.abort()",
    "hangs": "print(1, flush=True)\nwhile True: pass",
    "hoards": "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1",
    "floods": "print('a' * 10_000_000)",
    "writes": "open('b', 'wb').write(open('a', 'rb').read() * 2); open('big', 'wb').write(bytes(2 << 20))",
    "links": "import os; os.symlink('/etc/passwd', 'b')",
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_a_remote_outcome_is_the_local_one(remote, local, tmp_path, what):
    given = tmp_path / "given"
    given.write_bytes(b"\x00\xff")
    outcomes, contents = [], []
    for name, executor in (("remote", remote), ("local", local)):
        folder = tmp_path / name
        folder.mkdir()
        program = Program(
            code=PROGRAMS[what], load={"a": given}, save=("b", "big", "../c"), save_to=folder,
            limits=SMALL if what == "hangs" else replace(SMALL, wall_s=60),
        )  # fmt: skip
        outcome = executor.execute_now(program)
        files = {
            name: file.n_bytes if isinstance(file, Saved) else file.why
            for name, file in outcome.files.items()
        }
        detail = outcome.detail.split("(used")[0]
        stdout = (
            outcome.stdout if what != "floods" else outcome.stdout[:100]
        )  # the limit is its own
        outcomes.append((outcome.status, outcome.exit_code, stdout, outcome.stderr, files, detail))
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    if what == "writes":  # the server's limit for a file is its own; ours is applied here
        assert outcomes[0][4]["big"] == outcomes[1][4]["big"]
    assert outcomes[0] == outcomes[1]
    assert contents[0] == contents[1]


def test_what_may_not_go_in_is_refused_without_a_call(tmp_path):
    with Canned(None) as canned:
        given = tmp_path / "given"
        given.write_bytes(bytes(2 << 20))
        for load in ({"../a": given}, {"a": tmp_path / "none"}, {"a": given}):
            outcome = ask(canned, Program(code="", load=load, limits=SMALL))
            assert outcome.status is Status.REFUSED
        assert ask(canned, Program(code="", stdin=b"\xff")).status is Status.REFUSED
        assert canned.requests == []


def test_it_serves_several_event_loops_and_calls_at_a_time(remote):
    async def many() -> list[str]:
        programs = [Program(code=f"print({n})") for n in range(6)]
        return [o.stdout for o in await asyncio.gather(*map(remote.execute, programs))]

    for _ in range(2):
        assert asyncio.run(many()) == [f"{n}\n" for n in range(6)]


def test_a_wrong_token_is_a_setting_and_no_fault(server):
    executor = RemoteExecutor(server.url, token="wrong")
    with pytest.raises(ConfigError, match="DAREBENCH_SANDBOX_TOKEN"):
        executor.execute_now(Program(code=""))
    executor.close_now()


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://x", "http://", ""])
def test_what_is_no_address_is_refused(url):
    with pytest.raises(ConfigError, match="is not the address of a sandbox"):
        RemoteExecutor(url)


FAULTS = {
    "hangs up": None,
    "an internal error": told({"detail": "x"}, 500),
    "a bad gateway": told(b"<html>", 502),
    "a proxy without a server": told(b"", 503),
    "no JSON": told(b"<html>"),
    "another JSON": told([1, 2]),
    "nothing": told(b""),
    "no status": told({"run_result": GOOD["run_result"]}),
    "no result": told({"status": "Failed", "message": "x", "run_result": None}),
    "no return code": told(GOOD | {"run_result": {"status": "Finished"}}),
    "an unknown status": told(GOOD | {"status": "Fine"}),
    "a fault of its own": told({"status": "SandboxError", "message": "disk full"}),
    "files that are not base64": told(GOOD | {"files": {"a": "*"}}),
}


@pytest.mark.parametrize("what", FAULTS)
def test_whatever_a_server_does_wrong_is_a_fault(what):
    with Canned(FAULTS[what]) as canned, pytest.raises(SandboxFault):
        ask(canned)


def test_a_fault_is_retried():
    async def retried(executor: RemoteExecutor) -> str:
        return (await execute_retrying(executor, Program(code="print(1)"))).stdout

    with Canned(None, told(b"", 500), told(GOOD)) as canned:
        executor = RemoteExecutor(canned.url)
        assert asyncio.run(retried(executor)) == "1\n"
        executor.close_now()
        assert len(canned.requests) == 3


def test_nobody_there_is_a_fault():
    with Canned(None) as canned:
        pass
    with pytest.raises(SandboxFault, match="failed"):
        ask(canned)


def test_a_busy_server_is_waited_for_and_then_a_fault():
    busy = told({"detail": "busy"}, 503, **{"Retry-After": "0.1"})
    with Canned(busy, busy, told(GOOD)) as canned:
        assert ask(canned).stdout == "1\n"
    with Canned(busy) as canned, pytest.raises(SandboxFault, match="busy"):
        ask(canned, busy_s=0.3)


def test_an_answer_without_end_is_cut_off(monkeypatch):
    monkeypatch.setattr("darebench.sandbox.client.TEXT_MB", 1)
    with Canned(told(b" " * (3 << 20))) as canned, pytest.raises(SandboxFault, match="more than"):
        ask(canned)


def test_an_answer_can_only_write_what_was_asked_for(tmp_path):
    files = {"a": "eA==", "../b": "eA==", "/tmp/c": "eA==", "d": "eA=="}
    program = Program(code="", save=("a", "../b"), save_to=tmp_path, limits=SMALL)
    with Canned(told(GOOD | {"files": files})) as canned:
        outcome = ask(canned, program)
        assert json.loads(canned.requests[0])["fetch_files"] == ["a"]
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    assert isinstance(outcome.files["../b"], Refused)


def test_the_original_server_is_understood(tmp_path):
    program = Program(code="", save=("a", "b"), save_to=tmp_path, limits=SMALL)
    original = {
        "status": "Failed",
        "message": "",
        "compile_result": None,
        "run_result": {
            "status": "TimeLimitExceeded", "execution_time": 2.01, "return_code": None,
            "stdout": "x", "stderr": "",
        },
        "executor_pod_name": "pod-7",
        "files": {"a": "eA=="},
    }  # fmt: skip
    with Canned(told(original)) as canned:
        outcome = ask(canned, program)
        sent = json.loads(canned.requests[0])
    assert (outcome.status, outcome.stdout, outcome.seconds) == (Status.TIMEOUT, "x", 2.01)
    assert outcome.files["b"] == Refused(why="the program did not write it")
    assert set(sent) == {
        "code", "language", "compile_timeout", "run_timeout", "memory_limit_MB", "stdin", "files",
        "fetch_files",
    }  # fmt: skip
    finished = {
        "status": "Finished",
        "execution_time": 1,
        "return_code": 137,
        "stdout": "",
        "stderr": "",
    }
    with Canned(told(original | {"run_result": finished})) as canned:
        assert ask(canned).status is Status.ERROR


@pytest.mark.slow
def test_a_server_that_is_killed_is_a_fault(tmp_path):
    async def killed(served, executor) -> None:
        call = asyncio.ensure_future(executor.execute(Program(code="import time; time.sleep(30)")))
        await asyncio.sleep(1)
        assert not call.done()
        served.process.kill()
        with pytest.raises(SandboxFault):
            await asyncio.wait_for(call, 20)

    with serving(tmp_path) as served:
        executor = RemoteExecutor(served.url)
        asyncio.run(killed(served, executor))
        executor.close_now()
    (left,) = tmp_path.glob("darebench-serve-*")
    with serving(tmp_path) as served:  # the next one removes what the killed one could not
        assert run_code_on(served.url) == "1\n"
        assert not left.exists()


def test_closing_ends_its_calls_and_can_be_repeated(server):
    async def closed() -> None:
        executor = RemoteExecutor(server.url, token="t0ken")
        limits = replace(SMALL, wall_s=20.0)
        program = Program(code="import time; time.sleep(15)", limits=limits)
        call = asyncio.ensure_future(executor.execute(program))
        await asyncio.sleep(0.5)
        start = time.monotonic()
        await executor.close()
        with pytest.raises(SandboxFault, match="closed"):
            await call
        assert time.monotonic() - start < 10
        await executor.close()
        with pytest.raises(SandboxFault, match="closed"):
            await executor.execute(Program(code=""))

    asyncio.run(closed())


def test_files_land_whole_and_leave_no_parts(remote, tmp_path: Path):
    code = "for n in range(5): open(f'f{n}', 'wb').write(bytes([n]) * 100_000)"
    names = tuple(f"f{n}" for n in range(5))
    outcome = remote.execute_now(Program(code=code, save=names, save_to=tmp_path))
    assert all(isinstance(file, Saved) for file in outcome.files.values())
    assert sorted(p.name for p in tmp_path.iterdir()) == list(names)
