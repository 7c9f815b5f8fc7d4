"""Servers that answer in odd ways: the attempt is made all the same, or a sentence says why not."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chat_server import Answer, ChatServer, call, completion

from darebench import cli
from darebench.evals.run import EvalConfig
from darebench.evals.run import evaluate as run_evaluation
from darebench.evals.run_folder import read_run
from darebench.evals.trajectory import read_trajectories
from darebench.rollouts.export import export
from darebench.types import Role, StopReason

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn

SHARED = Path(__file__).parents[3] / "shared" / "cases" / "odd_server.py"
GOOD = "import pandas as pd\nv = pd.read_csv('val_v2.csv')\nv['species'] = 'setosa'\nv[['row_id', 'species']].to_csv('prediction.csv', index=False)"
DONE = {"content": "done"}
HALF = "\ud83d"


@pytest.fixture(autouse=True, scope="module")
def _bounded():
    """Give a model up early: what is waited for by mistake fails here in a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("darebench.evals.inspect.connection.PATIENCE_S", 60.0)
        yield


@pytest.fixture(autouse=True)
def _collected():
    """Collect here what a cancelled run leaves open, so that no other test is told of it."""
    yield
    gc.collect()


def evaluate(url, tmp_path, monkeypatch, capsys, *more, model="openai-api/local/m"):
    """Run `darebench eval` on one task; return the exit code, the attempts, and stderr."""
    monkeypatch.delenv("LOCAL_API_KEY", raising=False)
    command = ["darebench", "eval", "--model", model, "--base-url", url, "iris_class/mm"]
    command += ["--out", str(tmp_path / "run"), *more]
    monkeypatch.setattr(sys, "argv", command)
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    path = tmp_path / "run" / "trajectories.jsonl"
    attempts = list(read_trajectories(path)) if path.is_file() else []
    return code, attempts, capsys.readouterr().err


def good(name="", code=GOOD, **more):
    """Make a turn that saves a prediction, with other fields in its call or around it."""
    made = call(f"{code}\n# {name}\n", ["val_v2.csv"], ["prediction.csv"])
    function = made["tool_calls"][0]["function"]
    for field, value in more.items():
        target = function if field in function else made["tool_calls"][0]
        (target if field in target else made)[field] = value
    return made


def arguments(name, **more):
    return {**json.loads(good(name)["tool_calls"][0]["function"]["arguments"]), **more}


def body(value, **more):
    """Make an answer of these very bytes."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(body=content, **more)


def text(name, **more):
    return json.dumps(completion(good(name, **more)), ensure_ascii=False)


CALLED = {
    "arguments as an object": lambda n: good(n, arguments=arguments(n)),
    "arguments encoded twice": lambda n: good(n, arguments=json.dumps(json.dumps(arguments(n)))),
    "a call without an id": lambda n: good(n, id=None),
    "an id that is a number": lambda n: good(n, id=7),
    "a call without a type": lambda n: good(n, type=None),
    "the older form of a call": lambda n: {
        "function_call": {"name": "python_executor", "arguments": json.dumps(arguments(n))},
        "finish_reason": "function_call",
    },
    "content in parts": lambda n: good(n, content=[{"type": "text", "text": "hello"}]),
    "another reason to stop": lambda n: good(n, finish_reason="eos_token"),
    "no reason to stop": lambda n: good(n, finish_reason=None),
    "half of a pair in the code": lambda n: good(n, f"{GOOD}\n# {HALF}"),
    "half of a pair in a name": lambda n: good(n, content=f"half {HALF} of it", x={HALF: HALF}),
    "half of a pair in an id": lambda n: good(n, id=f"c{HALF}"),
    "half of a pair in a thought": lambda n: good(n, reasoning_content=f"hm {HALF}"),
    "NUL in the code": lambda n: good(n, f"{GOOD}\n# \0"),
    "no usage": lambda n: body({**completion(good(n)), "usage": None}),
    "a usage without counts": lambda n: body(
        {**completion(good(n)), "usage": {"prompt_tokens": None, "total_tokens": "many"}}
    ),
    "no model and no id": lambda n: body({"choices": completion(good(n))["choices"]}),
    "NaN in the JSON": lambda n: body({**completion(good(n)), "x": [float("nan"), float("inf")]}),
    "another content type": lambda n: body(
        text(n).encode(), headers={"Content-Type": "text/plain"}
    ),
    "no content type": lambda n: body(text(n).encode(), headers={"Content-Type": ""}),
    "UTF-16": lambda n: body(text(n).encode("utf-16")),
    "a byte order mark": lambda n: body(text(n).encode("utf-8-sig")),
    "Latin-1": lambda n: body(text(n, content="d\xe9j\xe0").encode("latin-1")),
    "small chunks": lambda n: body(text(n).encode(), chunks=True),
    "a slow answer": lambda n: body(text(n).encode(), delay_s=4),
    "a huge text": lambda n: good(n, content="word " * 400_000),
}
"""What a first turn may look like, and still be a call that is carried out."""

THOUGHTS = {
    "a tag": {"content": "<think>hm</think>"},
    "a tag on lines of its own": {"content": "<think>\nhm\n</think>\n\n"},
    "a tag before a text": {"content": "<think>hm</think>\n\nNow."},
    "another tag": {"content": "<thinking>hm</thinking>Now."},
    "a tag that is open": {"content": "<think>hm"},
    "a tag that is only closed": {"content": "hm\n</think>\n\nNow."},
    "a field": {"content": None, "reasoning_content": "hm"},
    "another field": {"content": "", "reasoning": "hm"},
    "a field and a tag": {"content": "<think>hm</think>Now.", "reasoning_content": "hm"},
    "thoughts in parts": {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
            {"type": "text", "text": "Now."},
        ]
    },
}


class Forms:
    """Answers each conversation's first turn in the next of some forms; later ones with `done`."""

    def __init__(self, *turns):
        self._turns = iter(turns)

    def __call__(self, request, turn):
        return next(self._turns) if turn == 0 else dict(DONE)


