"""Finds the model formulas and axes of plots in the code of a page, with the columns they name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

MOST_TOGETHER = 3
"""Columns on one left side, up to which each is a target; of more, all are one measurement."""
_NAME = re.compile(r"(?<![\w.$])[A-Za-z.][\w.]*|`[^`]+`")
_DRAWN = re.compile(
    r"plot|hist|curve|chart|graph|lines|points|xyp|bwp|lattice|gf_|dens|strip|tally|favstats|"
    r"mosaic|tapply|aggregate|xtabs|table|cast|melt|facet|df_stats|mean|median|sd|split|"
    r"summary|by|coplot",
    re.I,
)
_MODELS_OF_NONE = re.compile(r"facet|melt|cast|xtabs|ftable|structable|mosaic|tally", re.I)
_PYTHON_TARGET = re.compile(
    r"""\b[yY](?:_\w+)?\s*=\s*\w+\s*(?:\[\[?\s*['"]([^'"]+)['"]|\.(\w+)\s*$)""", re.M
)
_DROPPED = re.compile(r"""\b[xX]\w*\s*=\s*\w+\.drop\(\s*(?:columns\s*=\s*)?\[?['"]([^'"]+)['"]""")
_AXES = re.compile(r"\bqplot\(|\bggplot\(|\baes\(|\bplot\(|\bscatterplot\(")


@dataclass(slots=True, kw_only=True)
class Formulas:
    """How often the code of a page has a column in which place."""

    modelled: Counter[str] = field(default_factory=Counter)
    """On the left side of a model's formula."""
    explains: Counter[str] = field(default_factory=Counter)
    """On the right side of a model's formula."""
    drawn: Counter[str] = field(default_factory=Counter)
    """On the vertical axis of a plot, or the left side of its formula."""
    against: Counter[str] = field(default_factory=Counter)
    """On the horizontal axis, or the right side."""
    durations: Counter[str] = field(default_factory=Counter)
    """As the time of `Surv(time, event)`; its event counts as modelled."""
    together: set[frozenset[str]] = field(default_factory=set)
    """Columns that stand together on one left side."""


def find_formulas(code: str, columns: Collection[str]) -> Formulas:
    """Read code of R, and assignments of Python, without running it."""
    found = Formulas()
    code = re.sub(r"(?m)(?<![\"'])#.*$", "", code)
    names = {name: name for name in columns}
    for mark in re.finditer("~", code):
        left, call = _left_of(code, mark.start())
        _count_formula(found, left, _right_of(code, mark.end()), call, names)
    for call in _AXES.finditer(code):
        _count_axes(found, _inside(code, call.end()), call[0], names)
    for match in (*_PYTHON_TARGET.finditer(code), *_DROPPED.finditer(code)):
        name = match[1] or (match[2] if match.lastindex and match.lastindex > 1 else None)
        if name in names:
            found.modelled[name] += 1
    return found


def _count_formula(
    found: Formulas, left: str, right: str, call: str, names: dict[str, str]
) -> None:
    """Count the columns of one formula by their side."""
    targets = _columns(left, names)
    features = [name for name in _columns(right, names) if name not in targets]
    if not targets or _MODELS_OF_NONE.search(call):
        return
    survival = re.search(r"\bSurv\s*\(", left)
    if survival:
        found.durations.update(targets[:-1] if len(targets) > 1 else [])
        found.modelled[targets[-1]] += 1
    elif _DRAWN.search(call):
        found.drawn.update(targets[:3])
        found.against.update(features)
        return
    else:
        if "cbind" not in left:
            found.modelled[targets[0]] += 1
        elif len(targets) <= MOST_TOGETHER:
            found.modelled.update(targets)
            found.together.add(frozenset(targets))
    found.explains.update(features)


def _count_axes(found: Formulas, inside: str, call: str, names: dict[str, str]) -> None:
    """Count the columns on the axes of one plot."""
    x = re.search(r"\bx\s*=\s*([^,=]+)", inside)
    y = re.search(r"\by\s*=\s*([^,=]+)", inside)
    if (y is None and "aes" in call) or (y is None and call.startswith("plot")):
        parts = re.split(r",(?![^(]*\))", inside)
        if len(parts) > 1 and "=" not in parts[0] and "=" not in parts[1] and "~" not in inside:
            found.against.update(_columns(_without_frames(parts[0]), names))
            found.drawn.update(_columns(_without_frames(parts[1]), names))
        return
    if y is not None:
        found.drawn.update(_columns(y[1], names))
        if x is not None:
            found.against.update(_columns(x[1], names))


def _without_frames(code: str) -> str:
    return re.sub(r"[\w.]+\$", "", code)


def _columns(code: str, names: dict[str, str]) -> list[str]:
    code = re.sub(r"(?:\"[^\"]*\"|'[^']*')", " ", _without_frames(code))
    tokens = [token.strip("`") for token in _NAME.findall(code)]
    return list(dict.fromkeys(names[token] for token in tokens if token in names))


def _left_of(code: str, end: int) -> tuple[str, str]:
    """Return the left side of a formula, and the name of the call that it is in."""
    depth, start = 0, end
    while start > 0 and end - start < 300:
        char = code[start - 1]
        if char in ")]":
            depth += 1
        elif char in "([{" and depth == 0:
            before = re.search(r"([\w.]+)\s*$", code[: start - 1])
            return code[start:end], before[1] if before else ""
        elif char in "([":
            depth -= 1
        elif (depth == 0 and (char in ",;=}" or code[max(0, start - 2) : start] == "<-")) or (
            depth == 0 and char == "\n" and code[start:end].strip()
        ):
            break
        start -= 1
    return code[start:end], _enclosing(code, start)


def _enclosing(code: str, place: int) -> str:
    """Return the name of the innermost call that is open at a place."""
    depth = 0
    for i in range(place - 1, max(-1, place - 600), -1):
        if code[i] == ")":
            depth += 1
        elif code[i] == "(":
            if depth == 0:
                before = re.search(r"([\w.]+)\s*$", code[:i])
                return before[1] if before else ""
            depth -= 1
    return ""


def _right_of(code: str, start: int) -> str:
    depth, end = 0, start
    while end < len(code) and end - start < 600:
        char = code[end]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif depth == 0 and (char == "," or (char == "\n" and _is_whole(code[start:end]))):
            break
        end += 1
    return code[start:end]


def _is_whole(code: str) -> bool:
    """Check whether a formula could end here: what goes on ends in an operator."""
    return re.search(r"[^\s+*~:|,(-]\s*$", code) is not None


def _inside(code: str, start: int) -> str:
    """Return the arguments of a call whose bracket opens just before a place."""
    depth, end = 0, start
    while end < len(code) and end - start < 400:
        if code[end] == "(":
            depth += 1
        elif code[end] == ")":
            if depth == 0:
                break
            depth -= 1
        end += 1
    return code[start:end]
