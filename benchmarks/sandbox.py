"""The sandbox beside warm code in one process, a bare fork, and new interpreters under bubblewrap.

All figures of one line come from interleaved calls of one run. Run it on a quiet machine, or with
`chrt -r 10` on a busy one. `python benchmarks/sandbox.py --quick` takes fewer calls.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as in the sandbox, for the code that runs warm in here

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from darebench.sandbox import LocalExecutor, Program, Status

REFERENCE = """
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rng = np.random.default_rng(0)
n = 200
frame = pd.DataFrame({
    "age": rng.normal(40, 10, n), "pay": rng.normal(5, 1, n), "town": rng.choice(list("abc"), n),
})
label = (frame["age"] > 40).astype(int)
numbers = Pipeline([("i", SimpleImputer()), ("s", StandardScaler())])
words = Pipeline([
    ("i", SimpleImputer(strategy="most_frequent")), ("o", OneHotEncoder(handle_unknown="ignore")),
])
columns = ColumnTransformer([("n", numbers, ["age", "pay"]), ("w", words, ["town"])])
model = Pipeline([("c", columns), ("m", LogisticRegression())]).fit(frame, label)
pd.DataFrame({"row_id": range(n), "y": model.predict(frame)}).to_csv("out.csv", index=False)
"""
OTHER = """
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import BayesianRidge
from sklearn.preprocessing import PolynomialFeatures

rng = np.random.default_rng(1)
days = pd.date_range("2020-01-01", periods=400, freq="h")
left = pd.DataFrame({"t": days, "shop": rng.choice(["n", "s"], 400), "sold": rng.gamma(2, 3, 400)})
right = pd.DataFrame({"shop": ["n", "s"], "size": [10, 20]})
joined = left.merge(right, on="shop")
daily = joined.groupby("shop").resample("D", on="t")["sold"].sum().unstack(0).fillna(0)
X = PolynomialFeatures(2).fit_transform(daily)
a = ExtraTreesRegressor(10, random_state=0).fit(X, daily["n"]).predict(X)
b = BayesianRidge().fit(X, daily["s"]).predict(X)
figure, axes = plt.subplots()
axes.scatter(a, b)
figure.savefig("out.png")
plt.close(figure)
pd.DataFrame({"a": a, "b": b}).to_csv("out.csv")
"""
TRIVIAL = "print(1)"
OPENMP = {
    "boosting": """
from sklearn.ensemble import HistGradientBoostingClassifier
rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 10))
HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(X, X[:, 0] > 0)
""",
    "clustering": """