def by_name(attempts, names):
    """Map each form's name to the attempt that it was given to."""
    return {n: next((t for t in attempts if _made_with(t, n)), None) for n in names}


def _made_with(trajectory, name):
    return any(f"# {name}" in c.code.split("\n") for c in trajectory.calls)


@pytest.fixture(scope="module")
def run_of(tmp_path_factory):
    """Make one attempt for each form, all in one run; return its folder and what was sent."""
    made = {}

    def run(key, turns):
        if key not in made:
            folder = tmp_path_factory.mktemp("odd")
            with pytest.MonkeyPatch.context() as patch, ChatServer(Forms(*turns)) as server:
                config = EvalConfig(
                    model="openai-api/local/m",
                    tasks=("iris_class/mm",),
                    base_url=server.url,
                    epochs=len(turns),
                )
                patch.delenv("LOCAL_API_KEY", raising=False)
                made[key] = run_evaluation(config, out=folder / "run"), server.requests
        return made[key]

    return run


@pytest.mark.parametrize("what", CALLED)
def test_a_call_in_an_odd_form_is_carried_out(what, run_of):
    run, _ = run_of("called", [form(name) for name, form in CALLED.items()])
    done = by_name(run.trajectories, CALLED)[what]
    assert done is not None
    assert (done.fault, done.stop_reason, len(done.calls)) == (None, StopReason.ANSWER, 1)
    assert done.score
    asked = next(m for m in done.messages if m.tool_calls)
    answered = next(m for m in done.messages if m.role is Role.TOOL)
    assert asked.tool_calls[0].id == answered.tool_call_id != ""


def test_nothing_is_kept_that_cannot_be_written(run_of, tmp_path):
    run, _ = run_of("called", [form(name) for name, form in CALLED.items()])
    for path in run.folder.glob("*.jsonl"):
        assert "\\ud83d" not in path.read_bytes().decode()
    for end in ("jsonl", "parquet"):
        export([run.folder], tmp_path / f"x.{end}")
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == len(CALLED)


@pytest.mark.parametrize("what", THOUGHTS)
def test_a_thought_stands_once_everywhere(what, run_of, tmp_path):
    run, requests = run_of("thoughts", [good(n, **more) for n, more in THOUGHTS.items()])
    done = by_name(run.trajectories, THOUGHTS)[what]
    said = next(m for m in done.messages if m.role is Role.ASSISTANT).content
    content = str(THOUGHTS[what]["content"])
    assert said == "<think>\nhm\n</think>\n\n" + ("Now." if "Now." in content else "")
    sent = next(
        m
        for r in requests
        for m in r["messages"]
        if m["role"] == "assistant" and f"# {what}\\" in str(m.get("tool_calls"))
    )
    assert json.dumps(sent).count("hm") == 1
    if isinstance(THOUGHTS[what]["content"], str) and "hm" in content and "field" not in what:
        assert sent["content"] == content  # as the model's template knows it
    export([run.folder], tmp_path / "x.jsonl")
    rows = (tmp_path / "x.jsonl").read_text().splitlines()
    assert [row.count("hm") for row in rows] == [1] * len(THOUGHTS)


