"""Write the dataset card: front matter that the hub reads, and a page that people read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from darebench.environment import current_environment
from darebench.publish.contents import (
    CHECKSUMS,
    CROISSANT,
    FIELDS,
    UNKNOWN,
    Contents,
    count_licences,
)
from darebench.store import layout
from darebench.types import Family

ARXIV = "2602.24288"
MOST_ROWS = 12
"""Rows of the table of origins at most."""
_TASK_CATEGORIES = {
    Family.CLASS: "tabular-classification",
    Family.REG: "tabular-regression",
    Family.TS: "time-series-forecasting",
}
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
)
_HUB_LICENCES = {
    r"cc0.*|.*public domain dedication.*cc0.*": "cc0-1.0",
    r"cc[ -]by[ -]4\.0|attribution 4\.0.*\(cc by 4\.0\)": "cc-by-4.0",
    r"cc[ -]by-sa[ -]4\.0|.*\(cc by-sa 4\.0\)": "cc-by-sa-4.0",
    r"cc[ -]by-sa[ -]3\.0|.*\(cc by-sa 3\.0\)": "cc-by-sa-3.0",
    r"mit( license)?": "mit",
    r"apache[ -]2\.0|apache license 2\.0": "apache-2.0",
    r"odbl.*|.*open database.*": "odbl",
    r"pddl|.*\(pddl\)": "pddl",
    r"gpl-?3(\.0)?": "gpl-3.0",
    r"gpl-?2(\.0)?": "gpl-2.0",
}
"""Patterns of how licences are spelled, with the hub's names."""
_LAYOUT = {
    f"`{layout.QUESTIONS}`": "the questions, and which files each of them needs",
    f"`{layout.DATABASES}/DATASET/{layout.SOURCE}/`": "tables and a description; give an agent the "
    "files that its question names, never the folder",
    f"`{layout.DATABASES}/DATASET/{layout.VERIFY}/`": "**the answers** and all settings; never "
    "give them to an agent, never train on them",
}


def write_card(contents: Contents, name: str) -> str:
    """Return the text of the card of a store that is published as `owner/name`."""
    from huggingface_hub import DatasetCardData

    matter = DatasetCardData(**_front_matter(contents, name)).to_yaml(line_break="\n")
    return f"---\n{matter.strip()}\n---\n\n{_page(contents, name)}"


def hub_licence(name: str) -> str:
    """Return the hub's name of a licence; empty if it has none."""
    found = (known for spelled, known in _HUB_LICENCES.items() if re.fullmatch(spelled, name, re.I))
    return next(found, "")


def _front_matter(contents: Contents, name: str) -> dict[str, Any]:
    families = {task.family for task in contents.store.tasks}
    named = {hub_licence(licence) for licence in count_licences(contents.datasets)}
    licence: dict[str, Any] = {"license": named.pop()} if len(named) == 1 and all(named) else {}
    if not licence:
        licence = {
            "license": "other",
            "license_name": "one-licence-per-table",
            "license_link": layout.LICENCES,
        }
    return {
        "pretty_name": name.split("/")[-1],
        **licence,
        "task_categories": [c for family, c in _TASK_CATEGORIES.items() if family in families],
        "size_categories": [_size(contents.stats.n_tasks)],
        "tags": ["dare-bench", "darebench", "data-science", "agents", "benchmark", "tabular"],
        "configs": [
            {"config_name": "tasks", "data_files": layout.QUESTIONS, "default": True},
            {"config_name": "licences", "data_files": layout.LICENCES},
        ],
    }


def _size(n: int) -> str:
    return next((name for bound, name in _SIZES if n < bound), "1M<n<10M")


def _page(contents: Contents, name: str) -> str:
    stats = contents.stats
    made_by = ", ".join(f"{k} {v}" for k, v in current_environment().as_dict().items())
    parts = [
        f"# {name}",
        f"{stats.n_tasks} verifiable data-science tasks in {stats.n_datasets} datasets of "
        f"{stats.n_clusters} tables, in the layout of DARE-bench "
        f"([arXiv:{ARXIV}](https://arxiv.org/abs/{ARXIV})). An agent reads a question and table "
        f"files and writes `{layout.PREDICTION}`; a program scores it.",
        f"```\ndarebench tasks list --store hf://{name}\n"
        f"darebench eval --store hf://{name} --model MODEL\n```",
        "## Layout, and what an agent must not see",
        _table("path", "what is there", _LAYOUT),
        f"`{layout.SOURCE}/{layout.CLEAN_TRAIN_STEM}.*` is a training file without noise rows: it "
        "gives an IF task's filter away, and no question names it. `darebench` hands out the named "
        "files only; the viewer and `load_dataset` show the question list and the licences alone.",
        "## Numbers",
        _table("tasks of", "number", stats.by_column),
        *(
            _table(label, "tasks", counts)
            for label, counts in (("domain", stats.by_domain), ("split", stats.by_split))
            if set(counts) != {UNKNOWN}
        ),
        _sizes(contents),
        f"## Fields of `{layout.QUESTIONS}`",
        _table("field", "meaning", {f"`{field}`": FIELDS[field] for field in contents.fields}),
        "## Provenance and licences",
        "Each dataset is made from one public table and keeps that table's licence; "
        f"`{layout.LICENCES}` names table, title and licence of each, `{UNKNOWN}` where the source "
        "does not say.",
        _table("tables of", "datasets", _origins(contents)),
        _table("licence", "datasets", count_licences(contents.datasets)),
        f"Published with darebench {version('darebench')} ({made_by}). IF answers are not in the "
        "store: `darebench reference` computes them in the environment that scores. "
        f"`{CHECKSUMS}` lists every file (`sha256sum --check {CHECKSUMS}`), `{CROISSANT}` "
        "describes the store in Croissant.",
        f"Store hash: `{contents.store.hash}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _origins(contents: Contents) -> dict[str, int]:
    counts = Counter(dataset.ref.split("/")[0] for dataset in contents.datasets).most_common()
    shown, rest = dict(counts[:MOST_ROWS]), counts[MOST_ROWS:]
    if rest:
        shown[f"{len(rest)} others"] = sum(number for _, number in rest)
    return shown


def _sizes(contents: Contents) -> str:
    stats = contents.stats
    rows = {"size on disk": f"{stats.mb:.1f} MB"}
    for label, spread in (
        ("training rows", stats.train_rows),
        ("rows to predict", stats.test_rows),
    ):
        if spread is not None:
            rows[label] = f"{spread.smallest:g} to {spread.largest:g}, median {spread.median:g}"
    return _table("size", "", rows)


def _table(first: str, second: str, rows: Mapping[str, Any]) -> str:
    if not rows:
        return ""
    lines = [f"| {_cell(key)} | {_cell(value)} |" for key, value in rows.items()]
    return "\n".join([f"| {first} | {second} |", "|---|---|", *lines])


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "/").split())
