"""Random walks are told from series that carry a signal."""

from __future__ import annotations

import numpy as np
import pandas as pd

from darebench.audit.random_walk import is_random_walk, measure_walk
from darebench.audit.task_tables import TaskTables
from darebench.types import Family, Variant


def test_a_random_walk_is_told_from_a_season_and_a_trend():
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 0.02, 1500)
    season = 10 + np.sin(np.arange(1500) / 29) + rng.normal(0, 0.1, 1500)
    smooth = np.cumsum(np.convolve(steps, np.ones(20) / 20))
    assert measure_walk(100 * np.exp(np.cumsum(steps))).is_random
    assert not measure_walk(season).is_random
    assert not measure_walk(smooth).is_random
    assert measure_walk(np.ones(500)) is None


def test_a_drift_that_goes_further_than_the_noise_foretells_a_walk():
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 0.02, 1500)
    for drift, is_walk in ((0.0, True), (0.01, False)):
        level = 100 * np.exp(np.cumsum(steps + drift))
        frame = pd.DataFrame({"t": np.arange(1500), "level": level})
        tables = TaskTables(
            family=Family.TS,
            variant=Variant.CF,
            question="",
            metadata="",
            train=frame[:1200],
            val=frame[1200:],
            truth=frame[["level"]][1200:],
            targets=("level",),
            features=("t",),
            time_column="t",
        )
        assert is_random_walk(tables, "level") == is_walk
