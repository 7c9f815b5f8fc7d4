"""Writes attempts as training data, in the forms that trainers and viewers read.

One row is held at a time (a batch of them for parquet), so that memory does not grow with the
number of attempts. The loss is on assistant turns: TRL's `assistant_only_loss` and OpenAI's
fine-tuning both read it from the roles.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from darebench.agents.protocol import Budget
from darebench.errors import ConfigError
from darebench.evals.trajectory import read_trajectories
from darebench.files import written_whole
from darebench.rollouts.atif import document
from darebench.rollouts.rows import (
    Row,
    Tool,
    Tools,
    fingerprint,
    openai_row,
    provenance,
    trl_row,
    unusable,
    verl_row,
)
from darebench.rollouts.sharegpt import sharegpt_row
from darebench.rollouts.sources import Source, keep_apart, open_source
from darebench.rollouts.stats import Counts, Statistics
from darebench.types import Trajectory

BATCH = 256


class Format(StrEnum):
    """The form of an export."""

    TRL = "trl"
    """For TRL and the like: `messages`, `tools`, and where each row comes from."""
    OPENAI = "openai"
    """An OpenAI-style fine-tuning file; where rows come from goes into a file beside it."""
    SHAREGPT = "sharegpt"
    """For LLaMA-Factory: `conversations`, `system`, `tools` as JSON text, and where from."""
    VERL_SFT = "verl-sft"
    """For verl's fine-tuning: as for TRL, with one message for the answers to one turn."""
    ATIF = "atif"
    """Trajectories of Harbor's format (ATIF 1.8), one a line."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """How the name of a file of this form may end."""
        table = {Format.TRL: (".jsonl", ".parquet"), Format.VERL_SFT: (".parquet",)}
        return table.get(self, (".jsonl",))


_CALL = pa.struct(
    [
        ("id", pa.string()),
        ("type", pa.string()),
        ("function", pa.struct([("name", pa.string()), ("arguments", pa.string())])),
    ]
)
_MESSAGE = pa.struct(
    [
        ("role", pa.string()),
        ("content", pa.string()),
        ("reasoning_content", pa.string()),
        ("tool_calls", pa.list_(_CALL)),
        ("tool_call_id", pa.string()),
    ]
)
_TEXTS = ("run", "task", "column", "cluster", "model", "stop_reason")
_VERSIONS = ("darebench", "scorer", "truth", "environment")
_BESIDE_TOOLS = (
    *((name, pa.string()) for name in (*_TEXTS, *_VERSIONS)),
    ("epoch", pa.int64()),
    ("score", pa.float64()),
    ("seconds", pa.float64()),
)


def parquet_schema() -> pa.Schema:
    """Return the columns of a table; `tools` has the fields of the tool's own description."""
    tools = pa.array([Tools(Budget()).tool]).type
    return pa.schema([("messages", pa.list_(_MESSAGE)), ("tools", tools), *_BESIDE_TOOLS])


def export(
    sources: Sequence[Path],
    out: Path,
    form: Format = Format.TRL,
    *,
    budget: Budget | None = None,
) -> Statistics:
    """Write the attempts of runs or trajectory files to `out`, a .jsonl or a .parquet file.

    Args:
        sources: Run folders, or files of trajectories.
        out: The file to write, whole or not at all.
        form: What the file is for.
        budget: The attempts' budget, for the tool's description; the runs' own without it, and
            the standard one where nothing is known of a run.

    Raises:
        ConfigError: A source or the suffix of `out` cannot be used, a source holds no attempt, a
            table is to hold attempts of the notebook agent, or `out` is a source.
    """
    if out.suffix not in form.suffixes:
        endings = " or ".join(form.suffixes)
        raise ConfigError(f"{out.name} for the form {form}: end it in {endings}")
    counts = Counts()
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_suffix(".provenance.jsonl") if form is Format.OPENAI else None
    writer = _parquet if out.suffix == ".parquet" else _jsonl
    opened = [open_source(source) for source in sources]
    for source in opened:
        for written in (out, beside):
            if written is not None:
                keep_apart(written, source.path)
    seen: set[bytes] = set()
    with writer(out) as write, _maybe(beside) as write_provenance:
        for source in opened:
            known = Tools(budget or source.budget() or Budget())
            for trajectory in _attempts(source):
                key = fingerprint(trajectory)
                problem = "given twice" if key in seen else unusable(trajectory)
                seen.add(key)
                tools = known.of(trajectory)
                if out.suffix == ".parquet" and len(tools) > 1:
                    raise ConfigError(
                        f"{source.path} holds attempts of the notebook agent, whose tools differ "
                        "in form, which no table can hold; write a .jsonl of the form trl"
                    )
                row = None if problem else _row(trajectory, form, tools, source.run)
                if row is None:
                    counts.leave_out(problem or "turns that do not alternate")
                    continue
                counts.add(trajectory)
                write(row)
                if beside is not None:
                    write_provenance(provenance(trajectory, source.run))
    return counts.statistics()


def _row(trajectory: Trajectory, form: Format, tools: Sequence[Tool], run: str) -> Row | None:
    """Return the row of an attempt; None if the form cannot hold its conversation."""
    match form:
        case Format.TRL:
            return trl_row(trajectory, tools, run)
        case Format.OPENAI:
            return openai_row(trajectory, tools)
        case Format.SHAREGPT:
            return sharegpt_row(trajectory, tools, run)
        case Format.VERL_SFT:
            return verl_row(trajectory, tools, run)
        case Format.ATIF:
            return document(trajectory, tools=tools, session=run)


def _attempts(source: Source) -> Iterator[Trajectory]:
    """Yield the attempts of a source.

    Raises:
        ConfigError: It holds none though `select` did not write it, or a line is not an attempt.
    """
    is_empty = True
    for trajectory in read_trajectories(source.path):
        is_empty = False
        yield trajectory
    if is_empty and not source.is_chosen:
        raise ConfigError(
            f"{source.path} holds no attempt; give a run folder or a file of attempts"
        )


Write = Callable[[Row], None]


@contextmanager
def _jsonl(out: Path) -> Iterator[Write]:
    with written_whole(out) as part, part.open("w", encoding="utf-8") as stream:

        def write(row: Row) -> None:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")

        yield write


@contextmanager
def _parquet(out: Path) -> Iterator[Write]:
    rows: list[dict[str, Any]] = []
    columns = parquet_schema()
    with (
        written_whole(out) as part,
        pq.ParquetWriter(part, columns, compression="zstd") as writer,
    ):

        def flush() -> None:
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=columns))
            rows.clear()

        def write(row: Row) -> None:
            rows.append(row)
            if len(rows) == BATCH:
                flush()

        yield write
        if rows:
            flush()


@contextmanager
def _maybe(out: Path | None) -> Iterator[Write]:
    if out is None:
        yield lambda row: None
        return
    with _jsonl(out) as write:
        yield write
