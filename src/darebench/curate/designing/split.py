"""Splits a table into training and validation so that nothing leaks from one to the other."""

# pandas' indexing is typed as unions of everything that it can give.

from __future__ import annotations

import numpy as np
import pandas as pd

from darebench.curate.profiling.profile import parse_times
from darebench.curate.records import Design, Split
from darebench.errors import CurationReject

RATIOS = (0.7, 0.8, 0.9)
"""Shares of training rows that are drawn from (paper section 3)."""
SMALL_RATIOS = (0.6, 0.5)
"""For tables whose validation part would otherwise be so small that one row decides much."""
GOOD_VAL = 300
"""Validation rows up to which a larger share is validated on: scores of fewer vary much."""
MIN_VAL, MIN_SMALL_VAL = 100, 30
"""Validation rows of a table, and of a small one: one row decides a point, or three at most."""
SMALL_TABLE = 200
"""Different rows under which a table is a small one."""
SMALL_SERIES = 400
LEAST_GROUPS = 8
LEAST_ROWS, LEAST_SERIES_ROWS = 75, 60


def draw_ratio(n_rows: int, rng: np.random.Generator) -> float:
    """Draw a ratio that leaves enough rows to validate on.

    Raises:
        CurationReject: No ratio does.
    """
    sizes = {ratio: n_rows - int(n_rows * ratio) for ratio in RATIOS}
    able = [r for r in RATIOS if sizes[r] >= GOOD_VAL] or [
        r for r in RATIOS[:1] if sizes[r] >= MIN_VAL
    ]
    if able:
        return float(rng.choice(able))
    for ratio in SMALL_RATIOS:
        if n_rows - int(n_rows * ratio) >= MIN_VAL:
            return ratio
    if int(0.4 * n_rows) >= MIN_SMALL_VAL:
        return SMALL_RATIOS[0]
    raise CurationReject(f"{n_rows} different rows are left; {LEAST_ROWS} are needed")


def split_rows(
    frame: pd.DataFrame,
    design: Design,
    rng: np.random.Generator,
    *,
    by_class: bool,
    ratio: float | None = None,
) -> Split:
    """Split at random: whole groups where there are some, else each class by the same ratio.

    Args:
        frame: The rows.
        design: Has the groups.
        rng: Generator of the split.
        by_class: Whether the target is a class.
        ratio: Share of training rows; None to draw one.

    Raises:
        CurationReject: Too few rows are left for a validation part.
    """
    drawn = draw_ratio(len(frame), rng)
    ratio = drawn if ratio is None else min(ratio, drawn)
    if design.groups:
        n_groups = frame.groupby(list(design.groups), dropna=False).ngroups
        if n_groups < LEAST_GROUPS:
            raise CurationReject(
                f"its rows are of {n_groups} different {' and '.join(design.groups)}; "
                f"{LEAST_GROUPS} are needed"
            )
    order = rng.permutation(len(frame))
    if design.groups:
        is_train = _whole_groups(frame, design, order, ratio)
    else:
        is_train = np.zeros(len(frame), dtype=bool)
        classes = frame[design.targets[0]].to_numpy() if by_class else np.zeros(len(frame))
        for value in pd.unique(classes):
            members = order[classes[order] == value]
            is_train[members[: round(ratio * len(members))]] = True
    train = frame.iloc[order[is_train[order]]].reset_index(drop=True)
    val = frame.iloc[order[~is_train[order]]].reset_index(drop=True)
    least = MIN_SMALL_VAL if len(frame) < SMALL_TABLE else MIN_VAL
    if len(val) < least or len(train) < least:
        raise CurationReject(f"the split leaves {len(train)} training and {len(val)} other rows")
    return Split(train, val, ratio)


def _whole_groups(
    frame: pd.DataFrame, design: Design, order: np.ndarray, ratio: float
) -> np.ndarray:
    """Fill the training part group by group until it has its share."""
    codes = frame.groupby(list(design.groups), sort=False, dropna=False).ngroup().to_numpy()
    _, first = np.unique(codes[order], return_index=True)
    groups = codes[order][np.sort(first)]
    sizes = np.bincount(codes)[groups]
    least = MIN_SMALL_VAL if len(frame) < SMALL_TABLE else MIN_VAL
    chosen = groups[np.cumsum(sizes) <= min(ratio * len(frame), len(frame) - least)]
    return np.isin(codes, chosen)


def able_shares(frame: pd.DataFrame, design: Design, rng: np.random.Generator) -> list[float]:
    """Order the training shares that leave enough on both sides: the one that was drawn first.

    Raises:
        CurationReject: Either side would have too few times or rows.
    """
    instants = parse_times(frame[design.time_column], design.time_format)
    times = np.unique(instants)
    if len(times) < 6:
        raise CurationReject(f"the time axis has {len(times)} points; 6 are needed")
    drawn = float(rng.choice(RATIOS))
    shares = list(dict.fromkeys((drawn, *RATIOS[::-1])))
    attempts = [(MIN_VAL, shares)]
    if len(frame) < SMALL_SERIES:
        attempts.append((MIN_SMALL_VAL, [*RATIOS, *SMALL_RATIOS]))
    for least, tried in attempts:
        sizes = {share: int((instants < _start(times, share)).sum()) for share in tried}
        able = [share for share in tried if least <= sizes[share] <= len(frame) - least]
        if able:
            return able
    raise CurationReject(
        f"{len(frame)} rows at {len(times)} times cannot be split in time: {MIN_SMALL_VAL} rows on "
        "each side are needed"
    )


def split_times(frame: pd.DataFrame, design: Design, ratio: float) -> Split:
    """Split at one point in time, the same for all series."""
    instants = parse_times(frame[design.time_column], design.time_format)
    is_past = instants < _start(np.unique(instants), ratio)
    order = np.argsort(instants, kind="stable")
    ordered, past = frame.iloc[order], is_past[order]
    return Split(ordered[past].reset_index(drop=True), ordered[~past].reset_index(drop=True), ratio)


def _start(times: np.ndarray, ratio: float) -> np.generic:
    """The first time that is asked for."""
    return times[min(int(len(times) * ratio), len(times) - 1)]
