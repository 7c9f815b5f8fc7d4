"""What a metric is: a function of true and predicted values, and how its value becomes a score."""

from __future__ import annotations

import hashlib
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darebench.errors import ConfigError

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]


class ValueKind(StrEnum):
    """What a metric compares."""

    LABELS = "labels"
    """Class labels, as integer codes: equal codes are equal labels."""
    NUMBERS = "numbers"
    """Finite floats."""


class Direction(StrEnum):
    """Which values of a metric are better, and so how a value becomes a score in [0, 1]."""

    HIGHER = "higher"
    """1 is perfect: the score is the value, clipped to [0, 1]."""
    LOWER = "lower"
    """The value is an error and 0 is perfect: the score is 1 - value, clipped to [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRule:
    """A metric under its name, as `METRICS` holds it and `register_metric` takes it."""

    name: str
    """What a store's settings and the scores' records call it."""
    function: Callable[[Any, Any], float]
    """Takes the true values, shape (n,), and the predicted ones in the same order."""
    kind: ValueKind
    formula: str
    """One phrase for the documentation."""
    direction: Direction = Direction.HIGHER
    bounded: bool = False
    """Whether every value lies in [0, 1], so that the value itself is the score."""
    per_class: Callable[[Codes, Codes], dict[int, float]] | None = None
    """Values of single classes, for labels: code -> value; `function` is their mean."""

    def score(self, value: float) -> float:
        """Return the score of a value, in [0, 1]; a value that is not finite scores 0."""
        if not math.isfinite(value):
            return 0.0
        return min(1.0, max(0.0, value if self.direction is Direction.HIGHER else 1.0 - value))


def source_hash(function: Callable[..., object]) -> str:
    """Hash the source of a function's module, or of the function where there is no such file.

    Returns:
        Twelve hex digits.

    Raises:
        ConfigError: The source cannot be read, so that a change of it would go unnoticed.
    """
    if not isinstance(function, FunctionType):
        raise ConfigError(f"{function!r} is not a Python function; wrap it in one")
    file = Path(function.__code__.co_filename)
    try:
        text = file.read_bytes() if file.is_file() else inspect.getsource(function).encode()
    except (OSError, TypeError):
        raise ConfigError(
            f"the source of {function.__qualname__} cannot be read; define it in a file or a "
            "notebook's cell"
        ) from None
    return hashlib.sha256(text).hexdigest()[:12]
