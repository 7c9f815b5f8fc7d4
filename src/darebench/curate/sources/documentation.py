"""Reads what people write beside a table: documentation pages, README files, JSON metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from darebench.curate.sources.descriptions import describe, find_descriptions, fitting
from darebench.curate.sources.file_sections import names_any, of_file
from darebench.curate.sources.json_entries import described_fields
from darebench.curate.sources.plain_text import plain, untagged

MAX_ABOUT, MAX_CODE = 6_000, 20_000
_CODE = {"usage", "examples"}
_LEFT_OUT = {*_CODE, "see also", "arguments", "value"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is known of a table from its page."""

    title: str = ""
    about: str = ""
    code: str = ""
    """Its examples, as they are."""
    licence: str = ""
    updated: str = ""
    keywords: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    names_columns: bool = True
    """Whether it names a column of the table; one that names none is of another table."""


def read_r_page(text: str, columns: Iterable[str]) -> Page:
    """Read a page of R documentation that was turned into markdown."""
    text = text.replace("\r", "")
    title = re.search(r"^## (.+)$", text, re.M)
    kept, told, code = [], [], []
    for heading, body in re.findall(r"^### (.+)\n((?:(?!^### )[\s\S])*)", text, re.M):
        if heading.strip().lower() not in _LEFT_OUT:
            kept.append(f"{heading.strip()}\n{plain(body)}")
        if heading.strip().lower() not in _CODE:
            told.append(body)
        if heading.strip().lower() == "examples":
            code.append(body)
    return Page(
        title=plain(title[1]) if title else "",
        about=_cut("\n\n".join(kept)),
        code="\n".join(code)[:MAX_CODE],
        descriptions=find_descriptions(untagged("\n\n".join(told)), columns),
    )


def read_text_page(text: str, columns: Iterable[str], file_name: str = "") -> Page:
    """Read a `metadata.txt` or a README.

    Args:
        text: The page.
        columns: The table's columns.
        file_name: The table's file, where the page has sections for several.
    """
    columns = list(columns)
    own = of_file(untagged(text), file_name)
    about = plain(own)
    lines = [line.strip("# *").strip() for line in about.splitlines() if line.strip()]
    licence = re.search(r"^\W*licen[cs]e\W+(.+)$", plain(text), re.I | re.M)
    return Page(
        title=lines[0][:120] if lines else "",
        about=_cut(about),
        licence=licence[1].strip(" .") if licence else "",
        descriptions=find_descriptions(own, columns),
        names_columns=names_any(own, columns),
    )


def _iso(text: str) -> str:
    """Return a date that starts as ISO text does; others would sort anywhere among them."""
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return ""
    return text


def read_json_page(content: Any, file_name: str, columns: Iterable[str]) -> Page:
    """Read `metadata.json`, or Kaggle's `dataset-metadata.json`; unknown keys are passed over.

    Args:
        content: What the file holds.
        file_name: The path of the table's file, where the page lists several.
        columns: The table's columns.
    """
    if not isinstance(content, dict):
        return Page()
    columns = list(columns)
    content = content.get("info", content) if isinstance(content.get("info"), dict) else content
    parts = [untagged(_text(content, key)) for key in ("subtitle", "description", "about")]
    own = [of_file(part, file_name) for part in parts if part]
    about = "\n\n".join(plain(part) for part in own)
    listed = described_fields(content, file_name)
    given = {name: describe(text) for name, text in listed or ()}
    descriptions = find_descriptions("\n\n".join(own), columns)
    names_columns = listed is None or names_any("\n".join([*given, *own]), columns)
    licences = content.get("licenses") or content.get("licences") or []
    first = licences[0] if isinstance(licences, list) and licences else {}
    licence = first.get("name", "") if isinstance(first, dict) else str(first)
    keywords = content.get("keywords")
    return Page(
        title=_text(content, "title"),
        about=_cut(about),
        licence=str(licence or content.get("licence") or content.get("license") or ""),
        updated=_iso(str(content.get("lastUpdated") or content.get("updated") or "")),
        keywords=tuple(map(str, keywords)) if isinstance(keywords, list) else (),
        descriptions={**descriptions, **fitting(given, columns)},
        names_columns=names_columns,
    )


def load_json(path: Path) -> Any:
    """Read a JSON file; None where it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) else ""


def _cut(text: str) -> str:
    return text if len(text) <= MAX_ABOUT else text[:MAX_ABOUT].rsplit(" ", 1)[0] + " ..."
