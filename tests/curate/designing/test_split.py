"""Enough rows are left to validate on."""

from __future__ import annotations

import numpy as np
import pytest

from darebench.curate.designing.split import MIN_VAL, draw_ratio
from darebench.errors import CurationReject


@pytest.mark.parametrize("n_rows", [200, 250, 334, 500, 5_000])
def test_one_row_decides_at_most_a_point(n_rows):
    ratio = draw_ratio(n_rows, np.random.default_rng(0))
    assert n_rows - int(n_rows * ratio) >= MIN_VAL


def test_a_short_table_is_refused():
    with pytest.raises(CurationReject, match="74 different rows"):
        draw_ratio(74, np.random.default_rng(0))


@pytest.mark.parametrize("n_rows", [75, 120, 199])
def test_a_small_table_keeps_thirty_rows_to_validate_on(n_rows):
    ratio = draw_ratio(n_rows, np.random.default_rng(0))
    assert n_rows - int(n_rows * ratio) >= 30
