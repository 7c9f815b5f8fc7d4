"""What the steps of IF workflows change: how much an exact answer proves, for any stores.

    python benchmarks/process.py STORE ...      # the starter store without one

Every near miss of every IF task is run in the sandbox: the workflow with one step done otherwise.
The last lines count the five steps that were first measured, on the public release.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from darebench.errors import TaskFormatError
from darebench.reference.coverage import Coverage, Effect, mean_steps
from darebench.reference.near_misses import Step
from darebench.reference.prove import prove
from darebench.sandbox.local import LocalExecutor
from darebench.store.read import open_store, select
from darebench.types import Task, Variant

FIVE = (Step.FILTER, Step.IMPUTER, Step.SCALING, Step.ORDER, Step.SEED)


def main() -> None:
    executor = LocalExecutor()
    try:
        for ref in sys.argv[1:] or [None]:
            store = open_store(ref)
            tasks = select(store.tasks, variant=Variant.IF)
            tell(str(store.root), asyncio.run(measure(tasks, executor)))
    finally:
        executor.close_now()


async def measure(tasks: Sequence[Task], executor: LocalExecutor) -> dict[str, Coverage]:
    """Return the coverage of each task whose reference runs."""

    async def one(task: Task) -> Coverage | None:
        try:
            return (await prove(task, executor)).coverage
        except TaskFormatError as error:
            print(f"{task.id}: {error}", file=sys.stderr)
            return None

    found = await asyncio.gather(*map(one, tasks))
    return {task.id: c for task, c in zip(tasks, found, strict=True) if c is not None}


def tell(store: str, found: dict[str, Coverage]) -> None:
    """Print the table of one store."""
    n = len(found)
    print(f"{Path(store).name}: {n} IF tasks\n")
    print("| step | changes | changes nothing | not applicable | values that differ, mean |")
    print("|---|---|---|---|---|")
    for step in Step:
        told = [c.steps[step] for c in found.values() if step in c.steps]
        effects = Counter(miss.effect for miss in told)
        if not effects[Effect.CHANGED] + effects[Effect.UNCHANGED]:
            continue
        shares = [miss.share for miss in told if miss.effect is Effect.CHANGED]
        mean = f"{sum(shares) / len(shares):.0%}" if shares else ""
        rest = n - effects[Effect.CHANGED] - effects[Effect.UNCHANGED]
        counts = (effects[Effect.CHANGED], effects[Effect.UNCHANGED], rest)
        print(f"| {step} | {' | '.join(f'{c / n:.0%}' for c in counts)} | {mean} |")
    changing = [{*c.changing} for c in found.values()]
    five = [len(steps & {*FIVE}) for steps in changing]
    print(f"\nfilter and two more steps matter: {sum(c.suffices for c in found.values()) / n:.0%}")
    print(f"steps that matter, mean: {mean_steps(found.values()):.2f}")
    enough = [Step.FILTER in s and k >= 3 for s, k in zip(changing, five, strict=True)]
    print(f"of filter, imputer, scaling, order and seed, mean: {sum(five) / n:.2f}; ", end="")
    print(f"filter and two more: {sum(enough) / n:.0%}; none: {five.count(0) / n:.0%}\n")


if __name__ == "__main__":
    main()
