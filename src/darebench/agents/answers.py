"""What a model reads of a call: how it ended, its output and files, and what it overlooked."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from darebench.agents.hints import forgotten, looked_for_elsewhere
from darebench.sandbox.names import UNWRITTEN
from darebench.sandbox.program import Limits, Outcome, Refused, Saved, Status
from darebench.store.layout import PREDICTION
from darebench.types import CallRecord

COUNTED_BYTES = 4 << 20
"""Largest csv whose rows are counted, which takes about a tenth of a second."""


class Shape(NamedTuple):
    """The size of a table."""

    rows: int
    columns: int


def answer_text(
    record: CallRecord, outcome: Outcome, limits: Limits, available: Collection[str]
) -> str:
    """Return what a model reads of a call that was made.

    Args:
        record: The call, with its output as it is shown.
        outcome: What the sandbox tells of it.
        limits: The limits that it ran under.
        available: Names of the files that it could have loaded.
    """
    lines = [_headline(record, outcome, limits)]
    for name, content in (("stdout", record.stdout), ("stderr", record.stderr)):
        if content:
            lines += [f"--- {name} ---", content.rstrip("\n")]
    notes = [_file_line(name, file, outcome) for name, file in outcome.files.items()]
    overlooked = forgotten(record, available)
    if overlooked:
        notes.append(f"Not in files_to_load, so the code did not see it: {_listed(overlooked)}")
    unsaved = [name for name in outcome.unsaved if name not in overlooked]
    if unsaved:
        notes.append(f"Written, but not in files_to_save, so not kept: {_listed(unsaved)}")
    misplaced = looked_for_elsewhere(record)
    if misplaced:
        notes.append(f"In the working folder, to be opened by its name: {_listed(misplaced)}")
    if notes and len(lines) > 1:
        lines.append("--- files ---")
    return "\n".join([*lines, *notes])


def left_line(what: str, n_left: int, folder: Path) -> str:
    """Return the line that tells a model how many turns or calls are left.

    Args:
        what: "Turns" or "Calls".
        n_left: How many there are.
        folder: Where the saved files are; before the last one, a missing prediction is mentioned.
    """
    is_urgent = n_left == 1 and not (folder / PREDICTION).is_file()
    return f"{what} left: {n_left}.{f' {PREDICTION} is not saved yet.' if is_urgent else ''}"


def _headline(record: CallRecord, outcome: Outcome, limits: Limits) -> str:
    is_silent = not record.stdout and not record.stderr
    if outcome.status is Status.TIMEOUT:
        told = "It had printed nothing." if is_silent else "What it printed until then:"
        return f"The code was stopped after {limits.wall_s:.4g} s. {told}"
    silence = " It printed nothing." if is_silent else ""
    if outcome.status is Status.OK:
        return f"The code ran without an error.{silence}"
    if outcome.status is Status.ERROR:
        return f"The code failed with exit code {outcome.exit_code}.{silence}"
    silence = silence if outcome.status is Status.KILLED else ""
    return f"The code was {outcome.status}: {outcome.detail}.{silence}"


def _file_line(name: str, file: Saved | Refused, outcome: Outcome) -> str:
    stopped = outcome.status in (Status.TIMEOUT, Status.KILLED)
    if isinstance(file, Refused):
        why = file.why
        if why == UNWRITTEN:
            why = "the code did not write it into its working folder"
            if stopped:
                why = "the code was stopped before it wrote it"
        return f"Not saved: {name!r}: {why}"
    shape = _csv_shape(file.path)
    size = f"{file.n_bytes} bytes"
    if shape is not None:
        size = f"{shape.rows} rows x {shape.columns} columns, {size}"
    cut = "; the code was stopped, so it may be incomplete" if stopped else ""
    return f"Saved: {name!r} ({size}{cut})"


def _csv_shape(path: Path) -> Shape | None:
    """Return the size of the table in a csv file; None if it is not one, or is too large."""
    if path.suffix.lower() != ".csv" or path.stat().st_size > COUNTED_BYTES:
        return None
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = csv.reader(stream, strict=True)
            header = next(rows, None)
            if not header:
                return None
            return Shape(rows=sum(map(bool, rows)), columns=len(header))
    except (csv.Error, UnicodeDecodeError):
        return None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
