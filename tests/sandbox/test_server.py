"""The HTTP server: a real process, real programs; and its limits against clients that mean harm."""

from __future__ import annotations

import base64
import concurrent.futures
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import TOKEN_VARIABLE, serving

from darebench.installing import install_command

GOLDEN = json.loads(Path(__file__).with_name("golden").joinpath("run_code.json").read_text())
TOKEN = "not-to-be-guessed"
FUZZED = int(os.environ.get("DAREBENCH_FUZZ", "150"))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), "--slots", "2") as served:
        yield served


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A server with a token, that runs one program, lets one wait and takes a MB."""
    options = ("--slots", "1", "--queue", "1", "--body", "1")
    with serving(tmp_path_factory.mktemp("small"), *options, token=TOKEN) as served:
        yield served


def run_code(served, code: str, **more) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = {"code": code, "language": "python", **more}
    return httpx.post(f"{served.url}/run_code", json=request, headers=headers, timeout=60)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["name"])
def test_answers_have_the_shapes_of_sandbox_fusion(server, case):
    response = httpx.post(f"{server.url}/run_code", json=case["request"], timeout=60)
    answer = response.json()
    if answer.get("run_result"):
        assert isinstance(answer["run_result"]["execution_time"], float)
        answer["run_result"]["execution_time"] = "SECONDS"
    assert (response.status_code, answer) == (case["code"], case["answer"])
    assert response.headers["content-type"] == "application/json"
    assert server.left() == []


def test_a_killed_program_says_why_where_clients_look(server):
    answer = run_code(
        server, "import os\nwhile True: os.fork() or bytearray(1 << 25)", memory_limit_MB=300
    ).json()
    assert answer["status"] == "Failed"
    result = answer["run_result"]
    assert result["status"] in ("Finished", "TimeLimitExceeded")
    if answer["message"]:
        assert "memory" in answer["message"]
        assert result["stderr"].endswith(answer["message"] + "\n")


def test_files_of_some_megabytes_come_back_the_same(server):
    content = os.urandom(5 << 20)
    code = "open('b', 'wb').write(open('a', 'rb').read()[::-1])"
    files = {"a": base64.encodebytes(content).decode()}  # with line breaks
    answer = run_code(server, code, files=files, fetch_files=["b"]).json()
    assert base64.b64decode(answer["files"]["b"]) == content[::-1]
    assert server.left() == []


def test_calls_at_the_same_time_are_not_mixed_up(server):
    def one(number: int) -> str:
        code = f"print(open('n').read(), {number})"
        files = {"n": base64.b64encode(str(number).encode()).decode()}
        return run_code(server, code, files=files).json()["run_result"]["stdout"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(24))) == [f"{n} {n}\n" for n in range(24)]


def test_health_and_metrics_are_open_where_there_is_no_token(server):
    assert httpx.get(f"{server.url}/v1/ping").json() == "pong"
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok", "running": 0, "waiting": 0}
    run_code(server, "print(1)")
    text = httpx.get(f"{server.url}/metrics").text
    assert 'darebench_sandbox_calls_total{status="ok"}' in text
    assert "darebench_sandbox_running 0.0" in text


def test_the_log_has_no_code_and_no_unknown_path(server):
    run_code(server, "print('hidden-in-code')")
    httpx.get(f"{server.url}/hidden-in-path%0Aforged")
    log = ""
    deadline = time.monotonic() + 10  # a line is written once the answer is sent
    while "GET other 404" not in log and time.monotonic() < deadline:
        log = server.log.read_text()
    assert "POST /run_code 200" in log
    assert "GET other 404" in log
    assert "hidden" not in log


def test_only_the_token_lets_in(small):
    url = f"{small.url}/run_code"
    request = {"code": "print(1)", "language": "python"}
    for given_ in (None, "Bearer wrong", f"Basic {TOKEN}", "Bearer", f"Bearer {TOKEN}x"):
        headers = {"Authorization": given_} if given_ else {}
        response = httpx.post(url, json=request, headers=headers)
        assert response.status_code == 401, given_
        assert "token" in response.json()["detail"]
    assert httpx.get(f"{small.url}/metrics").status_code == 401
    assert httpx.get(f"{small.url}/healthz").status_code == 200
    assert run_code(small, "print(1)").json()["run_result"]["stdout"] == "1\n"


def test_a_full_queue_sends_away_and_says_when_to_come_back(small):
    with concurrent.futures.ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(run_code, small, "import time; time.sleep(1)") for _ in range(5)]
        answers = [call.result() for call in calls]
    assert sorted(a.status_code for a in answers) == [200, 200, 503, 503, 503]
    busy = next(a for a in answers if a.status_code == 503)
    assert busy.headers["Retry-After"] == "1"
    assert "busy" in busy.json()["detail"]


def test_a_request_that_is_too_large_is_refused(small):
    assert run_code(small, "#" * (2 << 20)).status_code == 413
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    chunks = (b"x" * 65536 for _ in range(40))  # no length is announced
    try:
        code = httpx.post(f"{small.url}/run_code", content=chunks, headers=headers).status_code
    except httpx.WriteError:  # it hung up on us before we were done
        code = 413
    assert code == 413
    assert run_code(small, "print(1)").status_code == 200


def test_a_client_that_leaves_frees_its_place(small):
    start = time.monotonic()
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{small.url}/run_code",
            json={"code": "import time; time.sleep(50)", "language": "python", "run_timeout": 55},
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=1,
        )
    assert run_code(small, "print(1)").json()["status"] == "Success"
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "give a token"),
        (["--host", "203.0.113.7"], "cannot listen on"),
        (["--token-file", os.devnull], "the token is empty"),
    ],
)
def test_it_does_not_start(options, said):
    environment = {k: v for k, v in os.environ.items() if k != TOKEN_VARIABLE}
    command = [sys.executable, "-m", "darebench", "sandbox", "serve", "--port", "0", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("missing", ["uvicorn", "starlette", "prometheus_client"])
def test_without_the_extra_it_says_what_to_install(missing):
    code = f"""
