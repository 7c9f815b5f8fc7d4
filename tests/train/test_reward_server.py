"""The reward server, over real HTTP requests to its application."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

httpx = pytest.importorskip("httpx", reason="the extra `server` is not installed")
pytest.importorskip("uvicorn", reason="the extra `server` is not installed")

from cli.running import darebench  # noqa: E402
from darebench.errors import ConfigError, SandboxFault  # noqa: E402
from darebench.sandbox.http import bodies  # noqa: E402
from darebench.store.read import open_store  # noqa: E402
from darebench.train import reward_server as server  # noqa: E402
from darebench.train.grading import open_grader  # noqa: E402
from darebench.train.reward_batch import MAX_ITEMS, grade_batch  # noqa: E402
from darebench.train.reward_client import RewardClient  # noqa: E402
from darebench.train.reward_listen import check_access  # noqa: E402

TASK = "iris_class/mm"


@pytest.fixture(scope="module")
def grader():
    return open_grader(None, [TASK])


def app_of(grader, **more):
    return server.make_app(server.RewardService(grader, **more))


@contextmanager
def served(*arguments):
    """Run the command as a user does, and give its process and its address."""
    command = [sys.executable, "-m", "darebench", "reward", "serve", TASK, "--json", "--port", "0"]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            said = "".join(iter(running.stdout.readline, "}\n")) + "}"
            assert json.loads(said)["errors"] == []
            yield running, json.loads(said)["url"]
        finally:
            running.kill()


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
    (done,) = ask(app_of(grader), ("POST", "/reward", {"content": body}))
    assert done.status_code == 200
    rewards = done.json()["rewards"]
    assert [r["reward"] for r in rewards] == [pytest.approx(1.1), 0.0, 0.0, 0.0]
    assert rewards[1]["reason"] == "no_prediction"


def test_an_answer_of_ours_that_cannot_be_used_is_null_and_the_others_are_graded(grader):
    spoilt = replace(grader.truths[TASK], csv=b"what is this")
    other = open_grader(None, ["diabetes_reg/mm"])
    both = replace(other, truths={**other.truths, TASK: spoilt})
    items = [{"task": t, "prediction": "row_id,species\n1,a\n"} for t in (TASK, "diabetes_reg/mm")]
    (done,) = ask(app_of(both), post(items))
    assert [r["reward"] for r in done.json()["rewards"]] == [None, 0.0]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": 1}', b"[" * 100_000])
def test_a_batch_of_another_form_is_refused_in_a_sentence(grader, body):
    (done,) = ask(app_of(grader), ("POST", "/reward", {"content": body}))
    assert done.status_code == 400
    assert done.json()["error"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
ITEMS = st.lists(
    JSON
    | st.fixed_dictionaries({"task": JSON | st.just(TASK), "prediction": JSON})
    | st.fixed_dictionaries({"task": st.just(TASK), "prediction": st.none() | st.text()}),
    max_size=8,
)


def is_ours(item) -> bool:
    """Check whether an item is of the documented form."""
    if not isinstance(item, dict) or item.get("task") != TASK:
        return False
    return item.get("prediction") is None or isinstance(item["prediction"], str)


@settings(max_examples=60, deadline=None)
@given(ITEMS)
def test_one_bad_item_fails_alone_and_every_item_has_its_answer(grader, items):
    body = json.dumps({"items": items}).encode()
    answers = grade_batch(body, grader, threading.Event())
    assert len(answers) == len(items)
    for item, answer in zip(items, answers, strict=True):
        assert is_ours(item) == ("error" not in answer)
        if is_ours(item):
            assert answer["reward"] == grader.reward(TASK, item.get("prediction"))
        else:
            assert (answer["reward"], answer["reason"]) == (None, "bad_item")
            assert answer["error"]


def test_a_defect_of_ours_leaves_the_other_items_graded(grader, caplog):
    spoilt = replace(grader, truths={**grader.truths, "no-variant": grader.truths[TASK]})
    good = {"task": TASK, "prediction": grader.truths[TASK].csv.decode()}

    class Broken(type(grader)):
        def score_if_possible(self, task_id, prediction):
            if task_id == "no-variant":
                raise RuntimeError("a defect")
            return super().score_if_possible(task_id, prediction)

    broken = Broken(tasks=spoilt.tasks, truths=spoilt.truths)
    (done,) = ask(app_of(broken), post([good, {"task": "no-variant"}, good]))
    assert [r["reward"] for r in done.json()["rewards"]] == [1.1, None, 1.1]
    assert "a defect" in caplog.text


def test_size_and_number_are_bounded(grader, monkeypatch):
    app = app_of(grader)
    (done,) = ask(app, post([{"task": TASK}] * (MAX_ITEMS + 1)))
    assert done.status_code == 413
    monkeypatch.setattr(server, "BODY_MB", 1)
    (done,) = ask(app_of(grader), post([{"task": TASK, "prediction": "x" * (1 << 20)}]))
    assert done.status_code == 413


def test_batches_wait_in_a_bounded_queue_and_those_beyond_it_are_told_when_to_come_back(grader):
    app = app_of(grader, at_once=1, queue=3)
    answers = ask(app, *[post([{"task": TASK, "prediction": None}] * 50)] * 6)
    codes = [a.status_code for a in answers]
    assert sorted(codes) == [200] * 4 + [503] * 2
    for answer in answers:
        if answer.status_code == 503:
            assert float(answer.headers["Retry-After"]) > 0
            assert "busy" in answer.json()["error"]
    (later,) = ask(app, post([{"task": TASK}]))
    assert later.status_code == 200


def test_a_batch_that_waits_too_long_is_sent_away(grader):
    app = app_of(grader, at_once=1, wait_s=0.05)
    slow = post([{"task": TASK, "prediction": grader.truths[TASK].csv.decode()}] * 400)
    answers = ask(app, slow, post([{"task": TASK}]))
    assert [a.status_code for a in answers] == [200, 503]
    assert "has waited for 0.05 s" in answers[1].json()["error"]
    assert answers[1].headers["Retry-After"]


def test_the_bodies_of_all_batches_together_are_bounded(grader, monkeypatch):
    monkeypatch.setattr(server, "BODY_MB", 1)
    big = post([{"task": TASK, "prediction": "x" * 900_000}])
    answers = ask(app_of(grader, at_once=1), *[big] * (3 * bodies.HELD))
    codes = {a.status_code for a in answers}
    assert codes == {200, 503}
    assert all("memory" in a.json()["error"] for a in answers if a.status_code == 503)


def test_a_body_that_does_not_come_is_not_waited_for(grader, monkeypatch):
    monkeypatch.setattr(bodies, "BODY_S", 0.2)
    app = app_of(grader, at_once=1, queue=0)

    async def stalled():
        yield b"{"
        await asyncio.sleep(60)

    (done,) = ask(app, ("POST", "/reward", {"content": stalled()}))
    assert done.status_code == 408
    (later,) = ask(app, post([{"task": TASK}]))
    assert later.status_code == 200


@pytest.mark.parametrize(("clients", "batches"), [(32, 6), (128, 2)])
def test_nobody_is_refused_below_the_bound(grader, clients, batches):
    """Each client has a connection of its own, and sends no batch a second time."""
    truth = grader.truths[TASK].csv.decode()
    items = [{"task": TASK, "prediction": p} for p in (truth, None, "x", truth)]
    took, codes = [], []

    body = json.dumps({"items": items})

    def client(url):
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        for _ in range(batches):
            start = time.perf_counter()
            connection.request("POST", "/reward", body)
            answer = connection.getresponse()
            said = json.loads(answer.read())
            took.append(time.perf_counter() - start)
            codes.append(answer.status)
            assert [r["reward"] for r in said["rewards"]] == [1.1, 0.0, 0.0, 1.1]
        connection.close()

    with served() as (_, url), ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, [url] * clients))
    assert codes == [200] * clients * batches
    assert sorted(took)[int(0.99 * len(took))] < 30.0


def test_the_client_comes_back_after_a_refusal_and_drops_nothing(grader):
    """Five times as many batches as the server holds at a time, from 40 clients at once."""
    service = server.RewardService(grader, at_once=2, queue=6)
    truth = grader.truths[TASK].csv.decode()
    with in_thread(service) as url, RewardClient(url) as client:

        def ask_often(number):
            return [client.rewards([TASK, TASK], [truth, None]) for _ in range(3)]

        refused = httpx.get(f"{url}/health").json()
        with ThreadPoolExecutor(40) as pool:
            found = list(pool.map(ask_often, range(40)))
    assert refused["admitted"] == 0
    assert found == [[[1.1, 0.0]] * 3] * 40


def test_the_client_gives_an_unknown_task_no_reward_and_a_dead_server_is_a_fault(grader, caplog):
    service = server.RewardService(grader, token="secret")
    with in_thread(service) as url, RewardClient(url, token="secret") as client:
        assert client.rewards(["no/mm", TASK], ["x", b"\xff"]) == [None, 0.0]
        assert "no/mm" in caplog.text
        many = client.rewards([TASK] * 600, [None] * 600)
        assert many == [0.0] * 600
        with RewardClient(url) as nobody, pytest.raises(ConfigError, match="asks for a token"):
            nobody.rewards([TASK], [None])
        with (
            RewardClient(f"{url}/health") as lost,
            pytest.raises(ConfigError, match="not a reward server"),
        ):
            lost.rewards([TASK], [None])
    with (
        RewardClient(url, patience_s=1.0) as late,
        pytest.raises(SandboxFault, match="has taken no batch for 1 s"),
    ):
        late.rewards([TASK], [None])
    with pytest.raises(ConfigError, match="not the address"):
        RewardClient("localhost:8090")


@contextmanager
def in_thread(service):
    """Serve a service from a thread of this process, over real connections."""
    import uvicorn

    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(server.make_app(service), log_level="warning", ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        listening.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_ends_answers_what_it_took_and_tells_the_others_so(grader, number):
    truth = grader.truths[TASK].csv.decode()
    slow = {"items": [{"task": TASK, "prediction": truth}] * 500}
    with served() as (running, url), ThreadPoolExecutor(1) as pool:
        taken = pool.submit(httpx.post, f"{url}/reward", json=slow, timeout=60)
        while httpx.get(f"{url}/health").json()["admitted"] == 0:
            time.sleep(0.01)
        os.kill(running.pid, number)
        while (health := httpx.get(f"{url}/health")).status_code == 200:
            time.sleep(0.01)
        refused = httpx.post(f"{url}/reward", json={"items": []})
        assert len(taken.result().json()["rewards"]) == 500
        code = running.wait(timeout=20)
    assert health.json()["status"] == "draining"
    assert (refused.status_code, refused.headers["Connection"]) == (503, "close")
    assert "about to end" in refused.json()["error"]
    assert float(refused.headers["Retry-After"]) > 0
    assert code == 0


def test_a_second_signal_does_not_wait(grader):
    truth = grader.truths[TASK].csv.decode()
    slow = {"items": [{"task": TASK, "prediction": truth}] * 500}
    with served() as (running, url), ThreadPoolExecutor(4) as pool:
        taken = [pool.submit(httpx.post, f"{url}/reward", json=slow) for _ in range(4)]
        while httpx.get(f"{url}/health").json()["admitted"] < 4:
            time.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        while httpx.get(f"{url}/health").status_code == 200:
            time.sleep(0.01)
        start = time.monotonic()
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=20) == -signal.SIGTERM
        assert time.monotonic() - start < 5.0
        for one in taken:
            with pytest.raises(httpx.HTTPError):
                one.result()


def test_nobody_grades_for_a_client_that_has_gone(grader):
    truth = grader.truths[TASK].csv.decode()
    slow = {"items": [{"task": TASK, "prediction": truth}] * 500}
    service = server.RewardService(grader, at_once=1)
    with in_thread(service) as url:
        for _ in range(5):
            with pytest.raises(httpx.TimeoutException):
                httpx.post(f"{url}/reward", json=slow, timeout=0.2)
        start = time.monotonic()
        answer = httpx.post(f"{url}/reward", json={"items": [{"task": TASK}]}, timeout=60)
        assert answer.status_code == 200
        assert time.monotonic() - start < 2.0  # five batches are some 6 s of work


def test_the_command_says_where_it_serves_and_a_port_in_use_is_one_sentence():
    with served() as (_, url):
        assert httpx.get(f"{url}/health").json() == {"status": "ok", "tasks": 1, "admitted": 0}
        port = url.rpartition(":")[2]
        command = [sys.executable, "-m", "darebench", "reward", "serve", TASK, "--port", port]
        second = subprocess.run(command, capture_output=True, text=True)
    assert second.returncode == 2
    assert "cannot listen on" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_server_names_the_datasets_that_it_does_not_serve(tmp_path):
    store = Path(shutil.copytree(open_store().root, tmp_path / "store"))
    (store / "databases/affairs_class/source/train_v1.sqlite").write_bytes(b"")
    command = [sys.executable, "-m", "darebench", "reward", "serve", TASK, "--store", str(store)]
    with subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert "rewards of 1 tasks" in running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        assert "left out: affairs_class: " in running.communicate()[1]


@pytest.mark.parametrize("content", [None, b"", b"{", b"PK\x03\x04 no"])
@pytest.mark.parametrize("command", [("stats",), ("reward", "serve", "--port", "0", "--store")])
def test_a_missing_or_broken_store_is_one_sentence(tmp_path, content, command):
    path = tmp_path / "store.zip"
    if content is not None:
        path.write_bytes(content)
    done = darebench(*command, str(path))
    assert done.returncode == 2
    assert done.stderr.startswith("darebench: ")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")
    assert str(path) in done.stderr


def test_other_peoples_trainers_take_a_server_in_place_of_a_store(grader):
    from darebench.train.trl_adapter import prediction_reward
    from darebench.train.verl_adapter import _client, compute_score

    truth = grader.truths[TASK].csv
    with in_thread(server.RewardService(grader, token="secret")) as url:
        with RewardClient(url, token="secret") as client:
            for source in (grader, client):
                reward = prediction_reward(source)
                found = reward([], [], task=[TASK, TASK], prediction=[truth, None], other=1)
                assert found == [1.1, 0.0]
        fields = {"prediction": base64.b64encode(truth).decode()}
        where = {"url": url, "token": "secret"}
        scored = compute_score("darebench", "text", TASK, fields, **where)
        assert scored == {"score": 1.1, "answered": 1.0}
        with pytest.raises(SandboxFault, match="could not grade no/mm"):
            compute_score("darebench", "text", "no/mm", fields, **where)
        _client(url, "secret").close()


def test_a_token_is_asked_for(grader):
    app = app_of(grader, token="secret")
    wrong = {"headers": {"Authorization": "Bearer other"}}
    right = {"headers": {"Authorization": "Bearer secret"}}
    answers = ask(app, post([]), post([], **wrong), post([], **right))
    assert [a.status_code for a in answers] == [401, 401, 200]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
def test_other_machines_need_a_token(host):
    with pytest.raises(ConfigError, match="open to other machines"):
        check_access(host, None)
    check_access(host, "secret")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_none(host):
    check_access(host, None)
