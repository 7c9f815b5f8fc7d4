"""What commands print fits a terminal of 80 columns, in one and in a pipe, whatever names there are."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.cells import cell_len

from darebench.cli import build_command
from darebench.evals.attempts_file import ATTEMPTS
from darebench.evals.trajectory import TRAJECTORIES
from runs import attempt, example, write_run

WIDE = "模型" * 30
LONG = f"openai-api/local/{'a-long-name-' * 9}"
COMMANDS = {
    "tasks list": ("tasks", "list"),
    "tasks show": ("tasks", "show", "schools_reg/if"),
    "tasks check": ("tasks", "check", "odd"),
    "stats": ("stats",),
    "audit": ("audit", "one", "*/mm"),
    "report": ("report", "a", "b", "c", "d", "e", "f", WIDE),
    "report of one": ("report", WIDE),
    "report with what is left out": ("report", "a", "odd", "a.old1", "nothing"),
    "dry run": ("eval", "--model", LONG, "--base-url", "http://localhost:1", "--dry-run"),
    "eval": ("eval", "iris_class", "--model", "null", "--out", "runs/one"),
    "score": ("score", "p.csv", "--task", "iris_class/mm"),
    "score a folder": ("score", "--batch", "."),
    "sandbox check": ("sandbox", "check"),
    "select": ("select", "full", "--strategy", "av", "--out", "s.jsonl"),
    "curate": ("curate", "tables", "--out", "curation"),
    "push": ("push", "one", "--to", "o/n", "--dry-run", "--out", "documents"),
    "what does not exist": ("report", "nowhere"),
}
DRIVER = """
import json, sys
from darebench.cli import main
for name, words in json.loads(sys.argv[1]).items():
    print(f"=== {name}", flush=True)
    sys.argv = ["darebench", *words]
    try:
        main()
    except SystemExit:
        sys.stdout.flush()
"""
"""Runs every command in one process: the libraries, which take seconds, are imported once."""
MARK = re.compile(r"^=== (.*)$", re.MULTILINE)
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("width")
    for name in (*"abcdef", "a.old1"):
        example(folder / name)
    full = write_run(folder / "full", [attempt("a_class/mm", k, k / 2) for k in (1, 2)])
    shutil.copy(full / ATTEMPTS, full / TRAJECTORIES)
    write_run(folder / WIDE, [attempt(f"{WIDE}{k}_class/mm", 1, 0.0) for k in range(12)])
    from darebench.store.read import open_store

    (folder / "one").symlink_to(open_store().root)
    (folder / "odd" / "databases" / f"{WIDE}_class").mkdir(parents=True)
    (folder / "odd" / "question_list.json").write_text("[{}]")
    (folder / "p.csv").write_text(f"row_id,species\n1,{WIDE}\n")
    batch = folder / "iris_class" / "mm"
    batch.mkdir(parents=True)
    (batch / "prediction.csv").write_text("row_id,species\n1,a\n")
    (folder / "tables").mkdir()
    for n in range(3):
        (folder / "tables" / f"{WIDE}{n}.csv").write_text("a,b\n1,2\n")
    return folder


def split(printed: str) -> dict[str, str]:
    _, *parts = MARK.split(printed.replace("\r\n", "\n"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def command() -> list[str]:
    return [sys.executable, "-c", DRIVER, json.dumps(COMMANDS)]


@pytest.fixture(scope="module")
def in_terminal(place):
    """Run the commands in a terminal of 80 columns, and return what each prints."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    variables = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    running = subprocess.Popen(
        command(), stdin=theirs, stdout=theirs, stderr=theirs, cwd=place,
        env=variables | {"TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(theirs)
    printed = b"".join(_read(ours))
    os.close(ours)
    assert running.wait() == 0
    return split(printed.decode())


def _read(file: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(file, 1 << 16)
        except OSError:  # the other end is closed
            return
        if not part:
            return
        yield part


@pytest.fixture(scope="module")
def in_pipe(place, in_terminal):
    """Run the commands once more into a pipe; stderr, whose notes are lines, is left out."""
    done = subprocess.run(command(), capture_output=True, text=True, cwd=place, check=True)
    return split(done.stdout)


def too_wide(printed: str) -> list[str]:
    """Return the lines that do not fit; a path that is longer by itself stands alone."""
    lines = re.split(r"[\r\n]", ESCAPE.sub("", printed))
    return [line for line in lines if cell_len(line) > 80 and " " in line.strip()]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_fits_a_terminal_of_80_columns(name, in_terminal):
    printed = in_terminal[name]
    assert printed.strip()
    assert "Traceback" not in printed
    if name != "what does not exist":  # an error is one sentence, which a terminal breaks itself
        assert too_wide(printed) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_fits_80_columns_in_a_pipe(name, in_pipe):
    assert too_wide(in_pipe[name]) == []


def leaves(group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, inner in getattr(group, "commands", {}).items():
        yield from leaves(inner, (*path, name))


@pytest.mark.parametrize("path", list(leaves(build_command())), ids=" ".join)
def test_every_help_fits_80_columns(path):
    found = build_command()
    for name in path:
        found = found.commands[name]
    text = found.get_help(
        typer.Context(found, info_name=" ".join(("darebench", *path)), terminal_width=80)
    )
    assert max(map(len, text.splitlines())) <= 80


def test_a_path_is_all_that_may_be_wider():
    assert too_wide("a" * 81 + " b") != []
    assert too_wide(str(Path("/", "a" * 90))) == []
