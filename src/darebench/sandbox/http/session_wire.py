"""The JSON of sessions over HTTP, in both directions."""

from __future__ import annotations

import base64
from typing import Annotated

from pydantic import BaseModel, Field

from darebench.sandbox.http.fusion import Content, few_files
from darebench.sandbox.program import Status, StepOutcome

PATH = "/sessions"
TOKEN_HEADER = "Session-Token"


class OpenRequest(BaseModel):
    """Open a session; limits that are not given are the server's."""

    files: Annotated[dict[str, Content], few_files] = {}
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """The longest step."""
    memory_MB: Annotated[int, Field(gt=0)] | None = None


class Opened(BaseModel):
    """A session that has been opened, or forked off another one."""

    session: str
    token: str
    """To be sent as `Session-Token` with everything that is asked of it."""
    seconds: float
    """The longest step."""


class RunRequest(BaseModel):
    """Run a step."""

    code: str
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    keep_failed: bool = False


class RunAnswer(BaseModel):
    """How a step ended."""

    status: Status
    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    detail: str
    result: str | None
    images: list[str]
    """PNG, as base64."""
    kept: bool


class FilesAnswer(BaseModel):
    """The files of a session."""

    files: list[str]


class FileAnswer(BaseModel):
    """One file of a session."""

    content: Content


def written(outcome: StepOutcome) -> bytes:
    """Write the answer for a step's outcome."""
    return (
        RunAnswer(
            status=outcome.status,
            exit_code=outcome.exit_code,
            stdout=outcome.stdout,
            stderr=outcome.stderr,
            seconds=outcome.seconds,
            detail=outcome.detail,
            result=outcome.result,
            images=[base64.b64encode(image).decode() for image in outcome.images],
            kept=outcome.kept,
        )
        .model_dump_json()
        .encode()
    )


def read(answer: RunAnswer) -> StepOutcome:
    """Return the outcome that an answer tells.

    Raises:
        ValueError: An image is not base64.
    """
    return StepOutcome(
        status=answer.status,
        exit_code=answer.exit_code,
        stdout=answer.stdout,
        stderr=answer.stderr,
        seconds=answer.seconds,
        detail=answer.detail,
        result=answer.result,
        images=tuple(base64.b64decode(image, validate=True) for image in answer.images),
        kept=answer.kept,
    )
