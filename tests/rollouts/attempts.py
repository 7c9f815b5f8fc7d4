"""Attempts made by hand: one good, one that failed and recovered, and three that cannot be used."""

from __future__ import annotations

from darebench.types import (
    CallRecord,
    Message,
    Provenance,
    Reason,
    ReasonCode,
    StopReason,
    Tokens,
    ToolCall,
    Track,
    Trajectory,
)

PROVENANCE = Provenance(darebench="0.1.0", scorer="s" * 12, truth="t" * 12, environment="e" * 12)
OPENING = (
    Message(role="system", content="You are a data scientist."),
    Message(role="user", content="Predict `größe` for every row.\n\nFiles: `train.csv`."),
)


def call(number: int, code: str) -> ToolCall:
    arguments = {"code": code, "files_to_load": ["train.csv"], "files_to_save": ["prediction.csv"]}
    return ToolCall(id=f"c{number}", name="python_executor", arguments=arguments)


def asks(number: int, code: str, text: str = "") -> Message:
    return Message(role="assistant", content=text, tool_calls=(call(number, code),))


def tells(number: int, text: str) -> Message:
    return Message(role="tool", content=text, tool_call_id=f"c{number}")


def record(code: str, status: str = "ok") -> CallRecord:
    return CallRecord(
        code=code, files_to_load=("train.csv",), files_to_save=("prediction.csv",), stdout="",
        stderr="", status=status, seconds=0.5,
    )  # fmt: skip


def attempt(task: str = "a_class/mm", **changes) -> Trajectory:
    values = {
        "task": task, "track": Track.CLASS_MM, "cluster": "owner/a", "epoch": 1, "model": "m",
        "messages": (
            *OPENING,
            asks(1, "print('a')\n", "Let me look."),
            tells(1, "The code ran without an error."),
            Message(role="assistant", content="Done."),
        ),
        "calls": (record("print('a')\n"),), "stop_reason": StopReason.ANSWER, "score": 0.75,
        "strict_score": 0.75, "targets": {"größe": 0.75}, "provenance": PROVENANCE,
        "seconds": 3.25, "tokens": Tokens(input=100, output=20, total=120),
    }  # fmt: skip
    return Trajectory(**{**values, **changes})


def attempts() -> list[Trajectory]:
    broken = ToolCall(id="c1", name="python_executor", arguments={}, error="no JSON")
    return [
        attempt(),
        attempt(
            "b_reg/if", track=Track.REG_IF, cluster="owner/b", epoch=2, score=0.0,
            messages=(*OPENING, asks(1, "1/0"), tells(1, "failed"), asks(2, "x"), tells(2, "ok")),
            calls=(record("1/0", "error"), record("x")), stop_reason=StopReason.TURNS,
            reason=Reason(code=ReasonCode.NO_PREDICTION, message="none"),
        ),
        attempt(epoch=3, score=None, stop_reason=StopReason.FAULT, fault="the disk is gone"),
        attempt(epoch=4, messages=OPENING),
        attempt(
            epoch=5,
            messages=(*OPENING, Message(role="assistant", content="", tool_calls=(broken,))),
        ),
    ]  # fmt: skip


def shapes() -> list[Trajectory]:
    """Every shape of turn: a thought or none, a text or none, no call, one or two, last or not."""
    made = []
    for thought in ("", "<think>\nLook first.\n</think>\n\n"):
        for text in ("", "I look."):
            for n_calls in (0, 1, 2):
                turn = Message(
                    role="assistant", content=thought + text,
                    tool_calls=tuple(call(n, f"print('</tool_call> <think>')  # {n}") for n in range(n_calls)),
                )  # fmt: skip
                answers = [tells(n, f"answer {n}") for n in range(n_calls)]
                last = Message(role="assistant", content=f"{thought}Done.")
                whole = (*OPENING, turn, *answers)
                made.append(attempt(epoch=len(made) + 1, messages=whole))
                if n_calls:
                    made.append(attempt(epoch=len(made) + 1, messages=(*whole, last)))
    return made
