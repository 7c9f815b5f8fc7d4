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
    """Give every forecast of the asked-for rows; `span` is the horizon's length in days."""
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
    e, d, at = history["e"].to_numpy(), history["d"].to_numpy(float), query["e"].to_numpy()
    count = int(max(e.max(), at.max())) + 1
    for name, since in (("", -np.inf), ("recent ", d.max() - span)):
        line = fit_line(e, d, y, count, since)
        level = line["level"]
        whole = fit_line(e, d, y, count)["level"]
        deviation = np.sqrt(
            np.bincount(e, (y - whole[e]) ** 2, count)
            / np.maximum(np.bincount(e, minlength=count), 1)
        )
        size = np.where(deviation > 0, deviation, max(deviation.mean(), 1e-9))
        found[f"{name}trees"] = calendar_trees(history, query, level[at], whole[e], size)
    return found


def scales(y):
    """Give the plain values, and their logarithms where all are positive."""
    yield "", y, lambda z: z
    if y.min() > 0 and y.max() > 1.5 * y.min():
        ceiling = np.log(y.max()) + 1.5
        yield "log ", np.log(y), lambda z: np.exp(np.minimum(z, ceiling))
