"""Writes small stores of modelling tasks, several of one table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from darebench.store.write import DatasetFiles, write_store
from darebench.types import Family

QUESTION = (
    "Predict `{target}` of every row of `val_v2.csv` with a regression model that is learned from "
    "`train_v2.csv`. `metadata.txt` describes the columns. Save the predictions beside each "
    "`row_id` in `prediction.csv`."
)


def write_tables(folder: Path, datasets: Mapping[str, tuple[str, pd.DataFrame, str]]) -> Path:
    """Write a store; the first half of each table is for training.

    Args:
        folder: Where to.
        datasets: Name -> the source table, the rows, and the target.
    """
    files = []
    for name, (source, frame, target) in datasets.items():
        half = len(frame) // 2
        train, val = frame.iloc[:half], frame.iloc[half:].reset_index(drop=True)
        val.insert(0, "row_id", range(len(val)))
        files.append(
            DatasetFiles(
                name=f"{name}_reg",
                family=Family.REG,
                question_v1="",
                question_v2=QUESTION.format(target=target),
                metadata="\n".join(["A table", "", *(f"{c}: what is {c}" for c in frame)]),
                sources={"train_v2.csv": train, "val_v2.csv": val.drop(columns=[target])},
                truths={"ground_truth.csv": val[["row_id", target]]},
                needed_v1=(),
                needed_v2=("train_v2.csv", "val_v2.csv", "metadata.txt"),
                settings={"target": [target]},
                info={"ref": source, "licenseName": "CC0"},
                domain="other",
                extra={"variants": ["mm"]},
            )
        )
    write_store(files, folder)
    return folder
