"""Where attempts come from: run folders, files of attempts, and what is known of their runs.

A file that `select` wrote has the record of its run beside it: `dv.jsonl` has `dv.config.json`. So
the limits that the attempts had are not asked for again, and rows still name their run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.agents.protocol import Budget
from darebench.errors import ConfigError
from darebench.evals.run_records import CONFIG
from darebench.evals.trajectory import TRAJECTORIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Attempts of one run, or of runs that nothing is known of."""

    path: Path
    """The file of attempts."""
    run: str
    """What rows call the run."""
    record: Mapping[str, Any] | None = None
    """The run's `config.json`; None where it is not beside the attempts."""
    is_chosen: bool = False
    """Whether `select` wrote the file, which then may hold nothing."""

    def budget(self) -> Budget | None:
        """Return the limits that the attempts had; None where they are not known.

        Raises:
            ConfigError: The run's record does not hold them.
        """
        if self.record is None:
            return None
        try:
            config = self.record["config"]
            return Budget(turns=config["turns"], seconds_per_call=config["seconds"])
        except (KeyError, TypeError) as error:
            raise ConfigError(
                f"{self.path}: the record beside it does not hold a run's budget ({error!r}); "
                "give --turns and --seconds"
            ) from None


def open_source(given: Path) -> Source:
    """Find the attempts of a run folder, or of a file, and what is known of their run.

    Raises:
        ConfigError: The file is missing, or the record of its run cannot be read.
    """
    path = trajectories_file(given)
    beside = record_beside(path)
    if beside.is_file():
        record = _read(beside)
        run = str(record.pop("run", path.stem))
        return Source(path=path, run=run, record=record or None, is_chosen=True)
    of_run = path.with_name(CONFIG)
    record = _read(of_run) if of_run.is_file() else None
    is_run = record is not None and path.name == TRAJECTORIES
    return Source(path=path, run=path.resolve().parent.name if is_run else path.stem, record=record)


def record_beside(path: Path) -> Path:
    """Return where the record of the run lies that a file of chosen attempts comes from."""
    return path.with_suffix(f".{CONFIG}")


def trajectories_file(source: Path) -> Path:
    """Return the path of a run folder's trajectories; a file stands for itself.

    Raises:
        ConfigError: The file is missing.
    """
    path = source / TRAJECTORIES if source.is_dir() else source
    if path.is_file():
        return path
    if (source / CONFIG).is_file():
        raise ConfigError(
            f"the run in {source} is unfinished; rerun the command that started it to resume"
        )
    raise ConfigError(f"{path} is missing; give a run folder or a file of trajectories")


def keep_apart(out: Path, source: Path) -> None:
    """Refuse to write over the file that is read.

    Raises:
        ConfigError: Both are the same file.
    """
    if out.resolve() == source.resolve():
        raise ConfigError(f"{out} is the file that is read; give another --out")


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not JSON ({error}); remove it, or write it again") from None
    if not isinstance(record, dict):
        raise ConfigError(f"{path} is not a run's record; remove it, or write it again")
    return record
