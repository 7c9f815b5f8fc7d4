"""The words in the sources are plain English: the commonest slips of our own, one rule each.

What agents are told and what stores contain is not looked at: those are bytes that must stay.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[1] / "src"
FIRST_WORDS = {
    "Give": "Return",
    "Gives": "Returns",
    "Tell": "Check",
    "Tells": "Checks",
    "Say": "Report",
    "Says": "Reports",
    "Put": "Write, Add or Move",
    "Puts": "Writes, Adds or Moves",
}
"""First word of a docstring -> what the Python documentation would say."""
IS_NO = re.compile(r"\b(?:is|are) no (?!(?:longer|more|less|fewer|other)\b)(\w+)")
TRUE_VERBS = ("Give up ", "Give rewards ")
"""The true exceptions to the first words: there it is what the code does."""
ALLOWED = re.compile(r"\bthere (?:is|are) no\b", re.IGNORECASE)
"""The one true exception: `there is no` says that something is missing."""
SENT = ("/programs/", "reference/workflow.py")
"""Programs that are sent to the sandbox as text: their bytes are part of caches and of runs."""
TOLD = (
    "agents/prompt.py",
    "agents/tools.py",
    "agents/short_prompt.py",
    "curate/writing/questions.py",
)
"""Modules whose texts an agent reads: only their docstrings are looked at."""
TREES = {
    path.relative_to(SOURCES).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(SOURCES.rglob("*.py"))
}


def docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every docstring with its line, those of fields and constants too."""
    for node in ast.walk(tree):
        before: ast.AST | None = None
        body = getattr(node, "body", None)
        for child in body if isinstance(body, list) else ():
            opens = before is None and hasattr(node, "name") | isinstance(node, ast.Module)
            if opens or isinstance(before, ast.Assign | ast.AnnAssign):
                value = child.value if isinstance(child, ast.Expr) else None
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield child.lineno, value.value
            before = child


def strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every string of at least two words: messages, helps and docstrings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def helps(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the text of every `help=` argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "help":
            texts = [n for n in ast.walk(node.value) if isinstance(n, ast.Constant)]
            yield from ((n.lineno, n.value) for n in texts[:1] if isinstance(n.value, str))


def is_slip(text: str) -> list[str]:
    """Return the phrases of a text that should be `is not a ...`."""
    return [found[0] for found in IS_NO.finditer(ALLOWED.sub("", text))]


def test_a_docstring_opens_as_the_python_documentation_would():
    found = []
    for name, tree in TREES.items():
        if any(part in name for part in SENT):
            continue
        for line, text in docstrings(tree):
            word = re.split(r"\W", text.strip(), maxsplit=1)[0]
            if word in FIRST_WORDS and not text.startswith(TRUE_VERBS):
                opening = text.strip().splitlines()[0]
                found.append(f"{name}:{line}: {opening!r}; write {FIRST_WORDS[word]}")
    assert not found, f"{len(found)} docstrings\n" + "\n".join(found)


def test_what_is_not_a_thing_is_called_not_a_thing():
    found = []
    for name, tree in TREES.items():
        if any(part in name for part in SENT):
            continue
        texts = docstrings(tree) if name.endswith(TOLD) else strings(tree)
        found += [f"{name}:{line}: {phrase!r}" for line, text in texts for phrase in is_slip(text)]
    assert not found, f"{len(found)} phrases to write as 'is not a'\n" + "\n".join(found)


def test_a_help_text_has_a_subject():
    found = [
        f"{name}:{line}: {text!r}"
        for name, tree in TREES.items()
        for line, text in helps(tree)
        if text.startswith("Of ")
    ]
    assert not found, f"{len(found)} help texts\n" + "\n".join(found)


def test_modules_with_a_rule_of_their_own_are_there():
    for part in (*SENT, *TOLD):
        assert any(part in name for name in TREES), part


@pytest.mark.parametrize(
    ("text", "slips"),
    [
        ("the folder is no run", ["is no run"]),
        ("dates that are no dates", ["are no dates"]),
        ("there is no folder", []),
        ("it is no longer read", []),
        ("no agent may see it", []),
    ],
)
def test_the_rule_knows_a_slip_from_plain_english(text, slips):
    assert is_slip(text) == slips
