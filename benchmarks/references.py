"""References through the sandbox beside one new interpreter each: the ratio, in one run."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from darebench.reference.solve import solve
from darebench.reference.spec import reference_spec
from darebench.sandbox import LocalExecutor, Program
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from darebench.types import Variant


def main() -> None:
    store = open_store(sys.argv[1] if len(sys.argv) > 1 else None)
    tasks = [t for t in store.tasks if t.variant is Variant.IF]
    executor = LocalExecutor()
    executor.execute_now(Program(code="pass"))
    with tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        asyncio.run(solve(tasks, executor, Path(cache)))
        ours = (time.perf_counter() - start) / len(tasks)
    executor.close_now()
    start = time.perf_counter()
    for task in tasks[:8]:
        with tempfile.TemporaryDirectory() as folder:
            spec = reference_spec(task, read_settings(task))
            for name in spec.inputs:
                shutil.copy(task.source / name, folder)
            subprocess.run([sys.executable, "-c", spec.render()], cwd=folder, check=True)
    theirs = (time.perf_counter() - start) / len(tasks[:8])
    print(
        f"{len(tasks)} references: {ours:.3f} s each, new interpreters {theirs:.3f} s each, "
        f"{theirs / ours:.1f} times as many a minute"
    )


if __name__ == "__main__":
    main()
