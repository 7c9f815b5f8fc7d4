"""What there is to win is measured on rows that did not choose the model."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import r2_score

from darebench.audit.headroom import score_of_best


def test_a_forecast_is_not_measured_on_the_rows_that_chose_it():
    """Of 40 guesses of noise the luckiest would score; on other rows it does not."""
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 30)
    guesses = [0.5 * rng.normal(0, 1, 30) for _ in range(40)]
    assert max(r2_score(truth, guess) for guess in guesses) > 0.05
    assert score_of_best(truth, guesses) == 0.0
    assert score_of_best(truth, [*guesses, truth + 0.1]) > 0.98
