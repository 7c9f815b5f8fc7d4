"""A whole evaluation beside its beginning: what an attempt costs at 500 and at 5,000 of them.

An agent that answers at once makes three attempts at each of many tasks, so that all that is left
is our own work: Inspect's, the record's, the scorer's. A second, shorter run makes one trivial call
of the tool in each attempt.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from pathlib import Path

from darebench import EvalConfig, evaluate, open_store
from darebench.store import layout

GOAL = {"growth": 1.2, "minutes": 12.0, "memory": 1000, "written": 1000}
"""The goals, for 18,900 attempts: a ratio, minutes of processor time, and two figures in MB."""
EPOCHS = 3
HALF_WINDOW = 250
"""Attempts before and after the point at which the cost of one is measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=18_900, help="attempts without a call")
    parser.add_argument("--with-calls", type=int, default=1_500, help="attempts with one call")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="darebench-benchmark-") as folder:
        store = many_tasks(Path(folder) / "store", asked.attempts // EPOCHS)
        measure(store, Path(folder) / "null", "null", asked.attempts // EPOCHS)
        measure(store, Path(folder) / "trivial", "trivial", asked.with_calls // EPOCHS)


def many_tasks(root: Path, n_tasks: int) -> Path:
    """Write a store of many tasks: the starter tasks that need no reference, again and again."""
    starter = open_store().root
    entries, found = json.loads((starter / layout.QUESTIONS).read_text()), []
    n_copies = -(-n_tasks // sum(2 if e["file_path"].endswith("_ts") else 1 for e in entries))
    for copy in range(n_copies):
        for entry in entries:
            name = f"copy{copy}-{entry['file_path']}"
            target = layout.dataset_folder(root, name)
            source = layout.dataset_folder(starter, entry["file_path"])
            shutil.copytree(source, target, copy_function=link)
            found.append({**entry, "file_path": name})
    (root / layout.QUESTIONS).write_text(json.dumps(found))
    return root


def link(source: str, target: str) -> None:
    """Link a file, or copy it where a link cannot be."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def measure(store: Path, out: Path, model: str, n_tasks: int) -> None:
    """Run an evaluation, and print what it took."""
    at: dict[int, float] = {}

    def note(stage: str, done: int, total: int) -> None:
        if stage == "attempts":
            at[done] = processor_s()

    config = EvalConfig(
        store=str(store),
        model=model,
        tasks=("*/mm", "*/xf", "*/cf"),
        limit=n_tasks,
        epochs=EPOCHS,
    )
    written, cpu, start = written_mb(), processor_s(), time.perf_counter()
    run = evaluate(config, out=out, progress=note)
    cpu, wall = processor_s() - cpu, time.perf_counter() - start
    assert run.missing == run.unscored == 0
    n = len(run.trajectories)
    print(
        f"{model}: {n} attempts, {cpu / 60:.1f} minutes of processor time, {wall / 60:.1f} in all"
    )
    points = [p for p in (500, 5_000, n - HALF_WINDOW) if HALF_WINDOW <= p <= n - HALF_WINDOW]
    costs = [cost_ms(at, point) for point in points]
    for point, cost in zip(points, costs, strict=True):
        print(f"  at {point}: {cost:.2f} ms an attempt, {cost / costs[0]:.2f} times that at 500")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    kept = sum(f.stat().st_size for f in out.rglob("*") if f.is_file()) >> 20
    of_predictions = sum(f.stat().st_size for f in out.glob("predictions/**/*") if f.is_file())
    print(
        f"  peak memory {peak} MB; {written_mb() - written:.0f} MB written to the disk in all, of"
    )
    print(f"  which {kept} MB stay in the folder, {of_predictions >> 20} MB of them predictions")
    if n >= 18_900:
        print(f"  goals: {GOAL}")


def cost_ms(at: dict[int, float], point: int) -> float:
    """Return the processor time of an attempt around a point of the run."""
    first, last = point - HALF_WINDOW, point + HALF_WINDOW
    return (at[last] - at[max(first, min(at))]) / (last - max(first, min(at))) * 1000


def processor_s() -> float:
    """Return the processor time of this process and of its children that have ended."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def written_mb() -> float:
    """Return what this process has had written to disks, in MB."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["write_bytes"]) / (1 << 20)


if __name__ == "__main__":
    main()
