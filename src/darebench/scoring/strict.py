"""The public release's rule, from its description: the score it gives, or that it would crash.

Both files are read with pandas' defaults and joined on the key columns as they come out of that; a
row count other than the truth's gives 0. It is kept beside our score, so that published figures can
be compared; the differences are listed in docs/scoring.md.
"""

from __future__ import annotations

import io
import warnings

import numpy as np
import pandas as pd

from darebench.scoring.metrics import clipped_r2, macro_f1
from darebench.types import Metric, Truth

MAX_COLUMNS = 10_000
"""Most names in a header that are read so; pandas takes minutes for many equal ones."""
_LONGEST_HEADER = 1 << 21


class _Crash(Exception):
    """The release's rule has no answer for these files."""


def strict_scores(content: bytes, truth: Truth) -> dict[str, float] | None:
    """Return the release's score of each target.

    Returns:
        Target -> score; None where the rule would crash or take minutes, and for a metric that the
        release does not have.
    """
    if truth.metric not in set(Metric) or _is_too_wide(content):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pandas finds odd about a file is not for our log
        try:
            return _joined_scores(content, truth)
        except (
            _Crash,
            ValueError,
            TypeError,
            KeyError,
            OverflowError,
            MemoryError,
            RecursionError,
        ):
            return None


def _is_too_wide(content: bytes) -> bool:
    header = content[:_LONGEST_HEADER].lstrip().partition(b"\n")[0].partition(b"\r")[0]
    return len(header) >= _LONGEST_HEADER // 2 or header.count(b",") > MAX_COLUMNS


def _joined_scores(content: bytes, truth: Truth) -> dict[str, float]:
    true = pd.read_csv(io.BytesIO(truth.csv))
    given = pd.read_csv(io.BytesIO(content))
    if not set(truth.keys) <= set(given.columns):
        raise _Crash("a key column is missing")
    joined = true.merge(given, on=list(truth.keys), how="inner", suffixes=("", "_given"))
    if len(joined) != len(true):
        return dict.fromkeys(truth.targets, 0.0)
    return {name: _target_score(joined, given, name, truth.metric) for name in truth.targets}


def _target_score(joined: pd.DataFrame, given: pd.DataFrame, name: str, metric: str) -> float:
    if name not in given.columns:
        return 0.0
    true, predicted = pd.Series(joined[name]), pd.Series(joined[f"{name}_given"])
    if metric == Metric.EXACT_LABELS:
        return float(predicted.tolist() == true.tolist())
    if metric == Metric.MACRO_F1:
        return _macro_f1(true, predicted)
    y_true, y_pred = _finite(true), _finite(predicted)
    if metric == Metric.CLOSE_NUMBERS:
        return float(np.allclose(y_pred, y_true))
    if len(y_true) < 2:
        raise _Crash("R2 of one row is not defined")
    return clipped_r2(y_true, y_pred)


def _finite(values: pd.Series) -> np.ndarray:
    numbers = values.to_numpy(dtype=float)
    if not np.isfinite(numbers).all():
        raise _Crash("missing or infinite values")
    return numbers


def _macro_f1(true: pd.Series, predicted: pd.Series) -> float:
    if true.isna().any() or predicted.isna().any():
        raise _Crash("missing labels")
    is_text = [pd.api.types.is_string_dtype(values) for values in (true, predicted)]
    if is_text[0] != is_text[1]:
        raise _Crash("text and numbers mixed")
    for values in (true, predicted):
        if values.dtype.kind == "f" and (values % 1 != 0).any():
            raise _Crash("continuous labels")
    both = np.concatenate([true.to_numpy(dtype=object), predicted.to_numpy(dtype=object)])
    codes = pd.factorize(both)[0].astype(np.int64)
    return macro_f1(codes[: len(true)], codes[len(true) :])
