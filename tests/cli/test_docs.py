"""Every command of the documentation is one, and those that need nobody else are run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cli.documented import Documented, documented
from cli.running import darebench
from darebench.cli import build_command
from darebench.store.read import open_store
from darebench.store.truth import read_truth
from evals.chat_server import ChatServer, call

NOT_RUN = Path(__file__).parent / "golden" / "commands-not-run.txt"
COMMANDS = documented()
RUN = [command for command in COMMANDS if command.reason is None]
QUICK = ("score", "stats", "select", "export", "report", "sandbox", "tasks", "push")
"""Commands that take a second; the others are slow."""
FEWER = ("eval", "rollouts")
"""Commands that are run on two tasks where the page takes all."""


def words_of(command: Documented) -> list[str]:
    """Return the arguments after `darebench`."""
    return shlex.split(command.line.partition("darebench ")[2])


def test_every_documented_command_is_run_or_listed_as_not_run_with_the_reason(request):
    listed = sorted({f"{c.line}\n    {c.reason}\n" for c in COMMANDS if c.reason is not None})
    if request.config.getoption("--update-golden"):
        NOT_RUN.write_text("".join(listed), encoding="utf-8")
    assert NOT_RUN.read_text(encoding="utf-8") == "".join(listed)
    assert len(RUN) >= 15


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"{c.page}: {c.line}")
def test_a_documented_command_has_the_options_that_it_is_shown_with(command):
    group, words = build_command(), words_of(command)
    if words[0].startswith("-"):
        assert words[0] in {option for p in group.params for option in p.opts}
        return
    while hasattr(group, "commands"):
        assert words[0] in group.commands
        group, words = group.commands[words[0]], words[1:]
    context = typer.Context(group, info_name=command.line)
    group.make_parser(context).parse_args(args=list(words))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Make what the pages suppose: a store, tables, predictions, a program, and runs."""
    folder = tmp_path_factory.mktemp("documented")
    store = open_store()
    shutil.copytree(store.root, folder / "curation" / "store")
    for name in ("tables", "my-tables"):
        (folder / name).mkdir()
        source = store.task("iris_class/mm").source / "train_v2.csv"
        shutil.copy(source, folder / name / "iris.csv")
    for task in store.tasks:
        path = folder / "predictions" / task.dataset / str(task.variant) / "prediction.csv"
        if task.variant != "if":
            path.parent.mkdir(parents=True)
            path.write_bytes(read_truth(task).csv)
    shutil.copy(folder / "predictions/iris_class/mm/prediction.csv", folder)
    (folder / "data").mkdir()
    (folder / "data" / "a.csv").write_text("a\n1\n")
    (folder / "code.py").write_text("open('out.csv', 'w').write(open('a.csv').read())\n")
    run = ("eval", "iris_class/*", "--model", "trivial", "--out", "runs/a", "--quiet")
    assert darebench(*run, cwd=folder).returncode == 0
    shutil.copytree(folder / "runs" / "a", folder / "runs" / "b")
    shutil.copy(folder / "runs" / "a" / "trajectories.jsonl", folder / "dv.jsonl")
    (folder / "settings.toml").write_text('model = "trivial"\ntasks = ["iris_class/*"]\n')
    return folder


@pytest.fixture
def place(prepared, tmp_path):
    """Copy what is supposed, so that a command finds nothing of another one."""
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder)
    return folder


@pytest.fixture(scope="module")
def server():
    """Serve a model that looks at its files and gives up."""

    def script(request, turn):
        return call("print(1)") if turn == 0 else {"content": "I have no prediction."}

    with ChatServer(script) as serving:
        yield serving


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(command, marks=() if words_of(command)[0] in QUICK else pytest.mark.slow)
        for command in RUN
    ],
    ids=lambda c: f"{c.page}: {c.line}",
)
def test_a_documented_command_runs_and_prints_what_its_page_shows(command, place, server):
    words = [w.replace("STORE", "curation/store") for w in words_of(command)]
    words = ["openai-api/local/m" if w.startswith(("openai/", "openai-api/")) else w for w in words]
    words = [server.url if w.startswith("http://localhost") else w for w in words]
    if words[0] in FEWER and "--limit" not in words and "-c" not in words:
        words += ["--limit", "2"]
    if "--out" in words and words[0] in (*FEWER, "curate"):
        written = place / words[words.index("--out") + 1]
        shutil.rmtree(place / written.relative_to(place).parts[0], ignore_errors=True)
    env = {**os.environ, "LOCAL_API_KEY": "none", "LOCAL_BASE_URL": server.url}
    done = subprocess.run(
        [sys.executable, "-m", "darebench", *words],
        capture_output=True,
        text=True,
        cwd=place,
        env=env,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 0 or (words[0], done.returncode) == ("audit", 1), done.stderr
    if command.output is not None:
        assert letters(done.stdout) == letters(command.output)


def letters(text: str) -> str:
    """Return a text without its figures, hashes, frames and line breaks, which may be others."""
    return " ".join(re.findall(r"[A-Za-z]+", re.sub(r"\b[0-9a-f]{8,}\b", "", text)))
