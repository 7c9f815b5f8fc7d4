"""One batch of the reward server: its JSON in, an answer for each item out.

An item that is not of the documented form, or names a task that is not served, gets an `error` and
no reward; it is the sender's mistake, and the other items are graded all the same.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

from darebench.train.grading import Grader
from darebench.train.reward import reward_of_score

MAX_ITEMS = 1_024
log = logging.getLogger(__name__)


class BatchRejected(Exception):
    """A batch of which no item can be graded."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status of the answer."""


def grade_batch(
    body: bytes | bytearray, grader: Grader, stopped: threading.Event
) -> list[dict[str, Any]]:
    """Grade the items of a batch in their order, until somebody says that nobody waits for it.

    Raises:
        BatchRejected: The batch is not of the documented form, or too large.
    """
    rewards: list[dict[str, Any]] = []
    for item in _items(body):
        if stopped.is_set():
            break
        rewards.append(_graded(item, grader))
    return rewards


def _items(body: bytes | bytearray) -> list[Any]:
    try:
        items = json.loads(body)["items"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BatchRejected(400, 'a JSON object {"items": [...]} is needed') from None
    if not isinstance(items, list):
        raise BatchRejected(400, "items: a list is needed")
    if len(items) > MAX_ITEMS:
        raise BatchRejected(413, f"{len(items)} items; send at most {MAX_ITEMS}")
    return items


def _graded(item: Any, grader: Grader) -> dict[str, Any]:
    """Return the answer for one item; whatever goes wrong with it stays with it."""
    if not isinstance(item, Mapping):
        return _unusable("an object with task and prediction is needed")
    task, prediction = item.get("task"), item.get("prediction")
    if not isinstance(task, str) or task not in grader.truths:
        return _unusable(f"task {_shown(task)} is not served here")
    if not (prediction is None or isinstance(prediction, str)):
        return _unusable(f"prediction is {_shown(prediction)}; csv text or null is needed")
    try:
        score = grader.score_if_possible(task, prediction)
        value = None if score is None else reward_of_score(score, grader.scale)
    except Exception:  # a defect of ours: the log has it, and this item alone has no reward
        log.exception("%s could not be graded", task)
        score = value = None
    if score is None:
        return {"reward": None, "score": None, "reason": "fault"}
    reason = str(score.reason.code) if score.reason else None
    return {"reward": value, "score": score.score, "reason": reason}


def _unusable(error: str) -> dict[str, Any]:
    return {"reward": None, "score": None, "reason": "bad_item", "error": error}


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
