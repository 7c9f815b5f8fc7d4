"""Which tasks a training meets, and in which order."""

from __future__ import annotations

from darebench.store.read import open_store
from darebench.train.grpo_tasks import in_order


def test_the_tasks_of_all_steps_are_written_down_ahead_in_passes():
    tasks = open_store(None).tasks[:5]
    first = in_order(tasks, 13, seed=1)
    assert first == in_order(tasks, 20, seed=1)[:13] != in_order(tasks, 13, seed=2)
    assert set(first[:5]) == set(first[5:10]) == set(tasks)
    assert first[:5] != first[5:10]
