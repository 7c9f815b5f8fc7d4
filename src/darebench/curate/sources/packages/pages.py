"""Finds the page of one table among the documents of its package."""

from __future__ import annotations

import csv
import inspect
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from darebench.curate.sources.descriptions import find_descriptions, fold
from darebench.curate.sources.documentation import MAX_ABOUT, Page, load_json
from darebench.curate.sources.packages.installed import Installed, stem_of
from darebench.curate.sources.packages.markup import plain_lines, without_tables
from darebench.curate.sources.packages.python_pages import (
    Module,
    read_module,
    said_by_loader,
    said_by_name,
)
from darebench.curate.sources.plain_text import untagged

_TEXTS = (".md", ".rst", ".txt")
_VERB = re.compile(
    r"(?:(?:this )?(?:function )?(?:loads?|returns?|fetch(?:es)?|gets?|reads?)\b"
    r"(?:,? (?:and|or) (?:return|load)s?)?:?\s+)+",
    re.I,
)
_LONGEST_TITLE = 120
_SENTENCE_END = re.compile(
    r"(?<!et al)(?<!\bvs)(?<!\bSt)(?<!\bDr)(?<!\bNo)(?<!\b[A-Z])(?<=[a-z0-9)\]'\"])[.:;](?:\s|$)"
)
_LEFT_HANGING = re.compile(
    r"(?:,?\s+(?:from|in|by|of|see|used in the examples|with possible aggregations))+$"
)
_NO_TITLE = re.compile(
    r"://|^(?:this|these|from|originally|it|see|each|details|taken|here|we)\b|^\w+$", re.I
)
_SAYS_DATA = ("title", "descrlong", "descr", "note", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What documents say of a table, before it is read."""

    title: str = ""
    text: str = ""
    licence: str = ""


def read_page(package: Installed, table: str, columns: Iterable[str]) -> Page:
    """Return what a package says of one of its tables."""
    columns = list(columns)
    file = PurePosixPath(package.tables[table])
    said = next(_found(package, file), _Said())
    about = _without_verb(without_tables(plain_lines(said.text, columns)))
    whole = plain_lines(said.text, columns, with_returned=True)
    title = said.title or _first_sentence(about) or _spelled(stem_of(file.name))
    return Page(
        title=title,
        about=about if len(about) <= MAX_ABOUT else about[:MAX_ABOUT].rsplit(" ", 1)[0] + " ...",
        licence=said.licence or _stated(about),
        descriptions=find_descriptions(whole, columns),
    )


def _found(package: Installed, file: PurePosixPath) -> Iterator[_Said]:
    """Yield what is said of a file, the most telling documents first."""
    stem = stem_of(file.name)
    paths = [package.root / page for page in package.pages]
    yield from _own_texts(package.root / file, stem, paths)
    for path in paths:
        if path.suffix in (".json", ".csv"):
            yield from _listed(path, stem)
    modules = [read_module(path) for path in paths if path.suffix == ".py"]
    yield from _by_entry(modules, file.name, stem)
    yield from _by_folder(modules, package, file)
    for module in modules:
        text = said_by_loader(module, file.name, stem)
        if text:
            yield _Said(text=text)
    for module in modules:
        if module.docstring and {file.name, stem} & module.words:
            yield _Said(text=module.docstring)


def _own_texts(file: Path, stem: str, paths: Iterable[Path]) -> Iterator[_Said]:
    """Yield texts that are called after the table, in its folder or in one of documents."""
    wanted = {fold(stem), fold(f"{stem}_description")}
    texts = [p for p in paths if p.suffix in _TEXTS and fold(p.stem) in wanted]
    for path in sorted(texts, key=lambda p: (p.parent != file.parent, p)):
        text = untagged(path.read_text(encoding="utf-8", errors="replace"))
        heading = re.match(r"\s*#{1,3} (.+)", text)
        name = re.match(r"\s*name of dataset:.*\n", text)
        if heading:
            yield _Said(title=plain_lines(heading[1]), text=text[heading.end() :])
        else:
            yield _Said(
                title=_spelled(stem) if name else "", text=text[name.end() if name else 0 :]
            )


def _listed(path: Path, stem: str) -> Iterator[_Said]:
    """Yield the entry of a list of tables in JSON or csv."""
    if path.suffix == ".json":
        content = load_json(path)
        entry = content.get(stem) if isinstance(content, dict) else None
        if isinstance(entry, dict) and isinstance(entry.get("description"), str):
            yield _Said(title=_spelled(stem), text=entry["description"])
        return
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8", errors="replace")))
    for row in rows:
        if row.get("dataset") == stem and row.get("description"):
            source = f"\n\nSource: {row['ref']}" if row.get("ref") else ""
            yield _Said(title=row["description"].strip(" ."), text=row["description"] + source)


def _by_entry(modules: Iterable[Module], name: str, stem: str) -> Iterator[_Said]:
    """Yield what dictionaries say of a file."""
    for module in modules:
        entry = said_by_name(module, name, stem)
        if entry and entry.get("description"):
            of = entry.get("original r package")
            sources = (f"R package {of}" if of else "", entry.get("source"), entry.get("url"))
            source = ", ".join(filter(None, sources))
            said = _first_sentence(entry["description"])
            title = entry.get("title") or said or _spelled(entry["key"])
            text = entry["description"] + (f"\n\nSource: {source}" if source else "")
            yield _Said(title=title, text=text, licence=entry.get("license", ""))


def _by_folder(
    modules: Iterable[Module], package: Installed, file: PurePosixPath
) -> Iterator[_Said]:
    """Yield the texts of a module beside a table that it names, or that is the only one there."""
    folder = package.root / file.parent
    beside = [t for t in package.tables.values() if PurePosixPath(t).parent == file.parent]
    for module in modules:
        if module.folder != folder or (len(beside) > 1 and file.name not in module.words):
            continue
        constants = {name.lower(): text for name, text in module.constants.items()}
        if not constants.get("title") and module.docstring and constants.get("descr"):
            constants["title"] = module.docstring
        parts = [constants[name] for name in _SAYS_DATA[1:] if constants.get(name, "").strip()]
        title = " ".join(constants.get("title", "").split()).strip(" .")
        if parts:
            text = "\n\n".join(inspect.cleandoc(part) for part in parts)
            yield _Said(title=title, text=text, licence=_right(constants.get("copyright", "")))


def _stated(about: str) -> str:
    """Return the licence in a line of a page that states one."""
    found = re.search(r"(?im)^\s*licen[cs]e\s*:\s*(?!see\b)(\S.{1,60})$", about)
    return found[1].strip(" .") if found else ""


def _right(text: str) -> str:
    """Return what a text says of the right to use data; many name the authors alone."""
    line = " ".join(text.split()).strip(" .")
    if "public domain" in line.lower():
        return "public domain"
    return line if re.search(r"licen[cs]e|permission|\bCC|\bfree", line) else ""


def _first_sentence(text: str) -> str:
    """Return the start of a text as a title; empty where it is a sentence about something else."""
    line = _without_verb(" ".join(text.split("\n\n", 1)[0].split()))
    line = re.sub(r"^(?:the|an?)\s+", "", line, flags=re.I)
    sentence = _SENTENCE_END.split(line, maxsplit=1)[0]
    sentence = _LEFT_HANGING.sub("", sentence.strip(" .:,"))
    is_telling = re.search(r"[^\W\d_]{3}", sentence) and not _NO_TITLE.search(sentence)
    if len(sentence) > _LONGEST_TITLE or not is_telling:
        return ""
    return sentence[:1].upper() + sentence[1:]


def _without_verb(text: str) -> str:
    """Return what a function says that it loads, without saying so."""
    rest = _VERB.sub("", text, count=1)
    return rest[:1].upper() + rest[1:] if rest != text else text


def _spelled(stem: str) -> str:
    """Return a file's name as words."""
    words = re.sub(r"[_\s-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)).strip()
    return words[:1].upper() + words[1:]


def with_licence(page: Page, package: Installed) -> str:
    """Return the licence of a table: its own where it is stated, else the package's."""
    of = f"{package.shipped.name} {package.version}"
    if page.licence:
        return f"{page.licence} (as {of} says of this table)"
    if package.licence:
        return f"{package.licence} (of the package {of})"
    return f"unknown (of the package {of})"
