"""Random walks are told from series that carry a signal."""

from __future__ import annotations

import numpy as np

from darebench.audit.random_walk import measure_walk


def test_a_random_walk_is_told_from_a_season_and_a_trend():
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 0.02, 1500)
    season = 10 + np.sin(np.arange(1500) / 29) + rng.normal(0, 0.1, 1500)
    smooth = np.cumsum(np.convolve(steps, np.ones(20) / 20))
    assert measure_walk(100 * np.exp(np.cumsum(steps))).is_random
    assert not measure_walk(season).is_random
    assert not measure_walk(smooth).is_random
    assert measure_walk(np.ones(500)) is None
