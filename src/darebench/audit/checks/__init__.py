"""All checks, one module each, and the registry that says what they are.

A check is a pure function of what it needs. To add one, write its module here, add its entry to
`CHECKS`, and describe it in the table of `docs/audit.md`, which a test compares with the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from darebench.audit.checks.blind_agent import blind_agent
from darebench.audit.checks.broken import broken
from darebench.audit.checks.columns_described import columns_described
from darebench.audit.checks.duplicate_table import duplicate_table
from darebench.audit.checks.entity_split import entity_split
from darebench.audit.checks.environment_recorded import environment_recorded
from darebench.audit.checks.headroom_left import headroom_left
from darebench.audit.checks.labels_blank import labels_blank
from darebench.audit.checks.low_signal import low_signal
from darebench.audit.checks.nearest_row import nearest_row
from darebench.audit.checks.order_leak import order_leak
from darebench.audit.checks.order_tells import order_tells
from darebench.audit.checks.perfect_answer import perfect_answer
from darebench.audit.checks.process_coverage import process_coverage
from darebench.audit.checks.question_readable import question_readable
from darebench.audit.checks.reference_reproduced import reference_reproduced
from darebench.audit.checks.rows_repeated import rows_repeated
from darebench.audit.checks.settings_lost import settings_lost
from darebench.audit.checks.solvable_without_data import answers_stated, reference_constant
from darebench.audit.checks.strict_join import strict_join
from darebench.audit.checks.target_given_away import target_given_away
from darebench.audit.checks.target_named import target_named
from darebench.audit.checks.target_repeated import target_repeated
from darebench.audit.checks.target_unwanted import target_unwanted
from darebench.audit.checks.textbook_table import textbook_table
from darebench.audit.checks.time_leak import time_leak
from darebench.audit.checks.unaudited import unaudited
from darebench.audit.checks.validation_size import validation_size
from darebench.audit.findings import Finding, Severity
from darebench.types import Variant

IF, MM, XF, CF = Variant.IF, Variant.MM, Variant.XF, Variant.CF
NOTE, WARNING, DEFECT = Severity.NOTE, Severity.WARNING, Severity.DEFECT


class Need(StrEnum):
    """What a check looks at: the one argument of its function."""

    TABLES = "tables"
    """The task's texts and tables (`TaskTables`)."""
    CONTENT = "content"
    """The same, by what only an audit asks: curation has looked at the whole table."""
    TRUTH = "truth"
    """The answer as the scorer gets it (`Truth`)."""
    REFERENCE = "reference"
    """A run of the reference and its near misses in the sandbox (`ReferenceRun`)."""
    READINGS = "readings"
    """A run of the scripted reader in the sandbox (`Readings`)."""
    MODELS = "models"
    """Models that are fitted to the tables (`Headroom`)."""
    JUDGEMENTS = "judgements"
    """What each target is among the columns of its table (`Sequence[Judgement]`)."""
    PROBES = "probes"
    """Answers that should not work (`Probes`)."""
    AGENTS = "agents"
    """What the agents without a language model score (`AgentScores`)."""
    STORE = "store"
    """All tables of the store (`SharedRows`)."""
    TARGETS = "targets"
    """All targets of a table (`AlikeTarget`)."""
    FAILURE = "failure"
    """Why the task cannot be read, in a sentence (`str`)."""
    WORKER = "worker"
    """Why its worker gave no answer, in a sentence (`str`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One kind of finding, and how it is found."""

    name: str
    """The name that its findings bear."""
    needs: Need
    severities: tuple[Severity, ...]
    """The severities that its findings can have."""
    variants: tuple[Variant, ...] = tuple(Variant)
    """Variants that it is run on. An IF answer is the reference, not the true values."""
    find: Callable[[Any], list[Finding]]
    """The function that looks for it, in what `needs` names."""


