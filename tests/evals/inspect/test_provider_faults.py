"""What clients raise, in words."""

from __future__ import annotations

import socket
import ssl

import pytest

from darebench.evals.inspect.completions import UnusableAnswer
from darebench.evals.inspect.faults import fault_of


class Refusal(Exception):
    """An error as a provider's client raises it."""

    def __init__(self, status, body, headers=None):
        super().__init__(f"Error code: {status} - {body}")
        self.status_code = status
        self.body = body
        self.response = type("R", (), {"headers": headers or {}, "status_code": status})()


def caused(cause):
    try:
        raise RuntimeError("Connection error.") from cause
    except RuntimeError as error:
        return error


UNANSWERED = {
    "connection refused": ConnectionRefusedError(111, "Connection refused"),
    "the host's name cannot be resolved": socket.gaierror(-2, "Name or service not known"),
    "the connection was closed without an answer": ConnectionResetError(104, "reset"),
    "no answer in time": TimeoutError(),
    "no connection: network is unreachable": OSError(101, "Network is unreachable"),
    "no TLS connection can be made (WRONG_VERSION)": ssl.SSLError(1, "WRONG_VERSION"),
}


@pytest.mark.parametrize("words", UNANSWERED)
def test_the_cause_below_is_what_is_said(words):
    cause = UNANSWERED[words]
    assert fault_of(caused(cause)).what.startswith(words.split(" (")[0])
    assert fault_of(caused(ExceptionGroup("all attempts failed", [cause]))).status is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "no such model"}}, "no such model"),
        ({"message": "no such model", "code": 404}, "no such model"),
        ({"error": "no such model"}, "no such model"),
        ({"detail": [{"loc": ["body", "n"], "msg": "too many"}]}, "body.n: too many"),
        ("<html><style>b{}</style><h1>no such model</h1></html>", "no such model"),
        ([{"error": {"message": "no such model"}}], "no such model"),
        ({"error": {"message": "half \ud83d"}}, "half \N{REPLACEMENT CHARACTER}"),
    ],
)
def test_every_form_of_a_refusal_is_read(body, said):
    fault = fault_of(Refusal(404, body))
    assert (fault.status, fault.what) == (404, f"404 Not Found: {said}")


def test_a_server_says_when_to_come_back():
    assert fault_of(Refusal(429, {}, {"retry-after": "7"})).retry_after_s == 7
    assert fault_of(Refusal(429, {}, {"retry-after": "Wed, 21 Oct 2026"})).retry_after_s is None


def test_an_answer_that_is_none_is_said_as_it_is():
    assert fault_of(UnusableAnswer("the answer is empty")).what == "the answer is empty"
    assert (
        fault_of(UnusableAnswer("upstream failed", 502)).what == "502 Bad Gateway: upstream failed"
    )
