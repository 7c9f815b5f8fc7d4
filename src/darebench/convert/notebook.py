"""Attempts as notebooks, which run again where the sandbox's packages and the task's files are.

Each call is a cell with what it printed. The calls ran in a new process each and saw the files that
they named; a notebook's cells share one kernel and one folder, and its first text says so. A call
that was stopped or never started is shown as text, so that running the notebook ends.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from darebench.convert.attempt_files import Converted, write_attempts
from darebench.rollouts.rows import part_thought
from darebench.rollouts.sources import Source
from darebench.types import CallRecord, CallStatus, Message, Role, Trajectory

_Cell = dict[str, Any]
_FILES = """\
# The task's files, from the store that the attempt was made with (None is the starter store).
import shutil

from darebench import open_store

task = open_store({store!r}).task({task!r})
for name in task.files:
    shutil.copy(task.source / name, name)
"""


def write_notebooks(given: Path, out: Path) -> Converted:
    """Write a notebook for each attempt of a run folder or a file of attempts.

    Raises:
        ConfigError: The source cannot be used, or holds no attempt.
    """

    def content(trajectory: Trajectory, source: Source) -> str:
        return (
            json.dumps(notebook(trajectory, _store_of(source)), ensure_ascii=False, indent=1) + "\n"
        )

    return write_attempts(given, out, ".ipynb", content)


def notebook(trajectory: Trajectory, store: str | None) -> dict[str, Any]:
    """Return an attempt as a notebook of format 4.5.

    Args:
        trajectory: The attempt.
        store: The store that the notebook's first cell takes the files from.
    """
    cells = [
        _text(_head(trajectory)),
        _code(_FILES.format(store=store, task=trajectory.task), [], may_fail=False),
        *_conversation(trajectory.messages, trajectory.calls),
    ]
    return {
        "cells": [{**cell, "id": f"cell-{n}"} for n, cell in enumerate(cells)],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _store_of(source: Source) -> str | None:
    config = (source.record or {}).get("config")
    store = config.get("store") if isinstance(config, dict) else None
    return store if isinstance(store, str) else None


def _head(t: Trajectory) -> str:
    score = "unscored" if t.score is None else f"score {t.score:.4g}"
    return (
        f"# {t.task}, attempt {t.epoch}\n\n{t.model}: {score}, ended by {t.stop_reason}, "
        f"{len(t.calls)} calls.\n\nEach call ran in a new process, with the files that it named. "
        "Here they share one kernel and one folder."
    )


def _conversation(messages: Sequence[Message], calls: Sequence[CallRecord]) -> Iterator[_Cell]:
    """Yield the cells of the turns, each turn's calls behind it."""
    records = iter(calls)
    for message in messages:
        if message.role == Role.ASSISTANT:
            thought, text = part_thought(message.content)
            if thought:
                yield _text("\n".join(f"> {line}" for line in thought.splitlines()))
            if text.strip():
                yield _text(text)
            for record in itertools.islice(records, len(message.tool_calls)):
                yield _call(record)
        elif message.role != Role.TOOL:
            yield _text(message.content)
    yield from map(_call, records)


def _call(record: CallRecord) -> _Cell:
    if record.status not in (CallStatus.OK, CallStatus.ERROR):
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", record.code)), default=0))
        said = f"This call was not run to its end ({record.status}).\n\n"
        return _text(f"{said}{fence}python\n{record.code}\n{fence}\n\n{record.stderr}")
    printed = [("stdout", record.stdout), ("stderr", record.stderr)]
    outputs = [
        {"output_type": "stream", "name": name, "text": text} for name, text in printed if text
    ]
    ends_itself = record.status is CallStatus.ERROR or "exit(" in record.code
    return _code(record.code, outputs, may_fail=ends_itself)


def _text(source: str) -> _Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def _code(source: str, outputs: list[dict[str, Any]], *, may_fail: bool) -> _Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": ["raises-exception"]} if may_fail else {},
        "outputs": outputs,
        "source": source,
    }
