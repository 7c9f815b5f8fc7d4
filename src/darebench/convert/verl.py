"""A store as verl's data and configuration: two tables of prompts, the trainer's YAML, the tool's.

The tables are split by source dataset, so that no table of the validation is trained on. Rows hold
a task's id in place of its answer.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from darebench.agents.prompt import opening
from darebench.agents.protocol import Budget
from darebench.agents.tools import NAME
from darebench.errors import ConfigError
from darebench.files import written_whole
from darebench.store.layout import PREDICTION
from darebench.store.read import open_store
from darebench.train.verl_adapter import rows
from darebench.types import Task

VAL_SHARE = 0.1
"""Share of the source datasets that are validated on; at least one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerlFiles:
    """What was written: numbers of rows."""

    train: int
    val: int


def write_verl(store: str, out: Path) -> VerlFiles:
    """Write `train.parquet`, `val.parquet`, `grpo.yaml` and `tool.yaml` to a folder.

    Raises:
        StoreError: The store cannot be opened.
        ConfigError: The store's tasks are of one source dataset, which cannot be split.
    """
    tasks = sorted(open_store(store).tasks, key=lambda t: t.id)
    clusters = sorted({task.cluster for task in tasks})
    if len(clusters) < 2:
        raise ConfigError(
            f"the tasks of {store} are of {len(clusters)} source dataset; two are needed, one to "
            "train on and one to validate on"
        )
    n_val = max(1, math.floor(VAL_SHARE * len(clusters)))
    held_out = set(np.random.default_rng(0).choice(clusters, n_val, replace=False).tolist())
    parts = {
        "train": [t for t in tasks if t.cluster not in held_out],
        "val": [t for t in tasks if t.cluster in held_out],
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, chosen in parts.items():
        with written_whole(out / f"{name}.parquet") as part:
            pq.write_table(pa.Table.from_pylist(_rows(chosen)), part)
    where = Path(store).expanduser()
    ref = str(where.resolve()) if where.exists() else store
    filled = {"FOLDER": str(out.resolve()), "STORE": json.dumps(ref)}
    for source, name in (("verl.yaml", "grpo.yaml"), ("verl_tool.yaml", "tool.yaml")):
        text = files("darebench.convert").joinpath(source).read_text(encoding="utf-8")
        with written_whole(out / name) as part:
            part.write_text(Template(text).substitute(filled), encoding="utf-8")
    return VerlFiles(train=len(parts["train"]), val=len(parts["val"]))


def _rows(tasks: list[Task]) -> list[dict[str, object]]:
    asked = [opening(t, Budget(), tool=NAME, prediction=PREDICTION) for t in tasks]
    prompts = [[{"role": str(m.role), "content": m.content} for m in ms] for ms in asked]
    return rows([task.id for task in tasks], prompts)
