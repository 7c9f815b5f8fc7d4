"""Turns what programmers write about a table into plain text: docstrings and pages."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

from darebench.curate.sources.descriptions import Names

_CODE = (
    r"(?:other )?(?:parameters|args|arguments|keyword arguments|raises|usage|examples?|see also|"
    r"load data|methods|warnings?)"
)
_LEFT_OUT_ALWAYS = re.compile(_CODE, re.I)
"""Sections about code."""
_LEFT_OUT = re.compile(rf"{_CODE}|returns?|yields?|attributes", re.I)
"""With those that may name columns."""
_R_SECTION = re.compile(
    r"Description|Usage|Format|Details|Sources?|References?|Examples?|Notes?|Value|Author.*"
)
_RULE = re.compile(r"(?:\+?([-=~^*#])\1{2,}\s*)+\+?")
_HEADING = re.compile(r"#{1,6}\s+(?P<title>.+?)[\s#]*")
_COLUMNS_APART = re.compile(
    r"(?P<indent>\s*(?:[-*•]\s+)?)(?P<name>\S{1,40}?):?(?:\s{2,}|\t\s*)(?:[-–=:]\s+)?(?P<text>\S.*)"
)
_QUOTED = re.compile(r"\s*[‘'](?P<name>[^’']{1,40})[’']\s+(?P<text>\S.*)")
_REFERENCE = re.compile(
    r",?\s*(?:\b(?:from|in|see|by)\s+)?\[\^?\d+\]_(?:,?\s*(?:and\s+)?\[\^?\d+\]_)*", re.I
)
_FIELD = re.compile(r"(\s*):(\w[\w ]*):(\s|$)")
"""A field of reStructuredText."""


_EMPTY = re.compile(
    r":|(?:see )?for (?:further|more) (?:description|details|information)\.?|"
    r"this module contains .*dataframes?\b.*|\[\^\d+\]:.*|-\s*",
    re.I,
)
"""Lines that say nothing without what was taken out of them."""


def plain_lines(text: str, columns: Iterable[str] = (), *, with_returned: bool = False) -> str:
    """Return a docstring or a page without code, markup and sections about code.

    Args:
        text: The docstring or page.
        columns: The table's columns; a line of one and its meaning is spelled `name: meaning`.
        with_returned: Whether to keep what is said of what a function returns.
    """
    text = inspect.cleandoc(text.replace("\r\n", "\n").expandtabs(8))
    text = re.sub(r"(?ms)^\s*(```|~~~).*?^\s*\1\s*$", "", text)
    text = re.sub(r"`([^`<]{1,160}?)\s*<[^>`]*>`__?", r"\1", text)
    text = re.sub(r"`([^`]{1,160})`__?(?!\w)", r"\1", text)
    left_out = _LEFT_OUT_ALWAYS if with_returned else _LEFT_OUT
    lines = _without_directives(_without_sections(text.splitlines(), left_out))
    lines = _spelled_out([_inline(line) for line in lines], Names(columns))
    kept = [line for line in lines if not _EMPTY.fullmatch(line.strip())]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return re.sub(r"(?:^|\n+)(?:References?|Notes?|Sources?):?$", "", text)


def without_tables(text: str) -> str:
    """Return a text whose tables of bars and rules are lines of words."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.strip() and re.fullmatch(r"[-+=|:\s]{3,}", line):
            continue
        if not re.fullmatch(r"\s*\|.*\|\s*", line):
            lines.append(line)
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        said = ": ".join(cell for cell in cells if cell)
        if cells[0] or not lines:
            lines.append(said)
        elif said:
            lines[-1] += f" {said}"
    return "\n".join(lines)


