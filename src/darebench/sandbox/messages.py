"""What the sandbox's processes say to each other: one frozen dataclass a message, one encoder.

A message travels as a JSON object of its class's name (`kind`) and its fields. The reader checks
the type of every field, whoever wrote it.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from darebench.errors import SandboxFault
from darebench.sandbox.program import Limits, Status, WarmModule


@dataclass(frozen=True, slots=True, kw_only=True)
class MapUser:
    """Keeper to executor: map the user of my new namespace, which only an outsider may."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMapped:
    """Executor to keeper: the user is mapped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperReady:
    """Keeper to executor: the host's files are out of sight."""

    groups: tuple[str, ...]
    """Paths of the base control groups, for the executor to remove at the end."""
    missing: dict[str, str]
    """Isolation that this machine lacks -> what to do about it."""
    n_zygotes: int
    """How many `ZygoteReady` will follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZygoteReady:
    """Zygote to executor: the libraries are imported and warm."""

    warmed: tuple[WarmModule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFailed:
    """Keeper or zygote to executor: the sandbox cannot be started."""

    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeCell:
    """Executor to keeper: make a cell with a program's process in it; its socket comes along."""

    idle: bool
    """No call runs or waits: there is time to prefault memory."""
    light: bool
    """Fork the process off the small zygote."""
    session: bool = False
    """The cell is for sessions: see `OpenSession`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedIn:
    """Program's process to warden: every right is given up; the filter's listener comes along."""

    inherited_kb: int
    """Anonymous resident memory that the zygote lends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramReady:
    """Warden to executor: a program's process waits for its call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefault:
    """Executor to warden to program's process: prefault the memory that libraries write to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """Executor to warden: run a program; its standard streams and files come along."""

    code: str
    load: tuple[str, ...]
    """Names of the files that come along, in their order."""
    save: tuple[str, ...]
    """Names of the files that are to leave."""
    limits: Limits
    cpu_s: float
    """The limit of each process's processor time, also where `limits` leaves it open."""
    input_mb: int
    """Room for the files that come along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgram:
    """Warden to program's process: run this; the standard streams come along."""

    code: str
    limits: Limits
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """Warden to executor: how the program ended; the files that may leave come along."""

    status: Status
    detail: str
    """Which limit it was, with its value."""
    exit_code: int
    seconds: float
    """Wall-clock time of the program."""
    saved: tuple[str, ...]
    """Names of the files that come along, in their order."""
    refused: dict[str, str]
    """Name of a file that stays -> why."""
    unsaved: tuple[str, ...]
    """Names of files that the program wrote and that nobody asked for, a few of them."""
    again: bool
    """The cell is as new and can take another call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailed:
    """Warden to executor: the sandbox itself failed."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextProgram:
    """Executor to warden: start another program in the cell."""

    idle: bool


MOST_SESSIONS = 256
"""Most sessions that one can have become by forks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Executor to a session's warden: open the first session; its files come along."""

    load: tuple[str, ...]
    """Names of the files that come along, in their order."""
    limits: Limits
    cpu_s: float
    """The limit of each process's processor time in one step."""
    input_mb: int
    """Room for the files that come along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened:
    """Session's warden to executor: there is a session of this number."""

    session: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """Executor to session's warden: run code; stdin, stdout, stderr and the display come along."""

    session: int
    code: str
    seconds: float
    """The wall-clock limit."""
    keep_failed: bool
    """Let the session go on from a step that failed, if its process lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """Executor to session's warden: end the step that runs; its session is as it was before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """Session's warden to executor: how a step ended."""

    status: Status
    detail: str
    exit_code: int
    seconds: float
    """Wall-clock time of the step."""
    kept: bool
    """The session goes on from the end of this step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkSession:
    """Executor to session's warden: open another session with the state of this one."""

    session: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSession:
    """Executor to session's warden: end a session."""

    session: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFiles:
    """Executor to session's warden: name the files of a session."""

    session: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesListed:
    """Session's warden to executor: the files of the working folder, by their relative paths."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """Executor to session's warden: hand over a file of a session."""

    session: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """Session's warden to executor: the file comes along, unless it is refused."""

    refused: str
    """Why; empty if it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryProfile:
    """First warden to keeper: the memory that a warden writes to during a call."""

    ranges: tuple[tuple[int, int], ...]
    """First page and number of pages of each."""


Message = (
    MapUser | UserMapped | KeeperReady | ZygoteReady | StartFailed | MakeCell | ClosedIn
    | ProgramReady | Prefault | CallRequest | RunProgram | CallEnded | CallFailed | NextProgram
    | MemoryProfile | OpenSession | SessionOpened | RunStep | StopStep | StepEnded | ForkSession
    | CloseSession | ListFiles | FilesListed | ReadFile | FileRead
)  # fmt: skip
_M = TypeVar("_M", bound=Message)


def encode(message: Message) -> bytes:
    """Write a message as JSON."""
    kind = type(message).__name__
    return _ENCODER.encode({"kind": kind} | _values(message)).encode()


def decode(body: bytes, *expected: type[_M]) -> _M:
    """Read a message of one of the expected kinds.

    Raises:
        SandboxFault: It is malformed, or of another kind.
    """
    try:
        content = json.loads(body)
        kind = content.pop("kind")
        for wanted in expected:
            if wanted.__name__ == kind:
                return _READERS[wanted](content)
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise SandboxFault(f"a message between processes is malformed: {error}") from None
    names = " or ".join(wanted.__name__ for wanted in expected)
    raise SandboxFault(f"a process sent {str(kind)[:40]!r} where {names} was expected")


def _values(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """Build a function that checks a JSON value against a type and converts it.

    It raises ValueError, TypeError or KeyError for a value that does not fit.
    """
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        readers = {field.name: _reader(hints[field.name]) for field in fields(hint)}
        return functools.partial(_read_record, hint, readers)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    arguments = get_args(hint)
    if get_origin(hint) is tuple and arguments[-1] is Ellipsis:
        item = _reader(arguments[0])
        return lambda value: tuple(map(item, _read_plain(list, value)))
    if get_origin(hint) is tuple:
        items = [_reader(argument) for argument in arguments]
        return lambda value: tuple(r(v) for r, v in zip(items, value, strict=True))
    if get_origin(hint) is dict:
        item = _reader(arguments[1])
        return lambda value: {k: item(v) for k, v in _read_plain(dict, value).items()}
    if type(None) in arguments:
        inner = _reader(arguments[0])
        return lambda value: None if value is None else inner(value)
    return _read_number if hint is float else functools.partial(_read_plain, hint)


def _read_record(
    kind: type, readers: dict[str, Callable[[Any], Any]], value: dict[str, Any]
) -> object:
    if len(value) != len(readers):
        raise ValueError(f"{kind.__name__} has {len(value)} fields instead of {len(readers)}")
    return kind(**{name: read(value[name]) for name, read in readers.items()})


def _read_plain(kind: type, value: object) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{type(value).__name__} where {kind.__name__} was expected")
    return value


def _read_number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError(f"{str(value)[:40]} is not a finite number")
    return float(value)


_ENCODER = json.JSONEncoder(default=_values)
_READERS = {kind: _reader(kind) for kind in get_args(Message)}
