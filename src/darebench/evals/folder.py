"""A run's folder: the records of what is run and with what, and whether they let it go on."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import darebench
from darebench.environment import current_environment
from darebench.errors import ConfigError
from darebench.files import write_json, written_whole
from darebench.scoring.score import scorer_hash

SCHEMA = 1


def prepare(folder: Path, record: Mapping[str, Any], *, fresh: bool) -> None:
    """Make a run's folder, or allow an unfinished one to go on.

    Args:
        folder: Where the run is kept.
        record: What is run.
        fresh: Set an existing folder aside, whatever it holds.

    Raises:
        ConfigError: the folder holds another run, or one of another environment.
    """
    environment = {
        "schema": SCHEMA,
        "darebench": darebench.__version__,
        "scorer": scorer_hash(),
        "environment": current_environment().as_dict(),
    }
    if fresh and folder.is_dir():
        _set_aside(folder)
    elif (folder / "config.json").is_file():
        known, made_in = (_known(folder / name) for name in ("config.json", "env.json"))
        if known != json.loads(json.dumps(record)):
            raise ConfigError(
                f"{folder} holds another run ({_difference(known, record)}); use another --out, or "
                "--fresh to start over"
            )
        if made_in != environment:
            raise ConfigError(
                f"{folder} was made in another environment ({_change(made_in, environment)}), so "
                "that its attempts are not repeats of new ones; use another --out, or --fresh to "
                "start over"
            )
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    for name, value in (("env.json", environment), ("config.json", record)):
        if not (folder / name).is_file():
            with written_whole(folder / name) as part:
                write_json(value, part)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other processes out of a run's folder: they would remove each other's predictions.

    Raises:
        ConfigError: another process is at work in it.
    """
    with (folder / ".lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another process is at work in {folder}; wait for it, or use another --out"
            ) from None
        yield


def _known(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read ({error}); use --fresh or another --out"
        ) from None
    if not isinstance(value, dict):
        raise ConfigError(f"{path} is no record of a run; use --fresh or another --out")
    return value


def _change(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the first version that differs, with both values."""
    old, new = ({**e, **e.get("environment", {})} for e in (before, now))
    for name, value in new.items():
        if name not in ("environment", "hash") and old.get(name) != value:
            return f"{name} {old.get(name)} there, {value} here"
    return "its record has other fields"


def _difference(known: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    before, now = known.get("config", {}), record["config"]
    changed = [name for name in now if json.dumps(before.get(name)) != json.dumps(now[name])]
    return f"with another {', '.join(changed)}" if changed else "of another state of the store"


def _set_aside(folder: Path) -> None:
    number = 1
    while (target := folder.with_name(f"{folder.name}.old{number}")).exists():
        number += 1
    folder.rename(target)
