"""The closed sets are those that the libraries know."""

from __future__ import annotations

import pytest

from darebench.train.choices import Loss, ScaleRewards, Schedule


@pytest.mark.usefixtures("need_torch")
def test_schedules_are_known_to_transformers():
    from transformers import SchedulerType

    assert set(Schedule) <= {schedule.value for schedule in SchedulerType}


@pytest.mark.usefixtures("need_torch")
@pytest.mark.parametrize(("name", "kind"), [("loss_type", Loss), ("scale_rewards", ScaleRewards)])
def test_values_are_known_to_trl(name, kind):
    import dataclasses

    import trl

    (found,) = (f for f in dataclasses.fields(trl.GRPOConfig) if f.name == name)
    said = found.metadata["help"].replace("`group'", "'group'")  # as TRL writes it
    assert all(f"'{value}'" in said for value in kind)
