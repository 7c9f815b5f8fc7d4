"""What an audit says of a whole store: figures that no single task has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darebench.audit.alike_targets import Distinctness
from darebench.audit.naturalness.page import read_page
from darebench.audit.refused import RefusedTargets
from darebench.audit.task_audit import TaskAudit
from darebench.audit.wording import Spoken, Wording, by_track, measure_wording
from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.store.truth import read_settings
from darebench.types import Task, Track, Variant

BINS = 10
"""Bins of the headroom histogram, each a tenth of the score wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """Figures of all audited tasks together."""

    verdicts: Mapping[str, int]
    """Verdict -> number of targets; a dataset's two tasks share its targets."""
    distinctness: Distinctness
    rooms: Mapping[Track, tuple[int, ...]]
    """Track -> tasks by what a quick model wins over the best naive answer, in tenths."""
    wording: Mapping[str, Wording]
    """Track -> its questions' wording; `IF` for both tracks of instruction following."""
    refused: RefusedTargets | None
    """None for a store without a ledger."""
    agents: Mapping[str, tuple[float, float]]
    """Agent -> its mean score as it is, and with shuffled training; empty if none was played."""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        d, refused = self.distinctness, self.refused
        return {
            "verdicts": dict(self.verdicts),
            "distinct": {
                "datasets": d.n_datasets,
                "tables": d.n_tables,
                "effective": round(d.effective, 2),
                "pairs": d.n_pairs,
                "pairs_alike": d.n_alike,
                "pairs_unknown": d.n_unknown,
            },
            "headroom": {track: list(counts) for track, counts in self.rooms.items()},
            "wording": by_track(self.wording),
            "refused": None
            if refused is None
            else {
                "targets": refused.n_refused,
                "likely": refused.n_likely,
                "tables_lost": refused.n_tables_lost,
                "by_reason": dict(refused.by_reason),
            },
            "agents": {
                name: {"score": round(score, 4), "blind": round(blind, 4)}
                for name, (score, blind) in self.agents.items()
            },
        }


def measure_figures(
    tasks: Sequence[Task],
    audits: Sequence[TaskAudit],
    distinctness: Distinctness,
    refused: RefusedTargets | None,
) -> StoreFigures:
    """Collect what is known of the audited tasks.

    Args:
        tasks: The audited tasks.
        audits: Their audits, in the same order.
        distinctness: How alike their targets are.
        refused: What the ledger says.
    """
    judged = {
        (task.dataset, one.target): one.verdict
        for task, audit in zip(tasks, audits, strict=True)
        for one in audit.targets
    }
    return StoreFigures(
        verdicts=dict(Counter(map(str, judged.values())).most_common()),
        distinctness=distinctness,
        rooms=_rooms(audits),
        wording=_wording(tasks),
        refused=refused,
        agents=_agents(audits),
    )


def _rooms(audits: Sequence[TaskAudit]) -> dict[Track, tuple[int, ...]]:
    counts: dict[Track, list[int]] = {}
    for audit in audits:
        if audit.track is not None and audit.headroom is not None:
            place = min(BINS - 1, max(0, int(audit.headroom.room * BINS)))
            counts.setdefault(audit.track, [0] * BINS)[place] += 1
    return {track: tuple(counts[track]) for track in Track if track in counts}


def _wording(tasks: Sequence[Task]) -> dict[str, Wording]:
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        name = "IF" if task.variant is Variant.IF else str(task.track)
        groups.setdefault(name, []).append(task)
    return {
        name: measure_wording([Spoken(text=t.question, columns=_spoken_of(t)) for t in group])
        for name, group in groups.items()
    }


def _spoken_of(task: Task) -> Mapping[str, str]:
    """Return the columns whose ranges an IF question states, and what the metadata says of them."""
    if task.variant is not Variant.IF:
        return {}
    path = task.source / layout.METADATA_TEXT
    try:
        names = tuple(read_settings(task).expected_ranges)
        said = read_page(path.read_text(encoding="utf-8"), names).descriptions
    except (TaskFormatError, OSError, UnicodeDecodeError):
        return {}  # it has a finding of its own
    return {name: said.get(name, "") for name in names}


def _agents(audits: Sequence[TaskAudit]) -> dict[str, tuple[float, float]]:
    played = [audit.agents for audit in audits if audit.agents is not None]
    if not played:
        return {}
    return {
        name: (
            sum(one.score for one in scores) / len(scores),
            sum(one.blind for one in scores) / len(scores),
        )
        for name, scores in (
            ("trivial", [one.trivial for one in played]),
            ("baseline", [one.baseline for one in played]),
        )
    }