CHECKS = (
    Check(name="broken", needs=Need.FAILURE, severities=(DEFECT,), find=broken),
    Check(name="unaudited", needs=Need.WORKER, severities=(WARNING,), find=unaudited),
    Check(
        name="target_given_away",
        needs=Need.TABLES,
        severities=(DEFECT,),
        variants=(MM, XF),
        find=target_given_away,
    ),
    Check(
        name="rows_repeated",
        needs=Need.TABLES,
        severities=(NOTE, DEFECT),
        variants=(MM,),
        find=rows_repeated,
    ),
    Check(
        name="validation_size",
        needs=Need.TABLES,
        severities=(NOTE, WARNING, DEFECT),
        variants=(MM, XF, CF),
        find=validation_size,
    ),
    Check(
        name="time_leak",
        needs=Need.TABLES,
        severities=(DEFECT,),
        variants=(XF, CF),
        find=time_leak,
    ),
    Check(
        name="order_leak",
        needs=Need.TABLES,
        severities=(DEFECT,),
        variants=(MM,),
        find=order_leak,
    ),
    Check(name="question", needs=Need.TABLES, severities=(WARNING,), find=question_readable),
    Check(name="target_named", needs=Need.TABLES, severities=(DEFECT,), find=target_named),
    Check(name="columns", needs=Need.TABLES, severities=(NOTE, WARNING), find=columns_described),
    Check(
        name="labels_blank",
        needs=Need.TABLES,
        severities=(DEFECT,),
        variants=(MM, XF, CF),
        find=labels_blank,
    ),
    Check(
        name="low_signal",
        needs=Need.TABLES,
        severities=(WARNING,),
        variants=(CF,),
        find=low_signal,
    ),
    Check(
        name="solvable_without_data",
        needs=Need.TABLES,
        severities=(DEFECT,),
        variants=(MM, XF, CF),
        find=answers_stated,
    ),
    Check(
        name="solvable_without_data",
        needs=Need.REFERENCE,
        severities=(DEFECT,),
        variants=(IF,),
        find=reference_constant,
    ),
    Check(
        name="reference",
        needs=Need.REFERENCE,
        severities=(DEFECT,),
        variants=(IF,),
        find=reference_reproduced,
    ),
    Check(
        name="environment",
        needs=Need.REFERENCE,
        severities=(NOTE, WARNING),
        variants=(IF,),
        find=environment_recorded,
    ),
    Check(
        name="process_coverage",
        needs=Need.REFERENCE,
        severities=(WARNING,),
        variants=(IF,),
        find=process_coverage,
    ),
    Check(
        name="perfect_answer",
        needs=Need.TRUTH,
        severities=(DEFECT,),
        variants=(MM, XF, CF),
        find=perfect_answer,
    ),
    Check(
        name="strict_join",
        needs=Need.TRUTH,
        severities=(WARNING,),
        variants=(CF,),
        find=strict_join,
    ),
    Check(
        name="settings_lost",
        needs=Need.READINGS,
        severities=(WARNING,),
        variants=(IF,),
        find=settings_lost,
    ),
    Check(
        name="headroom",
        needs=Need.MODELS,
        severities=(WARNING, DEFECT),
        variants=(MM, XF, CF),
        find=headroom_left,
    ),
    Check(name="textbook", needs=Need.CONTENT, severities=(NOTE,), find=textbook_table),
    Check(name="unwanted", needs=Need.JUDGEMENTS, severities=(WARNING,), find=target_unwanted),
    Check(
        name="order_tells",
        needs=Need.PROBES,
        severities=(WARNING,),
        variants=(MM,),
        find=order_tells,
    ),
    Check(
        name="entity_split",
        needs=Need.PROBES,
        severities=(WARNING,),
        variants=(MM,),
        find=entity_split,
    ),
    Check(
        name="nearest_row",
        needs=Need.PROBES,
        severities=(WARNING,),
        variants=(MM,),
        find=nearest_row,
    ),
    Check(
        name="blind_agent",
        needs=Need.AGENTS,
        severities=(WARNING,),
        variants=(MM, XF, CF),
        find=blind_agent,
    ),
    Check(name="target_repeated", needs=Need.TARGETS, severities=(WARNING,), find=target_repeated),
    Check(name="twin", needs=Need.STORE, severities=(WARNING, DEFECT), find=duplicate_table),
)
"""In the order in which the findings of a task are listed."""


def find(need: Need, seen: object, variant: Variant) -> list[Finding]:
    """Run every check of a variant's tasks that needs the thing that was seen.

    Args:
        need: The kind of thing.
        seen: The thing itself, of the type that `need` names.
        variant: The task's variant.
    """
    return [
        finding
        for check in CHECKS
        if check.needs is need and variant in check.variants
        for finding in check.find(seen)
    ]
