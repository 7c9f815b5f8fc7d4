"""Times that the release's rule cannot join once they are parsed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.audit.checks.strict_join import strict_join
from darebench.types import Metric, Truth


def truth(rows: pd.DataFrame, time_format: str | None) -> Truth:
    return Truth(
        task="t/cf", metric=Metric.CLIPPED_R2, keys=("when",), targets=("y",), hash="0",
        csv=rows.to_csv(index=False).encode(), time_column="when", time_format=time_format,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("spelling", "is_found"),
    [("%Y-%m-%d", False), ("%d/%m/%Y", True), ("%Y-%m", True), ("%Y%m%d", True), ("%Y", False)],
)
def test_times_that_do_not_survive_being_parsed_are_found(spelling, is_found):
    months = pd.date_range("2001-03-01", periods=60, freq="MS" if spelling != "%Y" else "YS")
    when = months.strftime(spelling)
    rows = pd.DataFrame({"when": when, "y": np.arange(60.0)})
    assert bool(strict_join(truth(rows, spelling))) is is_found
