"""An error that comes as an answer is read as an error, whatever its shape."""

from __future__ import annotations

import json

import httpx
import openai
import pytest

from darebench.evals.inspect.completions import UnusableAnswer, read_completion
from darebench.evals.inspect.connection import may_pass
from darebench.evals.inspect.context_full import is_context_full
from darebench.evals.inspect.faults import fault_of

FULL = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."
SAID = json.dumps({"error": {"message": FULL}})


def turn(**more):
    message = {"role": "assistant", "content": ""}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop", **more}]}


SHAPES = {
    "OpenAI": {"error": {"message": FULL, "code": 400}},
    "the status as text": {"error": {"message": FULL, "code": "400"}},
    "a code of its own": {"error": {"message": FULL, "code": 20015}},
    "a text": {"error": FULL},
    "vLLM": {"object": "error", "message": FULL, "type": "BadRequestError", "code": 400},
    "a message": {"message": FULL, "code": 40303},
    "FastAPI": {"detail": FULL},
    "FastAPI's list": {"detail": [{"loc": ["body", "messages"], "msg": FULL}]},
    "a list of errors": {"errors": [{"message": FULL}]},
    "Baidu": {"error_msg": FULL, "error_code": 336007},
    "MiniMax": {"base_resp": {"status_code": 2013, "status_msg": FULL}, "choices": None},
    "a list": [{"error": {"message": FULL}}],
    "an error in an error": {"error": {"error": {"message": FULL}}},
    "a gateway": {"error": {"message": "failed", "code": 502, "metadata": {"raw": SAID}}},
    "two messages": {"message": "Bad Request", "detail": FULL},
    "a code alone": {"error": {"code": "context_length_exceeded", "message": None}},
    "a name of its own": {"success": False, "reason": FULL},
    "JSON text": FULL,
}
IN_A_TURN = {
    "OpenRouter": turn(error={"message": FULL, "code": 400}, finish_reason="error"),
    "beside an empty turn": {**turn(), "error": {"message": FULL}},
    "SGLang": turn(finish_reason={"type": "abort", "message": FULL}),
}


def raised(body):
    with pytest.raises(UnusableAnswer) as found:
        read_completion(body, "application/json", {})
    return found.value


@pytest.mark.parametrize("shape", SHAPES | IN_A_TURN)
def test_a_full_context_with_the_status_200_is_one(shape):
    error = raised(json.dumps((SHAPES | IN_A_TURN)[shape]).encode())
    fault = fault_of(error)
    assert is_context_full(fault.status, fault.text)
    assert not may_pass(error, fault)


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422, 424, 429, 500, 502, 503, 529])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_full_context_with_another_status_is_one(shape, status):
    request = httpx.Request("POST", "http://127.0.0.1/v1")
    body = SHAPES[shape]
    inner = body.get("error", body) if isinstance(body, dict) else body  # as the client does
    response = httpx.Response(status, json=body, request=request)
    error = openai.APIStatusError(f"Error code: {status}", response=response, body=inner)
    fault = fault_of(error)
    assert is_context_full(fault.status, fault.text)
    assert not may_pass(error, fault)


def test_a_full_context_in_plain_text_is_one():
    fault = fault_of(raised(f"{'x' * 300} {FULL}".encode()))
    assert is_context_full(fault.status, fault.text)


@pytest.mark.parametrize(
    ("answer", "passes"),
    [
        ({"error": {"message": "slow down", "code": 429}}, True),
        ({"error": {"message": "upstream failed"}}, True),
        ({"error": True}, True),
        ({"choices": []}, True),
        (turn(finish_reason="error"), True),
        ({"error": {"message": "no such option", "type": "invalid_request_error"}}, False),
        ({"error": {"message": "who are you", "code": "401"}}, False),
    ],
)
def test_another_error_in_an_answer_is_another(answer, passes):
    error = raised(json.dumps(answer).encode())
    fault = fault_of(error)
    assert not is_context_full(fault.status, fault.text)
    assert may_pass(error, fault) == passes


def test_a_turn_beside_an_error_is_a_turn():
    said = turn(message={"content": "done"})
    assert read_completion(json.dumps({**said, "error": "x"}).encode(), "", {})["choices"]
