"""The learning curves of training runs as a page, a picture for each metric."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.report.load import METRICS, short_names
from darebench.report.page.template import fill

SHOWN = (
    ("reward", "Reward"),
    ("valid", "Share of attempts with a prediction"),
    ("score", "Score"),
    ("loss", "Loss"),
    ("truncated", "Share cut off by tokens or turns"),
    ("tool_errors", "Calls that failed, of an attempt"),
    ("length", "Tokens written, of an attempt"),
    ("faults", "Share without a score, our fault"),
    ("time/generation", "Seconds of generation, a step"),
    ("time/sandbox", "Seconds in the sandbox, of all programs of a step"),
    ("time/update", "Seconds of the update, a step"),
)
WIDTH, HEIGHT, LEFT, BOTTOM = 360, 180, 64, 26
COLOURS = ("#3a6ea5", "#b3261e", "#2e7d32", "#8e5aa8", "#b26a00", "#00796b")
SMOOTH = 5
"""Number of steps that a drawn point is the mean of; single steps are drawn faintly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The values that a metric has in one run, in the units of the picture."""

    run: str
    colour: str
    raw: str
    """The values of single steps, as the points of an SVG polyline."""
    smooth: str
    """Their running means, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One metric in all runs."""

    title: str
    low: str
    high: str
    steps: int
    curves: tuple[Curve, ...]


def is_training(folder: Path) -> bool:
    """Check whether a folder is one of a training run."""
    return (folder / METRICS).is_file()


def curves_page(folders: Sequence[Path]) -> str:
    """Render training runs as a page; the same metrics give the same bytes.

    Raises:
        ConfigError: A file of metrics cannot be read.
    """
    names = short_names([folder.resolve() for folder in folders])
    runs = {n: read_rows(f / METRICS) for n, f in zip(names, folders, strict=True)}
    pictures = [p for name, title in SHOWN if (p := draw(name, title, runs)) is not None]
    return fill(
        "curves",
        runs=dict(zip(runs, COLOURS * len(runs), strict=False)),
        pictures=pictures,
        box={"width": WIDTH, "height": HEIGHT, "left": LEFT, "bottom": BOTTOM},
    )


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Read the metrics that a trainer has written so far.

    Raises:
        ConfigError: A line is not a JSON object with a step.
    """
    rows: list[dict[str, Any]] = []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if not line.endswith("\n"):
            continue  # cut off by a kill
        try:
            row = json.loads(line)
            rows.append({**row, "step": int(row["step"])})
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{path} line {number} is not a line of metrics: {error!r}") from None
    return rows


def draw(name: str, title: str, runs: dict[str, list[dict[str, Any]]]) -> Picture | None:
    """Draw one metric; return None if no run has two values of it."""
    series = {
        run: [(row["step"], float(row[name])) for row in rows if row.get(name) is not None]
        for run, rows in runs.items()
    }
    values = [v for points in series.values() for _, v in points]
    last = max((s for points in series.values() for s, _ in points), default=0)
    if not any(len(points) > 1 for points in series.values()):
        return None
    low, high = min(0.0, *values), max(values)
    span = (high - low) or 1.0

    def place(step: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT) * step / max(1, last)
        y = (HEIGHT - BOTTOM) * (1 - (value - low) / span) + 4
        return f"{x:.1f},{y:.1f}"

    curves = tuple(
        Curve(
            run=run,
            colour=colour,
            raw=" ".join(place(s, v) for s, v in points),
            smooth=" ".join(place(s, v) for s, v in _smoothed(points)),
        )
        for (run, points), colour in zip(series.items(), COLOURS * len(series), strict=False)
        if points
    )
    return Picture(title=title, low=f"{low:.2g}", high=f"{high:.3g}", steps=last, curves=curves)


def _smoothed(points: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for k in range(len(points)):
        window = points[max(0, k - SMOOTH + 1) : k + 1]
        found.append((points[k][0], sum(v for _, v in window) / len(window)))
    return found
