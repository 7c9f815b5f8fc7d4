"""Tables of what is known beside the scores: domains, floors and references, and prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from darebench.evals.summary import observations
from darebench.report.cells import Number, count, number, percent
from darebench.report.figures import score_figure
from darebench.report.load import LoadedRun
from darebench.report.result_tables import INTERVAL, footnotes, score_cell
from darebench.report.store_facts import Room, facts_of
from darebench.report.table import ReportTable
from darebench.scoring.aggregate import summary
from darebench.types import Track, Trajectory

HOUR_S = 3600


def domain_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the score of each domain, where the store says of which domain its tasks are."""
    rows, scores = [], []
    for run in runs:
        facts = facts_of(run)
        found: dict[str, list[Trajectory]] = {}
        for t in run.trajectories:
            if domain := facts.domain(t):
                found.setdefault(domain, []).append(t)
        for domain, made in sorted(found.items()):
            seen = summary(observations(made))
            score = score_figure(seen.mean, seen.interval, seen.bootstrap, seen.note)
            scores.append(score)
            rows.append((run.name, domain, score_cell(score), count(seen.n), count(seen.unscored)))
    return ReportTable(
        title="Scores by domain",
        note="\n".join([INTERVAL, *footnotes(scores)]),
        columns=("run", "domain", "score", "tasks", "unscored"),
        rows=tuple(rows),
    )


def normalised_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return scores between the floor and the reference that the store records of its tasks."""
    rows, scores = [], []
    for run in runs:
        facts = facts_of(run)
        for track in Track:
            made = (t for t in run.trajectories if t.track is track)
            rooms = [(t, room) for t in made if (room := facts.room(t))]
            if not rooms:
                continue
            seen = summary(observations(replace(t, score=_won(t, room)) for t, room in rooms))
            raw = summary(observations(t for t, _ in rooms))
            raw_score = score_figure(raw.mean, raw.interval, raw.bootstrap, raw.note)
            scores.append(raw_score)
            by_task = {t.task: room for t, room in rooms}.values()
            cells = (percent(fmean(room[side] for room in by_task)) for side in (0, 1))
            # Without an interval: those of scores end at 100, and this can be more.
            shown = percent(seen.mean)
            counts = (count(seen.n), count(seen.unscored))
            rows.append((run.name, str(track), score_cell(raw_score), *cells, shown, *counts))
    return ReportTable(
        title="Scores between floor and reference",
        note="\n".join(
            [
                f"{INTERVAL} Floor: the best naive answer; reference: a strong model without a "
                "language model; both as the store records them. Normalised: 0 is the floor or "
                "less, 100 the reference, and more is possible. Tasks without both are left out.",
                *footnotes(scores),
            ]
        ),
        columns=("run", "track", "score", "floor", "reference", "normalised", "tasks", "unscored"),
        rows=tuple(rows),
    )


def cost_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return what whole runs took and cost, where prices were given."""
    rows = []
    for run in runs if any(run.price for run in runs) else ():
        made = run.trajectories
        tokens = sum(t.tokens.input for t in made), sum(t.tokens.output for t in made)
        cost = run.price.of(*tokens) if run.price else None
        score = summary(observations(made)).mean
        cells = (
            *(number(n, ",") for n in (*tokens, sum(len(t.calls) for t in made))),
            number(sum(t.seconds for t in made) / HOUR_S, ".2f"),
            _dollars(cost),
            _dollars(cost / len(made) if cost is not None and made else None),
            percent(score),
        )
        unscored = sum(t.score is None for t in made)
        rows.append((run.name, run.model, *cells, count(unscored)))
    return ReportTable(
        title="Cost",
        note="Whole runs, unscored attempts included. Cost in US dollars by the prices that were "
        "given, all input tokens at the full price; a run whose model has no price there has no "
        "cost. Hours are those of all attempts one after the other.",
        columns=(
            "run", "model", "input tokens", "output tokens", "calls", "hours", "US$",
            "US$ an attempt", "score", "unscored",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _won(t: Trajectory, room: Room) -> float | None:
    """Return the share of what can be won; answers below the floor win nothing."""
    if t.score is None:
        return None
    return max(0.0, (t.score - room.floor) / (room.reference - room.floor))


def _dollars(cost: float | None) -> Number:
    return number(cost, ".2f" if cost is None or cost >= 1 else ".4f")
