"""`darebench tasks`."""

from __future__ import annotations

import json

from cli.running import darebench


def test_tasks_list_names_every_task():
    done = darebench("tasks", "list", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["errors"] == []
    assert len(result["tasks"]) == 12
    task = result["tasks"][0]
    assert set(task) == {
        "id", "dataset", "variant", "family", "targets", "files", "train_rows", "test_rows", "domain",
    }  # fmt: skip
    assert (task["id"], task["train_rows"], task["test_rows"]) == ("iris_class/if", 99, 60)
