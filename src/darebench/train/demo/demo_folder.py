"""The demonstration's folder: who may work in it, and which of its stages are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from darebench.files import write_json, written_whole
from darebench.sandbox import LocalExecutor
from darebench.types import Progress
from darebench.work import Record, Work, claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How much of everything; the defaults are the full recipe."""

    out: Path
    scale: float = 1.0
    """Factor of the steps, the tables and the attempts."""
    seed: int = 0
    slots: int = 2
    """Programs, and curated tables, at the same time."""
    progress: Progress | None = None

    def amount(self, full: int, least: int = 1) -> int:
        """Scale a number."""
        return max(least, round(full * self.scale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What the stages share while the folder is held."""

    recipe: Recipe
    executor: LocalExecutor
    done: list[str] = field(default_factory=list)
    """Stages that this call has done."""

    def run(self, name: str, work: Callable[[], dict[str, Any]]) -> None:
        """Do a stage unless its record is there."""
        path = self.recipe.out / f"{name}.json"
        if path.is_file():
            return
        start = time.monotonic()
        facts = work()
        seconds = round(time.monotonic() - start, 1)
        with written_whole(path) as part:
            write_json({"schema": 1, "stage": name, "seconds": seconds, **facts}, part)
        self.done.append(name)


@contextmanager
def open_stages(recipe: Recipe) -> Iterator[Stages]:
    """Hold the folder, and open the sandbox.

    Raises:
        ConfigError: The folder is held, or of another recipe.
    """
    asked = {"schema": 1, "scale": recipe.scale, "seed": recipe.seed}
    work = Work(
        kind="demonstration",
        records={"recipe.json": Record(value=asked)},
        remedy="use another --out",
    )
    with claimed(recipe.out, work):
        executor = LocalExecutor(recipe.slots)
        try:
            yield Stages(recipe=recipe, executor=executor)
        finally:
            executor.close_now()
