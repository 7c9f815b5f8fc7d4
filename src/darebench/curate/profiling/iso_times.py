"""Writes times as ISO text, which survives being parsed and written back.

That keeps forecasts apart from how an agent spells their times.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY, MOMENT = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"


def as_text(times: pd.Series) -> pd.Series:
    """Write instants as days, or to the second if any of them has a time of day."""
    known = times.dropna()
    midnight = bool((known == known.dt.normalize()).all())
    text = times.dt.strftime(DAY if midnight else MOMENT)
    return text.astype(object).where(times.notna(), np.nan)
