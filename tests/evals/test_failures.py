"""The failure class of an attempt: what ended it, whatever came before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.evals.failures import classify
from darebench.types import CallRecord, CallStatus, Failure, Reason, ReasonCode, StopReason, Track

OK, ERROR, TIMEOUT = CallStatus.OK, CallStatus.ERROR, CallStatus.TIMEOUT
KILLED, REFUSED, ARGUMENTS = CallStatus.KILLED, CallStatus.REFUSED, CallStatus.ARGUMENTS
ANSWER, TURNS, TIME, TOKENS = (
    StopReason.ANSWER,
    StopReason.TURNS,
    StopReason.TIME,
    StopReason.TOKENS,
)
NONE = ReasonCode.NO_PREDICTION
COMPARED = [code for code in ReasonCode if code.compared]
MALFORMED = [code for code in ReasonCode if not code.compared and code is not NONE]
FILES = ("train.csv", "train_v1.sqlite")


def call(status: CallStatus, *, code="x", stderr="", load=(), save=()) -> CallRecord:
    return CallRecord(
        code=code,
        files_to_load=load,
        files_to_save=save,
        stdout="",
        stderr=stderr,
        status=status,
        seconds=1.0,
    )


def classed(stop, statuses, code=NONE, *, track=Track.CLASS_MM, score=0.0, calls=None):
    made = [call(s) for s in statuses] if calls is None else calls
    reason = None if code is None else Reason(code=code, message="so")
    return classify(
        track=track, score=score, reason=reason, stop_reason=stop, calls=made, task_files=FILES
    )


@pytest.mark.parametrize(
    ("stop", "statuses", "failure"),
    [
        (ANSWER, [], Failure.NO_PREDICTION),
        (ANSWER, [OK], Failure.NO_PREDICTION),
        (ANSWER, [ERROR, OK], Failure.NO_PREDICTION),
        (ANSWER, [TIMEOUT, OK], Failure.NO_PREDICTION),
        (ANSWER, [ERROR], Failure.CODE_ERROR),
        (ANSWER, [TIMEOUT, ERROR], Failure.CODE_ERROR),
        (ANSWER, [KILLED, ERROR], Failure.CODE_ERROR),
        (ANSWER, [ARGUMENTS, ERROR], Failure.CODE_ERROR),
        (ANSWER, [ERROR, TIMEOUT], Failure.EXECUTION_LIMIT),
        (ANSWER, [ERROR, KILLED], Failure.EXECUTION_LIMIT),
        (ANSWER, [TIMEOUT, ARGUMENTS], Failure.TOOL_ARGUMENTS),
        (ANSWER, [ERROR, REFUSED], Failure.TOOL_ARGUMENTS),
        (TURNS, [OK], Failure.EXECUTION_LIMIT),
        (TURNS, [TIMEOUT, ERROR], Failure.EXECUTION_LIMIT),
        (TURNS, [ARGUMENTS], Failure.EXECUTION_LIMIT),
        (TIME, [ERROR], Failure.EXECUTION_LIMIT),
        (TIME, [], Failure.EXECUTION_LIMIT),
        (TOKENS, [TIMEOUT], Failure.TOKEN_LIMIT),
        (TOKENS, [ARGUMENTS], Failure.TOKEN_LIMIT),
        (StopReason.REFUSED, [ERROR], Failure.NO_PREDICTION),
        (StopReason.REFUSED, [], Failure.NO_PREDICTION),
    ],
)
def test_without_a_file_the_class_is_what_ended_the_attempt(stop, statuses, failure):
    assert classed(stop, statuses) is failure


@pytest.mark.parametrize("code", MALFORMED)
@pytest.mark.parametrize(
    ("stop", "failure"),
    [
        (ANSWER, Failure.MALFORMED_PREDICTION),
        (StopReason.REFUSED, Failure.MALFORMED_PREDICTION),
        (TURNS, Failure.EXECUTION_LIMIT),
        (TIME, Failure.EXECUTION_LIMIT),
        (TOKENS, Failure.TOKEN_LIMIT),
    ],
)
def test_a_file_that_is_there_and_cannot_be_used_is_malformed(code, stop, failure):
    for statuses in ([OK], [OK, ERROR], [TIMEOUT, OK]):
        assert classed(stop, statuses, code) is failure


def test_turns_that_end_with_a_handed_in_file_are_no_limit():
    saves = call(OK, save=("prediction.csv",))
    assert classed(TURNS, [], MALFORMED[0], calls=[saves]) is Failure.MALFORMED_PREDICTION
    later = [saves, call(ERROR, save=("prediction.csv",))]
    assert classed(TURNS, [], MALFORMED[0], calls=later) is Failure.EXECUTION_LIMIT
    assert classed(TURNS, [], NONE, calls=[saves]) is Failure.EXECUTION_LIMIT


@pytest.mark.parametrize("code", COMPARED)
@pytest.mark.parametrize("stop", [s for s in StopReason if s is not StopReason.FAULT])
def test_an_answer_is_classified_by_what_it_says(code, stop):
    for statuses in ([], [ERROR, TIMEOUT], [ARGUMENTS]):
        assert classed(stop, statuses, code) is Failure(code)
        assert classed(stop, statuses, code, score=0.5) is None
        assert classed(stop, statuses, None, score=0.0) is None
        wrong = classed(stop, statuses, code, track=Track.CLASS_IF)
        assert wrong is Failure.INSTRUCTION
        assert classed(stop, statuses, None, track=Track.REG_IF, score=1.0) is None


def test_an_unscored_attempt_has_no_class():
    for stop in StopReason:
        assert classed(stop, [ERROR], score=None) is None


@pytest.mark.parametrize(
    ("code", "stderr", "load", "failure"),
    [
        ("open('train.csv')", "FileNotFoundError: 'train.csv'", (), Failure.TOOL_ARGUMENTS),
        ("open(n)", "FileNotFoundError: '/work/train.csv'", (), Failure.TOOL_ARGUMENTS),
        ("open('train.csv')", "FileNotFoundError: 'x'", ("train.csv",), Failure.CODE_ERROR),
        ("open('no.csv')", "FileNotFoundError: 'no.csv'", (), Failure.CODE_ERROR),
        ("open('my-train.csv')", "FileNotFoundError: 'my-train.csv'", (), Failure.CODE_ERROR),
        ("f('train.csv')", "KeyError: 'x'", (), Failure.CODE_ERROR),
        (
            "sqlite3.connect('train_v1.sqlite')",
            "OperationalError: no such table: t",
            (),
            Failure.TOOL_ARGUMENTS,
        ),
        ("connect('train_v1.sqlite')", "no such table: t", FILES, Failure.CODE_ERROR),
    ],
)
def test_an_error_for_want_of_a_file_is_one_of_the_arguments(code, stderr, load, failure):
    last = call(ERROR, code=code, stderr=stderr, load=load)
    assert classed(ANSWER, [], calls=[call(OK), last]) is failure


def test_a_file_of_an_earlier_call_can_be_forgotten_too():
    last = call(ERROR, code="open('m.pkl')", stderr="FileNotFoundError: 'm.pkl'")
    assert classed(ANSWER, [], calls=[call(OK), last]) is Failure.CODE_ERROR
    saved = call(OK, save=("m.pkl",))
    assert classed(ANSWER, [], calls=[saved, last]) is Failure.TOOL_ARGUMENTS


STATUSES = st.lists(st.sampled_from(list(CallStatus)), max_size=5)


@given(
    stop=st.sampled_from([s for s in StopReason if s is not StopReason.FAULT]),
    before=STATUSES,
    last=st.sampled_from(list(CallStatus)),
    code=st.sampled_from(list(ReasonCode)),
    track=st.sampled_from(list(Track)),
)
def test_only_the_last_event_decides(stop, before, last, code, track):
    whole = classed(stop, [*before, last], code, track=track)
    assert whole is classed(stop, [last], code, track=track)
    assert whole is not None
