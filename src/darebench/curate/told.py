"""What a user says of a table, which counts before anything that is found in it.

It is given as options, for every table, or in `dataset.toml` beside the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError, CurationReject
from darebench.toml_file import read_settings

FILE = "dataset.toml"
DAY_FIRST = {"day-first": True, "month-first": False}
"""Kinds of times, as 01/02/2020 is the first of February or the second of January."""
KINDS = ("number", "category", "time", *DAY_FIRST, "key", "text")
"""What a column can be said to hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is said of one table, or of every table of a folder."""

    target: tuple[str, ...] = ()
    """The only columns that become targets, the first one first."""
    time: str = ""
    group: tuple[str, ...] = ()
    """Columns that name what several rows belong to."""
    id: tuple[str, ...] = ()
    """Columns that only name rows: neither targets nor features."""
    type: Mapping[str, str] | None = None
    """Column -> one of `KINDS`."""
    sheet: str = ""
    header_row: int | None = None
    """Counted from 1; 0 for a table without a header."""

    @property
    def types(self) -> Mapping[str, str]:
        """What columns are said to hold; ids are keys."""
        return {**dict.fromkeys(self.id, "key"), **(self.type or {})}

    @property
    def day_first(self) -> Mapping[str, bool]:
        """Column of times -> whether its day stands before its month, where that is said."""
        return {n: DAY_FIRST[kind] for n, kind in self.types.items() if kind in DAY_FIRST}

    @property
    def columns(self) -> list[str]:
        """Every column that is named."""
        time = [self.time] if self.time else []
        return list(dict.fromkeys([*self.target, *time, *self.group, *self.types]))

    def over(self, other: Told) -> Told:
        """Return this with what it leaves open taken from another; types are put together."""
        types = {**(other.type or {}), **(self.type or {})} or None
        left = {f.name: getattr(other, f.name) for f in fields(self) if not _says(self, f.name)}
        return replace(self, **{**left, "type": types})

    def as_dict(self) -> dict[str, Any]:
        """Return what is said as plain values, without what is left open."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if _says(self, f.name)}
        return {k: list(v) if isinstance(v, tuple) else v for k, v in plain.items()}

    def found_in(self, columns: Sequence[str]) -> Told:
        """Return the same with the columns as the table spells them.

        Raises:
            CurationReject: One of them is not there; the message names what is nearly so called.
        """
        spelled = {name.casefold(): name for name in columns}

        def find(name: str) -> str:
            found = name if name in columns else spelled.get(name.casefold())
            if found is None:
                raise CurationReject(f"there is no column {name!r}{near(name, columns)}")
            return found

        return replace(
            self,
            target=tuple(map(find, self.target)),
            time=find(self.time) if self.time else "",
            group=tuple(map(find, self.group)),
            id=tuple(map(find, self.id)),
            type={find(name): kind for name, kind in self.type.items()} if self.type else None,
        )


def near(name: str, known: Iterable[str]) -> str:
    """Return the end of a message: what is nearly so called, or all there is."""
    names = list(known)
    lower = {other.casefold(): other for other in names}
    close = [lower[n] for n in get_close_matches(name.casefold(), lower, n=3, cutoff=0.5)]
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"; there are {shown}"


def read_pairs(types: Iterable[str]) -> Mapping[str, str] | None:
    """Read COLUMN=KIND of the command line.

    Raises:
        ConfigError: One is not of this form, or its kind is unknown.
    """
    pairs: dict[str, Any] = {}
    for text in types:
        name, mark, kind = text.rpartition("=")
        if not (mark and name):
            raise ConfigError(f"--type takes COLUMN=KIND, got {text!r}; KIND is {_any_of(KINDS)}")
        pairs[name] = kind
    return told_of({"type": pairs}, "--type").type if pairs else None


def told_of(values: Mapping[str, Any], origin: str) -> Told:
    """Check the keys of `dataset.toml`, or of options with their names.

    Raises:
        ConfigError: A key is unknown, or its value is not of its type.
    """
    known = [f.name for f in fields(Told)]
    for key in values:
        if key not in known:
            raise ConfigError(f"{origin} has no key {key!r}{near(key, known)}")
    row = values.get("header_row")
    if row is not None and (not isinstance(row, int) or isinstance(row, bool) or row < 0):
        raise ConfigError(f"{origin}: header_row is {row!r}; give a number from 1, or 0 for none")
    for key in ("time", "sheet"):
        if not isinstance(values.get(key, ""), str):
            raise ConfigError(f"{origin}: {key} is {values[key]!r}; give one name in quotes")
    return Told(
        target=_names(values, "target", origin),
        time=values.get("time", ""),
        group=_names(values, "group", origin),
        id=_names(values, "id", origin),
        type=_types(values.get("type"), origin),
        sheet=values.get("sheet", ""),
        header_row=row,
    )


def _names(values: Mapping[str, Any], key: str, origin: str) -> tuple[str, ...]:
    given = values.get(key, ())
    given = [given] if isinstance(given, str) else given
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise ConfigError(f"{origin}: {key} is {given!r}; give a list of columns")
    return tuple(given)


def _types(given: Any, origin: str) -> dict[str, str] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise ConfigError(f"{origin}: type is {given!r}; give a table of COLUMN = KIND")
    for name, kind in given.items():
        if kind not in KINDS:
            raise ConfigError(f"{origin}: {name!r} cannot be {kind!r}; a kind is {_any_of(KINDS)}")
    return dict(given) or None


def told_beside(folder: Path, key: str) -> Told:
    """Read what `dataset.toml` says of one table: the folder's own, and that of a subfolder.

    In the folder's own, a key holds for every table, and a table of TOML with the name of a file
    for that file.

    Raises:
        ConfigError: A file cannot be used.
    """
    general, single = _read(folder / FILE)
    inner = folder / key / FILE
    own = told_of(read_settings(inner), str(inner)) if inner.is_file() else Told()
    return own.over(single.get(key, Told())).over(general)


def check_beside(folder: Path, keys: Sequence[str]) -> None:
    """Check every `dataset.toml` of a folder of tables.

    Raises:
        ConfigError: One cannot be used, or names a table that is not there.
    """
    _, single = _read(folder / FILE)
    for name in single:
        if name not in keys:
            raise ConfigError(f"{folder / FILE}: there is no table {name!r}{near(name, keys)}")
    for key in keys:
        if (folder / key / FILE).is_file():
            told_beside(folder, key)


def _read(path: Path) -> tuple[Told, dict[str, Told]]:
    if not path.is_file():
        return Told(), {}
    values = read_settings(path)
    single = {k: v for k, v in values.items() if isinstance(v, Mapping) and k != "type"}
    general = told_of({k: v for k, v in values.items() if k not in single}, str(path))
    return general, {name: told_of(said, f"{path}, {name}") for name, said in single.items()}


def _says(told: Told, name: str) -> bool:
    return getattr(told, name) not in ((), "", None)


def _any_of(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
