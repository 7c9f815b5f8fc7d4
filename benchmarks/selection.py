"""Seconds and memory to select from and export many trajectories: `selection.py [N]`."""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from darebench.rollouts import Strategy
from darebench.rollouts.export import export
from darebench.rollouts.select_files import select_file

CODE = "import pandas as pd\nframe = pd.read_csv('train.csv')\nprint(frame.describe())\n" * 6


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder / "in.jsonl", n)
        size = (folder / "in.jsonl").stat().st_size >> 20
        report(f"{n} trajectories, {size} MB: written", 0.0)
        for strategy in (Strategy.FV, Strategy.DV):
            start = time.perf_counter()
            found = select_file(folder / "in.jsonl", folder / "out.jsonl", strategy)
            report(f"select {strategy}: {found.selected}", time.perf_counter() - start)
        for suffix in ("jsonl", "parquet"):
            start = time.perf_counter()
            found = export([folder / "in.jsonl"], folder / f"export.{suffix}")
            report(f"export {suffix}: {found.rows}", time.perf_counter() - start)


def write(path: Path, n: int) -> None:
    rng = random.Random(0)
    with path.open("w") as stream:
        for k in range(n):
            stream.write(json.dumps(attempt(k, rng)) + "\n")


def attempt(k: int, rng: random.Random) -> dict:
    messages = [{"role": "user", "content": "Predict. " * 100}]
    arguments = {"code": CODE, "files_to_load": ["train.csv"], "files_to_save": []}
    for turn in range(5):
        call = {"id": f"c{turn}", "name": "python_executor", "arguments": arguments}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        answer = {"role": "tool", "content": "count mean std\n" * 20, "tool_call_id": f"c{turn}"}
        messages.append(answer)
    record = {**arguments, "stdout": "1\n", "stderr": "", "status": "ok", "seconds": 0.1}
    return {
        "schema_version": 1, "task": f"d{k // 8}_class/{('if', 'mm')[k // 8 % 2]}",
        "column": ("class-IF", "class-MM")[k // 8 % 2], "cluster": f"d{k // 8}", "epoch": k % 8 + 1,
        "model": "m", "messages": messages, "calls": [record] * 5, "stop_reason": "turns",
        "score": rng.choice([0.0, 1.0]), "strict_score": None, "targets": {}, "provenance": None,
        "reason": None, "failure": None, "fault": None, "seconds": rng.random(),
        "tokens": {"input": 1, "output": 1, "total": 2},
    }  # fmt: skip


def report(what: str, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{what}  {seconds:.1f} s, peak memory {peak} MB", flush=True)


if __name__ == "__main__":
    main()
