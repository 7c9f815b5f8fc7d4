"""Find the cycle of a series, and continue series by what their last values say of the next."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

Sides = tuple[np.ndarray, np.ndarray]
"""Arrays for the past (n_train, ...) and for what is asked for (n_val, ...)."""
LEAST = 0.2
"""Autocorrelation from which on a lag is a cycle."""
CYCLES = 3
"""Cycles that a series must have been through."""
FEWEST = 40
"""Values of a series from which on it is continued by its last ones."""
MOST_LAGS, MOST_SERIES = 40, 20
_LARGEST = 50.0
"""Of a logarithm that is forecast."""


def find_period(values: np.ndarray) -> int:
    """Find after how many steps a series, of shape (n,), repeats itself; 0 for one that does not.

    It is the first of the highest peaks of the autocorrelation about a straight trend.
    """
    from statsmodels.tsa.stattools import acf

    n = len(values)
    if n < 4 * CYCLES or not np.isfinite(values).all() or np.ptp(values) == 0:
        return 0
    steps = np.arange(n)
    level = np.polyval(np.polyfit(steps, values, 1), steps)
    if np.ptp(values - level) <= 1e-9 * np.ptp(values):
        return 0
    alike = np.asarray(acf(values - level, nlags=n // CYCLES, fft=True))
    inner = alike[1:-1]
    peaks = 1 + np.flatnonzero((inner > alike[:-2]) & (inner >= alike[2:]))
    peaks = peaks[peaks >= 2]
    if len(peaks) == 0 or alike[peaks].max() < max(LEAST, 3 / n**0.5):
        return 0
    return int(peaks[alike[peaks] >= 0.9 * alike[peaks].max()][0])


def continued(times: Sides, y: np.ndarray, codes: Sides) -> Iterator[np.ndarray]:
    """Forecast few long series by autoregression: as they are, as logarithms, about their season.

    Args:
        times: Of the past and of what is asked for, arrays of one dimension.
        y: The past values, shape (n_train,).
        codes: Numbers of the series.

    Yields:
        Arrays of shape (n_val,).
    """
    asked = np.unique(codes[1])
    if len(asked) > MOST_SERIES or not np.isfinite(y).any():
        return
    is_positive = bool(np.nanmin(y) > 0)
    for log, with_season in ((False, False), (True, False), (False, True)):
        if log and not is_positive:
            continue
        guess = np.full(len(codes[1]), np.nanmean(y))
        for code in asked:
            past = np.flatnonzero((codes[0] == code) & np.isfinite(y))
            past = past[np.argsort(times[0][past], kind="stable")]
            rows = np.flatnonzero(codes[1] == code)
            rows = rows[np.argsort(times[1][rows], kind="stable")]
            if len(past) >= FEWEST:
                values = np.log(y[past]) if log else y[past]
                period = find_period(values) if with_season else 1
                found = _autoregress(values, len(rows), max(period, 1), with_trend=log)
                guess[rows] = np.exp(np.clip(found, -_LARGEST, _LARGEST)) if log else found
        yield guess


def _autoregress(values: np.ndarray, horizon: int, period: int, *, with_trend: bool) -> np.ndarray:
    """Forecast so many steps of a series about the means of its season."""
    from statsmodels.tsa.ar_model import AutoReg

    if np.ptp(values) == 0:
        return np.full(horizon, values[0])
    phases = np.arange(len(values) + horizon) % period
    known, wanted = phases[: len(values)], phases[len(values) :]
    season = np.bincount(known, weights=values) / np.bincount(known)
    lags = min(MOST_LAGS, len(values) // 4)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        model = AutoReg(values - season[known], lags=lags, trend="ct" if with_trend else "c")
        found = np.asarray(model.fit().forecast(horizon)) + season[wanted]
    span = 10 * np.ptp(values)
    found = np.nan_to_num(found, nan=float(values.mean()), posinf=np.inf, neginf=-np.inf)
    return np.clip(found, values.min() - span, values.max() + span)
