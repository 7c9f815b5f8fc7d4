"""A training's folder: who may work in it, what its training is, and its checkpoints.

Two trainings are the same if they are told the same and are made from the same content. Where the
folder, the data, the model or the store lies is written down and not compared.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path
from typing import Any

from darebench.environment import fingerprint
from darebench.toml_file import write_settings
from darebench.train.config import PATHS, TrainingConfig
from darebench.work import Record, Work, claimed

CONFIG = "config.json"
SETTINGS = "config.toml"
FINAL = "final"
"""Folder of the trained model."""
RESUMING = ("optimizer*", "scheduler*", "scaler*", "rng_state*", "train*", "global_step*", "latest")
"""Files of a checkpoint that are for continuing, and not of the model."""
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a training has come to."""

    model: Path
    """Folder of the final model."""
    steps: int
    """Steps that this call has done; 0 where nothing was left to do."""


def is_first_process() -> bool:
    """Check whether this process is the one of a distributed launch that writes the folder."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def training_folder(
    config: TrainingConfig,
    sources: Mapping[str, str] = _NOTHING,
    more_versions: Mapping[str, str] = _NOTHING,
) -> Iterator[Path | None]:
    """Hold a training's folder; yield the last whole checkpoint in it, if there is one.

    Enter it when everything that is given has turned out to be usable: a folder is for one
    training. A training without a checkpoint has nothing to lose: another may take its folder.
    Of a distributed launch only the first process holds the folder and compares.

    Args:
        config: What the training is told.
        sources: Name -> hash of what is trained on, besides what `config` names by a path.
        more_versions: Name -> version of what else decides the results.

    Raises:
        ConfigError: Another process holds the folder, or it holds another training.
    """
    out = Path(config.out)
    if not is_first_process():
        yield last_checkpoint(out)
        return
    settings = asdict(config)
    hashes = {name: hash_of(settings[name]) for name in sorted(PATHS) if _is_hashed(name, settings)}
    value = {"schema": 1, **settings, "sources": {**hashes, **sources}}
    adapters = ("peft",) if config.lora else ()
    versions = library_versions("torch", "transformers", "trl", *adapters)
    with claimed_folder(out, value, {**versions, **more_versions}) as checkpoint:
        write_settings(settings, out / SETTINGS)
        yield checkpoint


@contextmanager
def claimed_folder(
    out: Path, value: Mapping[str, Any], versions: Mapping[str, str]
) -> Iterator[Path | None]:
    """Hold a folder for the training that `value` describes; yield its last whole checkpoint.

    Raises:
        ConfigError: Another process holds the folder, or it holds another training.
    """
    work = Work(
        kind="training",
        records={
            CONFIG: Record(value=value, notes=PATHS),
            "env.json": Record(value={"schema": 1, **versions}),
        },
        has_begun=_has_begun,
        remedy="give another out, or remove the folder",
    )
    with claimed(out, work):
        yield last_checkpoint(out)


def last_checkpoint(folder: Path) -> Path | None:
    """Return the checkpoint of the latest step that was written to its end, if there is one."""
    whole = [path for path in folder.glob("checkpoint-*") if _is_whole(path)]
    return max(whole, key=_step_of, default=None)


def hash_of(place: str) -> str:
    """Hash a file, or a model's folder, by content; a name on the hub stands for itself.

    Returns:
        Twelve hex digits, or `place` where nothing of that name is on this machine.
    """
    path = Path(place)
    if path.is_file():
        return _file_hash(path)
    if not path.is_dir():
        return place
    files = (p for p in sorted(path.iterdir()) if p.is_file() and not p.name.startswith("."))
    return fingerprint([[p.name, _file_hash(p)] for p in files if not is_for_resuming(p.name)])


def is_for_resuming(name: str) -> bool:
    """Check whether a checkpoint's file is for continuing, and not of the model."""
    return any(fnmatch(name, pattern) for pattern in RESUMING)


def _is_hashed(name: str, settings: Mapping[str, Any]) -> bool:
    return name not in ("out", "store") and settings.get(name) is not None


def _file_hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:12]


def library_versions(*names: str) -> dict[str, str]:
    """Return the installed versions of libraries that decide what a training does."""
    return {name: version(name) for name in ("darebench", *names)}


def _has_begun(folder: Path) -> bool:
    """Check whether a folder holds what a training has made, or a file that is not a training's."""
    path = folder / CONFIG
    if path.is_file() and b'"schema"' not in path.read_bytes():
        return True  # it may be a model's own
    return last_checkpoint(folder) is not None or (folder / FINAL).is_dir()


def _is_whole(checkpoint: Path) -> bool:
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