def test_calls_that_share_an_id_are_told_apart(tmp_path, monkeypatch, capsys):
    turn = good()
    turn["tool_calls"] += call("print(1)")["tool_calls"]
    with ChatServer(Forms(turn)) as server:
        _, (done,), _ = evaluate(server.url, tmp_path, monkeypatch, capsys)
        sent = server.requests[-1]["messages"]
    ids = [c["id"] for m in sent if m["role"] == "assistant" for c in m["tool_calls"]]
    assert len(set(ids)) == 2
    assert ids == [m["tool_call_id"] for m in sent if m["role"] == "tool"]
    assert len(done.calls) == 2


def test_a_call_that_the_server_did_not_parse_is_explained(tmp_path, monkeypatch, capsys):
    written = '<tool_call>\n{"name": "python_executor", "arguments": {"code": "1"}}\n</tool_call>'
    with ChatServer(lambda r, n: {"content": written}) as server:
        code, attempts, told = evaluate(server.url, tmp_path, monkeypatch, capsys, "--epochs", "3")
    assert code == 0
    assert [(t.score, t.calls) for t in attempts] == [(0.0, ())] * 3
    ((warning,),) = {t.warnings for t in attempts}
    assert "--enable-auto-tool-choice --tool-call-parser hermes" in warning
    assert told.count(warning) == 1


