"""Reads what people write beside a table: documentation pages, README files, JSON metadata."""

from __future__ import annotations

import html
import json
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning
from bs4.element import PreformattedString

MAX_ABOUT = 6_000
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LEFT_OUT = {"usage", "examples", "see also", "arguments", "value"}
_TERM = re.compile(
    r"(?:^|\n)\s*[`*_]*(?P<term>[^\n]{1,120}?)[`*_:]*\s*\n\s*\n {4,}\s*\n\s*\n?"
    r"(?P<text>\S(?:[^\n]|\n(?!\s*\n))*)"
)
_BULLET = re.compile(
    r"^\s*(?:[*+•-]|\d+\.|\[,\s*\d+\])\s*[*`_]*(?P<term>[^*`:\n]{1,60}?)[`*_]*(?:\s*(?::|--|–|=)|\s-\s)\s*[*`_]*\s*"
    r"(?P<text>\S.*(?:\n(?![ ]*(?:[*+•-]|\d+\.)|\s*\n|#).*)*)",
    re.M,
)
_ROW = re.compile(
    r"^\s*\|?(?:\s*\[,\s*\d+\]\s*\|)?\s*[`*_]*(?P<term>[^|`*\n]{1,60}?)[`*_]*\s*\|\s*(?:[a-z]+\s*\|\s*)?(?P<text>[^|\n]*[a-zA-Z][^|\n]*)",
    re.M,
)
_LINE = re.compile(
    r"^\s*[`*_]*(?P<term>[^:`*\n]{1,60}?)[`*_]*\s*(?:\([^)\n]*\))?\s*"
    r"(?::| - | – |\t)\s*(?P<text>\S.*)$",
    re.M,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is known of a table from its page."""

    title: str = ""
    about: str = ""
    licence: str = ""
    updated: str = ""
    keywords: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)


def read_r_page(text: str, columns: Iterable[str]) -> Page:
    """Read a page of R documentation that was turned into markdown."""
    text = text.replace("\r", "")
    title = re.search(r"^## (.+)$", text, re.M)
    kept = []
    for heading, body in re.findall(r"^### (.+)\n((?:(?!^### )[\s\S])*)", text, re.M):
        if heading.strip().lower() not in _LEFT_OUT:
            kept.append(f"{heading.strip()}\n{_plain(body)}")
    return Page(
        title=_plain(title[1]) if title else "",
        about=_cut("\n\n".join(kept)),
        descriptions=find_descriptions(text, columns),
    )


def find_descriptions(text: str, columns: Iterable[str]) -> dict[str, str]:
    """Find what a text says of each column: a term with its definition, a bullet, a table row."""
    wanted = {_fold(name): name for name in columns}
    found: dict[str, str] = {}
    for pattern in (_TERM, _BULLET, _ROW, _LINE):
        for match in pattern.finditer(text):
            meaning = _describe(match["text"])
            if not meaning:
                continue
            for term in (match["term"], *re.split(r",|\band\b", match["term"])):
                name = wanted.get(_fold(term))
                if name is not None:
                    found.setdefault(name, meaning)
    return found


def read_text_page(text: str, columns: Iterable[str]) -> Page:
    """Read a `metadata.txt` or a README."""
    text = _plain(text)
    lines = [line.strip("# *").strip() for line in text.splitlines() if line.strip()]
    licence = re.search(r"^\W*licen[cs]e\W+(.+)$", text, re.I | re.M)
    return Page(
        title=lines[0][:120] if lines else "",
        about=_cut(text),
        licence=licence[1].strip(" .") if licence else "",
        descriptions=find_descriptions(text, columns),
    )


def _iso(text: str) -> str:
    """Return a date that starts as ISO text does; others would sort anywhere among them."""
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return ""
    return text


def read_json_page(content: Any, file_name: str, columns: Iterable[str]) -> Page:
    """Read `metadata.json`, or Kaggle's `dataset-metadata.json`; unknown keys are passed over."""
    if not isinstance(content, dict):
        return Page()
    content = content.get("info", content) if isinstance(content.get("info"), dict) else content
    parts = (_plain(_text(content, key)) for key in ("subtitle", "description", "about"))
    about = "\n\n".join(part for part in parts if part)
    given = _described_fields(content, file_name)
    spelled = {_fold(name): name for name in columns}
    descriptions = find_descriptions(about, columns)
    descriptions |= {spelled[_fold(k)]: v for k, v in given.items() if _fold(k) in spelled and v}
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
        descriptions=descriptions,
    )


def load_json(path: Path) -> Any:
    """Read a JSON file; None where it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig", errors="replace"))
    except (ValueError, RecursionError):
        return None


def _described_fields(content: Mapping[str, Any], file_name: str) -> dict[str, str]:
    columns = content.get("columns")
    if isinstance(columns, dict):
        return {str(k): _describe(str(v)) for k, v in columns.items()}
    fields = columns if isinstance(columns, list) else []
    resources = content.get("resources") or content.get("data") or []
    for resource in resources if isinstance(resources, list) else []:
        if isinstance(resource, dict) and _is_of(resource, file_name):
            schema = resource.get("schema")
            inner = schema.get("fields") if isinstance(schema, dict) else resource.get("columns")
            fields = fields or inner or []
    return {
        str(f.get("name")): _describe(str(f.get("description") or f.get("title") or ""))
        for f in fields
        if isinstance(f, dict)
    }


def _is_of(resource: Mapping[str, Any], file_name: str) -> bool:
    """Check whether an entry is of this very file; one that names no file is of any."""
    named = resource.get("path") or resource.get("name")
    return named is None or Path(str(named)).name == file_name


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    return value if isinstance(value, str) else ""


def _plain(text: str) -> str:
    """Turn HTML and markdown into plain lines."""
    if re.search(r"</?[a-zA-Z][^>\n]*>|<!--", text):
        text = _without_tags(text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", html.unescape(text))
    text = "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_tags(text: str) -> str:
    """Take the text out of HTML; cells of a row stay apart, blocks get lines of their own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        page = BeautifulSoup(text, "html.parser")
    for tag in page.find_all(["script", "style"]):
        tag.decompose()
    for node in page.find_all(string=lambda node: isinstance(node, PreformattedString)):
        node.extract()
    for tag in page.find_all(["td", "th"]):
        if tag.find_next_sibling(["td", "th"]) is not None:
            tag.append(" | ")
    for tag in page.find_all(["br", "p", "div", "li", "tr", "dt", "dd", *_HEADINGS]):
        tag.append("\n")
        tag.unwrap()
    return page.get_text()


def _describe(text: str) -> str:
    """Make a definition one plain line."""
    line = " ".join(_plain(text).split())
    line = re.sub(r"[`*_|]{1,3}(?=\W|$)|(?<!\w)[`*_|]{1,3}", "", line).replace('"', "'")
    return line.strip(" :-–.")[:300]


def _fold(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())


def _cut(text: str) -> str:
    return text if len(text) <= MAX_ABOUT else text[:MAX_ABOUT].rsplit(" ", 1)[0] + " ..."
