"""Every file and folder name of the on-disk layout, and nothing that reads one.

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
"""An IF answer that the release's users compute for themselves."""
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
"""How the question list spells a family."""
KIND_OF = {family: kind for kind, family in TASK_KINDS.items()}

VARIANTS = {
    Family.CLASS: (Variant.IF, Variant.MM),
    Family.REG: (Variant.IF, Variant.MM),
    Family.TS: (Variant.XF, Variant.CF),
}
"""A family's v1 and v2."""


def version_of(family: Family, variant: Variant) -> int:
    """Give the number by which the layout's names tell a family's variants apart."""
    return 1 + VARIANTS[family].index(variant)


def dataset_folder(root: Path, file_path: str) -> Path:
    """Find a dataset's folder from the `file_path` that the question list gives it."""
    name = file_path.replace("\\", "/").strip("/").removeprefix("./")
    inside = root / DATABASES / name
    return inside if inside.is_dir() or not (root / name).is_dir() else root / name


def source_folder(dataset: Path) -> Path:
    """Give the folder with the files of a dataset's tasks."""
    return dataset / SOURCE


def verify_folder(dataset: Path) -> Path:
    """Give the folder with the answers and settings of a dataset's tasks."""
    return dataset / VERIFY


def is_hidden(name: str) -> bool:
    """Tell whether a file of `source/` is the training data without noise, in any spelling."""
    return Path(name).stem.casefold() == CLEAN_TRAIN_STEM


def clean_train_file(dataset: Path, train_name: str) -> Path:
    """Give the IF training file without noise rows, which no agent may see."""
    return dataset / SOURCE / f"{CLEAN_TRAIN_STEM}{Path(train_name).suffix}"


def truth_file(dataset: Path, variant: Variant) -> Path:
    """Give the file of true values that a shipped answer is read from.

    For IF it holds the true labels, which are not the answer: the reference is.
    """
    name = {Variant.XF: TRUTH_XF, Variant.CF: TRUTH_CF}.get(variant, TRUTH_TABULAR)
    return verify_folder(dataset) / name


def settings_file(dataset: Path) -> Path:
    """Give the file with everything that is known about a dataset's two tasks."""
    return verify_folder(dataset) / ALL_METADATA
