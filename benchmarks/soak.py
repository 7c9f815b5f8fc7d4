"""Many calls through one sandbox: no result lost or mixed up, and nothing that grows.

`python benchmarks/soak.py [calls]`; 20,000 by default, every tenth with the libraries and a file.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

from darebench.sandbox import LocalExecutor, Program, Saved

BATCH = 200


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    executor = LocalExecutor(2)
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        first: dict[str, int] = {}
        for done in range(0, n, BATCH):
            asyncio.run(batch(executor, done, Path(folder)))
            if done == BATCH:
                first = settled(executor)
        last = settled(executor)
        elapsed = time.monotonic() - start
    executor.close_now()
    print(f"{n} calls in {elapsed:.0f} s, {n / elapsed:.0f} a second; none lost or mixed up")
    for name, value in last.items():
        print(f"{name}: {first[name]} after {2 * BATCH} calls, {value} at the end")
    grown = [name for name in last if last[name] > first[name] + slack(name)]
    if grown:
        sys.exit(f"grown: {', '.join(grown)}")


async def batch(executor: LocalExecutor, offset: int, folder: Path) -> None:
    async def one(number: int) -> None:
        if number % 10:
            outcome = await executor.execute(Program(code=f"print({number})"))
            assert outcome.stdout == f"{number}\n", outcome
            return
        code = f"import pandas as pd\npd.DataFrame({{'a': [{number}]}}).to_csv('x', index=False)"
        own = folder / str(number % BATCH)
        own.mkdir(exist_ok=True)
        outcome = await executor.execute(Program(code=code, save=("x",), save_to=own))
        assert isinstance(outcome.files["x"], Saved), outcome
        assert own.joinpath("x").read_text() == f"a\n{number}\n"

    await asyncio.gather(*(one(offset + i) for i in range(BATCH)))


def settled(executor: LocalExecutor) -> dict[str, int]:
    """Return counts that would show a leak, taken when nothing runs."""
    time.sleep(2.0)
    pool = executor._pool
    assert pool is not None
    family = [pool.process.pid, *descendants(pool.process.pid)]
    return {
        "descriptors of the executor": sum(1 for _ in Path("/proc/self/fd").iterdir()),
        "descriptors of keeper and zygotes": sum(
            sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()) for pid in family[:4]
        ),
        "processes": len(family),
        "mounts": Path("/proc/self/mountinfo").read_text().count("\n"),
        "network namespaces of the sandbox": len(
            {name for pid in family if (name := namespace_of(pid))}
        ),
        "control groups": sum(
            1 for path in pool._groups for p in Path(path).iterdir() if p.is_dir()
        ),
        "resident KiB of executor, keeper and zygotes": sum(
            resident(pid) for pid in (os.getpid(), *family[:4])
        ),
    }


def slack(name: str) -> int:
    return 30_000 if "KiB" in name else 2


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


def namespace_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/net").readlink())
    except OSError:
        return ""


def descendants(pid: int) -> list[int]:
    """Return a process's descendants, the oldest first: process numbers wrap around."""
    family = psutil.Process(pid).children(recursive=True)
    return [p.pid for p in sorted(family, key=lambda p: (p.create_time(), p.pid))]


if __name__ == "__main__":
    main()
