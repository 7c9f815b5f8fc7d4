"""Figures of a set of attempts: how many, how long, and of which kinds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from darebench.types import Role, Track, Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What an export holds."""

    rows: int
    tasks: int
    left_out: Mapping[str, int]
    """Reason -> number of attempts that could not be used."""
    mean_score: float | None
    turns: float | None
    """Assistant turns of a row, on average."""
    calls: float | None
    """Calls of the tool of a row, on average."""
    output_tokens: int
    total_tokens: int
    characters: int
    """Of all messages and code; an estimate of size where a provider counts no tokens."""
    columns: Mapping[str, float]
    """Share of the rows of each track."""
    models: Mapping[str, int]


@dataclass(slots=True)
class Counts:
    """Statistics as they grow."""

    rows: int = 0
    score: float = 0.0
    turns: int = 0
    calls: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    characters: int = 0
    tasks: set[str] = field(default_factory=set)
    columns: Counter[Track] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    def leave_out(self, why: str) -> None:
        """Count an attempt that is left out."""
        self.left_out[why] += 1

    def add(self, trajectory: Trajectory) -> None:
        """Count an attempt."""
        self.rows += 1
        self.score += trajectory.score or 0.0
        self.turns += sum(m.role == Role.ASSISTANT for m in trajectory.messages)
        self.calls += len(trajectory.calls)
        self.output_tokens += trajectory.tokens.output
        self.total_tokens += trajectory.tokens.total
        self.characters += sum(len(m.content) for m in trajectory.messages)
        self.characters += sum(len(call.code) for call in trajectory.calls)
        self.tasks.add(trajectory.task)
        self.columns[trajectory.track] += 1
        self.models[trajectory.model] += 1

    def statistics(self) -> Statistics:
        """Return the figures so far."""

        def average(total: float) -> float | None:
            return total / self.rows if self.rows else None

        return Statistics(
            rows=self.rows,
            tasks=len(self.tasks),
            left_out=dict(self.left_out),
            mean_score=average(self.score),
            turns=average(self.turns),
            calls=average(self.calls),
            output_tokens=self.output_tokens,
            total_tokens=self.total_tokens,
            characters=self.characters,
            columns={str(t): self.columns[t] / self.rows for t in Track if self.columns[t]},
            models=dict(self.models),
        )
