"""Run the checks on one task: all of them, or those that curation asks before it keeps a task."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from threadpoolctl import threadpool_limits

from darebench.audit.blind import AgentScores, play_agents
from darebench.audit.checks import Need, find
from darebench.audit.checks.broken import broken
from darebench.audit.findings import Finding, Severity
from darebench.audit.headroom import Headroom, measure
from darebench.audit.naturalness.verdicts import Judgement, judge_targets
from darebench.audit.probes import probe
from darebench.audit.readback import read_back
from darebench.audit.reference_run import executor, run_reference
from darebench.audit.task_tables import TaskTables, read_tables
from darebench.errors import ConfigError, DareError, SandboxFault
from darebench.reference.coverage import Coverage
from darebench.store.truth import make_truth, read_truth
from darebench.types import Task, Track, Variant

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAudit:
    """What the checks say about one task."""

    id: str
    """The task's id; the dataset's name, if that cannot be read at all."""
    track: Track | None
    """None if the dataset cannot be read."""
    findings: tuple[Finding, ...]
    headroom: Headroom | None = None
    """What it leaves to be won; None for IF, and where it cannot be measured."""
    targets: tuple[Judgement, ...] = ()
    """What each target is among the columns of its table; empty where that cannot be read."""
    agents: AgentScores | None = None
    """What the agents without a language model score; None unless they were asked for."""
    coverage: Coverage | None = None
    """What each step of the workflow changes; None but for IF."""

    @property
    def worst(self) -> Severity | None:
        """The gravest finding's severity."""
        return max((f.severity for f in self.findings), key=list(Severity).index, default=None)

    def with_findings(self, *more: Finding) -> TaskAudit:
        """Return this audit with further findings at its end."""
        return replace(self, findings=(*self.findings, *more))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        room = self.headroom
        return {
            "id": self.id,
            "findings": [
                {
                    "check": finding.check,
                    "severity": str(finding.severity),
                    "figure": round(finding.figure, 6),
                    "message": finding.message,
                }
                for finding in self.findings
            ],
            "floor": round(room.floor, 4) if room else None,
            "reference": round(room.reference, 4) if room else None,
            "band": str(room.band) if room else None,
            "targets": [
                {"target": one.target, "verdict": str(one.verdict), "reason": one.reason}
                for one in self.targets
            ],
            "agents": None if self.agents is None else self.agents.as_dict(),
            "process_coverage": None if self.coverage is None else self.coverage.as_dict(),
        }


class Written(NamedTuple):
    """What the checks of a written task say."""

    findings: list[Finding]
    coverage: Coverage | None
    """What each step of the workflow changes; None but for IF."""


def check_tables(tables: TaskTables) -> list[Finding]:
    """Run the checks that need a task's tables alone; an empty list is a clean task."""
    return find(Need.TABLES, tables, tables.variant)


def check_written(task: Task, tables: TaskTables, *, rules: bool = True) -> Written:
    """Run what curation asks of a written task: every check but those that fit models or read.

    Args:
        task: The task.
        tables: Its tables.
        rules: Whether each single rule of an IF task's filter is left out once.

    Raises:
        TaskFormatError: Its answer is missing or broken.
        SandboxFault: The sandbox does not work here.
    """
    findings = check_tables(tables)
    if task.variant is Variant.IF:
        run = run_reference(task, rules=rules)
        return Written(findings + find(Need.REFERENCE, run, task.variant), run.coverage)
    return Written(findings + find(Need.TRUTH, read_truth(task), task.variant), None)


def audit_task(task: Task, *, agents: bool = False) -> TaskAudit:
    """Run every check of one task; what cannot be read is a finding too.

    Args:
        task: The task.
        agents: Play the agents without a language model, too, which takes up to minutes.

    Raises:
        SandboxFault: The sandbox does not work here.
    """
    seen = _Seen()
    try:
        with threadpool_limits(1):
            _look(task, seen, agents=agents)
    except (ConfigError, SandboxFault):
        raise  # ours, not the task's
    except DareError as error:
        seen.findings += broken(str(error))
    except Exception as error:  # whatever a store can break; the finding names it
        _log.warning("%s: unexpected failure", task.id, exc_info=True)
        text = " ".join(str(error).split())[:200]
        seen.findings += broken(f"the checks end with {type(error).__name__}: {text}")
    return TaskAudit(
        id=task.id,
        track=task.track,
        findings=tuple(seen.findings),
        headroom=seen.headroom,
        targets=seen.targets,
        agents=seen.agents,
        coverage=seen.coverage,
    )


@dataclass(slots=True)
class _Seen:
    """What is known of a task so far, which stays if a later look at it fails."""

    findings: list[Finding] = field(default_factory=list)
    headroom: Headroom | None = None
    targets: tuple[Judgement, ...] = ()
    agents: AgentScores | None = None
    coverage: Coverage | None = None


def _look(task: Task, seen: _Seen, *, agents: bool) -> None:
    tables = read_tables(task)
    seen.targets = judge_targets(tables)
    seen.findings += find(Need.JUDGEMENTS, seen.targets, task.variant)
    seen.findings += check_tables(tables)
    seen.findings += find(Need.CONTENT, tables, task.variant)
    if task.variant is Variant.IF:
        run = run_reference(task)
        seen.coverage = run.coverage
        seen.findings += find(Need.REFERENCE, run, task.variant)
        readings = read_back(task, tables, executor())
        seen.findings += find(Need.READINGS, readings, task.variant)
        truth = None if run.answer is None else make_truth(task, run.answer, run.environment)
    else:
        truth = read_truth(task)
        seen.findings += find(Need.TRUTH, truth, task.variant)
        seen.headroom = measure(tables)
        seen.findings += find(Need.MODELS, seen.headroom, task.variant)
        if task.variant is Variant.MM:
            seen.findings += find(Need.PROBES, probe(tables, seen.headroom), task.variant)
    if agents and truth is not None:
        seen.agents = play_agents(task, truth, executor())
        if task.variant is not Variant.IF:
            seen.findings += find(Need.AGENTS, seen.agents, task.variant)
