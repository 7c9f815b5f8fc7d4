"""Tasks that are made in memory, for the checks of a task's tables."""

from __future__ import annotations

import pandas as pd

from darebench.audit.task_tables import TaskTables
from darebench.types import Family, Variant

QUESTION = (
    "Predict the target column of every row of `val.csv` from what is learned from `train.csv`; "
    "`metadata.txt` describes the columns."
)


def written(
    train: pd.DataFrame,
    val: pd.DataFrame,
    *,
    target: str = "y",
    family: Family = Family.REG,
    metadata: str = "",
) -> TaskTables:
    """A modelling task whose true values stand in both parts."""
    features = tuple(c for c in train.columns if c not in (target, "row_id"))
    return TaskTables(
        family=family,
        variant=Variant.MM,
        question=QUESTION,
        metadata=metadata,
        train=train.reset_index(drop=True),
        val=val.drop(columns=[target]).reset_index(drop=True),
        truth=val[[target]].reset_index(drop=True),
        targets=(target,),
        features=features,
        files=("train.csv", "val.csv", "metadata.txt"),
    )
