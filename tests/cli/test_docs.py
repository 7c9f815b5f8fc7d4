"""Every command and every snippet of the documentation is run, or listed with the reason.

What a page shows follows from one thing to the next, so it is run in order in one folder.
"""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import typer

from cli.documented import (
    DATA,
    PAGES,
    ROOT,
    Block,
    Documented,
    blocks,
    documented,
    snippets,
    why_not,
)
from cli.documented_world import MODEL, command_line, environment, key_of, prepare, served
from darebench.cli import build_command

NOT_RUN = ROOT / "tests" / "golden" / "docs-not-run.txt"
COMMANDS = documented()
RUN = [command for command in COMMANDS if command.reason is None]
SNIPPETS = snippets()
QUICK = ("score", "stats", "select", "export", "report", "sandbox", "tasks", "reward")
"""Commands that take a second; the others are slow."""
FEWER = {
    "eval": ("--limit", "2"),
    "sweep": ("--limit", "2"),
    "rollouts": ("--limit", "2"),
    "curate": ("--limit", "1"),
}
"""Commands that are given less to do than the page gives them."""
FAILS = ("audit", "tasks")
"""Commands that may find something wrong, and then exit with 1."""
INLINE = re.compile(r"`((?:\.venv/bin/)?darebench(?: [^`]+)?)`")
DOTTED = re.compile(r"`(darebench(?:\.\w+)+)(?::(\w+))?(?:\([^`]*\))?`")


def test_what_is_not_run_is_listed_with_the_reason(request):
    shown = [*(c.line for c in COMMANDS), *(block.text for block in SNIPPETS)]
    reasons = {f"{text.strip()}\n    {why}\n" for text in shown if (why := why_not(text))}
    listed = "\n".join(sorted(reasons))
    if request.config.getoption("--update-golden"):
        NOT_RUN.write_text(listed, encoding="utf-8")
    assert NOT_RUN.read_text(encoding="utf-8") == listed
    assert len(RUN) > 60


def test_every_block_is_commands_python_or_data():
    for block in blocks():
        where = f"{block.page} line {block.line}"
        if block.language == "toml":
            tomllib.loads(block.text)
        elif block.language == "json":
            json.loads(block.text)
        else:
            assert block.language in ("", "python", *DATA), f"{where}: {block.language}"
    for command in COMMANDS:
        program = Path(shlex.split(command.line)[0]).name
        known = ("darebench", "make", "curl", "echo", "accelerate", "python3.11", "python", "pip")
        assert program in (*known, "vf-validate"), f"{command.page}: {command.line}"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: f"{c.page}: {c.line}")
def test_a_documented_command_has_the_options_that_it_is_shown_with(command):
    if command.words:
        parse(command.words)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_command_in_a_sentence_has_the_options_that_it_is_shown_with(page):
    if page.name == "CHANGELOG.md" or "contributing" in page.parts:
        return  # what was, and what a reader is told to write
    text = page.read_text(encoding="utf-8")
    for shown in INLINE.findall(re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)):
        words = shlex.split(shown.replace("...", ""))[1:]
        group, options = build_command(), {"-h", "--help"}
        while words and hasattr(group, "commands") and not words[0].startswith("-"):
            if words[0].isupper():
                break
            assert words[0] in group.commands, shown
            group, words = group.commands[words[0]], words[1:]
        options |= {option for p in group.params for option in (*p.opts, *p.secondary_opts)}
        given = {word.partition("=")[0] for word in words if re.match(r"--?[a-zA-Z]", word)}
        assert given <= options, shown


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_name_of_the_package_in_a_sentence_is_where_it_is_said_to_be(page):
    if page.name == "CHANGELOG.md" or "contributing" in page.parts:
        return  # what was, and what a reader is told to write
    for path, name in DOTTED.findall(page.read_text(encoding="utf-8")):
        assert is_there(path, name), f"{path}:{name}"


@pytest.mark.parametrize("block", SNIPPETS, ids=lambda b: f"{b.page} line {b.line}")
def test_a_snippet_imports_what_is_there(block):
    for found in re.finditer(r"^ *from (darebench[\w.]*) import (.+)$", block.text, re.MULTILINE):
        for name in re.findall(r"\w+", re.sub(r" as \w+", "", found[2])):
            assert is_there(found[1], name), f"{found[1]} has no {name}"


def is_there(path: str, name: str = "") -> bool:
    """Check whether a dotted name leads to a module or to something that its source defines."""
    parts = path.split(".")
    for depth in range(len(parts), 0, -1):
        source = ROOT / "src" / Path(*parts[:depth])
        source = source / "__init__.py" if source.is_dir() else source.with_suffix(".py")
        if source.is_file():
            names = [*parts[depth:], *([name] if name else [])]
            return not names or is_defined(source, names)
    return False


def is_defined(source: Path, names: list[str]) -> bool:
    """Check whether a module defines a name; modules that need an extra are read, not imported."""
    text = source.read_text(encoding="utf-8")
    if re.search(rf"^(?:(?:async )?def|class) {names[0]}\b|^{names[0]}\b.*=", text, re.MULTILINE):
        return True
    module = ".".join(source.relative_to(ROOT / "src").with_suffix("").parts)
    return hasattr(importlib.import_module(module.removesuffix(".__init__")), names[0])


