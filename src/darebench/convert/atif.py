"""Runs as folders of Harbor's trajectories (ATIF 1.8), and such folders as files of attempts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.convert.attempt_files import Converted, write_attempts
from darebench.errors import ConfigError
from darebench.evals.trajectory import write_trajectories
from darebench.rollouts.atif import attempt_of, document
from darebench.rollouts.sources import Source
from darebench.sandbox.program import Limits
from darebench.types import Trajectory


def write_documents(given: Path, out: Path) -> Converted:
    """Write a document for each attempt of a run folder or a file of attempts.

    Raises:
        ConfigError: The source cannot be used, or holds no attempt.
    """

    def content(trajectory: Trajectory, source: Source) -> str:
        tools = [schema(source.budget() or Budget(), Limits())]
        made = document(trajectory, tools=tools, session=source.run)
        return json.dumps(made, ensure_ascii=False, indent=1) + "\n"

    return write_attempts(given, out, ".json", content)


def read_documents(given: Path, out: Path) -> int:
    """Write the attempts of a document, or of all in a folder, to a file; return their number.

    Raises:
        ConfigError: There is none, or one of them is not an attempt.
    """
    paths = [given] if given.is_file() else sorted(given.rglob("*.json"))
    if not paths:
        raise ConfigError(f"{given} holds no .json file; give a trajectory or a folder of them")
    number = 0

    def attempts() -> Iterator[Trajectory]:
        nonlocal number
        for path in paths:
            try:
                yield attempt_of(json.loads(path.read_bytes()))
            except (ConfigError, ValueError, RecursionError) as error:
                raise ConfigError(f"{path}: {error}") from None
            number += 1

    out.parent.mkdir(parents=True, exist_ok=True)
    write_trajectories(attempts(), out)
    return number
