"""Runs the command as a user does, in this process or in one of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from darebench.cli import main


def darebench(
    *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in this process: the libraries, which take seconds, are imported once."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code: object = 0
    with (
        chdir(cwd or Path.cwd()),
        patch.dict("os.environ", env or {}),
        patch.object(sys, "argv", ["darebench", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    said = [stream.buffer.getvalue().decode() for stream in (out, err)]
    return subprocess.CompletedProcess(arguments, code or 0, *said)


def darebench_apart(
    *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, where the process is a part of the matter."""
    command = [sys.executable, "-m", "darebench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)
