"""Noise: every rule is needed, all of them suffice, and nothing else tells noise rows."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

from darebench.curate.writing.noise import N_JUNK, with_hard_noise, with_noise

RANGES = {"age": [18, 89], "pay": [0.5, 900.0], "town": ["Bonn", "Graz", "Lyon"], "size": [0, 250]}
KINDS = {
    "plain": with_noise,
    "hard": partial(with_hard_noise, malformed=False),
    "malformed": partial(with_hard_noise, malformed=True),
}


def people(n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = pd.DataFrame(
        {
            "age": rng.integers(18, 90, n),
            "pay": rng.lognormal(3, 1, n).round(2).clip(0.5, 900),
            "town": rng.choice(["Lyon", "Bonn", "Graz"], n),
            "size": np.where(rng.random(n) < 0.1, np.nan, rng.integers(100, 200, n)),
            "target": rng.normal(size=n),
        }
    )
    return rows.drop_duplicates(ignore_index=True)


def broken(noisy: pd.DataFrame) -> pd.DataFrame:
    """Tell which rules each row breaks, in other code than the reference's."""
    numbers = {c: pd.to_numeric(noisy[c], errors="coerce") for c in ("age", "pay", "size")}
    return pd.DataFrame(
        {
            "town": ~noisy["town"].isin(RANGES["town"]),
            **{
                c: ~(n.between(*RANGES[c]) | noisy[c].isna()).astype(bool)
                for c, n in numbers.items()
            },
        }
    )


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_is_needed_and_all_of_them_suffice(kind, seed):
    train = people()
    rng = np.random.default_rng(seed)
    share = float(rng.uniform(0.08, 0.3))
    noisy = KINDS[kind](train, RANGES, ["target"], share, rng)
    rules = broken(noisy)
    kept = noisy[~rules.any(axis=1)].drop_duplicates().reset_index(drop=True)
    kept = kept.astype(dict.fromkeys(("age", "pay", "size"), float))
    pd.testing.assert_frame_equal(kept, train, check_dtype=False)
    assert len(noisy) - len(train) == round(share * len(train))
    counts = rules.sum(axis=1)
    assert counts.max() <= 3
    for rule in rules:
        assert (rules[rule] & (counts == 1)).any(), rule
    repeated = int((counts == 0).sum()) - len(train)
    assert (repeated > 0) is (kind != "plain")
    if kind != "malformed":
        assert all(pd.api.types.is_numeric_dtype(noisy[c]) for c in ("age", "pay", "size"))


@pytest.mark.parametrize("kind", KINDS)
def test_wrong_categories_are_few_so_that_no_encoding_tells_noise_rows(kind):
    noisy = KINDS[kind](people(), RANGES, ["target"], 0.3, np.random.default_rng(1))
    junk = {*noisy["town"]} - {*RANGES["town"]}
    assert 0 < len(junk) <= N_JUNK


def test_a_hard_number_lies_near_the_border():
    noisy = with_hard_noise(
        people(), RANGES, ["target"], 0.3, np.random.default_rng(1), malformed=False
    )
    assert noisy["pay"].between(900, 1090, inclusive="neither").any()


def test_whole_numbers_too_large_for_an_integer_column_are_written_as_floats():
    rows = pd.DataFrame({"x": np.arange(100) * 10**16, "y": np.arange(100.0), "t": range(100)})
    ranges = {"x": [0, 10**18], "y": [0, 100]}
    noisy = with_noise(rows, ranges, ["t"], 0.2, np.random.default_rng(0))
    out = ~noisy["x"].between(0, 1e18) | ~noisy["y"].between(0, 100)
    assert out.sum() == 20
