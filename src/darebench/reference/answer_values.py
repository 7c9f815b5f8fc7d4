"""The values of IF answers in the order of the reference's rows, and how far two answers differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.scoring.align import align, parse_truth, take
from darebench.scoring.csv_text import Unusable, parse
from darebench.scoring.labels import code_labels
from darebench.scoring.numbers import as_floats
from darebench.types import Metric, Truth

FAR = 10.0
"""Distance of two numbers, in standard deviations, that counts as the largest."""

Values = tuple[pa.Array, ...] | tuple[NDArray[np.float64], ...]
"""For each target its values, shape (n_asked,): labels as text, or numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """How far an answer is from another one."""

    equal: bool
    """Whether the scorer would take it for the other one."""
    agreement: float
    """Share of the values that are equal, as the scorer compares."""
    distance: float
    """For labels the share that differs; for numbers the mean difference in standard deviations of
    the reference, each at most `FAR`."""


def read_values(content: bytes, truth: Truth) -> Values | None:
    """Return the values of an answer; None if the scorer could not compare them.

    Args:
        content: The csv file.
        truth: The reference, which says the order of the rows.
    """
    try:
        given = parse(content, (*truth.keys, *truth.targets))
        alignment = align(parse_truth(truth), given)
    except Unusable:
        return None
    if not all(name in given.columns for name in truth.targets):
        return None
    texts = tuple(take(given.columns[name], alignment) for name in truth.targets)
    if truth.metric == Metric.EXACT_LABELS:
        return texts
    numbers = tuple(found for column in texts if (found := as_floats(column)) is not None)
    return numbers if len(numbers) == len(texts) else None


def are_constant(values: Values) -> bool:
    """Check whether every target has one and the same value in all rows."""
    return all(len(set(column.tolist())) == 1 for column in values)


def gap_between(other: Values, answer: Values, reference: Values) -> Gap:
    """Return how far an answer is from another one, as if that were the reference."""
    gaps = [_gap(*columns) for columns in zip(other, answer, reference, strict=True)]
    agreement, distance = (float(np.mean(side)) for side in zip(*gaps, strict=True))
    return Gap(equal=agreement == 1.0, agreement=agreement, distance=distance)


def _gap(
    other: pa.Array | NDArray[np.float64],
    answer: pa.Array | NDArray[np.float64],
    reference: pa.Array | NDArray[np.float64],
) -> tuple[float, float]:
    if isinstance(other, pa.Array):
        coded = code_labels(other, answer)
        agreement = float(np.mean(coded.true == coded.given))
        return agreement, 1.0 - agreement
    given, like = np.asarray(answer), np.asarray(other)
    scale = float(np.std(np.asarray(reference))) or 1.0
    with np.errstate(over="ignore"):
        apart = np.minimum(np.abs(given - like) / scale, FAR)
    return float(np.mean(np.isclose(given, like))), float(np.mean(apart))