def parse(words: list[str]) -> None:
    """Parse the arguments of a command."""
    group, words = build_command(), list(words)
    if words[0].startswith("-"):
        assert words[0] in {option for p in group.params for option in p.opts}
        return
    while hasattr(group, "commands"):
        assert words[0] in group.commands
        group, words = group.commands[words[0]], words[1:]
    group.make_parser(typer.Context(group, info_name="darebench")).parse_args(args=words)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, world):
    return prepare(tmp_path_factory.mktemp("documented"), world)


@pytest.fixture
def place(prepared, tmp_path):
    """Copy what is supposed, so that a page finds nothing of another one."""
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder)
    return folder


@pytest.fixture(scope="module")
def world():
    with served() as variables:
        yield variables


def is_quick(command: Documented) -> bool:
    return not command.words or (
        command.words[0] in QUICK and not any(w.startswith("hf://") for w in command.words)
    )


def pages(shown: list[Documented] | list[Block]) -> list[str]:
    return sorted({item.page for item in shown})


@pytest.mark.parametrize("page", pages([c for c in RUN if c.words and is_quick(c)]))
def test_the_quick_commands_of_a_page_run_in_order(page, place, world):
    with ExitStack() as servers:
        for command in RUN:
            if command.page == page and is_quick(command):
                run(command, place, world, servers)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages([c for c in RUN if not is_quick(c)]))
def test_all_commands_of_a_page_run_in_order(page, place, world):
    with ExitStack() as servers:
        for command in RUN:
            if command.page == page:
                run(command, place, world, servers)


@pytest.mark.slow
@pytest.mark.parametrize("page", pages([s for s in SNIPPETS if why_not(s.text) is None]))
def test_the_snippets_of_a_page_run_in_order(page, place, world):
    texts = [s.text for s in SNIPPETS if s.page == page and why_not(s.text) is None]
    code = "from __future__ import annotations\n" + "\n".join(texts)
    code = re.sub(r'"openai/[^"]+"', f'"{MODEL}"', code)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=place,
        env=environment(world, place) | key_of(world),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def run(command: Documented, place: Path, world: dict[str, str], servers: ExitStack) -> None:
    """Run a command, which must print what its page shows; a server runs on to the page's end."""
    variables = environment(world, place)
    words = command.words
    if not words:
        line = re.sub(r"127\.0\.0\.1:\d+", lambda m: f"127.0.0.1:{place_port(place)}", command.line)
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, text=True, cwd=place, env=variables
        )
    elif "serve" in words or words[0] == "view":
        servers.enter_context(serving(command, place, variables))
        return
    else:
        words = adapted(words, place, world["MODEL_URL"])
        if "--base-url" not in words:
            variables |= key_of(world)
        if "--out" in words and words[0] in FEWER:
            shutil.rmtree(place / words[words.index("--out") + 1], ignore_errors=True)
        done = subprocess.run(
            command_line(words), capture_output=True, text=True, cwd=place, env=variables
        )
    said = f"{command.page}: {command.line}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr, said
    assert done.returncode == 0 or (words[:1] and words[0] in FAILS and done.returncode == 1), said
    check_output(command, done.stdout, done.stderr)


def adapted(words: list[str], place: Path, url: str) -> list[str]:
    """Put what is here into a command: files as a shell does, a store, a model, and less to do."""
    globbed = ((w, sorted(place.glob(w)) if w.startswith("runs/") else []) for w in words)
    words = [
        str(w) for word, found in globbed for w in [f.relative_to(place) for f in found] or [word]
    ]
    words = [w.replace("STORE", "curation/store") for w in words]
    if "--base-url" not in words:
        known = ("openai/", "openai-api/", "anthropic/")
        words = [MODEL if w.startswith(known) else w for w in words]
    words = [url if w.startswith("http://localhost") else w for w in words]
    if words[0] in FEWER and "--limit" not in words and "-c" not in words:
        words += FEWER[words[0]]
    return words


@contextmanager
def serving(command: Documented, place: Path, variables: dict[str, str]) -> Iterator[None]:
    """Run a server at a free port until the page ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (place / "port").write_text(str(port))
    words = shlex.split(re.sub(r" --port \d+", "", shlex.join(command.words)))
    server = subprocess.Popen(
        command_line([*words, "--port", str(port)]), stdout=subprocess.PIPE, text=True, cwd=place,
        env=variables,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        check_output(command, server.stdout.readline(), "")
        wait_for(port)
        yield
    finally:
        server.terminate()
        server.communicate(timeout=60)


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens at port {port}")


def place_port(place: Path) -> str:
    return (place / "port").read_text()


def check_output(command: Documented, out: str, err: str) -> None:
    """Compare what a page shows; many pages leave out the notes on stderr."""
    if command.output is not None:
        said = f"{command.page}: {command.line}\n{out}{err}"
        assert shows(command.output, out) or shows(command.output, out + err), said


def shows(output: str, printed: str) -> bool:
    """Check whether a page shows what was printed, where `...` stands for any lines."""
    parts = [re.escape(letters(part)) for part in re.split(r"^\.\.\.$", output, flags=re.MULTILINE)]
    return re.fullmatch(".*".join(parts), letters(printed)) is not None


def letters(text: str) -> str:
    """Return a text without its figures, hashes, frames and line breaks, which may be others."""
    return " ".join(re.findall(r"[A-Za-z]+", re.sub(r"\b[0-9a-f]{8,}\b", "", text)))
