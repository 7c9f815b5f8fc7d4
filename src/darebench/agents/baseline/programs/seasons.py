"""Finds what comes back: the hour's, the weekday's and the month's effects, a year ago, cycles."""

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV

from darebench.agents.baseline.programs.lines import line_at

YEAR = 365.25
LONGEST_RUN = 5000
"""Steps that an autoregression runs on, at most."""


def seasons(history, query, z):
    """Return seasonal parts by name: what to take off the history and add to the forecast."""
    yield "", np.zeros(len(z)), np.zeros(len(query))
    cycles = calendar(history, query)
    if cycles:
        yield " and season", *profile(history, query, z, cycles, own=3.0)
        if history["e"].nunique() > 1:
            yield " and common season", *profile(history, query, z, cycles, own=np.inf)


def calendar(history, query):
    """List the cycles that the history covers: the blocks that hold one, the step in it, asked."""
    t, asked = history["t"].dt, query["t"].dt
    days = history["d"].max() - history["d"].min()
    found = []
    if t.hour.nunique() > 1 and days > 3:
        hours = (24 * (times.day_of_week > 4) + times.hour for times in (t, asked))
        found.append((t.floor("D"), *hours))
    if t.day_of_week.nunique() > 2 and days > 21 and t.floor("D").nunique() > 20:
        found.append(
            (
                t.floor("D") - pd.to_timedelta(t.day_of_week, unit="D"),
                t.day_of_week,
                asked.day_of_week,
            )
        )
    if t.month.nunique() > 2 and days > 1.5 * YEAR:
        found.append((t.year, t.month, asked.month))
    return found


def profile(history, query, z, cycles, own):
    """Average by step what differs from its block; `own` rows weigh as much as the shared."""
    e = history["e"].to_numpy()
    rest = z - line_at(e, history["d"].to_numpy(float), z)
    inside, outside = np.zeros(len(z)), np.zeros(len(query))
    for block, step, asked in cycles:
        frame = pd.DataFrame({"e": e, "b": block.to_numpy(), "s": step.to_numpy(), "z": rest})
        frame["z"] -= frame.groupby(["e", "b"])["z"].transform("mean")
        effect, asked_effect = effects(frame, ["s"], pd.DataFrame({"s": asked.to_numpy()}), 2.0)
        if np.isfinite(own):
            frame["z"] -= effect
            both = pd.DataFrame({"e": query["e"].to_numpy(), "s": asked.to_numpy()})
            mine, asked_mine = effects(frame, ["e", "s"], both, own)
            effect, asked_effect = effect + mine, asked_effect + asked_mine
        rest = rest - effect
        inside, outside = inside + effect, outside + asked_effect
    return inside, outside


def effects(frame, keys, asked, extra):
    """Return for the rows, and the asked ones, their group's mean, shrunk by some empty rows."""
    groups = frame.groupby(keys)["z"].agg(["sum", "count"])
    table = (groups["sum"] / (groups["count"] + extra)).rename("effect").reset_index()
    here, there = (
        rows[keys].merge(table, how="left", on=keys)["effect"] for rows in (frame, asked)
    )
    return here.to_numpy(), there.fillna(0.0).to_numpy()


def years_ago(history, query, z):
    """Repeat the year before, with and without the growth from year to year."""
    d = history["d"].to_numpy(float)
    if d.max() - d.min() < 1.3 * YEAR:
        return
    e, asked, at = history["e"].to_numpy(), query["d"].to_numpy(float), query["e"].to_numpy()
    past = pd.DataFrame({"e": e, "d": d, "z": z}).sort_values("d", kind="stable")
    back = np.ceil((asked - d.max() + 1e-9) / YEAR).clip(1)
    then = pd.DataFrame({"e": at, "d": asked - YEAR * back})
    order = np.argsort(then["d"].to_numpy(), kind="stable")
    step = np.median(np.diff(np.unique(d)))
    found = pd.merge_asof(
        then.iloc[order], past, on="d", by="e", direction="nearest", tolerance=max(1.6, 0.6 * step)
    )["z"].to_numpy()
    seen = np.empty(len(query))
    seen[order] = found
    size = int(max(e.max(), at.max())) + 1
    since = d.max() + 0.5 * step - YEAR * np.array([1, 2])
    new, old = d > since[0], (d <= since[0]) & (d > since[1])
    counts = [np.bincount(e[part], minlength=size) for part in (new, old)]
    means = [
        np.bincount(e[p], z[p], size) / np.maximum(n, 1)
        for p, n in zip((new, old), counts, strict=True)
    ]
    growth = np.where((counts[0] > 0) & (counts[1] > 0), means[0] - means[1], 0.0)
    seen = np.where(np.isnan(seen), means[0][at], seen)
    yield "year ago", seen
    if d.max() - d.min() > 1.9 * YEAR:
        yield "year ago and half the growth", seen + 0.5 * growth[at] * back
        yield "year ago and growth", seen + growth[at] * back


def autoregression(history, query, z):
    """Fit one autoregression to all series and let each run on; None where it does not fit."""
    e, d = history["e"].to_numpy(), history["d"].to_numpy(float)
    gaps = np.diff(np.unique(d))
    counts = np.bincount(e, minlength=int(query["e"].max()) + 1)
    if len(gaps) < 12 or counts.max() < 30 or (counts > 0).sum() > 60:
        return None
    steps = np.rint((query["d"].to_numpy(float) - d.max()) / np.median(gaps)).clip(1).astype(int)
    if steps.max() > LONGEST_RUN:
        return None
    order = int(min(counts.max() // 4, 40))
    mean = np.bincount(e, z, len(counts)) / np.maximum(counts, 1)
    mean[counts == 0] = z.mean()
    own = [z[e == code] - mean[code] for code in range(len(counts))]
    windows = np.concatenate([sliding(v, order + 1) for v in own if len(v) > order])
    penalties = np.logspace(-3, 3, 7) * windows.var() + 1e-12
    model = RidgeCV(penalties, fit_intercept=False).fit(windows[:, :-1], windows[:, -1])
    room = 1.5 * np.abs(np.concatenate(own)).max()
    run = np.array([np.r_[np.zeros(order), v][-order:] for v in own])
    ahead = np.empty((len(own), steps.max()))
    for step in range(steps.max()):
        value = np.clip(run @ model.coef_, -room, room)
        run = np.column_stack([run[:, 1:], value])
        ahead[:, step] = value
    at = query["e"].to_numpy()
    return mean[at] + ahead[at, steps - 1]


def sliding(values, width):
    """Return all windows of neighbours."""
    return np.lib.stride_tricks.sliding_window_view(values, width)


def calendar_trees(history, query, z):
    """Boost trees on the calendar and the series' number."""

    def table(frame):
        t = frame["t"].dt
        parts = [frame["e"], t.month, t.day_of_week, t.hour, t.day, t.minute, t.day_of_year]
        return np.column_stack([p.to_numpy(float) for p in parts])

    model = HistGradientBoostingRegressor(
        max_iter=120, learning_rate=0.08, min_samples_leaf=10, random_state=0
    )
    return model.fit(table(history), z).predict(table(query))
