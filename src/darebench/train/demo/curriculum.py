"""The tasks of the demonstration: short prompts, and a split by source table."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from darebench.agents.protocol import Budget
from darebench.agents.short_prompt import short_prompt
from darebench.errors import ConfigError
from darebench.files import written_whole
from darebench.sandbox.executor import Executor
from darebench.store.read import Store
from darebench.types import Message, Role, Task, Variant

MAX_BYTES = 200_000
"""Size limit of a task's training file: attempts at larger ones take seconds, and a demonstration
makes thousands."""
TRAINED = (Variant.IF, Variant.MM)
PER_TABLE = 2
"""Tasks of each variant that a table may have here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curriculum:
    """Tasks with their short prompts."""

    prompts: Mapping[str, str]
    """Task id -> short prompt."""
    train: tuple[Task, ...]
    held_out: tuple[Task, ...]
    """Tasks of tables that nothing is trained on."""

    def opening(self, task: Task, budget: Budget) -> Sequence[Message]:
        """Open an attempt with the short prompt alone."""
        return (Message(role=Role.USER, content=self.prompts[task.id]),)


async def write_prompts(store: Store, executor: Executor, path: Path) -> None:
    """Write the short prompt of every task of a store that has one, unless that has been done."""
    if path.is_file() and json.loads(path.read_text())["store"] == store.hash:
        return
    tasks = [t for t in store.tasks if n_bytes(t) <= MAX_BYTES]
    found = await asyncio.gather(*(short_prompt(t, executor) for t in tasks))
    prompts = {t.id: text for t, text in zip(tasks, found, strict=True) if text is not None}
    with written_whole(path) as part:
        text = json.dumps({"schema": 1, "store": store.hash, "prompts": prompts}, indent=1)
        part.write_text(text + "\n", encoding="utf-8")


def read_curriculum(
    store: Store, path: Path, *, held_out: float = 0.25, seed: int = 0
) -> Curriculum:
    """Read the prompts, and split the tasks so that a table is on one side only.

    Raises:
        ConfigError: A side is empty.
    """
    prompts = json.loads(path.read_text(encoding="utf-8"))["prompts"]
    tasks = [t for t in store.tasks if t.id in prompts]
    clusters = sorted({t.cluster for t in tasks})
    random.Random(seed).shuffle(clusters)
    kept_back = set(clusters[: round(held_out * len(clusters))])
    sides: dict[bool, list[Task]] = {False: [], True: []}
    for task in tasks:
        sides[task.cluster in kept_back].append(task)
    if not all(sides.values()):
        raise ConfigError(f"{store.root} has tasks of {len(clusters)} tables; more are needed")
    return Curriculum(prompts=prompts, train=tuple(sides[False]), held_out=tuple(sides[True]))


def training_tasks(
    curriculum: Curriculum, per_variant: int, variant: Variant | None = None
) -> list[Task]:
    """Choose `per_variant` tasks of each variant, at most two of a table, smaller tables first."""
    tasks = sorted(curriculum.train, key=lambda t: (n_bytes(t), t.id))
    chosen = [
        task
        for each in TRAINED
        if variant in (None, each)
        for task in _thin(tasks, each)[:per_variant]
    ]
    return sorted(chosen, key=lambda t: t.id)


def held_out_tasks(curriculum: Curriculum) -> list[Task]:
    """Choose two tasks of each variant of every table that is held out."""
    return [task for each in TRAINED for task in _thin(curriculum.held_out, each)]


def _thin(tasks: Sequence[Task], variant: Variant) -> list[Task]:
    """Keep at most `PER_TABLE` tasks of a variant for each table, in order."""
    counts: dict[str, int] = {}
    kept: list[Task] = []
    for task in (t for t in tasks if t.variant is variant):
        counts[task.cluster] = counts.get(task.cluster, 0) + 1
        if counts[task.cluster] <= PER_TABLE:
            kept.append(task)
    return kept


def n_bytes(task: Task) -> int:
    """Return the size of a task's training file."""
    train = next((n for n in task.files if n.startswith("train")), task.files[0])
    return (task.source / train).stat().st_size
