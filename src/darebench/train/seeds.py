"""Seeds of attempts and turns that do not meet, however many ranks, steps and attempts there are.

Sums of a seed and a number collide as soon as a number outgrows its place; a hash of all numbers
does not.
"""

from __future__ import annotations

import numpy as np


def seed_of(*numbers: int) -> int:
    """Return a seed of 63 bits for a tuple of numbers from 0 on; other tuples give other seeds.

    Tuples that differ only in zeros at their end are the same.
    """
    (state,) = np.random.SeedSequence(numbers).generate_state(1, np.uint64)
    return int(state >> np.uint64(1))
