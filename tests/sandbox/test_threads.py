"""A program has the OpenMP threads of its slot's processors, and no answer depends on them."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from joblib import delayed

from darebench.cores import LIMIT_VARIABLE, usable_cores
from darebench.parallel import Cluster, run_all
from darebench.reference.spec import MODELS, MORE_MODELS, PipelineSpec
from darebench.sandbox import Limits, LocalExecutor, Program, Saved, Status

FAMILIES = {
    model: family
    for models in (MODELS, MORE_MODELS)
    for family, names in models.items()
    for model in names
}
COUNT = """
import json, os, sklearn.ensemble
from threadpoolctl import threadpool_info, threadpool_limits
def count():
    return {i["internal_api"]: i["num_threads"] for i in threadpool_info()}
found = [count()]
with threadpool_limits(3, "openmp"):
    found.append(count())
with threadpool_limits(3, "blas"):
    found.append(count())
print(json.dumps(found))
"""
BOOSTING = """
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 10))
HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(X, X[:, 0] > 0)
"""
CLUSTERING = """
import numpy as np
from sklearn.cluster import KMeans
X = np.random.default_rng(0).normal(size=(4000, 10))
KMeans(8, n_init=6, random_state=0).fit(X)
"""


@pytest.fixture(scope="module")
def wide():
    """An executor whose programs have all processors."""
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()


@pytest.fixture(scope="module")
def narrow():
    """An executor whose programs have one processor each, and of which two run at a time."""
    executor = LocalExecutor(max(2, usable_cores()))
    yield executor
    executor.close_now()


def run(executor: LocalExecutor, code: str) -> str:
    outcome = executor.execute_now(Program(code=code, limits=Limits(wall_s=300.0)))
    assert outcome.status is Status.OK, outcome
    return outcome.stdout


def test_a_program_has_its_slots_share_and_gets_what_it_asks_for(wide, narrow):
    for executor in (wide, narrow):
        own, openmp, blas = json.loads(run(executor, COUNT))
        assert own["openmp"] == max(1, usable_cores() // executor.slots)
        assert own["openblas"] == 1
        assert (openmp["openmp"], blas["openblas"]) == (3, 3)


def test_interpreters_that_a_program_starts_have_the_same_share(narrow):
    code = (
        "import subprocess, sys\n"
        "code = 'import sklearn.ensemble, threadpoolctl as t; '"
        "'print({i[\"num_threads\"] for i in t.threadpool_info()})'\n"
        "subprocess.run([sys.executable, '-c', code], check=True)"
    )
    assert run(narrow, code) == "{1}\n"


@pytest.mark.slow
@pytest.mark.parametrize("code", [BOOSTING, CLUSTERING], ids=["boosting", "clustering"])
@pytest.mark.parametrize("asks", ["", "from threadpoolctl import threadpool_limits as t\nt(2)\n"])
def test_two_at_a_time_do_not_wait_for_each_other(narrow, code, asks):
    """Threads that spin took 15 to 30 times as long; the figure is in benchmarks/sandbox.py."""

    def timed(n: int) -> float:
        start = time.perf_counter()
        with ThreadPoolExecutor(n) as threads:
            list(threads.map(lambda _: run(narrow, asks + code), range(n)))
        return time.perf_counter() - start

    pairs = [(timed(1), timed(2)) for _ in range(7)]
    one, two = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert two < 4 * one, pairs


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Rows with what pipelines handle: missing cells, words, and three classes."""
    folder = tmp_path_factory.mktemp("table")
    rng = np.random.default_rng(0)
    n = 600
    frame = pd.DataFrame({
        "row_id": range(n),
        **{f"x{i}": rng.normal(size=n) for i in range(6)},
        "word": rng.choice(["red", "green", "blue"], n),
    })  # fmt: skip
    total = frame["x0"] + frame["x1"] * frame["x2"] + rng.normal(size=n) / 3
    frame["reg"] = total
    frame["class"] = pd.cut(total, 3, labels=["low", "middle", "high"])
    frame.loc[::17, "x1"] = np.nan
    frame.loc[::23, "word"] = None
    frame[:400].to_csv(folder / "train.csv", index=False)
    frame[400:].to_csv(folder / "val.csv", index=False)
    return folder


@pytest.mark.parametrize("model", [
    pytest.param(m, marks=pytest.mark.slow if "MLP" in m else ()) for m in FAMILIES
])  # fmt: skip
def test_every_models_answer_has_the_same_bytes_with_any_number_of_threads(
    wide, narrow, table, tmp_path, model
):
    numbers = tuple(f"x{i}" for i in range(6))
    answers = {}
    for threads in (1, 2):
        spec = PipelineSpec(
            train="train.csv", val="val.csv", targets=(FAMILIES[model],), features=(*numbers, "word"),
            numerical=numbers, categorical=("word",), imputer="most_frequent", model=model,
            random_state=7, ranges=None, types={}, threads=threads,
        )  # fmt: skip
        for executor in (wide, narrow):
            program = Program(
                code=spec.render(),
                load={name: table / name for name in spec.inputs},
                save=(spec.output,),
                save_to=tmp_path,
            )
            saved = executor.execute_now(program).files[spec.output]
            assert isinstance(saved, Saved), saved
            answers[threads, executor.slots] = saved.path.read_bytes()
    assert len(answers[1, wide.slots].splitlines()) == 201
    assert len(set(answers.values())) == 1, list(answers)


def test_affinity_and_a_share_count_as_processors():
    code = (
        "import os\n"
        "from darebench.cores import take_share, usable_cores\n"
        "from darebench.sandbox import LocalExecutor\n"
        "take_share(99)\n"
        "print(usable_cores(), LocalExecutor().slots)\n"
        "os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "print(usable_cores(), LocalExecutor().slots)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != LIMIT_VARIABLE}
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout
    n = usable_cores()
    assert printed == f"{n} {n}\n1 1\n"


def count_in_worker() -> tuple[int, int]:
    executor = LocalExecutor(1)
    try:
        return usable_cores(), json.loads(run(executor, COUNT))[0]["openmp"]
    finally:
        executor.close_now()


@pytest.mark.slow
def test_workers_share_the_processors():
    jobs = max(2, usable_cores())
    calls = [delayed(count_in_worker)() for _ in range(2)]
    assert list(run_all(calls, Cluster.LOCAL, jobs)) == [(1, 1), (1, 1)]
