"""Class labels compared as values: the truth decides whether they are numbers, booleans or text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.scoring.numbers import number
from darebench.scoring.values import NA_WORDS, as_text, comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The labels of truth and prediction, coded alike."""

    true: NDArray[np.int64]
    """Shape (n,)."""
    given: NDArray[np.int64]
    """Shape (n,), in the same order."""
    spellings: frozenset[str]
    """Every spelling that occurs on either side."""
    names: dict[int, str]
    """Code -> the label as the truth spells it, or as the prediction does where only it has it."""
    blank: int | None
    """Code of an absent label in the prediction, unless the truth has it as a class; else None."""


def code_labels(true: pa.Array, given: pa.Array) -> Labels:
    """Code two columns of labels so that equal codes mean equal labels."""
    canonical = comparison(true.unique())
    codes: dict[object, int] = {}
    names: dict[int, str] = {}
    spellings: set[str] = set()

    def encode(texts: pa.Array) -> NDArray[np.int64]:
        encoded = texts.dictionary_encode()
        table = []
        for text in encoded.dictionary.to_pylist():
            code = codes.setdefault(canonical(text), len(codes))
            names.setdefault(code, text)
            table.append(code)
            spellings.add(text)
        index = encoded.indices.to_numpy(zero_copy_only=False)
        return np.array(table, dtype=np.int64)[index]

    true_codes = encode(true)
    n_true = len(codes)
    given_codes = encode(given)
    blank = codes.get("")
    return Labels(
        true=true_codes,
        given=given_codes,
        spellings=frozenset(spellings),
        names=names,
        blank=blank if blank is not None and blank >= n_true else None,
    )


def read_alike(texts: Iterable[str]) -> bool:
    """Check whether pandas reads all these labels as whole numbers, or all of them as text."""
    kinds = set(map(_kind, texts))
    return kinds in ({"whole"}, {"text"})


def _kind(text: str) -> str:
    value = number(text)
    if value is not None:
        return "whole" if isinstance(value, int) and abs(value) < 2**53 else "other"
    odd = text in NA_WORDS or text.lower() in ("true", "false", "inf", "-inf", "infinity")
    return "other" if odd or as_text(text) != text else "text"
