"""SandboxFusion's JSON in both directions: request to program, outcome to answer, and back.

It follows `POST /run_code` of github.com/bytedance/SandboxFusion (sandbox/server/sandbox_api.py)
for Python, and keeps its names. Its answers can say Success, Failed or SandboxError; where our
outcomes say more, the rest goes into fields that its clients ignore: `message`, and
`refused_files`, which is present only if a file was not handed back.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import signal
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from darebench.errors import SandboxFault
from darebench.sandbox.names import UNWRITTEN, problem_with
from darebench.sandbox.program import Outcome, Program, Refused, Saved, Status

PATH = "/run_code"
PING_PATH = "/v1/ping"
MAX_FILES = 1000
"""Names in `files`, and again in `fetch_files`."""
OTHER_LANGUAGES = frozenset({
    "cpp", "nodejs", "go", "go_test", "java", "php", "csharp", "bash", "typescript", "sql", "rust",
    "cuda", "lua", "R", "perl", "D_ut", "ruby", "scala", "julia", "pytest", "junit", "jest",
    "kotlin_script", "verilog", "python_gpu", "lean", "swift", "racket",
})  # fmt: skip
"""What SandboxFusion runs as well; a request for one is well-formed, but is not run."""


def _decoded(value: object) -> object:
    """Decode base64, with or without line breaks in it."""
    if not isinstance(value, str):
        return value
    with contextlib.suppress(ValueError):  # it has line breaks, or is not base64
        return base64.b64decode(value, validate=True)
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the content is not base64") from None


def _few(value: object) -> object:
    if isinstance(value, (dict, list)) and len(value) > MAX_FILES:
        raise ValueError(f"{len(value)} files, the limit is {MAX_FILES}")
    return value


def _known(value: object) -> object:
    if isinstance(value, str) and (value == "python" or value in OTHER_LANGUAGES):
        return value
    raise ValueError("no language of that name; use 'python'")


Content = Annotated[bytes, BeforeValidator(_decoded)]
"""Bytes that travel as base64."""
few_files = BeforeValidator(_few)
"""Refuses more than `MAX_FILES`."""


class RunCodeRequest(BaseModel):
    """A request; fields without a meaning for Python (`compile_timeout`, `args`) are ignored."""

    code: str
    language: Annotated[str, BeforeValidator(_known)]
    run_timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 10.0
    """Seconds."""
    memory_limit_MB: int = -1
    """Zero or less means the server's own limit."""
    stdin: str | None = None
    files: Annotated[dict[str, Content | None] | None, few_files] = None
    fetch_files: Annotated[list[str] | None, few_files] = None


class RunStatus(StrEnum):
    """How a request ended, in SandboxFusion's words."""

    SUCCESS = "Success"
    """The program ended with exit code 0."""
    FAILED = "Failed"
    """It ended otherwise, or was not run."""
    SANDBOX_ERROR = "SandboxError"
    """The sandbox failed."""


class CommandRunStatus(StrEnum):
    """How a command ended, in SandboxFusion's words."""

    FINISHED = "Finished"
    """By itself, or at a limit other than time."""
    ERROR = "Error"
    """It was not run."""
    TIME_LIMIT_EXCEEDED = "TimeLimitExceeded"
    """At the wall-clock limit."""


class CommandRunResult(BaseModel):
    """How a command ended, and what it printed."""

    status: CommandRunStatus
    execution_time: float | None = None
    """Seconds."""
    return_code: int | None = None
    stdout: str | None = None
    stderr: str | None = None


class RunCodeResponse(BaseModel):
    """What a server answers to a request that it understood."""

    status: RunStatus
    message: str = ""
    run_result: CommandRunResult | None = None
    files: dict[str, Content] = {}
    refused_files: dict[str, str] = {}
    """Only our server's: why a file of `fetch_files` is not in `files`."""
    unsaved_files: list[str] = []
    """Only our server's: files that the program wrote, and that are not in `fetch_files`."""


