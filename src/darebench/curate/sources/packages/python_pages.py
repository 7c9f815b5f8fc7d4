"""Finds what the source code of a package says of a data file, without running it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePath

from darebench.curate.sources.descriptions import fold

_LOADS = ("load", "fetch", "get", "read", "make", "data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A function or class with a docstring."""

    name: str
    docstring: str
    words: frozenset[str]
    """Strings in its body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """What a module says of data."""

    folder: Path
    docstring: str
    constants: Mapping[str, str] = field(default_factory=dict)
    """Texts under capital names, such as `DESCR`."""
    entries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What a literal dictionary says of its keys; a bare text is its `description`."""
    definitions: tuple[Definition, ...] = ()
    words: frozenset[str] = frozenset()
    """Strings outside of docstrings."""


@cache
def read_module(path: Path) -> Module:
    """Parse a module; one that is not Python of this version says nothing."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return Module(folder=path.parent, docstring="")
    docstring = ast.get_docstring(tree) or ""
    constants, entries = dict[str, str](), dict[str, Mapping[str, str]]()
    for node in tree.body:
        for name, value in _assigned(node):
            text = docstring if _is_name(value, "__doc__") else _text(value)
            if name.isupper() and text:
                constants[name] = text
            if isinstance(value, ast.Dict):
                entries |= _entries(value)
    return Module(
        folder=path.parent,
        docstring=docstring,
        constants=constants,
        entries=entries,
        definitions=tuple(_definitions(tree)),
        words=_words(tree),
    )


def said_by_name(module: Module, file_name: str, stem: str) -> Mapping[str, str] | None:
    """Return a dictionary's entry for a file, by its name or by what it gives as the file."""
    for key, entry in module.entries.items():
        if file_name in entry.values() or key in (file_name, stem):
            return {"key": key, **entry}
    return None


def said_by_loader(module: Module, file_name: str, stem: str) -> str:
    """Return the docstring of the function or class that reads a file; empty if there is none."""
    spelled = {file_name, file_name.partition(".")[0] + PurePath(_unpacked(file_name)).suffix}
    for fits in (
        lambda d: bool(spelled & d.words),
        lambda d: stem in d.words or f"{stem}.csv" in d.words,
        lambda d: _loaded(d.name) == fold(stem),
    ):
        found = [d for d in module.definitions if fits(d)]
        if found:
            return min(found, key=lambda d: (len(d.words), -len(d.docstring))).docstring
    if spelled & module.words and len(module.definitions) == 1 and not module.docstring:
        return module.definitions[0].docstring
    return ""


def _unpacked(name: str) -> str:
    path = PurePath(name)
    return path.stem if path.suffix in (".gz", ".bz2", ".xz", ".zip", ".zst") else name


def _loaded(name: str) -> str:
    """Return what a loader's name says that it loads."""
    first, _, rest = name.partition("_")
    return fold(rest if first in _LOADS and rest else name)


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        yield from ((t.id, node.value) for t in node.targets if isinstance(t, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield from [(node.target.id, node.value)] if node.value is not None else []


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _text(node: ast.expr | None) -> str:
    """Return a text, also one that is a sum of texts; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return ""


def _entries(node: ast.Dict) -> dict[str, Mapping[str, str]]:
    """Read a dictionary of texts, or of dictionaries of texts."""
    found: dict[str, Mapping[str, str]] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        name = _text(key)
        if name and isinstance(value, ast.Dict):
            inner = zip(value.keys, value.values, strict=True)
            found[name] = {_text(k).lower(): _text(v) for k, v in inner if _text(k)}
        elif name and " " in _text(value):
            found[name] = {"description": _text(value)}
    return found


def _definitions(tree: ast.Module) -> Iterator[Definition]:
    """Yield documented functions and classes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            docstring = ast.get_docstring(node) or ""
            first, blank, rest = docstring.partition("\n\n")
            docstring = f"{first}\n\n{_described(node)}{blank}{rest}".strip()
            if docstring:
                yield Definition(name=node.name, docstring=docstring, words=_words(node))


def _described(node: ast.FunctionDef | ast.ClassDef) -> str:
    """Return what a body keeps under the name `description`; empty if it keeps nothing."""
    found = (value for inner in node.body for name, value in _assigned(inner) if "desc" in name)
    return "\n\n".join(inspect.cleandoc(text) for text in map(_text, found) if text)


def _words(node: ast.AST) -> frozenset[str]:
    """Return the strings below a node that may name a file, as their last parts."""
    found = (n.value for n in ast.walk(node) if isinstance(n, ast.Constant))
    return frozenset(
        PurePath(text).name for text in found if isinstance(text, str) and len(text) < 100
    )
