"""Turns HTML and markdown, as people write pages, into plain lines."""

from __future__ import annotations

import html
import re
import warnings

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning
from bs4.element import PreformattedString, Tag

_INNER = ("br", "p", "div")
_BLOCKS = [*_INNER, "li", "tr", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6"]
_CELLS = ["td", "th"]


def plain(text: str) -> str:
    """Turn HTML and markdown into plain lines."""
    lines = [" ".join(line.split()) for line in untagged(text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def untagged(text: str) -> str:
    """Turn HTML and the links of markdown into text; lines keep their indents."""
    if re.search(r"</?[a-zA-Z][^>\n]*>|<!--", text):
        text = _without_tags(text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", html.unescape(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)


def _without_tags(text: str) -> str:
    """Take the text out of HTML.

    Cells of a row stay apart, blocks get lines of their own, terms stand before definitions.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        page = BeautifulSoup(text, "html.parser")
    for tag in page.find_all(["script", "style"]):
        tag.decompose()
    for node in page.find_all(string=lambda node: isinstance(node, PreformattedString)):
        node.extract()
    for tag in page.find_all(_CELLS):
        if tag.find_next_sibling(_CELLS) is not None:
            tag.append(" | ")
    for tag in page.find_all("dt"):
        _join_definition(tag)
    for tag in page.find_all(_BLOCKS):
        inside = tag.name in _INNER and tag.find_parent([*_CELLS, "li", "dt", "dd"]) is not None
        if tag.name == "li":
            tag.insert(0, "\n- ")
        tag.append(" " if inside else "\n")
        tag.unwrap()
    return page.get_text()


def _join_definition(term: Tag) -> None:
    """Write a term and what defines it on one line."""
    following = term.find_next_sibling(["dt", "dd"])
    if following is not None and following.name == "dd":
        text = " ".join(following.get_text(" ").split())
        term.append(f": {text}" if not term.get_text().rstrip().endswith(":") else f" {text}")
        following.decompose()
