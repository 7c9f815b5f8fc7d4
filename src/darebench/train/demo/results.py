"""The demonstration's table: the shape of the paper's fine-tuning table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from darebench.scoring.aggregate import Observation, summary
from darebench.types import Trajectory

KINDS = {"total": "", "IF": "-IF", "MM": "-MM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A mean over tasks, in percent, with its standard error clustered by table."""

    mean: float
    stderr: float | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """One model on the held-out tasks; the attempts are sampled, except for `greedy`."""

    model: str
    scores: dict[str, Share]
    """`total`, `IF`, `MM` -> mean score; an attempt without a prediction counts as 0."""
    greedy: Share
    """The total of one attempt a task that takes the likeliest token at each step."""
    valid: Share
    """Share of the attempts that left a prediction."""
    performance: Share | None
    """Mean score of the MM attempts that left a prediction, as the paper defines it."""


def measure(
    model: str, attempts: Sequence[Trajectory], greedy: Sequence[Trajectory]
) -> ModelResult:
    """Sum up one model's sampled attempts, any number a task, and its greedy ones."""
    scores = {
        kind: _share([(t, t.score) for t in attempts if t.track.endswith(ending)])
        for kind, ending in KINDS.items()
    }
    answered = [(t, None if t.score is None else float(t.answered)) for t in attempts]
    good = [(t, t.score) for t in attempts if t.track.endswith("-MM") and t.answered]
    return ModelResult(
        model=model,
        scores=scores,
        greedy=_share([(t, t.score) for t in greedy]),
        valid=_share(answered),
        performance=_share(good) if good else None,
    )


def render(results: Sequence[ModelResult]) -> str:
    """Render the table as Markdown."""
    lines = [
        "| model | total | IF | MM | answered | MM, answered | total, greedy |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        cells = [*result.scores.values(), result.valid, result.performance, result.greedy]
        lines.append(f"| {result.model} | {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _share(values: Sequence[tuple[Trajectory, float | None]]) -> Share:
    observations = [
        Observation(task=t.task, track=t.track, cluster=t.cluster, score=value, answered=True)
        for t, value in values
    ]
    found = summary(observations)
    stderr = None if found.stderr is None else 100 * found.stderr
    return Share(mean=100 * (found.mean or 0.0), stderr=stderr, n=found.n)


def _cell(share: Share | None) -> str:
    if share is None:
        return "-"
    return (
        f"{share.mean:.1f} ± {share.stderr:.1f}"
        if share.stderr is not None
        else f"{share.mean:.1f}"
    )
