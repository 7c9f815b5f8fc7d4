"""What goes into the sandbox and what comes out: Program, Limits, Outcome."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one program may use. Reaching a limit ends its whole process tree."""

    wall_s: float = 200.0
    cpu_s: float | None = None
    """Processor time of each process; None means what the wall-clock limit allows on all cores."""
    memory_mb: int = 8192
    """Resident memory of all of the program's processes together, its files included."""
    processes: int = 256
    """Processes and threads at one time."""
    open_files: int = 1024
    """Descriptors per process."""
    disk_mb: int = 2048
    """All that the program may write into its folder and /tmp together."""
    file_mb: int = 200
    """Largest file taken in or handed back."""
    output_kb: int = 1024
    """How much is kept of stdout, and again of stderr: head and tail, with a note between."""

    @property
    def processor_s(self) -> float:
        """The limit of each process's processor time, also where it is left open."""
        if self.cpu_s is not None:
            return self.cpu_s
        return self.wall_s * (os.cpu_count() or 1) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmModule:
    """A module that was imported ahead of all programs, and what that took."""

    name: str
    seconds: float
    megabytes: float
    """Growth of the resident memory, which programs share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Python source with the files that it may see and the files that it should leave."""

    code: str
    load: Mapping[str, Path] = field(default_factory=dict)
    """Name inside the sandbox -> file on the host, copied in before the run."""
    save: tuple[str, ...] = ()
    """Names inside the sandbox of the files to copy back after the run, however it ended."""
    save_to: Path | None = None
    """Folder on the host for the saved files; needed when `save` is not empty."""
    stdin: bytes = b""
    limits: Limits = field(default_factory=Limits)

    @property
    def plain_code(self) -> str:
        """The code as UTF-8 can hold it: half of a surrogate pair is a question mark."""
        return self.code.encode(errors="replace").decode()


class Status(StrEnum):
    """How a program ended."""

    OK = "ok"
    """Exit code 0."""
    ERROR = "error"
    """Another exit code, an uncaught exception, or death by its own signal."""
    TIMEOUT = "timeout"
    """The wall-clock limit."""
    KILLED = "killed"
    """A limit other than time, usually memory."""
    REFUSED = "refused"
    """Not run, because of a file or a file name that may not go in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A file that came out."""

    path: Path
    n_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that did not come out, and why."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a program did. A fault of the sandbox itself is `SandboxFault`, never an Outcome."""

    status: Status
    exit_code: int | None
    """Negative for a signal; None when the program was not run."""
    stdout: str
    stderr: str
    seconds: float
    """Wall-clock time of the program, without the wait for a free place."""
    files: Mapping[str, Saved | Refused] = field(default_factory=dict)
    """An entry for each name in `save`."""
    unsaved: tuple[str, ...] = ()
    """Names of files that the program wrote and that are not in `save`, a few of them; none where
    a server does not tell."""
    detail: str = ""
    """For `timeout`, `killed` and `refused`: which limit or file, with its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutcome(Outcome):
    """What a step of a session did."""

    result: str | None = None
    """The text of the last expression's value, as a notebook shows it; None if there is none."""
    images: tuple[bytes, ...] = ()
    """The figures that were open at the end, as PNG."""
    kept: bool = True
    """The session goes on from the end of this step; else from before it."""


def with_settings(text: str, settings: Mapping[str, object]) -> str:
    """Return a program's text with a line before it that assigns `SETTINGS`."""
    line = json.dumps(dict(settings), ensure_ascii=True)
    return f"import json\n\nSETTINGS = json.loads({line!r})\n\n{text}"
