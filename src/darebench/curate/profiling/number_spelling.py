"""Reads numbers in whatever way a column spells them, in one way for the whole column.

Known are signs, parentheses and trailing minuses, currencies before or after, thousands with
commas, points, blanks or apostrophes, decimal points and commas, per cent, units, `K` and `M` for
thousands and millions, and bounds such as `10,000+` and `<5`. Codes that only look like numbers
are none: leading zeros, telephone numbers, postcodes, versions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from darebench.curate.profiling.time_words import is_weekday, months_of

NEARLY_ALL = 0.95
"""Share of the cells that must be numbers for a column to be one of numbers."""
MOST_LIMITS = 0.3
"""Share of the cells that may be limits such as `<5` in a column of numbers."""
_CODES = (
    "USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|RMB|INR|RUB|BRL|MXN|ZAR|SEK|NOK|DKK|PLN|CZK|HUF|TRY|KRW|SGD|"
    "HKD|THB|IDR|MYR|PHP|VND|AED|SAR|ILS|EGP|NGN|KES|ARS|CLP|COP|PEN|UAH|RON|BGN"
)
_MONEY = rf"(?:[A-Z]{{0,3}}[$€£¥₹₽₩₺₪฿₫₴]|(?:{_CODES})\b|Rs\.?|kr\.?|R\$|zł|Kč|Ft|руб\.?|Fr\.)"

_CELL = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-+−–])?\s*(?P<bound>[<>≤≥~≈]=?)?\s*"
    rf"(?P<money>{_MONEY})?\s*(?P<inner>[-−–])?\s*"
    r"(?P<digits>\d[\d.,'’\s]*\d|\d|[.,]\d+)(?P<exponent>[eE][-+]?\d{1,3})?(?P<plus>\+)?"
    r"\s*(?P<unit>[^\W\d_][^\d;:\"<>=()]{0,19}|[%‰°$€£¥₹₽₩₺₪฿₫₴][^\d;:\"<>=()]{0,9}|"
    r"[^\W\d_]{1,3}/?[^\W\d_]{0,3}[23])?"
    r"\s*(?P<close>\))?(?P<last>[-−–])?"
)
_ENGLISH = re.compile(r"(?:[1-9]\d{0,2}(?:,\d{3})+|[1-9]\d?(?:,\d\d)+,\d{3}|\d+)(?:\.\d*)?|\.\d+")
_CONTINENTAL = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+)(?:,\d*)?|,\d+")
_BLANKS = re.compile(r"[1-9]\d{0,2}(?:[\s'’]\d{3})+(?:[.,]\d*)?")
_TIMES = {
    "thousand": 1e3, "thousands": 1e3, "tsd": 1e3, "тыс": 1e3, "mn": 1e6, "mio": 1e6, "mill": 1e6,
    "million": 1e6, "millions": 1e6, "млн": 1e6, "bn": 1e9, "billion": 1e9, "billions": 1e9,
    "mrd": 1e9, "mld": 1e9, "млрд": 1e9, "lakh": 1e5, "lac": 1e5, "lakhs": 1e5, "crore": 1e7,
    "crores": 1e7, "万": 1e4, "億": 1e8, "亿": 1e8,
}  # fmt: skip
_LETTERS = {"k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "B": 1e9, "T": 1e12}
_NAMED_CODE = re.compile(
    r"(.*[ _.-])?(zip|zip[ _.-]?code|postal|post[ _.-]?code|postal[ _.-]?code|plz|phone|"
    r"phone[ _.-]?(no|number)|"
    r"telephone|tel|fax|mobile|isbn|iban|ssn|version|ver|barcode|ean|upc|gtin|vin|fips|naics|sic)s?",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpelledNumbers:
    """Numbers of the distinct texts of a column, or why they are none."""

    values: np.ndarray | None
    """NaN where a text is not a number; None if the column is not one of numbers."""
    spelling: str = ""
    """How they are written, for people."""
    unit: str = ""
    is_code: bool = False
    """Whether they only look like numbers."""
    has_decimal_commas: bool = False


NONE = SpelledNumbers(values=None)


def read_numbers(
    texts: pd.Series, weights: np.ndarray, name: str, *, decimal_comma: bool = False
) -> SpelledNumbers:
    """Read distinct texts as numbers.

    Args:
        texts: Distinct texts, words for missing values left out.
        weights: How many cells hold each.
        name: The column's.
        decimal_comma: Whether other columns of the table have decimal commas, which decides where
            `1.234` and `1,234` could be either.
    """
    plain = pd.to_numeric(texts, errors="coerce").to_numpy(float)
    if _is_code(texts, weights, name):
        return SpelledNumbers(values=None, is_code=True, spelling="codes that look like numbers")
    if not np.isnan(plain).any():
        if decimal_comma and _has_grouping_points(texts):
            grouped = texts.str.replace(".", "", regex=False).astype(float).to_numpy()
            return SpelledNumbers(values=grouped, spelling="points between thousands")
        return SpelledNumbers(values=plain, spelling="plain")
    sample = texts.iloc[:300]
    if _NAMED_CODE.fullmatch(name):
        return NONE  # `457xx` is no number with a unit where it is a postcode
    if np.mean([_CELL.fullmatch(text) is not None for text in sample]) < 0.5:
        return _nearly(plain, texts, weights, SpelledNumbers(values=plain, spelling="plain"))
    cells = [_CELL.fullmatch(text) for text in texts]
    limited = np.array([cell is not None and bool(cell["bound"]) for cell in cells])
    if weights[limited].sum() > MOST_LIMITS * weights.sum():
        return NONE  # `<=50K` and `>50K` are classes
    read = _read_cells(cells, weights, decimal_comma=decimal_comma)
    return _nearly(read.values, texts, weights, read)


def _nearly(
    values: np.ndarray | None, texts: pd.Series, weights: np.ndarray, read: SpelledNumbers
) -> SpelledNumbers:
    """Return what was read if nearly all cells are numbers, or all but one or two words are."""
    if values is None:
        return NONE
    bad = np.isnan(values)
    share = weights[~bad].sum() / weights.sum()
    n_numbers = len(np.unique(values[~bad]))
    if share >= NEARLY_ALL and (n_numbers >= 10 or weights[bad].sum() <= 0.02 * weights.sum()):
        return NONE if any(map(_is_version, texts[bad])) else read
    if bad.sum() <= 2 and share >= 0.7 and n_numbers >= 30:
        return read
    return NONE


def _is_version(text: str) -> bool:
    return re.fullmatch(r"v?\d+(\.\d+){2,}\w*", text) is not None


def _read_cells(
    cells: Sequence[re.Match[str] | None], weights: np.ndarray, *, decimal_comma: bool
) -> SpelledNumbers:
    english = np.array([_value(cell, ",", ".") for cell in cells])
    continental = np.array([_value(cell, ".", ",") for cell in cells])
    shares = [weights[~np.isnan(v)].sum() for v in (english, continental)]
    differ = bool((english != continental)[~np.isnan(english) & ~np.isnan(continental)].any())
    comma = shares[1] > shares[0] or (shares[1] == shares[0] and differ and decimal_comma)
    values = continental if comma else english
    units = [_unit(cell) for cell in cells]
    times = _factors(units, weights)
    values = values * np.array([times.get(unit, (1.0, ""))[0] for unit in units])
    rest = [times.get(unit, (1.0, unit))[1] for unit in units]
    unit = _usual(rest, weights)
    folded = _fold(unit)
    same = np.array([_fold(one) in ("", folded) for one in rest])
    values = np.where(same, values, np.nan)
    if months_of([unit]) or is_weekday(unit) or folded in ("am", "pm", "st", "nd", "rd", "th"):
        return NONE
    said = ["decimal commas" if comma and _uses(cells, ",") else ""]
    said += [f"{one.strip()!r} means times {factor:g}" for one, (factor, _) in times.items()]
    said += ["parentheses for minus" if any(c and c["open"] for c in cells) else ""]
    said += [
        "bounds are read as their limits"
        if any(c and (c["plus"] or c["bound"]) for c in cells)
        else ""
    ]
    return SpelledNumbers(
        values=values,
        spelling=", ".join(filter(None, said)) or "with signs of their own",
        unit=unit.strip(),
        has_decimal_commas=comma and shares[1] > shares[0],
    )


def _value(cell: re.Match[str] | None, group: str, decimal: str) -> float:
    """Read one cell with given separators; NaN if it does not fit."""
    if cell is None or bool(cell["open"]) != bool(cell["close"]):
        return np.nan
    digits = cell["digits"]
    if _BLANKS.fullmatch(digits):
        digits = re.sub(r"[\s'’]", "", digits)
        if re.search(r"[.,]", digits) and decimal not in digits:
            return np.nan
    elif not (_ENGLISH if decimal == "." else _CONTINENTAL).fullmatch(digits):
        return np.nan
    text = digits.replace(group, "").replace(decimal, ".") + (cell["exponent"] or "")
    signs = [cell["sign"] or "", cell["inner"] or "", cell["last"] or ""]
    minus = sum(sign in ("-", "−", "–") for sign in signs) + bool(cell["open"])
    if minus > 1:
        return np.nan
    return -float(text) if minus else float(text)


def _unit(cell: re.Match[str] | None) -> str:
    """Return what stands beside the digits, a blank before it if there is one."""
    if cell is None:
        return ""
    blank = " " if cell["unit"] and cell.string[cell.start("unit") - 1].isspace() else ""
    unit = (cell["unit"] or "").strip()
    money = (cell["money"] or "").strip()
    return f"{blank}{unit}{' ' if unit and money else ''}{money}"


def _factors(units: Sequence[str], weights: np.ndarray) -> dict[str, tuple[float, str]]:
    """Find units that stand for thousands and the like: unit -> factor, and what is left of it."""
    found: dict[str, tuple[float, str]] = {}
    distinct = set(units)
    bare = {unit for unit in distinct if unit in _LETTERS}
    for unit in distinct:
        first, _, rest = unit.strip().partition(" ")
        word = first.rstrip(".").casefold()
        has_money = re.search(_MONEY, rest) is not None
        if word in _TIMES:
            found[unit] = (_TIMES[word], rest)
        elif (
            first in _LETTERS
            and (unit[0] != " " or has_money)
            # `5m` are metres unless `5k`, or money, stands beside it.
            and (first != "m" or has_money or bare & {"k", "K", "B"})
        ):
            found[unit] = (_LETTERS[first], rest)
    return found


def _usual(units: Sequence[str], weights: np.ndarray) -> str:
    totals: dict[str, float] = {}
    for unit, weight in zip(units, weights, strict=True):
        if unit:
            totals[unit] = totals.get(unit, 0.0) + float(weight)
    return max(totals, key=lambda unit: totals[unit], default="")


def _fold(unit: str) -> str:
    folded = unit.strip().rstrip(".").casefold()
    return folded[:-1] if len(folded) > 2 and folded.endswith("s") else folded


def _uses(cells: Sequence[re.Match[str] | None], mark: str) -> bool:
    return any(cell is not None and mark in cell["digits"] for cell in cells)


def _has_grouping_points(texts: pd.Series) -> bool:
    """Check whether each point stands before three digits, as between thousands."""
    pointed = texts[texts.str.contains(".", regex=False)]
    return len(pointed) > 0 and bool(texts.str.fullmatch(r"-?[1-9]\d{0,2}(\.\d{3})*").all())


def _is_code(texts: pd.Series, weights: np.ndarray, name: str) -> bool:
    """Check whether texts are codes: by leading zeros, by name, or as telephone numbers."""
    whole = texts.str.fullmatch(r"\d+").to_numpy(bool)
    if _NAMED_CODE.fullmatch(name) and texts.str.fullmatch(r"[\d.\s-]+").mean() >= 0.9:
        return True
    padded = texts.str.fullmatch(r"0\d{2,}").to_numpy(bool)
    if padded.any() and whole.mean() > 0.9:
        alike = texts[whole].str.len().nunique() == 1
        return alike or weights[padded].sum() >= 0.1 * weights.sum()
    if texts.str.fullmatch(r"\+\d[\d\s-]{7,}").mean() > 0.8:
        return True
    spaced = texts.str.fullmatch(r"\d{1,3}(?: \d{3})+")
    return bool(spaced.mean() > 0.9 and texts.str.len().nunique() == 1 and len(texts.iloc[0]) > 8)
