"""Seeds that do not meet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from darebench.train.seeds import seed_of

PLACES = st.tuples(
    st.integers(0, 2**32 - 1), st.integers(0, 10**5), st.integers(0, 511), st.integers(0, 10**5)
)


@given(st.lists(PLACES, min_size=2, max_size=50, unique=True))
def test_every_attempt_of_every_rank_has_a_seed_of_its_own(places):
    seeds = [seed_of(*place, 1) for place in places]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert seeds == [seed_of(*place, 1) for place in places]


def test_the_attempts_of_large_trainings_do_not_share_a_turns_seed():
    """32 ranks of 2,048 attempts, five turns each: sums of numbers collided from 16 ranks on."""
    attempts = [seed_of(0, 1, rank, n, 1) for rank in range(32) for n in range(0, 2048, 16)]
    turns = {seed_of(attempt, turn) for attempt in attempts for turn in range(1, 6)}
    again = {seed_of(attempt, 0, 1) for attempt in attempts}
    assert len(turns | again | set(attempts)) == 7 * len(attempts)