import sys
sys.modules[{missing!r}] = None
sys.argv = ["darebench", "sandbox", "serve"]
from darebench.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    hint = install_command(extra="server")
    assert done.stderr == f"darebench: the server needs {missing}: {hint}\n"


def assert_sent_away(answer: httpx.Response) -> None:
    assert answer.status_code == 503
    assert answer.headers["Connection"] == "close"
    assert int(answer.headers["Retry-After"]) > 0
    assert "takes no new calls" in answer.json()["detail"]


@pytest.mark.slow
def test_no_request_is_lost_without_a_word_while_a_server_ends(tmp_path):
    """Sixteen clients, on connections that they keep, from before the signal until the end.

    Each hears that the server ends before a connection of its fails. (One that is made as the
    socket closes can still be reset, before its request is read.)
    """

    def client(served) -> str:
        n_told = 0
        with httpx.Client(timeout=60) as connection:
            while True:
                try:
                    answer = connection.post(
                        f"{served.url}/run_code",
                        json={"code": "import time; time.sleep(0.02)", "language": "python"},
                    )
                except httpx.TransportError as error:
                    return "told" if n_told else repr(error)
                if answer.status_code == 503:
                    assert_sent_away(answer)
                    n_told += 1
                    time.sleep(0.2)
                else:
                    assert answer.json()["status"] == "Success"
                    begun.release()

    begun = threading.Semaphore(0)
    with (
        serving(tmp_path, "--slots", "2") as served,
        concurrent.futures.ThreadPoolExecutor(16) as pool,
    ):
        clients = [pool.submit(client, served) for _ in range(16)]
        for _ in range(64):
            assert begun.acquire(timeout=60)
        served.process.send_signal(signal.SIGTERM)
        assert {one.result() for one in clients} == {"told"}
        assert served.process.wait(20) == 0


@pytest.mark.slow
def test_a_second_signal_ends_it_at_once(tmp_path):
    with (
        serving(tmp_path, "--slots", "1") as served,
        concurrent.futures.ThreadPoolExecutor(1) as pool,
    ):
        call = pool.submit(run_code, served, "import time; time.sleep(30)", run_timeout=50)
        while httpx.get(f"{served.url}/healthz").json()["running"] < 1:
            time.sleep(0.05)
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert_sent_away(run_code(served, "print(1)"))
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(20) == -signal.SIGTERM
        with pytest.raises(httpx.HTTPError):
            call.result()


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_when_all_is_answered(tmp_path, number):
    with (
        serving(tmp_path, "--slots", "1") as served,
        concurrent.futures.ThreadPoolExecutor(2) as pool,
    ):
        code = "import time; time.sleep(3); print('done')"
        calls = [pool.submit(run_code, served, code) for _ in range(2)]
        while httpx.get(f"{served.url}/healthz").json()["waiting"] < 1:
            time.sleep(0.05)
        served.process.send_signal(number)
        time.sleep(0.5)
        for path in ("/healthz", "/v1/ping"):
            assert_sent_away(httpx.get(f"{served.url}{path}"))
        assert_sent_away(run_code(served, "print(1)"))
        assert_sent_away(run_code(served, "#" * (5 << 20)))
        assert httpx.get(f"{served.url}/metrics").status_code == 200
        assert [c.result().json()["run_result"]["stdout"] for c in calls] == ["done\n"] * 2
        assert served.process.wait(20) == 0
        assert list(tmp_path.glob("darebench-*")) == []


def raw(served, data: bytes, wait_s: float = 30.0) -> bytes:
    """Send bytes as they are, and read until the server hangs up."""
    host, port = served.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=wait_s) as connection:
        connection.sendall(data)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionResetError:  # it did not want to hear us out
            answer = answer or b"HTTP/1.1 000 reset"
        return answer


HEAD = (
    b"POST /run_code HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
)


