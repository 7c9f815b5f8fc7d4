"""Every file and folder name of the on-disk layout, and no code that reads a file.

The layout is the public release's (arXiv 2602.24288): a question list beside a folder of datasets,
each with `source/` (what an agent may see, plus the clean training file, which it may not) and
`verify/` (the answers).
"""

from __future__ import annotations

from pathlib import Path

from darebench.types import Family, Variant

QUESTIONS = "question_list.json"
DATABASES = "databases"
SOURCE = "source"
VERIFY = "verify"
METADATA_TEXT = "metadata.txt"
ALL_METADATA = "all_metadata.json"
LICENCES = "LICENSES.csv"
LOCAL_REFERENCE = "simulated_pred_local.csv"
"""An IF answer that users of the release compute for themselves."""
PREDICTION = "prediction.csv"
ROW_ID = "row_id"

TABLE_SUFFIXES = (".csv", ".parquet", ".sqlite")
CLEAN_TRAIN_STEM = "train_v1_no_err"
TRUTH_TABULAR = "ground_truth.csv"
TRUTH_XF = "ground_truth_v1.csv"
TRUTH_CF = "ground_truth_v2.csv"

TASK_KINDS = {
    "classification": Family.CLASS,
    "regression": Family.REG,
    "time_series_analysis": Family.TS,
}
"""Family by its name in the question list."""
KIND_OF = {family: kind for kind, family in TASK_KINDS.items()}

VARIANTS = {
    Family.CLASS: (Variant.IF, Variant.MM),
    Family.REG: (Variant.IF, Variant.MM),
    Family.TS: (Variant.XF, Variant.CF),
}
"""The v1 and v2 of each family."""


def version_of(family: Family, variant: Variant) -> int:
    """Return 1 or 2, by which the names of the layout tell the variants of a family apart."""
    return 1 + VARIANTS[family].index(variant)


def dataset_folder(root: Path, file_path: str) -> Path:
    """Return the folder of a dataset, given its `file_path` in the question list."""
    name = file_path.replace("\\", "/").strip("/").removeprefix("./")
    inside = root / DATABASES / name
    return inside if inside.is_dir() or not (root / name).is_dir() else root / name


def source_folder(dataset: Path) -> Path:
    """Return the folder with the files of a dataset's tasks."""
    return dataset / SOURCE


def verify_folder(dataset: Path) -> Path:
    """Return the folder with the answers and settings of a dataset's tasks."""
    return dataset / VERIFY


def is_hidden(name: str) -> bool:
    """Check whether a file of `source/` is the training data without noise, in any spelling."""
    return Path(name).stem.casefold() == CLEAN_TRAIN_STEM


def clean_train_file(dataset: Path, train_name: str) -> Path:
    """Return the IF training file without noise rows, which an agent may not see."""
    return dataset / SOURCE / f"{CLEAN_TRAIN_STEM}{Path(train_name).suffix}"


def truth_file(dataset: Path, variant: Variant) -> Path:
    """Return the file of true values that a shipped answer is read from.

    For IF it holds the true labels, which are not the answer: the reference is.
    """
    name = {Variant.XF: TRUTH_XF, Variant.CF: TRUTH_CF}.get(variant, TRUTH_TABULAR)
    return verify_folder(dataset) / name


def settings_file(dataset: Path) -> Path:
    """Return the file with everything that is known about the two tasks of a dataset."""
    return verify_folder(dataset) / ALL_METADATA
