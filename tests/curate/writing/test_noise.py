"""Harder noise: every rule is needed, and all of them suffice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from darebench.curate.writing.noise import with_hard_noise


def people(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": rng.lognormal(3, 1, n).round(2),
            "town": rng.choice(["Lyon", "Bonn", "Graz"], n),
            "target": rng.normal(size=n),
        }
    )


RANGES = {"age": [18, 89], "pay": [0.5, 900.0], "town": ["Bonn", "Graz", "Lyon"]}


def kept(noisy: pd.DataFrame) -> pd.DataFrame:
    """Follow the written rules, in other code than the reference's."""
    age, pay = (pd.to_numeric(noisy[c], errors="coerce") for c in ("age", "pay"))
    good = age.between(18, 89) & pay.between(0.5, 900) & noisy["town"].isin(RANGES["town"])
    return noisy.assign(age=age, pay=pay)[good].drop_duplicates().reset_index(drop=True)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("malformed", [True, False])
def test_every_rule_of_hard_noise_is_needed_and_all_of_them_suffice(seed, malformed):
    train = people().query("0.5 <= pay <= 900").drop_duplicates().reset_index(drop=True)
    noisy = with_hard_noise(train, RANGES, np.random.default_rng(seed), malformed=malformed)
    assert len(noisy) == len(train) + round(0.2 * len(train))
    pd.testing.assert_frame_equal(kept(noisy), train, check_dtype=False)
    age, pay = (pd.to_numeric(noisy[c], errors="coerce") for c in ("age", "pay"))
    fits = [age.between(18, 89), pay.between(0.5, 900), noisy["town"].isin(RANGES["town"])]
    for one in range(3):
        others = [f for i, f in enumerate(fits) if i != one]
        assert (others[0] & others[1] & ~fits[one]).any()
    assert noisy.duplicated().any()
    near = pay[~fits[1]].dropna()
    assert ((near > 900) & (near < 960)).any()
    assert malformed or pd.api.types.is_numeric_dtype(noisy["age"])