LEAVE = b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
BROKEN = {
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    "an endless path": (b"GET " + b"/" + b"a" * 100_000, {400}),
    "a large header": (HEAD + b"X: " + b"y" * 500_000 + b"\r\n\r\n", {0, 400}),
    "many headers": (HEAD + b"".join(b"X%d: y\r\n" % n for n in range(30_000)) + b"\r\n", {0, 400, 422}),
    "two lengths": (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", {400}),
    "a length below zero": (HEAD + b"Content-Length: -5\r\n\r\n", {400}),
    "a length of no end": (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", {413}),
    "a length in words": (HEAD + b"Content-Length: five\r\n\r\nhello", {400}),
    "a broken chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", {400}),
    "a way out": (b"GET /../../etc/passwd" + LEAVE, {404}),
    "a hidden way out": (b"GET /%2e%2e/%2e%2e/etc/passwd" + LEAVE, {404}),
    "another's path": (b"POST http://example.org/run_code" + LEAVE, {404}),
    "a double slash": (b"GET //run_code" + LEAVE, {404}),
    "a wrong method": (b"GET /run_code" + LEAVE, {405}),
    "an unknown method": (b"BREW /run_code" + LEAVE, {405}),
    "an upgrade": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n\r\n", {200}),
    "another type": (HEAD.replace(b"application/json", b"text/plain") + b"Content-Length: 2\r\n\r\n{}", {415}),
    "no body": (HEAD + b"Content-Length: 0\r\n\r\n", {422}),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_call_is_refused(server, what):
    data, codes = BROKEN[what]
    assert int(raw(server, data).split()[1]) in codes
    assert httpx.get(f"{server.url}/healthz").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"code":"","language":"python","run_timeout":' + b"9" * 100_000 + b"}",
        b'{"code":"","language":"python","run_timeout":NaN}',
        b'{"code":"","language":"python","run_timeout":-1}',
        b'{"code":"\\ud800","language":"python"}',
        b'{"code":"\xff","language":"python"}',
        b'{"code":"","language":"python","files":{'
        + b",".join(b'"%d":""' % n for n in range(10_000))
        + b"}}",
        b'{"code":"","language":"python","files":{'
        + b",".join(b'"%d":1' % n for n in range(10_000))
        + b"}}",
        b'{"code":"","language":"python","fetch_files":[' + b",".join([b"1"] * 10_000) + b"]}",
        b'{"code":"","language":"python","fetch_files":{"a":"b"}}',
        b'[1,"code"]',
        b"null",
    ],
    ids=lambda body: body[:40],
)
def test_a_body_that_is_no_call_is_answered_shortly(server, body):
    headers = {"Content-Type": "application/json"}
    response = httpx.post(f"{server.url}/run_code", content=body, headers=headers, timeout=30)
    assert response.status_code == 422
    assert response.json()["detail"]
    assert len(response.content) < 5000


@pytest.mark.slow
def test_a_client_that_dribbles_its_head_is_left(server):
    host, port = server.url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(50)]
    try:
        start = time.monotonic()
        while slow[0].fileno() >= 0 and time.monotonic() - start < 40:
            try:
                for connection in slow:
                    connection.sendall(b"P")
            except OSError:
                break
            assert httpx.get(f"{server.url}/healthz").status_code == 200
            time.sleep(0.5)
        assert time.monotonic() - start < 25
    finally:
        for connection in slow:
            connection.close()


@pytest.mark.parametrize("data", [HEAD + b"Content-Length: 500\r\n\r\nhalf", HEAD[:30]])
def test_a_client_that_leaves_in_the_middle_leaves_nothing(server, data):
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(data)
    time.sleep(0.1)
    assert httpx.get(f"{server.url}/healthz").json() == {"status": "ok", "running": 0, "waiting": 0}
    assert server.left() == []


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
names = st.text(max_size=300) | st.sampled_from(["a", "..", "../x", "a\0b", "a\nb", "é", "x" * 300])
contents = (
    st.none()
    | st.text(max_size=12)
    | st.binary(max_size=12).map(lambda b: base64.b64encode(b).decode())
)
calls = st.fixed_dictionaries(
    {"code": st.sampled_from(["", "print(1)", "1/0", "x = ("]) | anything},
    optional={
        "language": st.just("python") | anything,
        "run_timeout": st.floats(0.01, 1) | anything,
        "memory_limit_MB": st.integers(-2, 4000) | anything,
        "stdin": st.text(max_size=10) | anything,
        "files": st.dictionaries(names, contents, max_size=3) | anything,
        "fetch_files": st.lists(names, max_size=3) | anything,
        "compile_timeout": anything,
        "args": anything,
        "more": anything,
    },
)
bodies = st.binary(max_size=200) | (calls | anything).map(lambda v: json.dumps(v).encode())


@settings(
    max_examples=FUZZED, deadline=None, database=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(body=bodies, kind=st.sampled_from(["application/json"] * 9 + ["text/plain"]))
def test_no_request_breaks_it(server, body, kind):
    response = fuzzing.post(f"{server.url}/run_code", content=body, headers={"Content-Type": kind})
    assert response.status_code in (200, 400, 413, 415, 422), response.text
    answer = response.json()
    if response.status_code == 200:
        assert answer["status"] in ("Success", "Failed", "SandboxError")
        if answer["status"] == "SandboxError":
            assert "is not run here" in answer["message"]
    else:
        assert answer["detail"]
    assert server.process.poll() is None


fuzzing = httpx.Client(timeout=60)
