"""Sessions on a server: the same as here, each behind a token, only so many, and not for ever."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

import httpx
import pytest
from serving import serving

from darebench import AsyncSession, Session
from darebench.errors import ConfigError, SandboxFault
from darebench.sandbox import Limits, Status
from darebench.sandbox.http.session_wire import TOKEN_HEADER

TOKEN = "not-to-be-guessed"
LIMITS = Limits(wall_s=20.0, memory_mb=900)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    options = ("--slots", "2", "--sessions", "3", "--idle", "2", "--seconds", "60")
    with serving(tmp_path_factory.mktemp("server"), *options, token=TOKEN) as served:
        yield served


@pytest.fixture
def session(server):
    with Session(limits=LIMITS, server=server.url, token=TOKEN) as session:
        yield session


def ask(server, method: str, path: str, token: str = "", **content) -> httpx.Response:
    headers = {"Authorization": f"Bearer {TOKEN}", TOKEN_HEADER: token}
    return httpx.request(method, server.url + path, json=content, headers=headers, timeout=60)


def test_a_session_on_a_server_is_like_one_here(server, tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n")
    with Session({"t.csv": tmp_path / "in.csv"}, LIMITS, server=server.url, token=TOKEN) as session:
        outcome = session.run(
            "import pandas as pd, matplotlib.pyplot as plt; t = pd.read_csv('t.csv'); plt.plot(t); print('hi'); len(t)"
        )
        assert (outcome.status, outcome.stdout, outcome.result, outcome.kept) == (
            Status.OK,
            "hi\n",
            "1",
            True,
        ), outcome
        assert outcome.images[0].startswith(b"\x89PNG")
        assert session.run("t = 0; 1 / 0").stderr.endswith("ZeroDivisionError: division by zero\n")
        with session.fork() as fork:
            fork.run("t = 7; open('ü b', 'w').write('q')")
            assert (fork.files(), fork.read("ü b")) == (("t.csv", "ü b"), b"q")
            with pytest.raises(FileNotFoundError, match="no such file"):
                fork.read("nothing")
            assert fork.run("while True: pass", seconds=0.5).status is Status.TIMEOUT
            assert (fork.run("t").result, session.run("len(t)").result) == ("7", "1")


def test_each_session_has_a_token_of_its_own(server, session):
    name, token = (getattr(session._host._names[1], field) for field in ("session", "token"))
    with session.fork() as fork:
        other = fork._host._names[2].token
        for path in ("/run", "/fork"):
            for wrong in ("", other, token + "x"):
                assert (
                    ask(server, "POST", f"/sessions/{name}{path}", wrong, code="1").status_code
                    == 404
                )
    assert ask(server, "DELETE", f"/sessions/{name}", "").status_code == 404
    assert ask(server, "POST", f"/sessions/{name}/run", token, code="1 + 1").json()["result"] == "2"
    bare = httpx.post(
        f"{server.url}/sessions/{name}/run", json={"code": "1"}, headers={TOKEN_HEADER: token}
    )
    assert bare.status_code == 401
    assert name not in server.log.read_text()
    assert token not in server.log.read_text()


@pytest.mark.parametrize(
    ("path", "content", "status", "word"),
    [("", {"seconds": 99}, 400, "the limit is 60 s"), ("", {"seconds": -1}, 422, "greater than 0"),
     ("", {"files": {"a/b": ""}}, 400, "plain file name"), ("", {"files": {"a": "?"}}, 422, "base64"),
     ("/run", {}, 422, "Field required"), ("/run", {"code": "1", "seconds": 30}, 400, "up to 20 s")],
)  # fmt: skip
def test_a_wrong_request_is_told_what_is_wrong(server, session, path, content, status, word):
    opened = session._host._names[1]
    where = f"/sessions/{opened.session}{path}" if path else "/sessions"
    answer = ask(server, "POST", where, opened.token, **content)
    assert answer.status_code == status
    assert word in answer.text
    assert session.run("1").result == "1"


def test_there_are_only_so_many_and_idle_ones_are_closed(server, session):
    forks = [session.fork() for _ in range(2)]
    full = ask(server, "POST", "/sessions")
    assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
    until = time.monotonic() + 3.5
    while time.monotonic() < until:  # in use, the first one stays
        session.run("1")
        time.sleep(0.2)
    with pytest.raises(SandboxFault, match="idle for 2 s is closed"):
        forks[0].run("1")
    session.fork().close()


def test_a_long_step_is_not_idle(session):
    assert session.run("import time; time.sleep(4); 'done'").result == "'done'"


def test_a_client_that_goes_away_ends_its_step_and_leaves_no_trace(server, session):
    opened = session._host._names[1]
    session.run("x = 1")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{server.url}/sessions/{opened.session}/run",
            json={"code": "x = 2; import time; time.sleep(15)"},
            headers={"Authorization": f"Bearer {TOKEN}", TOKEN_HEADER: opened.token},
            timeout=0.5,
        )
    start = time.monotonic()
    assert session.run("x").result == "1"
    assert time.monotonic() - start < 5


def test_steps_of_different_sessions_run_side_by_side(server):
    with contextlib.ExitStack() as stack:
        opened = [
            stack.enter_context(Session(limits=LIMITS, server=server.url, token=TOKEN))
            for _ in range(2)
        ]
        start = time.monotonic()
        threads = [
            threading.Thread(target=session.run, args=("import time; time.sleep(1)",))
            for session in opened
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - start < 1.8


def test_the_asynchronous_twin_and_a_wrong_token(server):
    async def run():
        async with AsyncSession(limits=LIMITS, server=server.url, token=TOKEN) as session:
            return (await session.run("6 * 7")).result

    assert asyncio.run(run()) == "42"
    with pytest.raises(ConfigError, match="asks for a token"):
        Session(server=server.url, token="wrong")
    with pytest.raises(SandboxFault, match="Connection refused"):
        Session(server="http://127.0.0.1:9", limits=LIMITS)
