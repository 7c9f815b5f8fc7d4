"""Extends series by a level and a slope, each taken from several stretches of their past.

A history and a query are frames of `e` (which series, counted from 0), `t` and `d` (the time, and
the same in days); a history also has `y`. Few rows lean on what all series share.
"""

import numpy as np
import pandas as pd


def lines(history, query, z, span):
    """Return every extension of the values z by name; `span` is the horizon's length in days."""
    e, d = history["e"].to_numpy(), history["d"].to_numpy(float)
    at, asked = query["e"].to_numpy(), query["d"].to_numpy(float)
    size, end = int(max(e.max(), at.max())) + 1, d.max()
    whole = fit_line(e, d, z, size)
    long, recent, short = (
        fit_line(e, d, z, size, since=end - length) for length in (2 * span, span, span / 4)
    )
    last, drift = fit_drift(e, d, z, size)
    flat = {"mean": whole, "long mean": long, "recent mean": recent, "short mean": short}
    result = {name: line["level"][at] for name, line in (flat | {"last": last}).items()}
    for name, start, slope, damp in (
        ("line", whole, whole["slope"], 1.0),
        ("long line", long, long["slope"], 1.0),
        ("recent along line", recent, whole["slope"], 1.0),
        ("short along long line", short, long["slope"], 1.0),
        ("last, drifting", last, drift, 1.0),
        ("last along line", last, whole["slope"], 1.0),
        ("last half along line", last, whole["slope"], 0.5),
        ("last along long line", last, long["slope"], 1.0),
        ("last half along long line", last, long["slope"], 0.5),
        ("last along recent line", last, recent["slope"], 1.0),
        ("last half along recent line", last, recent["slope"], 0.5),
    ):
        result[name] = start["level"][at] + damp * slope[at] * (asked - start["middle"][at])
    return result


def fit_line(e, d, z, size, since=-np.inf):
    """Fit each series' line since a time: its level at its middle, and its slope."""
    kept = d >= since
    every, n = np.bincount(e, minlength=size), np.bincount(e[kept], minlength=size)
    level = np.bincount(e[kept], z[kept], size) / np.maximum(n, 1)
    middle = np.bincount(e[kept], d[kept], size) / np.maximum(n, 1)
    dd, dz = d[kept] - middle[e[kept]], z[kept] - level[e[kept]]
    sxx, sxy = np.bincount(e[kept], dd * dd, size), np.bincount(e[kept], dd * dz, size)
    extra = 0.1 * sxx.sum() / max((n > 0).sum(), 1)
    pooled = sxy.sum() / sxx.sum() if sxx.sum() > 0 else 0.0
    slope = (sxy + extra * pooled) / np.maximum(sxx + extra, 1e-12)
    known = n > 0
    whole = np.bincount(e, z, size) / np.maximum(every, 1)
    shared = level[known].mean() if known.any() else z.mean()
    return {
        "level": np.where(known, level, np.where(every > 0, whole, shared)),
        "middle": np.where(known, middle, d.max()),
        "slope": slope,
    }


def fit_drift(e, d, z, size):
    """Return each series' last value with its time, and its slope from its first one to it."""
    groups = pd.DataFrame({"z": z, "d": d}).groupby(e)
    first, last = (rows.reindex(range(size)) for rows in (groups.first(), groups.last()))
    drift = (last["z"] - first["z"]) / (last["d"] - first["d"]).replace(0.0, np.nan)
    last = last.fillna({"z": last["z"].mean(), "d": d.max()})
    line = {"level": last["z"].to_numpy(), "middle": last["d"].to_numpy()}
    return line, drift.fillna(drift.mean()).fillna(0.0).to_numpy()


def line_at(e, d, z):
    """Return each row's place on its series' line."""
    line = fit_line(e, d, z, int(e.max()) + 1)
    return line["level"][e] + line["slope"][e] * (d - line["middle"][e])