def problems(error: ValidationError) -> list[dict[str, Any]]:
    """Return the first wrong fields of a request, as FastAPI does in a 422 answer."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        {"type": e["type"], "loc": ["body", *(str(p)[:80] for p in e["loc"])], "msg": e["msg"]}
        for e in found[:10]
    ]


def request(program: Program) -> bytes:
    """Write the request that runs a program.

    Raises:
        OSError: A file to load cannot be read.
        UnicodeError: The program's stdin is not UTF-8, which is all that the protocol can carry.
    """
    files = {name: _encoded(path.read_bytes()) for name, path in program.load.items()}
    content = {
        "code": program.plain_code,
        "language": "python",
        "compile_timeout": 10,
        "run_timeout": program.limits.wall_s,
        "memory_limit_MB": program.limits.memory_mb,
        "stdin": program.stdin.decode() if program.stdin else None,
        "files": files,
        "fetch_files": asked_for(program),
    }
    return json.dumps(content).encode()


def asked_for(program: Program) -> list[str]:
    """Return the names of the files to save that a server can be asked for."""
    return [n for n in dict.fromkeys(program.save) if problem_with(n) is None][:MAX_FILES]


def answer(outcome: Outcome, pod_name: str | None = None) -> bytes:
    """Write the answer for an outcome; its saved files are read."""
    files = {
        name: _encoded(file.path.read_bytes())
        for name, file in outcome.files.items()
        if isinstance(file, Saved)
    }
    refused = {name: file.why for name, file in outcome.files.items() if isinstance(file, Refused)}
    status, message = CommandRunStatus.FINISHED, ""
    code, stderr = outcome.exit_code, outcome.stderr
    match outcome.status:
        case Status.TIMEOUT:
            status, code = CommandRunStatus.TIME_LIMIT_EXCEEDED, None
        case Status.KILLED:
            message = outcome.detail
            stderr += f"{message}\n"  # clients show their models only `run_result`
        case Status.REFUSED:
            status = CommandRunStatus.ERROR
            message = stderr = outcome.detail
    content: dict[str, Any] = {
        "status": RunStatus.SUCCESS if outcome.status is Status.OK else RunStatus.FAILED,
        "message": message,
        "compile_result": None,
        "run_result": {
            "status": status,
            "execution_time": outcome.seconds,
            "return_code": code,
            "stdout": outcome.stdout,
            "stderr": stderr,
        },
        "executor_pod_name": pod_name,
        "files": files,
    }
    if refused:
        content["refused_files"] = refused
    if outcome.unsaved:
        content["unsaved_files"] = outcome.unsaved
    return json.dumps(content).encode()


def fault(message: str, pod_name: str | None = None) -> bytes:
    """Write the answer for a failure that is not the program's."""
    content = {
        "status": RunStatus.SANDBOX_ERROR,
        "message": message,
        "compile_result": None,
        "run_result": None,
        "executor_pod_name": pod_name,
        "files": {},
    }
    return json.dumps(content).encode()


def outcome(body: bytes, program: Program) -> Outcome:
    """Read a server's answer to `program`; the files to save are written to its folder.

    Raises:
        SandboxFault: The answer reports one, or is not an answer.
    """
    try:
        told = RunCodeResponse.model_validate_json(body)
    except ValidationError as error:
        first = problems(error)[0]
        where = ".".join(first["loc"])
        why = f"{where}: {first['msg']}"
        raise SandboxFault(f"the sandbox server's answer is malformed: {why}") from None
    ran = told.run_result
    if told.status is RunStatus.SANDBOX_ERROR or ran is None:
        raise SandboxFault(f"the sandbox server failed: {told.message or 'it gave no result'}")
    status, detail = _status(told, ran, program)
    stderr = ran.stderr or ""
    if status is Status.KILLED:
        stderr = stderr.removesuffix(f"{detail}\n")
    elif status is Status.REFUSED:
        stderr = ""
    code = ran.return_code
    if status is Status.TIMEOUT and code is None:
        code = -signal.SIGKILL
    return Outcome(
        status=status,
        exit_code=code,
        stdout=ran.stdout or "",
        stderr=stderr,
        seconds=ran.execution_time or 0.0,
        files={} if status is Status.REFUSED else _keep(told, program),
        unsaved=tuple(told.unsaved_files),
        detail=detail,
    )


def _status(told: RunCodeResponse, ran: CommandRunResult, program: Program) -> tuple[Status, str]:
    if ran.status is CommandRunStatus.TIME_LIMIT_EXCEEDED:
        return Status.TIMEOUT, f"over the wall-clock limit of {program.limits.wall_s:g} s"
    if ran.status is CommandRunStatus.ERROR:
        return Status.REFUSED, told.message or ran.stderr or "the server did not say why"
    if told.message:
        return Status.KILLED, told.message
    if ran.return_code is None:
        raise SandboxFault("the sandbox server's answer has no return code")
    return (Status.OK if ran.return_code == 0 else Status.ERROR), ""


def _keep(told: RunCodeResponse, program: Program) -> Mapping[str, Saved | Refused]:
    kept: dict[str, Saved | Refused] = {}
    asked = set(asked_for(program))
    for name in program.save:
        content = told.files.get(name)
        problem = problem_with(name)
        if problem is not None:
            kept[name] = Refused(why=problem)
        elif name not in asked:
            kept[name] = Refused(why=f"{MAX_FILES} files are handed back at most")
        elif content is None:
            kept[name] = Refused(why=told.refused_files.get(name, UNWRITTEN))
        elif len(content) > program.limits.file_mb << 20:
            why = f"it has {len(content)} bytes, the limit is {program.limits.file_mb} MB"
            kept[name] = Refused(why=why)
        else:
            assert program.save_to is not None
            kept[name] = _write(program.save_to / name, content)
    return kept


def _write(path: Path, content: bytes) -> Saved:
    part = path.with_name(f".{id(content)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return Saved(path=path, n_bytes=len(content))


def _encoded(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode("ascii")
