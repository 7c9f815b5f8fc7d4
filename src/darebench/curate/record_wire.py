"""`result.json` of a finished table, `ledger.jsonl`, and the question list's objects, checked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from darebench.audit.bootstrap import Scored
from darebench.audit.headroom import Band, Headroom
from darebench.curate.records import DatasetEntry, Refusal, Stage, TableRecord
from darebench.errors import ConfigError
from darebench.files import write_json
from darebench.store import layout
from darebench.types import Variant

RESULT = "result.json"
EXPLAINED = "explanation"
"""Key of the ledger's lines that say how a table was read."""


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _RefusalWire(_Wire):
    table: str
    stage: Stage
    reason: str
    target: str = ""

    def to_refusal(self) -> Refusal:
        return Refusal(table=self.table, stage=self.stage, reason=self.reason, target=self.target)


class _ScoredWire(_Wire):
    score: float
    deviation: float

    def to_scored(self) -> Scored:
        return Scored(self.score, self.deviation)


class _HeadroomWire(_Wire):
    """What a task leaves to be won; stores of earlier versions have a floor and a `ceiling`."""

    floor: float
    reference: float = Field(validation_alias=AliasChoices("reference", "ceiling"))
    deviation: float = 0.0
    room_deviation: float | None = None
    spread: float = 0.0
    usual_room: float | None = None
    naive: dict[str, _ScoredWire] = {}
    linear: _ScoredWire | None = None
    band: Band | None = None
    """Follows from the others."""

    def to_headroom(self) -> Headroom:
        return Headroom(
            floor=self.floor,
            reference=self.reference,
            deviation=self.deviation,
            room_deviation=self.room_deviation,
            spread=self.spread,
            usual_room=self.usual_room,
            naive={name: scored.to_scored() for name, scored in self.naive.items()},
            linear=self.linear.to_scored() if self.linear else None,
        )


class _EntryWire(_Wire):
    """One dataset's object of the question list, as `store.write` makes it, and its flags."""

    file_path: str
    task: str
    question_v1: str
    question_v2: str
    needed_files_v1: list[str]
    needed_files_v2: list[str]
    available_tools: list[str]
    usability_rating: float
    lastUpdated: str
    domain: str
    source_ref: str
    headroom: dict[str, _HeadroomWire]
    flags: list[str]
    variants: list[Variant] | None = None
    split: str | None = None

    def to_entry(self) -> DatasetEntry:
        return DatasetEntry(
            folder=self.file_path,
            family=layout.TASK_KINDS[self.task],
            question_v1=self.question_v1,
            question_v2=self.question_v2,
            needed_v1=tuple(self.needed_files_v1),
            needed_v2=tuple(self.needed_files_v2),
            tools=tuple(self.available_tools),
            usability=self.usability_rating,
            updated=self.lastUpdated,
            domain=self.domain,
            source_ref=self.source_ref,
            headroom={name: room.to_headroom() for name, room in self.headroom.items()},
            flags=tuple(self.flags),
            variants=None if self.variants is None else tuple(self.variants),
            split=self.split,
        )


class _RecordWire(_Wire):
    """The whole of `result.json`."""

    schema_version: Literal[1] = Field(alias="schema")
    table: str
    updated: str
    fingerprint: list[str]
    entries: list[_EntryWire]
    refusals: list[_RefusalWire]
    explanation: dict[str, Any] | None = None


def read_entry(value: dict[str, Any]) -> DatasetEntry:
    """Check an object of the question list.

    Raises:
        ValueError: A field is missing, unknown or of another type.
    """
    return _EntryWire.model_validate(value).to_entry()


def read_record(folder: Path) -> TableRecord:
    """Read what became of the table that a folder of finished work is for.

    Raises:
        ConfigError: The folder's record cannot be read.
    """
    path = folder / RESULT
    try:
        wire = _RecordWire.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigError(f"{path} cannot be read: {_first(error)}; remove {folder}") from None
    return TableRecord(
        table=wire.table,
        updated=wire.updated,
        fingerprint=tuple(wire.fingerprint),
        entries=tuple(entry.to_entry() for entry in wire.entries),
        refusals=tuple(refusal.to_refusal() for refusal in wire.refusals),
        explanation=wire.explanation,
    )


def write_record(record: TableRecord, folder: Path) -> None:
    """Write what became of a table into its folder of work."""
    value = {
        "schema": 1,
        "table": record.table,
        "updated": record.updated,
        "fingerprint": list(record.fingerprint),
        "entries": [_as_dict(entry) for entry in record.entries],
        "refusals": [refusal.as_dict() for refusal in record.refusals],
        "explanation": record.explanation,
    }
    write_json(value, folder / RESULT)


def write_questions(entries: Sequence[DatasetEntry], store: Path) -> None:
    """Write a store's question list."""
    write_json([_as_dict(entry) for entry in entries], store / layout.QUESTIONS)


def read_questions(store: Path) -> tuple[DatasetEntry, ...]:
    """Read the question list of a store that curation made."""
    listed = json.loads((store / layout.QUESTIONS).read_text(encoding="utf-8"))
    return tuple(read_entry(value) for value in listed)


def write_ledger(
    refusals: Sequence[Refusal],
    path: Path,
    explained: Mapping[str, Mapping[str, Any]] | None = None,
) -> None:
    """Write refusals, one JSON object a line, then a line for each table that was read.

    Args:
        refusals: What was refused.
        path: The file.
        explained: Table -> how it was read and what was decided.
    """
    rows: list[dict[str, Any]] = [*(refusal.as_dict() for refusal in refusals)]
    rows += [{"table": name, EXPLAINED: said} for name, said in (explained or {}).items()]
    lines = (json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def read_ledger(path: Path) -> tuple[Refusal, ...]:
    """Read refusals back; lines that explain tables are passed over."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    refusals = (row for row in rows if EXPLAINED not in row)
    return tuple(_RefusalWire.model_validate(row).to_refusal() for row in refusals)


def _as_dict(entry: DatasetEntry) -> dict[str, Any]:
    rooms = {name: room.as_dict() for name, room in entry.headroom.items()}
    value = {
        "file_path": entry.folder,
        "task": layout.KIND_OF[entry.family],
        "question_v1": entry.question_v1,
        "question_v2": entry.question_v2,
        "needed_files_v1": list(entry.needed_v1),
        "needed_files_v2": list(entry.needed_v2),
        "available_tools": list(entry.tools),
        "usability_rating": entry.usability,
        "lastUpdated": entry.updated,
        "domain": entry.domain,
        "source_ref": entry.source_ref,
        "headroom": rooms,
        "flags": list(entry.flags),
    }
    if entry.variants is not None:
        value["variants"] = list(entry.variants)
    if entry.split is not None:
        value["split"] = entry.split
    return value


def _first(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
