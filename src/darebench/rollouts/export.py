"""Writes attempts as training data: chat JSONL, chat parquet, or an OpenAI fine-tuning file.

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
from darebench.agents.tools import schema
from darebench.errors import ConfigError
from darebench.evals.trajectory import read_trajectories
from darebench.files import written_whole
from darebench.rollouts.rows import Row, chat_row, openai_row, provenance, tools_text, unusable
from darebench.rollouts.select_files import keep_apart, trajectories_file
from darebench.rollouts.stats import Counts, Statistics
from darebench.sandbox.program import Limits

BATCH = 256


class Format(StrEnum):
    """The form of an export."""

    CHAT = "chat"
    """For TRL and the like: `messages`, `tools` as JSON text, and where each row comes from."""
    OPENAI = "openai"
    """An OpenAI-style fine-tuning file; where rows come from goes into a file beside it."""


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
        ("tool_calls", pa.list_(_CALL)),
        ("tool_call_id", pa.string()),
    ]
)
_TEXTS = ("run", "task", "column", "cluster", "model", "stop_reason")
_VERSIONS = ("darebench", "scorer", "truth", "environment")
PARQUET = pa.schema(
    [
        ("messages", pa.list_(_MESSAGE)),
        ("tools", pa.string()),
        *((name, pa.string()) for name in (*_TEXTS, *_VERSIONS)),
        ("epoch", pa.int64()),
        ("score", pa.float64()),
        ("seconds", pa.float64()),
    ]
)


def export(
    sources: Sequence[Path],
    out: Path,
    form: Format = Format.CHAT,
    *,
    budget: Budget | None = None,
) -> Statistics:
    """Write the attempts of runs or trajectory files to `out`, a .jsonl or a .parquet file.

    Args:
        sources: Run folders, or files of trajectories.
        out: The file to write, whole or not at all.
        form: What the file is for.
        budget: The attempts' budget, for the tool's description; a run folder's own without it.

    Raises:
        ConfigError: A source or the suffix of `out` cannot be used, or `out` is a source.
    """
    suffixes = (".jsonl",) if form is Format.OPENAI else (".jsonl", ".parquet")
    if out.suffix not in suffixes:
        raise ConfigError(f"{out.name} for the form {form}: end it in {' or '.join(suffixes)}")
    counts = Counts()
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = out.with_suffix(".provenance.jsonl") if form is Format.OPENAI else None
    writer = _parquet if out.suffix == ".parquet" else _jsonl
    paths = [trajectories_file(source) for source in sources]
    for path in paths:
        for written in (out, beside):
            if written is not None:
                keep_apart(written, path)
    with writer(out) as write, _maybe(beside) as write_provenance:
        for source, path in zip(sources, paths, strict=True):
            tools = tools_text(schema(budget or read_budget(path), Limits()))
            run = path.parent.name if source.is_dir() else path.stem
            for trajectory in read_trajectories(path):
                problem = unusable(trajectory)
                if problem is not None:
                    counts.leave_out(problem)
                    continue
                counts.add(trajectory)
                if form is Format.OPENAI:
                    write(openai_row(trajectory, tools))
                    write_provenance(provenance(trajectory, run))
                else:
                    write(chat_row(trajectory, tools, run))
    return counts.statistics()


def knows_budget(source: Path) -> bool:
    """Check whether the limits of a source's run lie beside its attempts."""
    return trajectories_file(source).with_name("config.json").is_file()


def read_budget(trajectories: Path) -> Budget:
    """Return the budget of a run from its `config.json`, or the standard budget without one."""
    path = trajectories.with_name("config.json")
    if not path.is_file():
        return Budget()
    try:
        config = json.loads(path.read_text(encoding="utf-8"))["config"]
        return Budget(turns=config["turns"], seconds_per_call=config["seconds"])
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} does not hold a run's budget ({error}); name it") from None


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
    with (
        written_whole(out) as part,
        pq.ParquetWriter(part, PARQUET, compression="zstd") as writer,
    ):

        def flush() -> None:
            writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=PARQUET))
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
