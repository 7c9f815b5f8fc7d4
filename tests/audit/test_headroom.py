"""What there is to win is measured over the best naive answer, on rows that chose no model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, r2_score

from darebench.audit.bootstrap import gain_deviation, score_classes, score_numbers
from darebench.audit.checks.headroom_left import headroom_left
from darebench.audit.cycles import find_period
from darebench.audit.headroom import Band, Headroom, best_elsewhere, measure
from darebench.audit.task_tables import TaskTables
from darebench.types import Family, Variant


def tables(
    train: pd.DataFrame, val: pd.DataFrame, target: str, family: Family, **more: object
) -> TaskTables:
    """Make what the checks see of a task of one target."""
    return TaskTables(
        family=family,
        variant=Variant.CF if family is Family.TS else Variant.MM,
        question="",
        metadata="",
        train=train,
        val=val,
        truth=val[[target]],
        targets=(target,),
        features=tuple(c for c in train if c != target),
        **more,  # pyright: ignore[reportArgumentType]
    )


def test_a_forecast_is_not_measured_on_the_rows_that_chose_it():
    """Of 40 guesses of noise the luckiest would score; on other rows it does not."""
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 1, 30)
    guesses = [0.5 * rng.normal(0, 1, 30) for _ in range(40)]
    assert max(r2_score(truth, guess) for guess in guesses) > 0.05
    assert score_numbers(truth, best_elsewhere(truth, guesses)).score == 0.0
    best = best_elsewhere(truth, [*guesses, truth + 0.1])
    assert score_numbers(truth, best).score > 0.98


@settings(deadline=None)
@given(st.integers(2, 5), st.integers(2, 60), st.integers(0, 2**32 - 1))
def test_scores_are_those_of_the_metrics(n_classes, n_rows, seed):
    rng = np.random.default_rng(seed)
    truth, guess = rng.integers(0, n_classes, (2, n_rows))
    known = f1_score(truth, guess, average="macro", zero_division=0.0)  # pyright: ignore
    assert score_classes(truth, guess).score == pytest.approx(known)
    a, b = rng.normal(size=(2, n_rows))
    assert score_numbers(a, b).score == pytest.approx(max(0.0, r2_score(a, b)))


def test_the_deviation_is_that_of_repeated_draws():
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(300):
        truth = rng.normal(size=100)
        scores.append(score_numbers(truth, truth + rng.normal(0, 0.7, 100)))
    assert np.mean([s.deviation for s in scores]) == pytest.approx(
        np.std([s.score for s in scores]), rel=0.2
    )


def panel(step: str, n_times: int, n_series: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    times = pd.date_range("2015-01-01", periods=n_times, freq=step)
    season = np.sin(2 * np.pi * times.month / 12) if step == "MS" else np.zeros(n_times)
    parts = [
        pd.DataFrame(
            {
                "at": times.strftime("%Y-%m-%d"),
                "who": f"s{n}",
                "y": 20 * n + 5 * season + rng.normal(0, 0.5, n_times),
            }
        )
        for n in range(n_series)
    ]
    return pd.concat(parts).sort_values("at", kind="stable", ignore_index=True)


def test_the_floor_of_a_panel_knows_each_series():
    """A constant of all series scores nothing; what each series last was scores nearly all."""
    frame = panel("D", 60)
    made = tables(frame[:300], frame[300:], "y", Family.TS, time_column="at", entities=("who",))
    room = measure(made)
    assert room.naive["constant"].score < 0.05
    assert room.naive["last"].score > 0.95
    assert room.floor > 0.99
    assert headroom_left(room)


def test_the_floor_of_a_season_is_its_climatology():
    frame = panel("MS", 120)
    made = tables(frame[:600], frame[600:], "y", Family.TS, time_column="at", entities=("who",))
    naive = measure(made).naive
    assert naive["year mean"].score > naive["mean"].score
    assert naive["year mean"].score > naive["year last"].score > 0.99


def test_counted_time_has_seasons_too():
    t = np.arange(240)
    y = np.sin(2 * np.pi * t / 12) + np.random.default_rng(0).normal(0, 0.1, 240)
    frame = pd.DataFrame({"t": t, "y": y})
    made = tables(frame[:180], frame[180:], "y", Family.TS, time_column="t")
    assert measure(made).naive["season last"].score > 0.9


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_one_feature_that_tells_all_leaves_nothing_to_win(seed, is_class):
    rng = np.random.default_rng(seed)
    n = 600
    level = rng.choice(list("abc"), n)
    y = np.select([level == "a", level == "b"], [0.0, 5.0], 9.0) + rng.normal(0, 1, n)
    frame = pd.DataFrame({"level": level, "x": rng.normal(size=n), "y": y})
    if is_class:
        flipped = rng.random(n) < 0.1
        frame["y"] = np.where(flipped, "b", level)
    family = Family.CLASS if is_class else Family.REG
    room = measure(tables(frame[:400], frame[400:].reset_index(drop=True), "y", family))
    assert room.room < 0.03
    assert room.naive["group"].score > room.naive["constant"].score + 0.3


@pytest.mark.parametrize("n_rows", [80, 150, 380])
def test_extra_trees_do_not_beat_the_reference_of_a_small_table(n_rows):
    from sklearn.ensemble import ExtraTreesRegressor

    rng = np.random.default_rng(n_rows)
    x = rng.uniform(size=(n_rows, 5))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 5 * x[:, 3]
    frame = pd.DataFrame(x, columns=list("abcde")).assign(y=y + rng.normal(0, 0.5, n_rows))
    cut = int(0.6 * n_rows)
    train, val = frame[:cut], frame[cut:].reset_index(drop=True)
    room = measure(tables(train, val, "y", Family.REG))
    model = ExtraTreesRegressor(300, random_state=1).fit(train[list("abcde")], train["y"])
    assert model.score(val[list("abcde")], val["y"]) < room.reference + 0.05
    assert room.spread > 0
    assert room.usual_room is not None
    grouped = measure(tables(train, val, "y", Family.REG, is_grouped=True))
    assert (grouped.spread, grouped.usual_room) == (0.0, None)


def test_bands_tell_what_a_line_leaves():
    from darebench.audit.bootstrap import Scored

    def band(linear: float) -> Band:
        return Headroom(floor=0.2, reference=0.8, linear=Scored(linear, 0.0)).band

    assert [band(x) for x in (0.79, 0.6, 0.3, 0.0)] == ["easy", "moderate", "hard", "hard"]


@settings(max_examples=20, deadline=None)
@given(period=st.integers(3, 40), cycles=st.integers(5, 9), seed=st.integers(0, 2**32 - 1))
def test_the_period_of_a_series_is_found(period, cycles, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(period * cycles)
    season = np.sin(2 * np.pi * t / period) + 0.02 * t
    assert find_period(season + rng.normal(0, 0.1, len(t))) in (period - 1, period, period + 1)
    assert find_period(0.02 * t) == 0


def test_rare_classes_are_not_left_to_the_commonest():
    """Macro F1 of the likeliest class is that of a constant where a class is rare."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1200, 3))
    y = np.where(x @ [1, 1, 1] + rng.normal(0, 2, 1200) > 4, "yes", "no")
    frame = pd.DataFrame(x, columns=list("abc")).assign(y=y)
    room = measure(tables(frame[:800], frame[800:], "y", Family.CLASS))
    assert room.naive["constant"].score < 0.5
    assert room.reference > room.floor + 0.05


def test_what_beats_the_floor_on_any_rows_is_no_noise():
    """A few far values decide both scores, and alike."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=200) ** 3
    better, worse = truth + rng.normal(size=200), np.full(200, truth.mean())
    near = gain_deviation(truth, better, better + 1e-3, is_class=False, in_order=False)
    far = gain_deviation(truth, better, worse, is_class=False, in_order=False)
    assert near < 0.01 < far
    sure = Headroom(floor=0.3, reference=0.4, deviation=0.2, room_deviation=0.04)
    assert not sure.is_noise
    assert replace(sure, room_deviation=0.06).is_noise
    assert replace(sure, room_deviation=None).is_noise
