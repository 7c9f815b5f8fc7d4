"""Class labels compared as values: the truth decides whether they are numbers, booleans or text."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.scoring import numbers

_BOOLEANS = {"true": 1, "false": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Truth and prediction in one code space."""

    true: NDArray[np.int64]
    given: NDArray[np.int64]
    names: dict[int, str]
    """Code -> the label as the truth spells it, or as the prediction does if only it has it."""
    blank: int | None
    """The code of an absent prediction, if there is one that the truth does not have as a class."""


def code_labels(true: pa.Array, given: pa.Array) -> Labels:
    """Code two label columns; equal codes mean equal labels."""
    canonical = _comparison(true.unique().to_pylist())
    codes: dict[object, int] = {}
    names: dict[int, str] = {}

    def encode(texts: pa.Array) -> NDArray[np.int64]:
        encoded = texts.dictionary_encode()
        table = []
        for text in encoded.dictionary.to_pylist():
            code = codes.setdefault(canonical(text), len(codes))
            names.setdefault(code, text)
            table.append(code)
        index = encoded.indices.to_numpy(zero_copy_only=False)
        return np.array(table, dtype=np.int64)[index]

    true_codes = encode(true)
    n_true = len(codes)
    given_codes = encode(given)
    blank = codes.get("")
    return Labels(
        true=true_codes,
        given=given_codes,
        names=names,
        blank=blank if blank is not None and blank >= n_true else None,
    )


def _comparison(texts: Sequence[str]) -> Callable[[str], object]:
    known = [text for text in texts if text]
    values = {numbers.number(text) for text in known}
    if known and None not in values:
        return _number_or_boolean if values <= {0, 1} else _number
    if known and {text.lower() for text in known} <= set(_BOOLEANS):
        return _number_or_boolean
    return lambda text: unicodedata.normalize("NFC", text)


def _number(text: str) -> object:
    value = numbers.number(text)
    return text if value is None else value


def _number_or_boolean(text: str) -> object:
    return _BOOLEANS.get(text.lower(), _number(text))
