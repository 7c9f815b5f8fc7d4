"""The reward server, over real HTTP requests to its application."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

httpx = pytest.importorskip("httpx", reason="the extra `server` is not installed")

from darebench.errors import ConfigError  # noqa: E402
from darebench.train import reward_server as server  # noqa: E402
from darebench.train.grading import open_grader  # noqa: E402

TASK = "iris_class/mm"


@pytest.fixture(scope="module")
def grader():
    return open_grader(None, [TASK])


def ask(app, *requests):
    """Send requests at the same time; each is (method, path, keywords)."""

    async def send():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(*(client.request(m, p, **k) for m, p, k in requests))

    return asyncio.run(send())


def post(items, **more):
    return ("POST", "/reward", {"json": {"items": items}, **more})


def test_a_batch_comes_back_in_order(grader):
    truth = grader.truths[TASK].csv.decode()
    items = [{"task": TASK, "prediction": p} for p in (truth, None, "x", "\ud800")]
    body = json.dumps({"items": items})
    (done,) = ask(server.make_app(grader), ("POST", "/reward", {"content": body}))
    assert done.status_code == 200
    rewards = done.json()["rewards"]
    assert [r["reward"] for r in rewards] == [pytest.approx(1.1), 0.0, 0.0, 0.0]
    assert rewards[1]["reason"] == "no_prediction"


def test_an_answer_of_ours_that_cannot_be_used_is_null_and_the_others_are_graded(grader):
    spoilt = replace(grader.truths[TASK], csv=b"what is this")
    other = open_grader(None, ["diabetes_reg/mm"])
    both = replace(other, truths={**other.truths, TASK: spoilt})
    items = [{"task": t, "prediction": "row_id,species\n1,a\n"} for t in (TASK, "diabetes_reg/mm")]
    (done,) = ask(server.make_app(both), post(items))
    assert [r["reward"] for r in done.json()["rewards"]] == [None, 0.0]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{}", b'{"items": 1}', b'{"items": [1]}', b'{"items": [{"task": "no/mm"}]}',
        b'{"items": [{"task": "iris_class/mm", "prediction": 1}]}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_batch_of_another_form_is_refused_in_a_sentence(grader, body):
    (done,) = ask(server.make_app(grader), ("POST", "/reward", {"content": body}))
    assert done.status_code == 400
    assert done.json()["error"]


def test_size_and_number_are_bounded(grader, monkeypatch):
    app = server.make_app(grader)
    (done,) = ask(app, post([{"task": TASK}] * (server.MAX_ITEMS + 1)))
    assert done.status_code == 413
    monkeypatch.setattr(server, "MAX_BODY", 100)
    (done,) = ask(app, post([{"task": TASK, "prediction": "x" * 200}]))
    assert done.status_code == 413


def test_more_batches_than_there_are_places_are_sent_away(grader):
    app = server.make_app(grader, at_once=1)
    answers = ask(app, *[post([{"task": TASK, "prediction": None}] * 50)] * 6)
    codes = sorted(a.status_code for a in answers)
    assert codes[0] == 200
    assert codes[-1] == 503
    (later,) = ask(app, post([{"task": TASK}]))
    assert later.status_code == 200


def test_a_body_that_does_not_come_is_not_waited_for(grader, monkeypatch):
    monkeypatch.setattr(server, "READ_S", 0.2)
    app = server.make_app(grader, at_once=1)

    async def stalled():
        yield b"{"
        await asyncio.sleep(60)

    (done,) = ask(app, ("POST", "/reward", {"content": stalled()}))
    assert done.status_code == 408
    (later,) = ask(app, post([{"task": TASK}]))
    assert later.status_code == 200


def test_the_command_says_where_it_serves_and_a_port_in_use_is_one_sentence():
    pytest.importorskip("uvicorn", reason="the extra `server` is not installed")
    command = [sys.executable, "-m", "darebench", "reward", "serve", TASK, "--json", "--port"]
    with subprocess.Popen([*command, "0"], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            said = "".join(iter(running.stdout.readline, "}\n")) + "}"
            url = json.loads(said)["url"]
            assert httpx.get(f"{url}/health").json() == {"status": "ok", "tasks": 1}
            port = url.rpartition(":")[2]
            second = subprocess.run([*command, port], capture_output=True, text=True)
        finally:
            running.send_signal(signal.SIGINT)
    assert second.returncode == 2
    assert "cannot listen on" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_token_is_asked_for(grader):
    app = server.make_app(grader, token="secret")
    wrong = {"headers": {"Authorization": "Bearer other"}}
    right = {"headers": {"Authorization": "Bearer secret"}}
    answers = ask(app, post([]), post([], **wrong), post([], **right))
    assert [a.status_code for a in answers] == [401, 401, 200]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
def test_other_machines_need_a_token(host):
    with pytest.raises(ConfigError, match="open to other machines"):
        server.check_access(host, None)
    server.check_access(host, "secret")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_none(host):
    server.check_access(host, None)
