"""What the program of a sandboxed command reports: its exit code, or why Inspect's call fails."""

from __future__ import annotations

from typing import Literal

from inspect_ai.util import OutputLimitExceededError, SandboxEnvironmentLimits
from pydantic import BaseModel, ValidationError

from darebench.sandbox import Refused, Saved

RESULT_BYTES = 1 << 16
"""Largest report that is read."""


class CommandResult(BaseModel):
    """What a command's program reports; the command may have forged it."""

    code: int | None = 137
    """None for a time-out; 137 if everything was killed, for example because of its memory."""
    error: Literal["missing", "folder", "forbidden", "large", None] = None
    message: str = ""
    lost: str = ""
    """Why the files are still those from before the command."""

    def raise_error(self) -> None:
        """Raise the error that Inspect has for it, if any."""
        match self.error:
            case "missing":
                raise FileNotFoundError(self.message)
            case "folder":
                raise IsADirectoryError(self.message)
            case "forbidden":
                raise PermissionError(self.message)
            case "large":
                limit = SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR
                raise OutputLimitExceededError(limit, None)


def read_result(file: Saved | Refused | None) -> CommandResult:
    """Read what a command's program has reported; a file that cannot be used is a kill."""
    if not isinstance(file, Saved) or file.n_bytes > RESULT_BYTES:
        return CommandResult()
    try:
        return CommandResult.model_validate_json(file.path.read_bytes())
    except ValidationError:
        return CommandResult()
