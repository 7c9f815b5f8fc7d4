"""The commands and the Python of the documentation, and why some of it is not run by the tests.

A fenced block without a language holds commands, with or without what they print. `python` is
Python, and the other languages are data.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in ROOT.rglob("*.md")
    if not any(part.startswith(".") for part in page.relative_to(ROOT).parts)
)
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
DATA = ("text", "toml", "json", "mermaid")
PROMPT = "$ "
NOT_RUN = (
    (r"^make ", "it installs an environment, or is how these tests are started"),
    (
        r"^(python3\.11 -m venv )?\.venv-(verl|vf)\b|^python3.11 -m venv",
        "it installs an environment",
    ),
    (r"^accelerate |train (sft|grpo) |--tokenizer", "it loads a model of some billion weights"),
    (r"train demo", "it takes an hour; tests/train runs its parts"),
    (r"report runs/grpo", "it needs a training of a large model"),
    (r"from datasets import", "it needs the extra train"),
    (r"\b(FILE|FOLDER|RUN|SOURCE|ID)\b|\.\.\.$", "it is a form to fill in"),
)
"""What is not run, by a part of its text, and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    """Line of the page on which its text begins."""
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """A command on a page."""

    page: str
    line: str
    output: str | None = None
    """What the page shows below it; None if it shows nothing."""

    @property
    def reason(self) -> str | None:
        """Why it is not run; None for one that is."""
        return why_not(self.line)

    @property
    def words(self) -> list[str]:
        """The arguments after `darebench`; none for another program."""
        program, *words = shlex.split(self.line)
        return words if Path(program).name == "darebench" else []


def why_not(text: str) -> str | None:
    """Return why a command or a snippet is not run; None for one that is."""
    return next((why for part, why in NOT_RUN if re.search(part, text, re.MULTILINE)), None)


def blocks() -> list[Block]:
    """Read every fenced block of every page."""
    found: list[Block] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start("text")) + 1
            name = page.relative_to(ROOT).as_posix()
            found.append(Block(page=name, line=line, **match.groupdict()))
    return found


def documented() -> list[Documented]:
    """Read every command of every page."""
    return [c for block in blocks() if not block.language for c in commands(block)]


def commands(block: Block) -> Iterator[Documented]:
    """Yield the commands of a block; what follows one with a prompt is what it prints."""
    prompted = any(line.startswith(PROMPT) for line in block.text.splitlines())
    line, output = "", None
    for text in block.text.splitlines():
        if _is_open(line):
            line = f"{line.removesuffix(chr(92))}\n{text}"
        elif prompted and not text.startswith(PROMPT):
            assert output is not None, f"{block.page} line {block.line}: output before a command"
            output.append(text)
        elif text.strip():
            if line:
                yield _command(block, line, output)
            line, output = text.removeprefix(PROMPT), [] if prompted else None
    if line:
        yield _command(block, line, output)


def _command(block: Block, line: str, output: list[str] | None) -> Documented:
    shown = None if not output else "\n".join(output)
    line = re.sub(r"\s+# .*", "", line).strip()
    return Documented(page=block.page, line=line.replace("\n", " "), output=shown)


def _is_open(line: str) -> bool:
    """Check whether a command goes on in the next line."""
    if line.endswith("\\"):
        return True
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return True
    return False


def snippets() -> list[Block]:
    """Return the Python of the pages, but for that of contributors, which has tests of its own."""
    return [b for b in blocks() if b.language == "python" and "/contributing/" not in b.page]
