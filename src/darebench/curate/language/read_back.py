"""A language model reads a question back into settings, and every one must be the right one.

Asked for are the settings of the paper's template; what a richer workflow adds, the parser reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from darebench.curate.language.ask import LanguageModel, ask_for
from darebench.curate.writing.lookup import STEM
from darebench.errors import CurationReject
from darebench.store import layout
from darebench.store.write import DatasetFiles
from darebench.types import Family, Message, Role

_ROLE = (
    "You read data-science assignments and write down what they ask for, as JSON. You take nothing "
    "for granted: what an assignment does not say is null. You answer with one JSON object."
)
_SHAPE_WORKFLOW = """{
 "targets": the columns to predict,
 "features": the columns to train on, in the order that is asked for,
 "numerical": those of them that are treated as numeric,
 "categorical": those of them that are treated as categorical,
 "ranges": {column: [low, high] or the list of its allowed values} for each column with a rule,
 "keeps_missing": whether training rows with missing values survive those rules,
 "drops_targetless": whether training rows without a target are dropped,
 "imputer": "mean" | "median" | "most_frequent" for numeric columns,
 "scaler": the class that scales numeric columns,
 "encoder": the class that encodes categorical columns,
 "numeric_first": whether the numeric block comes first,
 "model": the class of the model,
 "random_state": its seed,
 "output": the file to write
}"""
_SHAPE_FREE = """{
 "targets": the columns to predict,
 "output": the file to write,
 "measure": how the result is measured
}"""


class _Free(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    targets: list[str] | None = None
    output: str | None = None
    measure: str | None = None


class _Written(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    targets: list[str] | None = None
    features: list[str] | None = None
    numerical: list[str] | None = None
    categorical: list[str] | None = None
    ranges: dict[str, list[Any]] | None = None
    keeps_missing: bool | None = None
    drops_targetless: bool | None = None
    imputer: str | None = None
    scaler: str | None = None
    encoder: str | None = None
    numeric_first: bool | None = None
    model: str | None = None
    random_state: int | None = None
    output: str | None = None


def lost_to_model(
    reader: LanguageModel, dataset: DatasetFiles, text: str, needed: Sequence[str], version: int
) -> str:
    """Name the first setting that the model reads otherwise; empty if it reads all of them.

    Raises:
        ProviderFault: The model's provider failed.
    """
    is_workflow = version == 1 and dataset.family is not Family.TS
    shape = _SHAPE_WORKFLOW if is_workflow else _SHAPE_FREE
    held = [c for name in needed if name.startswith(STEM) for c in dataset.sources[name].columns]
    columns = ", ".join(map(str, dict.fromkeys([*dataset.sources[needed[0]].columns, *held])))
    asked = (
        f"The columns of the training file are: {columns}\n\nThe description of the data:\n"
        f"{dataset.metadata}\n\nThe assignment:\n{text}\n\nFill in this object, with columns "
        f"spelled as in the training file:\n{shape}"
    )
    said = [Message(role=Role.SYSTEM, content=_ROLE), Message(role=Role.USER, content=asked)]
    kind = _Written if is_workflow else _Free
    try:
        read = ask_for(reader, said, kind, lambda _: [], "read back")
    except CurationReject as error:
        return str(error)
    wanted = _workflow_settings(dataset) if is_workflow else _free_settings(dataset)
    for name, value in wanted.items():
        given = getattr(read, name)
        if not _same(given, value):
            return f"a second model reads {name} as {given!r}, not as {value!r}"
    return ""


def _workflow_settings(dataset: DatasetFiles) -> dict[str, Any]:
    """Return what must come back; a text says nothing of what is not there."""
    kept = dataset.settings
    extras = kept.get("extras") or {}
    has_numbers = kept["numerical_features"] or extras.get("derived") or extras.get("groups")
    has_both = bool(has_numbers and kept["categorical_features"])
    said = {
        "drops_targetless": kept.get("has_unlabelled_rows", True),
        "imputer": has_numbers,
        "scaler": has_numbers,
        "encoder": kept["categorical_features"],
        "numeric_first": has_both,
        "random_state": kept["random_state"] is not None,
    }
    wanted = _every_setting(kept, extras)
    return {name: value for name, value in wanted.items() if said.get(name, True)}


def _every_setting(kept: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "targets": list(kept["target"]),
        "features": list(kept["selected_features"]),
        "numerical": list(kept["numerical_features"]),
        "categorical": list(kept["categorical_features"]),
        "ranges": dict(kept["expected_ranges"]),
        "keeps_missing": True,
        "drops_targetless": True,
        "imputer": kept["imputer_type"],
        "scaler": extras.get("scaler", "StandardScaler"),
        "encoder": extras.get("encoder", "OneHotEncoder"),
        "numeric_first": True,
        "model": kept["model_type"],
        "random_state": kept["random_state"],
        "output": layout.PREDICTION,
    }


def _free_settings(dataset: DatasetFiles) -> dict[str, Any]:
    measure = "macro-F1" if dataset.family is Family.CLASS else "R2"
    targets = list(dataset.settings["target"])
    return {"targets": targets, "output": layout.PREDICTION, "measure": measure}


def _same(given: Any, wanted: Any) -> bool:
    """Compare as the data would: numbers by value, the allowed values of a column as a set."""
    if isinstance(wanted, dict):
        if not isinstance(given, dict) or set(given) != set(wanted):
            return False
        return all(_same_range(given[name], wanted[name]) for name in wanted)
    if isinstance(wanted, str) and isinstance(given, str):
        return given.strip("`").casefold() == wanted.casefold()
    return given == wanted


def _same_range(given: list[Any], wanted: list[Any]) -> bool:
    if any(isinstance(value, str) for value in wanted):
        return sorted(map(str, given)) == sorted(map(str, wanted))
    try:
        return [float(value) for value in given] == [float(value) for value in wanted]
    except (TypeError, ValueError):
        return False
