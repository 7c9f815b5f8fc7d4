"""What a trainer reports while it works: `metrics.jsonl`, TensorBoard files, and its steps."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.train.libraries import torch, transformers
from darebench.types import Progress

METRICS = "metrics.jsonl"


class JsonLines(transformers.TrainerCallback):
    """Append every log of a trainer to a file, one JSON line each."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / METRICS
        self._start = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Drop the steps after the checkpoint that training continues from: they come again."""
        if self._path.is_file() and state.is_world_process_zero:
            kept = [row for row in read_metrics(self._path) if row["step"] <= state.global_step]
            text = "".join(_line(row) for row in kept)
            self._path.write_text(text, encoding="utf-8")

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        """Write one line: the step, the seconds since the start, and every finite figure."""
        if not logs or not state.is_world_process_zero:
            return
        row = {"step": state.global_step, "seconds": round(time.monotonic() - self._start, 3)}
        row |= {k: v for k, v in logs.items() if isinstance(v, int | float) and math.isfinite(v)}
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(_line(row))


class StepProgress(transformers.TrainerCallback):
    """Report how many steps are done."""

    def __init__(self, progress: Progress, stage: str) -> None:
        self._progress = progress
        self._stage = stage

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Report one more step."""
        self._progress(self._stage, state.global_step, state.max_steps)


def watch(trainer: Any, folder: Path, progress: Progress | None) -> None:
    """Write a trainer's figures to its folder, and keep it from printing them on stdout."""
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.add_callback(JsonLines(folder))
    if trainer.is_world_process_zero():
        writer = torch.utils.tensorboard.SummaryWriter(str(folder / "tensorboard"))
        trainer.add_callback(transformers.integrations.TensorBoardCallback(tb_writer=writer))
    if progress is not None:
        trainer.add_callback(StepProgress(progress, f"steps of {folder.name}"))


def read_metrics(path: Path) -> Iterable[dict[str, Any]]:
    """Read all lines, leaving out a last one that was cut off when the process was killed.

    Raises:
        ConfigError: Another line is broken.
    """
    rows: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if line.endswith("\n"):
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ConfigError(
                    f"{path} line {number} is not JSON ({error}); take the line out"
                ) from None
    return rows


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), sort_keys=True) + "\n"
