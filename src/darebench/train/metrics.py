"""What a trainer reports: `metrics.jsonl`, TensorBoard files, and how far it is to whoever asks."""

# torch and transformers are an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from transformers import PrinterCallback, TrainerCallback

from darebench.errors import ConfigError
from darebench.types import Progress

METRICS = "metrics.jsonl"


class JsonLines(TrainerCallback):
    """Appends every log of a trainer; a resumed run first drops what it will do again."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        self._start = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Forget the steps after the checkpoint that training goes on from."""
        if self._path.is_file() and state.is_world_process_zero:
            kept = [row for row in read_metrics(self._path) if row["step"] <= state.global_step]
            text = "".join(_line(row) for row in kept)
            self._path.write_text(text, encoding="utf-8")

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Write one line."""
        if not logs or not state.is_world_process_zero:
            return
        row = {"step": state.global_step, "seconds": round(time.monotonic() - self._start, 3)}
        row |= {k: v for k, v in logs.items() if isinstance(v, int | float) and math.isfinite(v)}
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(_line(row))


def tensorboard(folder: Path) -> TrainerCallback:
    """Write the same to TensorBoard files in the run's folder."""
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return TensorBoardCallback(tb_writer=SummaryWriter(str(folder / "tensorboard")))


class Steps(TrainerCallback):
    """Tells how many steps are done."""

    def __init__(self, progress: Progress, stage: str) -> None:
        self._progress = progress
        self._stage = stage

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Tell it."""
        self._progress(self._stage, state.global_step, state.max_steps)


def watch(trainer: Any, folder: Path, progress: Progress | None) -> None:
    """Send a trainer's figures to the run's folder; what it would print on stdout is dropped."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(JsonLines(folder))
    trainer.add_callback(tensorboard(folder))
    if progress is not None:
        trainer.add_callback(Steps(progress, f"steps of {folder.name}"))


def read_metrics(path: Path) -> Iterable[dict[str, Any]]:
    """Read all lines, leaving out a last one that a kill cut off.

    Raises:
        ConfigError: another line is broken.
    """
    rows: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if line.endswith("\n"):
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ConfigError(
                    f"{path} line {number} is no JSON ({error}); take the line out"
                ) from None
    return rows


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), sort_keys=True) + "\n"
