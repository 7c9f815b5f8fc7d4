"""Every forecast of a series from its own history, by name."""

import numpy as np

from darebench.agents.baseline.programs.lines import fit_line, lines
from darebench.agents.baseline.programs.seasons import (
    autoregression,
    calendar_trees,
    seasons,
    years_ago,
)


def extensions(history, query, span):
    """Return every forecast of the asked-for rows; `span` is the horizon's length in days."""
    y = history["y"].to_numpy(float)
    found = {}
    for scale, z, back in scales(y):
        for season, inside, outside in seasons(history, query, z):
            for name, values in lines(history, query, z - inside, span).items():
                found[f"{scale}{name}{season}"] = back(values + outside)
        for name, values in years_ago(history, query, z):
            found[f"{scale}{name}"] = back(values)
        run = autoregression(history, query, z)
        if run is not None:
            found[f"{scale}autoregression"] = back(run)
    found.update(boosted_calendars(history, query, y, span))
    return found


def boosted_calendars(history, query, y, span):
    """Boost trees on the calendar, around each series' level of always and of late."""
    e, d, at = history["e"].to_numpy(), history["d"].to_numpy(float), query["e"].to_numpy()
    count = int(max(e.max(), at.max())) + 1
    level = fit_line(e, d, y, count)["level"]
    squares = np.bincount(e, (y - level[e]) ** 2, count)
    spread = np.sqrt(squares / np.maximum(np.bincount(e, minlength=count), 1))
    spread = np.where(spread > 0, spread, max(spread.mean(), 1e-9))
    late = fit_line(e, d, y, count, since=d.max() - span)["level"]
    shape = calendar_trees(history, query, (y - level[e]) / spread[e]) * spread[at]
    yield "trees", level[at] + shape
    yield "recent trees", late[at] + shape


def scales(y):
    """Return the plain values, and their logarithms where all are positive."""
    yield "", y, lambda z: z
    if y.min() > 0 and y.max() > 1.5 * y.min():
        ceiling = np.log(y.max()) + 1.5
        yield "log ", np.log(y), lambda z: np.exp(np.minimum(z, ceiling))
