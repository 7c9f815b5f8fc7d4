"""What a single cell looks like: a number, a time, a word for nothing, plain text."""

from __future__ import annotations

import re

NOTHING = frozenset(
    (
        "", "na", "n/a", "nan", "null", "none", "?", "-", "--", "---", ".", "..", "...", "<na>",
        "nat", "missing", "unknown", "#n/a", "#na", "#null!", "#value!", "#ref!", "#div/0!",
        "#name?", "#num!", "***", "*", "**", "****", "\\n", "n.a.",
        "not available", "no data", "–", "—", "−",
    )
)  # fmt: skip
"""Words that stand for a missing value in columns of numbers, in lower case."""
_SIGN = r"[-+−–(]?\s?"
_CURRENCY = r"(?:[$€£¥₹₽₩₺₪฿₫₴]|[A-Z]{1,3}\$|[A-Z]{3}|Rs\.?|kr\.?|zł|Kč|Ft|руб\.?|R)"
_NUMBER = re.compile(
    rf"{_SIGN}(?:{_CURRENCY}\s?)?{_SIGN}[<>≤≥~]?\s?(?:\d[\d.,'’\s\u00a0\u202f]*|[.,]\d+)(?:[eE][-+]?\d+)?"
    r"\s?(?:%|‰|°[CF]?|[^\W\d_]{1,6}[²³]?(?:/[^\W\d_]{1,4}[²³]?)?|[$€£¥₹₽₩₺₪฿₫₴])?[-+)]?"
)
_TIME = re.compile(
    r"(?=.*\d)(?:[^\W\d_]{3,12}\.?,?\s)?[\dTZ:./\s+-]{4,35}(?:\s?(?:AM|PM|am|pm|UTC|GMT|Z))?|"
    r"\d{1,2}[-/. ][^\W\d_]{3,12}\.?[-/. ,]+\d{2,4}.{0,14}|"
    r"[^\W\d_]{3,12}\.?[-/ ]\d{1,2},?\s\d{4}.{0,14}|[^\W\d_]{3,12}\.?[-/ ]\d{2,4}|"
    r"\d{4}[-/ ]?(?:Q[1-4]|M\d{1,2}|W\d{1,2}).{0,2}|Q[1-4][-/ ]\d{2,4}"
)


def is_nothing(text: str) -> bool:
    """Check whether a cell is empty or stands for a missing value."""
    return text.strip().lower() in NOTHING


def is_number(text: str) -> bool:
    """Check whether a cell holds a number in any spelling, with a unit or without."""
    text = text.strip()
    return _has_digit(text) and _NUMBER.fullmatch(text) is not None


def is_value(text: str) -> bool:
    """Check whether a cell holds a number or a time, which a name hardly is."""
    text = text.strip()
    return is_number(text) or (_has_digit(text) and _TIME.fullmatch(text) is not None)


def _has_digit(text: str) -> bool:
    return len(text) <= 60 and any(char.isdigit() for char in text)