FULL = {
    "vLLM": (400, "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages."),
    "SGLang": (400, "The input (61709 tokens) is longer than the model's context length (40960 tokens)."),
    "llama.cpp": (500, "Context size has been exceeded."),
    "TGI": (422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096."),
    "in an answer": (200, "This endpoint's maximum context length is 131072 tokens. However, you requested about 200000 tokens."),
}  # fmt: skip


def test_a_full_context_scores_what_was_saved(tmp_path, monkeypatch, capsys):
    full = iter(
        Answer(status=status, body={"error": {"message": message, "code": status}})
        for status, message in FULL.values()
    )
    with ChatServer(lambda r, n: good() if n == 0 else next(full, dict(DONE))) as server:
        code, attempts, _ = evaluate(
            server.url, tmp_path, monkeypatch, capsys, "--epochs", str(len(FULL))
        )
    assert code == 0
    assert [(t.stop_reason, t.fault) for t in attempts] == [(StopReason.TOKENS, None)] * len(FULL)
    for done in attempts:
        assert done.score
        assert [m.role for m in done.messages][-2:] == [Role.ASSISTANT, Role.TOOL]


PASSING = [
    Answer(body={"error": {"message": "upstream failed", "code": 502}}),
    Answer(body=b"<html><title>login</title></html>", status=502),
    Answer(body=b"<html><title>login</title></html>"),
    Answer(body=b'{"choices": [', headers={"Content-Length": "500"}),
    Answer(body={"choices": []}),
    Answer(body={"choices": None}),
    Answer(body={"error": {}}, status=429, headers={"Retry-After": "2"}),
    Answer(body={"error": {"message": "x"}}, status=529),
    None,
]


def test_what_passes_is_waited_for(tmp_path, monkeypatch, capsys):
    passing = iter(PASSING)
    with ChatServer(lambda r, n: next(passing, good()) if n == 0 else dict(DONE)) as server:
        code, attempts, _ = evaluate(server.url, tmp_path, monkeypatch, capsys, "--epochs", "4")
        assert len(server.requests) == len(PASSING) + 2 * len(attempts)
    assert (code, [t.fault for t in attempts]) == (0, [None] * 4)
    assert all(t.score for t in attempts)


REFUSED = {
    "a wrong key": (Answer(status=401, body={"error": {"message": "Incorrect API key provided: none."}}), "401 Unauthorized", "set LOCAL_API_KEY"),
    "no right": (Answer(status=403, body={"error": "no"}), "403 Forbidden", "set LOCAL_API_KEY"),
    "a wrong model": (Answer(status=404, body={"message": "The model `m` does not exist."}), "404 Not Found", "it serves qwen3"),
    "a web page": (b"<html><h1>Please log in</h1></html>", "a web page, not JSON: Please log in", "no OpenAI-compatible API"),
    "no tools": (Answer(status=400, body={"error": {"message": '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'}}), "400 Bad Request", "--tool-call-parser hermes"),
    "no tools in Ollama": (Answer(status=400, body={"error": {"message": "gemma:2b does not support tools"}}), "does not support tools", "a model that calls tools"),
    "no choice": (Answer(body={"choices": []}), "the answer holds no choice", "correct the address"),
    "no JSON": (b"it works", "not JSON: it works", "correct the address"),
    "a stream": (Answer(body=b"data: {}\n\ndata: [DONE]\n\n", headers={"Content-Type": "text/event-stream"}), "-M stream=true", ""),
    "an option": (Answer(status=400, body={"error": {"message": "temperature is not supported"}}), "temperature is not supported", "correct the option"),
    "a small context": (Answer(status=400, body={"error": {"message": "maximum context length is 8 tokens"}}), "context is full", "longer context"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_model_that_cannot_be_used_is_found_before_any_attempt(
    what, tmp_path, monkeypatch, capsys
):
    answer, problem, move = REFUSED[what]
    with ChatServer(
        lambda r, n: dict(DONE), first=lambda r, n: answer, names=["qwen3", "qwen2"]
    ) as server:
        code, attempts, told = evaluate(server.url, tmp_path, monkeypatch, capsys)
        assert server.requests == []
    assert (code, attempts) == (2, [])
    assert problem in told
    assert move in told
    assert server.url in told
    assert "Traceback" not in told


ADDRESSES = {
    "localhost:8000/v1": "write http://localhost:8000/v1",
    "ftp://localhost/v1": "write http://localhost/v1",
    "http://": "is not the address",
    "": "is not the address",
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_that_is_none_is_refused(url, tmp_path, monkeypatch, capsys):
    code, _, told = evaluate(url, tmp_path, monkeypatch, capsys)
    assert code == 2
    assert ADDRESSES[url] in told


def test_a_closed_port_is_found_at_once(tmp_path, monkeypatch, capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start = time.monotonic()
    code, _, told = evaluate(f"http://127.0.0.1:{port}/v1", tmp_path, monkeypatch, capsys)
    assert code == 2
    assert f"asking the model openai-api/local/m at http://127.0.0.1:{port}/v1" in told
    assert "connection refused; nothing listens there" in told
    assert time.monotonic() - start < 30


def test_a_server_that_hangs_is_given_up(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("darebench.evals.inspect.first_request.LIMIT_S", 2.0)
    slow = Answer(body=completion({"content": "ready"}), delay_s=4)
    with ChatServer(lambda r, n: dict(DONE), first=lambda r, n: slow) as server:
        code, _, told = evaluate(server.url, tmp_path, monkeypatch, capsys)
    assert code == 2
    assert "no answer in 2 s" in told


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_first_request_that_fails_once_is_made_again(status, tmp_path, monkeypatch, capsys):
    seen = []

    def first(request, turn):
        seen.append(turn)
        return status if len(seen) == 1 else {"content": "ready"}

    with ChatServer(lambda r, n: dict(DONE), first=first) as server:
        code, attempts, _ = evaluate(server.url, tmp_path, monkeypatch, capsys)
    assert (code, len(attempts), len(seen)) == (0, 1, 2)


def test_the_first_request_is_small_and_made_once(tmp_path, monkeypatch, capsys):
    with ChatServer(lambda r, n: dict(DONE)) as server:
        evaluate(server.url, tmp_path, monkeypatch, capsys, "--temperature", "0.5")
        evaluate(server.url, tmp_path, monkeypatch, capsys, "--temperature", "0.5")
        (request,) = server.first_requests  # nothing was left to do for the second call
    assert request["max_tokens"] == 16
    assert request["temperature"] == 0.5
    assert [t["function"]["name"] for t in request["tools"]] == ["python_executor"]
    assert len(json.dumps(request)) < 3000


def test_a_key_is_sent_and_never_written(tmp_path, monkeypatch, capsys):
    with ChatServer(lambda r, n: dict(DONE)) as server:
        evaluate(server.url, tmp_path / "none", monkeypatch, capsys)
        assert set(server.keys) == {"Bearer none"}
        server.keys.clear()
        with monkeypatch.context() as patch:
            patch.setattr(pytest.MonkeyPatch, "delenv", lambda *args, **kwargs: None)
            patch.setenv("LOCAL_API_KEY", "sk-very-secret")
            evaluate(server.url, tmp_path / "set", patch, capsys)
        assert set(server.keys) == {"Bearer sk-very-secret"}
        server.keys.clear()
        given = ("-M", "api_key=sk-very-secret")
        evaluate(server.url, tmp_path / "given", monkeypatch, capsys, *given)
        assert set(server.keys) == {"Bearer sk-very-secret"}
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"sk-very-secret" not in path.read_bytes(), path


def test_a_key_that_a_server_repeats_is_not_shown(tmp_path, monkeypatch, capsys):
    refused = Answer(status=401, body={"error": {"message": "bad key: sk-very-secret"}})
    with ChatServer(lambda r, n: dict(DONE), first=lambda r, n: refused) as server:
        _, _, told = evaluate(
            server.url, tmp_path, monkeypatch, capsys, "-M", "api_key=sk-very-secret"
        )
    assert "bad key: ***" in told


def test_a_model_that_is_away_is_waited_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("darebench.evals.inspect.connection.TELL_EVERY_S", 2.0)
    away = []

    def script(request, turn):
        away.append(time.monotonic())
        if len(away) > 1 and away[-1] - away[1] < 7:
            return None
        return good() if turn == 0 else dict(DONE)

    with ChatServer(script) as server:
        code, attempts, told = evaluate(server.url, tmp_path, monkeypatch, capsys, "--epochs", "3")
        address = server.url
    assert code == 0
    assert [t.fault for t in attempts] == [None] * 3
    assert all(t.score for t in attempts)
    assert all(t.timing.model < 5 for t in attempts)  # the wait is no time of theirs
    assert f"wait for the model at {address}: the connection was closed" in told
    assert f"the model at {address} answers again, after" in told


def test_a_model_that_is_gone_for_good_ends_the_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("darebench.evals.inspect.connection.PATIENCE_S", 3.0)
    seen = []

    def script(request, turn):
        seen.append(turn)
        return (good() if turn == 0 else dict(DONE)) if len(seen) <= 2 else None

    with ChatServer(script) as server:
        code, _, told = evaluate(server.url, tmp_path, monkeypatch, capsys, "--epochs", "40")
        assert code == 1
        assert f"at {server.url} has answered nothing for" in told
        assert "what is done is kept, and the same command continues" in told


def test_what_always_fails_costs_no_other_attempt(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("darebench.evals.inspect.connection.PATIENCE_S", 4.0)

    def script(request, turn):
        return dict(DONE) if "species" in json.dumps(request["messages"]) else 500

    with ChatServer(script) as server:
        code, _, told = evaluate(
            server.url, tmp_path, monkeypatch, capsys, "diabetes_reg/mm", "--epochs", "4"
        )
    assert code == 1
    assert "500 Internal Server Error" in told
    kept = read_run(tmp_path / "run").trajectories
    assert sum(t.score is not None and t.task == "iris_class/mm" for t in kept) == 4


@pytest.fixture(scope="module")
def odd_server():
    """Start the made-up server that lies beside the checkout."""
    if not SHARED.is_file():
        pytest.skip("the shared cases are not beside this checkout")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(SHARED), str(port)])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


CASES = {
    "lone": "answer", "lonetext": "answer", "nul": "answer", "ctxvllm": "tokens",
    "ctxvllm2": "tokens", "ctxmax": "tokens", "ctxoai": "tokens", "thinktag": "answer",
    "thinknl": "answer", "thinkclose": "answer", "reason": "answer", "dictargs": "answer",
    "nullid": "answer", "dupid": "answer", "double": "answer", "listcontent": "answer",
    "r429": "answer", "html": "answer", "nousage": "answer", "stopwithtools": "answer",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_shared_case_is_scored(name, odd_server, tmp_path, monkeypatch, capsys):
    code, (done,), _ = evaluate(
        odd_server, tmp_path, monkeypatch, capsys, model=f"openai-api/local/{name}"
    )
    assert (code, done.stop_reason, done.fault) == (0, CASES[name], None)
    assert done.score
    assert all(m.content.count("hm") <= 1 for m in done.messages[2:])


def test_the_shared_case_of_calls_in_the_text_is_explained(
    odd_server, tmp_path, monkeypatch, capsys
):
    _, (done,), told = evaluate(
        odd_server, tmp_path, monkeypatch, capsys, model="openai-api/local/hermes"
    )
    assert done.calls == ()
    assert "--tool-call-parser hermes" in told


@pytest.mark.parametrize("name", ["html200", "notool", "emptychoices", "ctx"])
def test_a_shared_case_is_refused_in_words(name, odd_server, tmp_path, monkeypatch, capsys):
    code, attempts, told = evaluate(
        odd_server, tmp_path, monkeypatch, capsys, model=f"openai-api/local/{name}"
    )
    assert (code, attempts) == (2, [])
    assert f"the model openai-api/local/{name} at {odd_server} cannot be used" in told


def test_one_odd_answer_touches_no_other_attempt(odd_server, tmp_path, monkeypatch, capsys):
    code, attempts, _ = evaluate(
        odd_server, tmp_path, monkeypatch, capsys, "diabetes_reg/mm", "--epochs", "2",
        model="openai-api/local/mixed",
    )  # fmt: skip
    assert (code, [t.fault for t in attempts]) == (0, [None] * 4)
