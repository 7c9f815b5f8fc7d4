"""The remote executor: as the local one, and every way that a server can fail is a fault of ours."""

from __future__ import annotations

import asyncio
import concurrent.futures
import json
import re
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving import Canned, serving

from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox import Limits, LocalExecutor, Program, Refused, Saved, Status
from darebench.sandbox.client import RemoteExecutor
from darebench.sandbox.executor import execute_retrying
from darebench.sandbox.http.statuses import Verdict, verdict_on

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
    executor = RemoteExecutor(canned.url, **{"gone_s": 0.5} | options)
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
    with pytest.raises(SandboxFault, match=r"failed for \d s: Connection refused"):
        ask(canned)


OURS, SETTING = SandboxFault, ConfigError
TABLE: dict[str, tuple[object, type[Exception] | str, int]] = {
    # what is answered first -> (that answer, what comes of it before a good one, requests)
    "200": (told(GOOD), "1\n", 1),
    "a success without a body": (told(b"", 204), SETTING, 1),
    "a redirect": (told(b"", 307, Location="https://elsewhere/run_code"), SETTING, 1),
    "a redirect to nowhere": (told(b"", 301), SETTING, 1),
    "400": (told({"detail": "run_timeout: 2 s, the limit is 1 s"}, 400), SETTING, 1),
    "401": (told(b"", 401), SETTING, 1),
    "403": (told(b"", 403), SETTING, 1),
    "404": (told(b"<html>", 404), SETTING, 1),
    "405": (told(b"", 405), SETTING, 1),
    "408": (told(b"", 408), "1\n", 2),
    "410": (told(b"", 410), SETTING, 1),
    "413": (told(b"too large", 413), OURS, 1),
    "415": (told(b"", 415), SETTING, 1),
    "422": (told({"detail": []}, 422), OURS, 1),
    "425": (told(b"", 425), "1\n", 2),
    "429": (told(b"", 429), "1\n", 2),
    "429 with a time": (told(b"", 429, **{"Retry-After": "0.1"}), "1\n", 2),
    "429 with a date": (
        told(b"", 429, **{"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), "1\n", 2,
    ),
    "429 with nonsense": (told(b"", 429, **{"Retry-After": "soon"}), "1\n", 2),
    "500": (told(b"", 500), "1\n", 2),
    "501": (told(b"", 501), SETTING, 1),
    "502": (told(b"<html>", 502), "1\n", 2),
    "503": (told(b"", 503), "1\n", 2),
    "503 with a time": (told(b"", 503, **{"Retry-After": "0"}), "1\n", 2),
    "504": (told(b"", 504), "1\n", 2),
    "520": (told(b"", 520), "1\n", 2),
    "hangs up": (None, "1\n", 2),
    "half an answer": (told(b'{"status":', **{"Content-Length": "500"}), "1\n", 2),
    "a web page": (told(b"<html>"), OURS, 1),
    "another JSON": (told([1, 2]), OURS, 1),
}  # fmt: skip


@pytest.mark.parametrize("what", TABLE)
def test_each_status_has_its_verdict_and_none_is_an_outcome(what):
    answer, expected, n = TABLE[what]
    with Canned(answer, told(GOOD)) as canned:
        if isinstance(expected, str):
            outcome = ask(canned)
            assert (outcome.status, outcome.stdout) == (Status.OK, expected)
        else:
            with pytest.raises(expected) as caught:
                ask(canned)
            assert canned.url in str(caught.value) or "malformed" in str(caught.value)
        assert len(canned.requests) == n


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(status=st.integers(200, 599), retry_s=st.none() | st.floats(0.1, 60))
def test_only_200_is_read_as_a_programs_outcome(status, retry_s):
    verdict = verdict_on(status, retry_s)
    assert (verdict is Verdict.ANSWER) == (status == 200)
    if status in (429, 503) and retry_s is not None:
        assert verdict is Verdict.BUSY
    elif status in (408, 425, 500, 502, 503, 504):
        assert verdict is Verdict.GONE
    elif 300 <= status < 400 or status in (400, 401, 403, 404):
        assert verdict is Verdict.SETTING


WORDS = {
    "a redirect": "redirects to https://elsewhere/run_code",
    "400": "the limit is 1 s",
    "401": "DAREBENCH_SANDBOX_TOKEN",
    "404": "it is not a sandbox",
    "413": "too large",
}


@pytest.mark.parametrize("what", WORDS)
def test_a_refusal_says_what_to_do(what):
    with Canned(TABLE[what][0]) as canned, pytest.raises((OURS, SETTING), match=WORDS[what]):
        ask(canned)


def test_what_lasts_is_not_tried_again():
    async def retried(executor: RemoteExecutor) -> None:
        await execute_retrying(executor, Program(code="print(1)"))

    with Canned(told(b"", 413)) as canned:
        executor = RemoteExecutor(canned.url)
        with pytest.raises(SandboxFault):
            asyncio.run(retried(executor))
        executor.close_now()
        assert len(canned.requests) == 1


def test_a_server_that_is_gone_for_a_while_costs_nothing():
    """Twenty calls at a time while nobody listens for 4 s; a word is said when it is back."""
    said: list[str] = []
    with Canned(told(GOOD)) as canned:
        port = int(canned.url.rsplit(":", 1)[1])
        executor = RemoteExecutor(canned.url)
        executor.on_wait(said.append)
        assert executor.execute_now(Program(code="print(1)")).stdout == "1\n"

    async def calls() -> list[str]:
        programs = [Program(code="print(1)") for _ in range(20)]
        return [o.stdout for o in await asyncio.gather(*map(executor.execute, programs))]

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, calls())
        time.sleep(4.0)
        assert not running.done()
        with Canned(told(GOOD), port=port):
            assert running.result(20) == ["1\n"] * 20
    executor.close_now()
    assert re.match(f"waits for the sandbox at {executor.url} since [2-4] s: ", said[0])
    assert "answers again after" in said[-1]
    assert len(said) < 5


def test_a_server_that_is_gone_for_good_is_waited_for_once():
    with Canned(None) as canned:
        pass
    executor = RemoteExecutor(canned.url, gone_s=1.5)
    start = time.monotonic()
    for _ in range(5):
        with pytest.raises(SandboxFault, match=r"failed for \d s"):
            executor.execute_now(Program(code="print(1)"))
    assert 1.4 < time.monotonic() - start < 4
    executor.close_now()


def test_one_failing_request_is_not_waited_for_forever_while_others_pass():
    """The server answers, but not to this program."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(GOOD).encode()
            self.send_response(500 if b"bad" in asked else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    executor = RemoteExecutor(f"http://127.0.0.1:{server.server_port}", gone_s=1.5)
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        bad = thread.submit(executor.execute_now, Program(code="bad"))
        while not bad.done():
            assert executor.execute_now(Program(code="good")).stdout == "1\n"
            time.sleep(0.05)
        with pytest.raises(SandboxFault, match="500"):
            bad.result()
    executor.close_now()
    server.shutdown()
    server.server_close()


STARTS = {
    "nobody": ("closed", "no sandbox can be reached at"),
    "a web page": (told(b"<html>"), "runs no programs"),
    "a sandbox that cannot run": (
        told({"status": "SandboxError", "message": "no libseccomp"}), "no libseccomp",
    ),
    "a proxy without a server": (told(b"", 502), "it answers 502"),
    "a missing path": (told(b"", 404), "it is not a sandbox"),
    "another program": (told(GOOD | {"run_result": {"status": "Finished", "return_code": 1, "stderr": "no"}}), "cannot run"),
}  # fmt: skip


@pytest.mark.parametrize("what", STARTS)
def test_a_server_that_cannot_be_used_is_found_before_there_is_work(what, monkeypatch):
    monkeypatch.setattr("darebench.sandbox.client.START_S", 1.0)
    answer, said = STARTS[what]
    with Canned(None if answer == "closed" else answer) as canned:  # pyright: ignore
        if answer == "closed":
            canned._server.socket.close()
        executor = RemoteExecutor(canned.url)
        start = time.monotonic()
        with pytest.raises(ConfigError, match=said):
            executor.start_now()
        assert time.monotonic() - start < 5
        executor.close_now()


def test_a_busy_server_can_be_used(server):
    with Canned(told(b"", 503, **{"Retry-After": "9"})) as canned:
        executor = RemoteExecutor(canned.url)
        executor.start_now()
        executor.close_now()
    executor = RemoteExecutor(server.url, token="t0ken")
    executor.start_now()
    executor.close_now()


def test_code_that_is_not_valid_text_runs_as_it_does_locally(remote, local):
    program = Program(code="print('\ud800')  # \udfff")
    outcomes = [executor.execute_now(program) for executor in (remote, local)]
    assert outcomes[0].status is outcomes[1].status is Status.OK
    assert outcomes[0].stdout == "?\n"


def test_more_files_than_a_server_hands_back_are_refused_one_by_one(remote, tmp_path):
    names = tuple(f"f{n}" for n in range(1001))
    outcome = remote.execute_now(
        Program(code="open('f0', 'w').write('x')", save=names, save_to=tmp_path)
    )
    assert isinstance(outcome.files["f0"], Saved)
    assert outcome.files["f1000"] == Refused(why="1000 files are handed back at most")


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
        executor = RemoteExecutor(served.url, gone_s=1.0)
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
