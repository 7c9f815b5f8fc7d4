"""`darebench reference`."""

from __future__ import annotations

import json

from cli.running import darebench


def test_references_follow_from_the_text():
    done = darebench("reference", "--check", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert len(result["tasks"]) == 4
    assert all(t["literal_equal"] and t["repeatable"] for t in result["tasks"])
    assert len(result["environment"]["hash"]) == 12
