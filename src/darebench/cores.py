"""How many processors are ours: the machine's, less what affinity and control groups take away."""

from __future__ import annotations

import os

LIMIT_VARIABLE = "LOKY_MAX_CPU_COUNT"
"""Joblib's variable for a process's share of the processors, which scikit-learn obeys as well."""


def usable_cores() -> int:
    """Return the number of processors that this process may use, at least 1.

    It counts the processors of the affinity mask, at most as many as the control group's quota
    pays for, rounded up, and at most `LOKY_MAX_CPU_COUNT`.
    """
    from joblib import cpu_count

    return cpu_count()


def share_of(n_workers: int) -> int:
    """Return the processors of each of some workers, at least 1."""
    return max(1, usable_cores() // n_workers)


def take_share(cores: int) -> None:
    """Limit this process and what it starts to a share of the processors, unless it has less."""
    os.environ[LIMIT_VARIABLE] = str(max(1, min(cores, usable_cores())))