def _without_sections(lines: list[str], left_out: re.Pattern[str]) -> list[str]:
    """Drop sections about code, underlines, and doctests."""
    kept: list[str] = []
    dropped_from: int | None = None
    for i, line in enumerate(lines):
        below = lines[i + 1].strip() if i + 1 < len(lines) else ""
        indent = len(line) - len(line.lstrip())
        title = _title(line, below)
        is_rule = _RULE.fullmatch(line.strip()) is not None
        if dropped_from is not None and line.strip():
            ends = dropped_from >= 0 and indent <= dropped_from and not is_rule
            if title is not None or ends:
                dropped_from = None
        if title is not None and left_out.fullmatch(title):
            is_indented = line.rstrip().endswith(":") and not _RULE.fullmatch(below)
            dropped_from = indent if is_indented else -1
            continue
        is_code = re.match(r"\s*(>>>|\.\.\. )", line) is not None
        if dropped_from is None and not is_code and not is_rule:
            starts = title is not None and kept and kept[-1].strip()
            kept += ["", line] if starts else [line]
    return kept


def _title(line: str, below: str) -> str | None:
    """Return the title of a section, if a line is one."""
    text = line.strip()
    heading = _HEADING.fullmatch(text)
    if heading:
        return heading["title"].strip("*_: ")
    if text and _RULE.fullmatch(below) and len(below) >= min(len(text), 5) and "  " not in text:
        return text.strip("*:. ")
    if _R_SECTION.fullmatch(text):
        return text
    if text.endswith(":") and _LEFT_OUT.fullmatch(text[:-1].strip("* ")):
        return text[:-1].strip("* ")
    return None


def _without_directives(lines: Iterable[str]) -> Iterator[str]:
    """Drop directives of reStructuredText with what is indented below them; footnotes stay."""
    depth: int | None = None
    for line in lines:
        body = line.strip()
        indent = len(line) - len(line.lstrip())
        if depth is not None and body and indent <= depth:
            depth = None
        if re.match(r"\.\. (?:[\w:-]+::|_)", body) or body == "..":
            depth = indent
            continue
        if re.fullmatch(r":[\w-]+:`[^`]*`", body):
            continue
        if depth is None:
            yield re.sub(r"^(\s*)\.\. (?=\[)", r"\1", line)


def _inline(line: str) -> str:
    """Take the markup out of one line."""
    line = re.sub(r":[\w:.-]+:`([^`<]*?)\s*(?:<[^>]*>)?`", r"\1", line)
    line = re.sub(r"``([^`]*)``", r"\1", line)
    line = re.sub(r"`([^`]*)`", r"\1", line)
    line = _REFERENCE.sub("", line)
    line = re.sub(r"(?<![\w*])\*{1,2}(?=\S)([^*]+?)(?<=\S)\*{1,2}(?![\w*])", r"\1", line)
    line = re.sub(r"!?\[([^\]]*)\]\([^)\s]*\)", r"\1", line)
    line = re.sub(r"\$([^$\s]{1,12})\$", r"\1", line)
    line = re.sub(r"^(\s*)#{1,6} ", r"\1", line)
    line = _FIELD.sub(r"\1\2:\3", line)
    return re.sub(r"(?<=[.:?!]):+\s*$", "", re.sub(r"::\s*$", ":", line))


def _spelled_out(lines: list[str], names: Names) -> Iterator[str]:
    """Write a column's name and its meaning on one line, where blanks or a line's end part them."""
    skip = False
    for i, line in enumerate(lines):
        if skip:
            skip = False
            continue
        apart = _COLUMNS_APART.fullmatch(line)
        if apart is not None and names.find(apart["name"]) is not None:
            yield f"{apart['indent']}{apart['name'].rstrip(':')}: {apart['text']}"
            continue
        quoted = _QUOTED.fullmatch(line)
        if quoted is not None and names.find(quoted["name"]) is not None:
            yield f"{quoted['name']}: {quoted['text']}"
            continue
        below = lines[i + 1].strip() if i + 1 < len(lines) else ""
        own = names.find(line.strip())
        skip = (
            own is not None
            and below != ""
            and ":" not in line
            and not re.match(r"[-*•]\s", below)
            and not set(names.named(below)) - {own}
        )
        yield f"{line.rstrip()}: {below}" if skip else line
