"""The reward's values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darebench.errors import ConfigError
from darebench.train.reward import RewardScale, reward, variant_of
from darebench.types import Variant


@pytest.mark.parametrize(
    ("variant", "score", "answered", "wanted"),
    [
        ("if", 1.0, True, 1.1),
        ("if", 0.0, True, 0.1),
        ("if", 0.5, True, 0.1),  # one of two targets: the answer differs
        ("if", 0.0, False, 0.0),
        ("mm", 0.75, True, 0.85),
        ("xf", 0.0, True, 0.1),
        ("cf", 1.0, True, 1.1),
        ("cf", 0.0, False, 0.0),
        ("mm", None, False, None),
        ("if", None, True, None),
    ],
)
def test_a_reward_is_what_the_paper_says(variant, score, answered, wanted):
    assert reward(score, variant=Variant(variant), answered=answered) == wanted


@pytest.mark.parametrize("score", [math.nan, math.inf, -0.01, 1.01])
def test_a_score_outside_its_range_is_the_scorers_fault(score):
    with pytest.raises(ValueError, match="outside"):
        reward(score, variant=Variant.MM, answered=True)


@settings(deadline=None)
@given(st.floats(0, 1), st.sampled_from(list(Variant)), st.booleans(), st.booleans())
def test_an_answer_never_earns_less_than_none(score, variant, ran, shaped):
    scale = RewardScale(ran=0.05 if shaped else 0.0)
    with_answer = reward(score, variant=variant, answered=True, scale=scale)
    without = reward(score, variant=variant, answered=False, ran=ran, scale=scale)
    assert 0.0 <= without < with_answer <= 1.1


def test_shaping_pays_for_code_that_ran():
    scale = RewardScale(ran=0.02)
    assert reward(0.0, variant=Variant.IF, answered=False, ran=True, scale=scale) == 0.02
    with pytest.raises(ConfigError, match="smaller"):
        RewardScale(ran=0.2)


def test_an_id_without_a_variant_is_refused():
    with pytest.raises(ConfigError, match="does not end"):
        variant_of("iris_class")
