"""Writes the `question` object of `all_metadata.json`, as `wire` reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from darebench.environment import current_environment
from darebench.instructions import VERSION
from darebench.store import layout
from darebench.types import Family

if TYPE_CHECKING:
    import pandas as pd


def common_settings(
    family: Family, targets: Sequence[str], features: Sequence[str], ratio: float
) -> dict[str, Any]:
    """Write what both tasks of a dataset share, and by which reader its questions were proven."""
    return {
        "target": list(targets),
        "target_candidates": list(targets),
        "problem_type": layout.KIND_OF[family],
        "related_features": list(features),
        "not_filtered_related_features": list(features),
        "train_test_ratio": ratio,
        "instructions_version": VERSION,
    }


def workflow_settings(
    dataset: str,
    *,
    features: Sequence[str],
    numerical: Sequence[str],
    types: Mapping[str, str],
    ranges: Mapping[str, list[Any]],
    imputer: str,
    model: str,
    random_state: int | None,
    suffix: str,
) -> dict[str, Any]:
    """Write the settings of an IF workflow, with the versions that its reference depends on.

    Args:
        dataset: Name of the dataset's folder.
        features: The selected ones, in the order that the question states.
        numerical: Those of them that are scaled; the others are encoded.
        types: Column -> `numerical` or `categorical`.
        ranges: Filtered column -> low and high, or its allowed values.
        imputer: How missing values of numerical features are filled.
        model: Name in scikit-learn.
        random_state: Seed of the model; None for one that takes none.
        suffix: Suffix of the files.
    """
    folder, names = f"./{dataset}/{layout.SOURCE}", file_names(suffix)
    return {
        "selected_features": list(features),
        "numerical_features": [name for name in features if name in numerical],
        "categorical_features": [name for name in features if name not in numerical],
        "column_type_inference": dict(types),
        "expected_ranges": dict(ranges),
        "imputer_type": imputer,
        "model_type": model,
        "random_state": random_state,
        "environment": current_environment().as_dict(),
        "save_file_type": suffix.lstrip("."),
        "train_err_split_save_file": f"{folder}/{names['train_v1']}",
        "train_no_err_save_file": f"{folder}/{names[layout.CLEAN_TRAIN_STEM]}",
        "val_no_err_save_file": f"{folder}/{names['val_v1']}",
        "train_v2_save_file": f"{folder}/{names['train_v2']}",
        "val_v2_save_file": f"{folder}/{names['val_v2']}",
    }


def series_settings(
    frame: pd.DataFrame, time_column: str, time_format: str | None, start: object
) -> dict[str, Any]:
    """Write what is particular to a forecast: its time axis, and where the future starts."""
    import pandas as pd

    return {
        "time_column": time_column,
        "time_format": time_format,
        "is_resampled": False,
        "contain_multiple_files": False,
        "prediction_starting_time": str(start),
        "column_type_inference": {
            name: "numeric" if pd.api.types.is_numeric_dtype(frame[name]) else "object"
            for name in frame.columns
        },
    }


def file_names(suffix: str) -> dict[str, str]:
    """Name the tables of a class or reg dataset."""
    parts = ("train_v1", layout.CLEAN_TRAIN_STEM, "val_v1", "train_v2", "val_v2")
    return {part: f"{part}{suffix}" for part in parts}


def kind_of(values: pd.Series) -> str:
    """Return how a column is treated: `numerical` or `categorical`."""
    import pandas as pd

    return "numerical" if pd.api.types.is_numeric_dtype(values) else "categorical"


def numbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with a `row_id` before their columns, from 1."""
    told = rows.copy()
    told.insert(0, layout.ROW_ID, range(1, len(rows) + 1))
    return told
