"""Complete five-call attempts a second per core, warm sandbox against fresh interpreters.

`rollouts.py [N]`: an instant scripted model plays N attempts through the agent loop, the sandbox
and the scorer, without Inspect. Each call reads and prints a table; the last writes a prediction.
Attempts that do so with pandas and scikit-learn cost mostly their own work; attempts in plain
Python show what the loop, the sandbox and the scorer add.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.agents.protocol import Budget, Reply, Stop
from darebench.agents.tools import NAME
from darebench.evals.batch import read_truths
from darebench.rollouts.rollout import RolloutSettings, roll_out
from darebench.sandbox import LocalExecutor, Outcome, Program, Saved, Status
from darebench.store.read import open_store
from darebench.types import Message, Role, ToolCall

TASK = "iris_class/mm"
CALLS = 5
LOOK = "import pandas as pd\nprint(pd.read_csv('train_v2.csv').head(3))\n"
ANSWER = """import pandas as pd
from sklearn.tree import DecisionTreeClassifier
t, v = pd.read_csv('train_v2.csv'), pd.read_csv('val_v2.csv')
names = [c for c in v.columns if c != 'row_id']
v['species'] = DecisionTreeClassifier(random_state=0).fit(t[names], t['species']).predict(v[names])
v[['row_id', 'species']].to_csv('prediction.csv', index=False)
"""
PLAIN_LOOK = "print(*open('train_v2.csv').read().splitlines()[:4], sep='\\n')\n"
PLAIN_ANSWER = """import csv
rows = list(csv.DictReader(open('val_v2.csv')))
with open('prediction.csv', 'w') as file:
    print('row_id,species', file=file)
    for row in rows:
        width = float(row['petal_width'])
        name = 'setosa' if width < 0.8 else 'versicolor' if width < 1.7 else 'virginica'
        print(row['row_id'], name, sep=',', file=file)
"""


@dataclass(frozen=True, slots=True)
class InstantModel:
    """Makes five calls at once."""

    look: str
    answer: str

    async def reply(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> Reply:
        """Return the next call."""
        number = sum(m.role == Role.TOOL for m in messages)
        arguments = {
            "code": self.answer if number == CALLS - 1 else self.look,
            "files_to_load": ["train_v2.csv", "val_v2.csv"],
            "files_to_save": ["prediction.csv"] if number == CALLS - 1 else [],
        }
        call = ToolCall(id=f"c{number}", name=NAME, arguments=arguments)
        message = Message(role=Role.ASSISTANT, content="", tool_calls=(call,))
        return Reply(message=message, stop=Stop.TOOL_CALLS)


class FreshInterpreter:
    """The same work by a new process a call, without any isolation: the cheapest of the kind."""

    def __init__(self, slots: int) -> None:
        self._places = asyncio.Semaphore(slots)

    async def execute(self, program: Program) -> Outcome:
        """Run one program."""
        async with self._places:
            return await asyncio.to_thread(self._run, program)

    def _run(self, program: Program) -> Outcome:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as name:
            for file, path in program.load.items():
                Path(name, file).write_bytes(path.read_bytes())
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            done = subprocess.run(
                [sys.executable, "-c", program.code], cwd=name, capture_output=True, text=True,
                env=environment,
            )  # fmt: skip
            files: dict[str, Saved] = {}
            for file in program.save:
                if program.save_to is not None and Path(name, file).is_file():
                    target = program.save_to / file
                    target.write_bytes(Path(name, file).read_bytes())
                    files[file] = Saved(path=target, n_bytes=target.stat().st_size)
        return Outcome(
            status=Status.OK if done.returncode == 0 else Status.ERROR, exit_code=done.returncode,
            stdout=done.stdout, stderr=done.stderr, seconds=time.perf_counter() - start,
            files=files,
        )  # fmt: skip

    async def close(self) -> None:
        """Nothing is kept."""


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    cores = len(os.sched_getaffinity(0))
    warm = LocalExecutor(cores)
    model, plain = InstantModel(LOOK, ANSWER), InstantModel(PLAIN_LOOK, PLAIN_ANSWER)
    try:
        measure("warm sandbox, first", warm, model, 10)  # the first calls start it
        fast = measure("warm sandbox", warm, model, n)
        fast_plain = measure("warm sandbox, plain Python", warm, plain, n)
    finally:
        warm.close_now()
    few = max(4, n // 20)
    slow = measure("fresh interpreter", FreshInterpreter(cores), model, few)
    fresh = FreshInterpreter(cores)
    slow_plain = measure("fresh interpreter, plain Python", fresh, plain, 2 * few)
    print(f"ratio {fast / slow:.1f}, plain Python {fast_plain / slow_plain:.1f}")


def measure(name: str, executor: Any, model: InstantModel, n: int) -> float:
    """Play `n` attempts; give attempts a second per core."""
    cores = len(os.sched_getaffinity(0))
    task = open_store(None).task(TASK)
    truths, _ = read_truths([task])
    arena = RolloutSettings(executor=executor, truths=truths, budget=Budget(turns=CALLS))

    async def all_of_them() -> list[float | None]:
        places = asyncio.Semaphore(4 * cores)

        async def one(epoch: int) -> float | None:
            async with places:
                return (await roll_out(task, model, arena, epoch=epoch)).score

        return list(await asyncio.gather(*(one(k) for k in range(1, n + 1))))

    start = time.perf_counter()
    scores = asyncio.run(all_of_them())
    seconds = time.perf_counter() - start
    if not all(score and score > 0.5 for score in scores):
        raise SystemExit(f"{name}: an attempt did not score: {scores[:5]}")
    rate = n / seconds / cores
    print(f"{name}: {n} attempts, {rate:.1f} a second per core ({cores} cores)", flush=True)
    return rate


if __name__ == "__main__":
    main()
