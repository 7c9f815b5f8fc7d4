"""A run at its end, as `eval` prints it: the scores, what they cost, and where to look next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from darebench.evals.effort import effort
from darebench.report.load import load_run
from darebench.report.result_tables import track_table, zero_reasons, zeros_of
from darebench.report.terminal import as_text, fill

if TYPE_CHECKING:
    from darebench.evals.evaluation import Run
    from darebench.types import Trajectory

_KEPT = "all these attempts were made by earlier calls"


def run_text(run: Run, page: Path, *, took_s: float, done: str | None = None) -> str:
    """Return the text that ends `darebench eval`, at most 80 columns wide but for long paths.

    Args:
        run: The run.
        page: Its page of results.
        took_s: Seconds that this call took.
        done: What it did instead of making attempts.
    """
    attempts = run.trajectories
    lines = [] if run.new_attempts or done else [_line("nothing was left to do", _KEPT)]
    lines += [done] if done else []
    lines += [
        _line("attempts", _effort(attempts, took_s)),
        _line("tokens", _tokens(attempts)),
        _line("failures", _failures(attempts)),
        *(_line("score 0", text) for text in _zeros(attempts)),
        *(_line("failed calls", text) for text in _failed_calls(attempts)),
        *(_line("unscored", text) for text in _unscored(attempts)),
        *(_line("warning", text) for text in _warnings(attempts)),
    ]
    if run.missing:
        lines.append(_line("missing", f"{run.missing} attempts; the same command makes them"))
    folder = shlex.quote(str(run.folder))
    lines += [
        f"run: {run.folder}",
        f"page: {page}",
        f"tables: darebench report {folder}",
        f"messages: inspect view --log-dir {folder}/logs",
    ]
    return as_text(track_table(load_run(run.folder))) + "\n".join(lines) + "\n"


def _line(label: str, text: str) -> str:
    return fill(f"{label}: {text}", indent="  ")


def _effort(attempts: Sequence[Trajectory], took_s: float) -> str:
    n = max(1, len(attempts))
    calls = sum(len(t.calls) for t in attempts) / n
    seconds = sum(t.seconds for t in attempts) / n
    return (
        f"{len(attempts)}, with {calls:.1f} calls and {seconds:.1f} s each; {took_s:.1f} s in all"
    )


def _tokens(attempts: Sequence[Trajectory]) -> str:
    read = sum(t.tokens.input for t in attempts)
    written = sum(t.tokens.output for t in attempts)
    return f"{read:,} read, {written:,} written" if read or written else "none"


def _failures(attempts: Sequence[Trajectory]) -> str:
    """Return the classes of failure among the scored attempts, the commonest first."""
    counts = Counter(t.failure for t in attempts if t.score is not None and t.failure is not None)
    named = [f"{n} {failure.replace('_', ' ')}" for failure, n in counts.most_common()]
    return ", ".join(named) or "none"


def _zeros(attempts: Sequence[Trajectory]) -> Iterator[str]:
    """Yield each reason why attempts scored 0, with the first of them."""
    for reason, n, example in zero_reasons(zeros_of(attempts)):
        yield f"{n} {reason}, such as {example}"


def _failed_calls(attempts: Sequence[Trajectory]) -> Iterator[str]:
    """Yield how many attempts had a call that failed, and how many mended it; nothing for none."""
    used = effort(attempts)
    if used.with_failed_call:
        yield f"in {used.with_failed_call} attempts, {used.recovered} of which recovered"


def _warnings(attempts: Sequence[Trajectory]) -> Iterator[str]:
    """Yield each thing that a person should know, with the number of attempts that it touched."""
    for text, n in Counter(w for t in attempts for w in set(t.warnings)).most_common():
        yield f"{text} ({n} of {len(attempts)} attempts)"


def _unscored(attempts: Sequence[Trajectory]) -> Iterator[str]:
    """Yield each reason why attempts have no score, with the attempts."""
    reasons: dict[str, list[str]] = {}
    for t in attempts:
        if t.score is None:
            reasons.setdefault(str(t.fault), []).append(f"{t.task} (epoch {t.epoch})")
    for reason, names in reasons.items():
        yield f"{len(names)} of {len(attempts)} ({reason}): {', '.join(names)}"
