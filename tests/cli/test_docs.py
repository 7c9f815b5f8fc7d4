"""Every command of the documentation is one, and those that need nobody else are run.

The commands of a page follow from one another, so they are run in order in one folder.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from cli.documented import BLOCK, ROOT, Documented, documented
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
FAILS = ("audit", "tasks")
"""Commands that may find something wrong, and then exit with 1."""


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
    # An attempt by the baseline, since one that is worth learning from is selected and exported.
    attempt = ("eval", "iris_class/mm", "--out", "runs/a", "--quiet")
    assert darebench(*attempt, cwd=folder).returncode == 0
    shutil.copytree(folder / "runs" / "a", folder / "runs" / "b")
    (folder / "settings.toml").write_text('model = "trivial"\ntasks = ["iris_class/*"]\n')
    write_own_store(folder / "my-store")
    return folder


def write_own_store(store: Path) -> None:
    """Write the store of docs/own-tasks.md, with the two mistakes that the page's check finds."""
    blocks = BLOCK.findall((ROOT / "docs" / "own-tasks.md").read_text(encoding="utf-8"))
    questions = next(block for block in blocks if '"file_path"' in block)
    names, *rows = [re.split(r" {2,}", line) for line in next(
        block for block in blocks if block.startswith("source/train_v2.csv ")
    ).splitlines()]  # fmt: skip
    dataset = store / "databases" / "weather_class"
    for folder in ("source", "verify"):
        (dataset / folder).mkdir(parents=True)
    for name, *lines in zip(names, *rows, strict=True):
        (dataset / name).write_text("\n".join(lines) + "\n")
    entries, metadata = json.loads(questions), dataset / "verify" / "all_metadata.json"
    metadata.write_text(next(block for block in blocks if block.startswith('{"question"')))
    (store / "question_list.json").write_text(questions)
    assert darebench("tasks", "check", str(store)).returncode == 0
    metadata.write_text('{"question": {}}')
    entries[0]["needed_files_v2"] = ["train_v2.csv", "vall_v2.csv"]
    (store / "question_list.json").write_text(json.dumps(entries))


@pytest.fixture
def place(prepared, tmp_path):
    """Copy what is supposed, so that a page finds nothing of another one."""
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


def is_quick(command: Documented) -> bool:
    return words_of(command)[0] in QUICK


def pages(commands: list[Documented]) -> list[str]:
    return sorted({command.page for command in commands})


@pytest.mark.parametrize("page", pages([c for c in RUN if is_quick(c)]))
def test_the_quick_commands_of_a_page_run_in_order(page, place, server):
    for command in RUN:
        if command.page == page and is_quick(command):
            run(command, place, server.url)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages([c for c in RUN if not is_quick(c)]))
def test_all_commands_of_a_page_run_in_order(page, place, server):
    for command in RUN:
        if command.page == page:
            run(command, place, server.url)


def run(command: Documented, place: Path, url: str) -> None:
    """Run a command, which must print what its page shows."""
    words = [w.replace("STORE", "curation/store") for w in words_of(command)]
    words = ["openai-api/local/m" if w.startswith(("openai/", "openai-api/")) else w for w in words]
    words = [url if w.startswith("http://localhost") else w for w in words]
    if words[0] in FEWER and "--limit" not in words and "-c" not in words:
        words += ["--limit", "2"]
    if "--out" in words and words[0] in (*FEWER, "curate"):
        shutil.rmtree(place / words[words.index("--out") + 1], ignore_errors=True)
    for line in command.before:
        subprocess.run(["sh", "-c", line], cwd=place, check=True)
    done = subprocess.run(
        [sys.executable, "-m", "darebench", *words],
        capture_output=True,
        text=True,
        cwd=place,
        env={**os.environ, "LOCAL_API_KEY": "none", "LOCAL_BASE_URL": url},
    )
    said = f"{command.page}: {command.line}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr, said
    assert done.returncode == 0 or (words[0] in FAILS and done.returncode == 1), said
    if command.output is not None:
        assert shows(command.output, done.stdout + done.stderr) or (
            shows(command.output, done.stdout)  # many pages leave out the notes on stderr
        ), said


def shows(output: str, printed: str) -> bool:
    """Check whether a page shows what was printed, where `...` stands for any lines."""
    parts = [re.escape(letters(part)) for part in re.split(r"^\.\.\.$", output, flags=re.MULTILINE)]
    return re.fullmatch(".*".join(parts), letters(printed)) is not None


def letters(text: str) -> str:
    """Return a text without its figures, hashes, frames and line breaks, which may be others."""
    return " ".join(re.findall(r"[A-Za-z]+", re.sub(r"\b[0-9a-f]{8,}\b", "", text)))