from sklearn.cluster import KMeans
KMeans(8, n_init=10, random_state=0).fit(np.random.default_rng(0).normal(size=(8000, 10)))
""",
}
"""Programs that use OpenMP, without their first line."""
TIMED = "import time, numpy as np\nstart = time.perf_counter(){}print(time.perf_counter() - start)"
CHATTY = """
import io, sys, time
{}
start = time.process_time()
for n in range(1_000_000): print(n)
print(time.process_time() - start)
"""
BUFFERED = "sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w')))"


def main() -> None:
    quick = "--quick" in sys.argv
    n, n_fresh = (12, 2) if quick else (60, 5)
    executor = LocalExecutor(2)
    executor.execute_now(Program(code=TRIVIAL))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["MPLCONFIGDIR"] = folder  # a new interpreter finds the list of fonts, too
        warm = compare("reference script", REFERENCE, executor, n, n_fresh)
        compare("another script", OTHER, executor, n, n_fresh)
        floor(executor, n)
        forks = 1000 / statistics.median(timed(bare_fork) for _ in range(10 * n))
        rate = throughput(executor, TRIVIAL, 100 if quick else 1000)
        print(
            f"trivial calls: {rate:.0f} a second, two at a time; bare forks in a row: {forks:.0f}"
        )
        rate = throughput(executor, REFERENCE, 40 if quick else 300)
        print(
            f"reference calls: {rate:.0f} a second, two at a time; "
            f"{rate * warm / 1000:.2f} of the calls that one core does warm"
        )
        memory(executor)
        for name, code in OPENMP.items():
            together(name, code, executor, 4 if quick else 12)
        printing(executor, 1 if quick else 3)
    executor.close_now()


def together(name: str, code: str, executor: LocalExecutor, n: int) -> None:
    """Print what a program that uses OpenMP takes alone, and two at a time, here and elsewhere."""
    program = Program(code=f"import numpy as np{code}")
    times = interleaved({
        "one": lambda: executor.execute_now(program),
        "two": lambda: both(lambda _: executor.execute_now(program)),
    }, n)  # fmt: skip
    one, two = (statistics.median(times[number]) for number in ("one", "two"))
    plain = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")}

    def fresh(_: int) -> float:
        command = [sys.executable, "-c", TIMED.format(code)]
        done = subprocess.run(command, env=plain, capture_output=True, text=True, check=True)
        return 1000 * float(done.stdout)

    alone = statistics.median(fresh(0) for _ in range(2))
    beside = statistics.median(seconds for _ in range(2) for seconds in both(fresh))
    print(
        f"{name} with OpenMP: {one:.0f} ms, two at a time {two:.0f} ms ({two / one:.2f} times); "
        f"in plain interpreters {alone:.0f} ms, two at a time {beside:.0f} ms "
        f"({beside / alone:.1f} times)"
    )


def both(action: Callable[[int], object]) -> list:
    """Do something twice at the same time."""
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(action, range(2)))


def printing(executor: LocalExecutor, n: int) -> None:
    """Print the processor time of a million short lines, handed on at once and buffered."""
    seconds: dict[str, list[float]] = {"": [], BUFFERED: []}
    for _ in range(n):
        for first, times in seconds.items():
            outcome = executor.execute_now(Program(code=CHATTY.format(first)))
            times.append(float(outcome.stdout.split()[-1]))
    ours, theirs = (statistics.median(times) for times in seconds.values())
    print(
        f"a million short lines: {ours:.2f} s of the program's processor time, handed on at once; "
        f"{theirs:.2f} s buffered"
    )


def compare(name: str, code: str, executor: LocalExecutor, n: int, n_fresh: int) -> float:
    """Print a script's times warm in this process, in the sandbox and in a new interpreter.

    Returns:
        Median milliseconds of the script in this process.
    """
    compiled = compile(code, name, "exec")
    cases: dict[str, Callable[[], object]] = {
        "warm": lambda: exec(compiled, {"__name__": "warm"}),
        "sandbox": lambda: call(executor, code, "out.csv"),
    }
    cases["warm"]()
    times = interleaved(cases, n)
    fresh = [timed(lambda: subprocess.run(fresh_command(code), check=True)) for _ in range(n_fresh)]
    warm, ours, theirs = (statistics.median(t) for t in (times["warm"], times["sandbox"], fresh))
    p99 = sorted(times["sandbox"])[int(n * 0.99)]
    print(
        f"{name}: warm {warm:.1f} ms, sandbox {ours:.1f} ms (p99 {p99:.1f}; {ours - warm:+.1f}), "
        f"new interpreter {baseline()} {theirs:.0f} ms: {theirs / ours:.1f} times as fast"
    )
    return warm


def floor(executor: LocalExecutor, n: int) -> None:
    """Print a trivial call beside a bare fork, exit and wait of a process with the libraries."""
    assert "sklearn" in sys.modules
    cases: dict[str, Callable[[], object]] = {
        "fork": bare_fork,
        "ready": lambda: call(executor, TRIVIAL),
    }
    times = interleaved(cases, n)
    unready = [timed_without_spares(executor) for _ in range(n)]
    bare, ready, late = (statistics.median(t) for t in (times["fork"], times["ready"], unready))
    print(
        f"trivial call: bare fork {bare:.2f} ms; with a spare {ready:.2f} ms "
        f"({ready / bare:.2f} of it), without {late:.2f} ms ({late / bare:.2f})"
    )


def timed_without_spares(executor: LocalExecutor) -> float:
    time.sleep(0.4)
    pool = executor._pool
    assert pool is not None
    with pool._lock:
        spares, pool._spares = pool._spares, []
    time.sleep(0.02)
    elapsed = timed(lambda: call(executor, TRIVIAL))
    for spare in spares:
        spare.reply.close()
    return elapsed


def throughput(executor: LocalExecutor, code: str, n: int) -> float:
    """Return calls a second, two at a time."""
    with ThreadPoolExecutor(2) as threads:
        elapsed = timed(lambda: list(threads.map(lambda _: call(executor, code), range(n))))
    return n / elapsed * 1000


def memory(executor: LocalExecutor) -> None:
    code = (
        "text = open('/proc/self/smaps_rollup').read()\n"
        "print(sum(int(l.split()[1]) for l in text.splitlines() if l.startswith('Private')))"
    )
    time.sleep(0.3)
    outcome = executor.execute_now(Program(code=code))
    print(f"private memory of a trivial call: {int(outcome.stdout) / 1024:.1f} MB")


def call(executor: LocalExecutor, code: str, save: str = "") -> None:
    program = Program(code=code, save=(save,) if save else (), save_to=Path.cwd())
    outcome = executor.execute_now(program)
    assert outcome.status is Status.OK, outcome


def bare_fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def interleaved(cases: dict[str, Callable[[], object]], n: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(n):
        for name, case in cases.items():
            time.sleep(0.1)
            times[name].append(timed(case))
    return times


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def baseline() -> str:
    return "under bubblewrap" if shutil.which("bwrap") else "(bubblewrap is not installed)"


def fresh_command(code: str) -> list[str]:
    python = [sys.executable, "-c", code]
    if not shutil.which("bwrap"):
        return python
    here = str(Path.cwd())
    binds = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", here, here]
    return ["bwrap", *binds, "--unshare-all", "--die-with-parent", *python]


if __name__ == "__main__":
    main()
