"""The JSON files of a store, checked: `question_list.json` and `all_metadata.json`.

Pydantic models of what we read: unknown keys are ignored, and missing ones are named. `read` and
`truth` turn them into dataclasses.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from darebench.errors import TaskFormatError
from darebench.store.extras import ExtrasWire


def _listed(value: object) -> object:
    """Accept one string in place of a list of strings, as the release has it in places."""
    return [value] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_listed)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", protected_namespaces=(), coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {key: field for key, field in value.items() if field is not None}


class QuestionEntry(_Wire):
    """One dataset of `question_list.json`."""

    file_path: str = Field(min_length=1)
    task: str
    question_v1: str | None = None
    question_v2: str | None = None
    needed_files_v1: Names = []
    needed_files_v2: Names = []
    variants: Names | None = None
    """Which of the family's variants there are tasks of; None for both."""
    domain: str | None = None


class StepEffect(_Wire):
    """What doing one step of an IF workflow otherwise does to the predictions."""

    effect: Literal["changed", "unchanged", "not_applicable", "fails"]
    share: float = Field(default=0.0, ge=0.0, le=1.0)
    """Share of the predicted values that differ from the reference's."""
    reason: str = ""
    """Why the step is not applicable, or how doing it otherwise fails."""


class QuestionSettings(_Wire):
    """The `question` object of `all_metadata.json`, which describes the two tasks."""

    target: Names = Field(min_length=1)
    selected_features: Names = []
    numerical_features: Names | None = None
    categorical_features: Names | None = None
    expected_ranges: dict[str, list[Any]] = {}
    column_type_inference: dict[str, str] = {}
    imputer_type: str | None = None
    model_type: str | None = None
    random_state: int | None = None
    time_column: str | None = None
    time_format: str | None = None
    split_groups: Names = []
    """Columns whose values are on one side of the split each."""
    environment: dict[str, str] = {}
    metric: str | None = None
    """Name of the metric of the tasks that are not IF; None for the family's own."""
    extras: ExtrasWire | None = None
    process_coverage: dict[str, StepEffect] = Field(default={}, exclude=True)
    """Step of the IF workflow -> what it changes; it decides no score, so no hash covers it."""


class DataInfo(_Wire):
    """The source's own listing of the dataset."""

    ref: str | None = None
    licenseName: str | None = None
    domain: str | None = None


class AllMetadata(_Wire):
    """`verify/all_metadata.json`."""

    question: QuestionSettings
    data_info: DataInfo = DataInfo()


_Model = TypeVar("_Model", bound=BaseModel)


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        TaskFormatError: The file is missing, not UTF-8, or not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TaskFormatError(f"{path} is missing; fetch or write the store again") from None
    except OSError as error:
        raise TaskFormatError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise TaskFormatError(f"{path} cannot be read as JSON: {error}") from None


def read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """Read a question list: dataset -> its object; an entry that names no dataset is left out.

    Raises:
        TaskFormatError: The file is missing, not UTF-8, or not JSON.
    """
    listed = read_json(path)
    whole = (e for e in listed if isinstance(e, dict) and isinstance(e.get("file_path"), str))
    return {Path(e["file_path"]).name: e for e in whole}


def check(model: type[_Model], value: object, where: str) -> _Model:
    """Return a model of parsed JSON.

    Raises:
        TaskFormatError: A field is missing or of the wrong type; the first such field is named.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the value"
        raise TaskFormatError(f"{where}: {field}: {first['msg']}") from None
