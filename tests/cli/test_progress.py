"""How far long work is."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys

import pytest

from darebench.cli.progress import show_progress


def test_progress_without_a_terminal_is_a_line_at_the_start_and_at_the_end_of_a_stage(capsys):
    with show_progress(quiet=False) as report:
        for done in range(4):
            report("tables", done, 3)
        report("tables", 3, 3)
        report("tasks", 1, 1, "2 refused")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" s: ")[2] for line in lines] == [
        "tables 0/3", "tables 3/3", "tasks 1/1 2 refused",
    ]  # fmt: skip


@pytest.mark.parametrize("ends", ["raise KeyboardInterrupt", "raise SystemExit(1)", "pass"])
def test_a_bar_stands_where_the_work_stood_when_it_ended(ends):
    code = f"""
from darebench.cli.progress import show_progress
with show_progress(quiet=False) as show:
    show("attempts", 0, 12)
    show("attempts", 3, 12, "1 refused")
    {ends}
"""
    main, end = pty.openpty()
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stderr=end, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is gone when the process is
            while part := os.read(main, 1 << 16):
                shown += part
        process.wait()
    os.close(main)
    text = shown.decode()
    assert "attempts" in text
    assert "3/12" in text
    assert "1 refused" in text
    assert "12/12" not in text


def test_quiet_shows_nothing(capsys):
    with show_progress(quiet=True) as show:
        show("attempts", 1, 2)
        show.say("the model is away")
    assert capsys.readouterr().err == ""
