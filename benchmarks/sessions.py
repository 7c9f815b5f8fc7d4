"""Sessions beside a bare fork of the same process: steps, forks, growth, many forks at once.

All figures of one line come from one run; times that are compared are taken in turns. Run it on a
quiet machine. `python benchmarks/sessions.py --quick` takes fewer steps.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from darebench import Limits, LocalExecutor, Session, Status

QUICK = "--quick" in sys.argv
N_STEPS = 100 if QUICK else 1000
N_FORKS = 64
LIMITS = Limits(wall_s=60.0, memory_mb=6000)
BARE = """
import ctypes, os, time
fork = ctypes.PyDLL(None).fork
def bare():
    start = time.perf_counter()
    pid = fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return time.perf_counter() - start
"""
FRAME = "import numpy as np, pandas as pd\nframe = pd.DataFrame(np.random.rand(1_310_720, 10))"
"""A DataFrame of 100 MB."""
RESIDENT = "int(open('/proc/self/status').read().split('RssAnon:')[1].split()[0])"


def main() -> None:
    executor = LocalExecutor(2)
    try:
        for case in (steps, forks, growth, many):
            case(executor)
    finally:
        executor.close_now()


def run(session: Session, code: str) -> float:
    """Run a step that has to end well, and return its value as a number."""
    outcome = session.run(code)
    assert outcome.status is Status.OK, outcome
    return float(outcome.result or 0)


def seconds(session: Session, code: str) -> float:
    start = time.perf_counter()
    run(session, code)
    return time.perf_counter() - start


def steps(executor: LocalExecutor) -> None:
    with Session(limits=LIMITS, executor=executor) as session:
        run(session, BARE)
        pairs = [(seconds(session, "1"), run(session, "bare()")) for _ in range(N_STEPS // 2)]
    step, bare = (1000 * statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"trivial step {step:.1f} ms, bare fork {bare:.1f} ms: {step / bare:.2f} times")


def forks(executor: LocalExecutor) -> None:
    with Session(limits=LIMITS, executor=executor) as session:
        run(session, FRAME)
        made, first = [], []
        for _ in range(N_FORKS):
            start = time.perf_counter()
            other = session.fork()
            made.append(time.perf_counter() - start)
            first.append(seconds(other, "frame.iat[0, 0] = 2.0"))
            other.close()
    print(
        f"fork() of a session with 100 MB: {1000 * statistics.median(made):.2f} ms (most "
        f"{1000 * max(made):.2f}); its first step {1000 * statistics.median(first):.1f} ms"
    )


def growth(executor: LocalExecutor) -> None:
    with Session(limits=LIMITS, executor=executor) as session:
        sizes = []
        for number in range(N_STEPS):
            session.run("x = 1" if number % 10 else "1 / 0")
            if number in (20, N_STEPS - 1):
                sizes.append(run(session, RESIDENT))
    print(
        f"{N_STEPS} steps: {sizes[0] / 1024:.0f} MB after 20, {sizes[-1] / 1024:.0f} MB at the end"
    )


def many(executor: LocalExecutor) -> None:
    with Session(limits=LIMITS, executor=executor) as session:
        run(session, FRAME)
        before, start = available_mb(), time.perf_counter()
        others = [session.fork() for _ in range(N_FORKS)]
        for number, other in enumerate(others):
            run(other, f"frame.iat[0, 0] = {number}")
        found = [run(other, "float(frame.iat[0, 0])") for other in others]
        took, used = time.perf_counter() - start, before - available_mb()
    assert found == list(range(N_FORKS))
    print(
        f"{N_FORKS} forks alive at once, two steps each: {took:.1f} s, "
        f"{used / N_FORKS:.1f} MB for each beside the 100 MB that they share"
    )


def available_mb() -> float:
    text = Path("/proc/meminfo").read_text()
    return int(text.split("MemAvailable:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
