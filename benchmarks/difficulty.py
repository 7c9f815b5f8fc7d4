"""Compare the recorded references and floors of a store with answers that did not make them.

    python benchmarks/difficulty.py STORE [LIMIT]

Prints in how many MM tasks extra trees beat the recorded reference by over 0.05, how far naive
answers to the forecasts of panels are above the recorded floor, and how many XF tasks are CF's
twins. Stores of earlier versions, which record a `ceiling`, are read as well.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.metrics import f1_score, r2_score
from threadpoolctl import threadpool_limits

from darebench.audit.encode import encode
from darebench.audit.headroom import measure
from darebench.audit.task_tables import TaskTables, read_tables
from darebench.store import layout
from darebench.store.read import open_store
from darebench.store.wire import read_entries
from darebench.types import Family, Task, Variant

MAX_ROWS = 2_000
LIMIT = 100
TWIN = 0.02


def main() -> None:
    store = open_store(sys.argv[1])
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else LIMIT
    entries = read_entries(store.root / layout.QUESTIONS)
    known = {t.id: _recorded(t, entries[t.dataset]) for t in store.tasks}
    single = [t for t in store.tasks if t.variant is Variant.MM and len(t.targets) == 1]
    chosen = random.Random(0).sample(single, min(limit, len(single)))
    with threadpool_limits(1):
        beaten = sum(trees(read_tables(t)) > known[t.id]["reference"] + 0.05 for t in chosen)
        print(f"extra trees beat the reference by over 0.05 in {beaten} of {len(chosen)} tasks")
        floors = []
        for task in store.tasks:
            tables = read_tables(task) if task.family is Family.TS else None
            if tables is not None and tables.entities:
                floors.append((known[task.id]["floor"], measure(tables).floor))
    recorded, naive = np.mean(floors, axis=0) if floors else (0.0, 0.0)
    print(f"panels: floor recorded {recorded:.2f}, best naive answer {naive:.2f} ({len(floors)})")
    pairs = [t for t in store.tasks if t.variant is Variant.XF and _cf(t) in known]
    twins = [t for t in pairs if _reference(known, t.id) - _reference(known, _cf(t)) < TWIN]
    print(f"XF tasks that are CF's twins: {len(twins)} of {len(pairs)}")
    print(f"bands: {dict(Counter(str(k.get('band', 'none')) for k in known.values() if k))}")


def trees(tables: TaskTables) -> float:
    """Score extra trees that no reference was made of, on the task's own split."""
    (target,) = tables.targets
    train = tables.train[tables.train[target].notna()].iloc[:MAX_ROWS]
    x_train, x_val = encode(train, tables.val, tables)
    a, b = np.nan_to_num(x_train), np.nan_to_num(x_val)
    if tables.family is Family.CLASS:
        truth = tables.truth[target].astype(str)
        model = ExtraTreesClassifier(200, random_state=7).fit(a, train[target].astype(str))
        return float(f1_score(truth, model.predict(b), average="macro"))
    model = ExtraTreesRegressor(200, random_state=7).fit(a, train[target])
    return float(r2_score(tables.truth[target], model.predict(b)))


def _recorded(task: Task, entry: dict) -> dict:
    room = entry["headroom"].get(f"v{layout.version_of(task.family, task.variant)}", {})
    return {"reference": room.get("ceiling"), **room} if room else {}


def _cf(task: Task) -> str:
    return f"{task.dataset}/{Variant.CF}"


def _reference(known: dict[str, dict], name: str) -> float:
    return float(known[name]["reference"])


if __name__ == "__main__":
    main()
