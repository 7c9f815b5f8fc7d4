"""(prediction, truth) -> Score: the only scorer, for evaluation, rollouts and rewards alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import darebench
from darebench.environment import current_environment, fingerprint
from darebench.errors import TaskFormatError
from darebench.scoring.align import (
    Alignment,
    Misaligned,
    ParsedTruth,
    align,
    key_text,
    parse_truth,
    take,
)
from darebench.scoring.csv_text import (
    Texts,
    Unusable,
    check_size,
    no_prediction,
    parse,
    read_bytes,
)
from darebench.scoring.findings import Finding, find_labels, find_numbers
from darebench.scoring.labels import code_labels, read_alike
from darebench.scoring.metric_rule import MetricRule, ValueKind
from darebench.scoring.metrics import registered_source, rule_of
from darebench.scoring.numbers import as_floats, as_plain_floats, first_bad
from darebench.scoring.strict import strict_scores
from darebench.types import (
    Metric,
    Provenance,
    ReasonCode,
    RowCounts,
    Score,
    TargetScore,
    Truth,
)


def score_prediction(
    prediction: Path | bytes | None,
    truth: Truth,
    *,
    release_rules: bool = False,
    store: str | None = None,
) -> Score:
    """Score one prediction. Whatever the file holds, the result is a Score, never an exception.

    Args:
        prediction: The csv file, its bytes, or None where there is none.
        truth: What it is compared with.
        release_rules: Put the public release's number into `score` (0 where its rule crashes).
        store: Hash of the store that the truth belongs to, for the record.

    Raises:
        TaskFormatError: The truth itself cannot be used, or its metric is not known here.
    """
    parsed, rule = _parsed(truth), rule_of(truth.metric)
    content: bytes | None = None
    given: Texts | None = None
    try:
        content = _content(prediction)
        given = parse(content, (*truth.keys, *truth.targets))
        alignment = align(parsed, given)
        targets = [_score_target(parsed, rule, given, alignment, name) for name in truth.targets]
        matched = alignment.matched
    except Unusable as error:
        matched = error.matched if isinstance(error, Misaligned) else 0
        targets = [
            TargetScore(target=name, score=0.0, strict_score=None, reason=error.reason)
            for name in truth.targets
        ]
        plain = False
    else:
        plain = alignment.plain and given.plain and parsed.texts.plain
    targets = _with_strict(targets, content, truth, plain=plain)
    rows = RowCounts(
        expected=parsed.texts.n_rows, given=given.n_rows if given else 0, matched=matched
    )
    summed = _summed(targets, rows, truth, release_rules=release_rules)
    return replace(summed, provenance=replace(summed.provenance, store=store))


def scorer_hash(*metrics: str) -> str:
    """Hash the scoring rules' source, and that of those metrics which were registered.

    Args:
        *metrics: Names of the metrics that are used; darebench's own are always covered.

    Returns:
        Twelve hex digits.
    """
    sources = sorted(filter(None, map(registered_source, set(metrics))))
    return fingerprint([_own_source(), *sources]) if sources else _own_source()


@cache
def _own_source() -> str:
    digest = hashlib.sha256()
    for file in sorted(files("darebench.scoring").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".py"):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=64)
def _parsed(truth: Truth) -> ParsedTruth:
    return parse_truth(truth)


def _content(prediction: Path | bytes | None) -> bytes:
    if prediction is None:
        raise no_prediction()
    if not isinstance(prediction, bytes):
        return read_bytes(prediction)
    check_size(len(prediction))
    return prediction


def _score_target(
    parsed: ParsedTruth, rule: MetricRule, given: Texts, alignment: Alignment, name: str
) -> TargetScore:
    """Score one target; `strict_score` is our score where the rules surely agree, else None."""
    try:
        if name not in given.columns:
            raise Unusable(
                ReasonCode.MISSING_COLUMN, f"the target column {name!r} is missing; predict it"
            )
        predicted = take(given.columns[name], alignment)
        score = _score_labels if rule.kind is ValueKind.LABELS else _score_numbers
        return score(parsed, rule, name, predicted)
    except Unusable as error:
        return TargetScore(target=name, score=0.0, strict_score=None, reason=error.reason)


def _score_labels(
    parsed: ParsedTruth, rule: MetricRule, name: str, predicted: pa.Array
) -> TargetScore:
    labels = code_labels(parsed.texts.columns[name], predicted)
    if labels.blank is not None:
        row = int(np.flatnonzero(labels.given == labels.blank)[0])
        raise _bad_value(parsed, name, row, "is missing", "predict a label for every row")
    per_class = rule.per_class(labels.true, labels.given) if rule.per_class else {}
    value = float(
        np.mean(list(per_class.values())) if per_class else rule.function(labels.true, labels.given)
    )
    found = find_labels(parsed, rule, name, value, labels)
    return _target_score(
        rule,
        name,
        value,
        found,
        agree=read_alike(labels.spellings),
        per_class={labels.names[code]: value for code, value in per_class.items()},
    )


def _score_numbers(
    parsed: ParsedTruth, rule: MetricRule, name: str, predicted: pa.Array
) -> TargetScore:
    true = parsed.texts.columns[name]
    known = pc.call_function("not_equal", [true, pa.scalar("")])
    y_true = as_floats(true.filter(known))
    if y_true is None or len(y_true) == 0:
        raise TaskFormatError(f"{parsed.truth.task}: the truth of {name!r} is not numeric")
    # A row whose true value is missing has no right answer: it is not scored.
    kept = predicted.filter(known)
    y_pred = as_floats(kept)
    if y_pred is None:
        row = int(np.flatnonzero(known.to_numpy(zero_copy_only=False))[first_bad(kept)])
        text = predicted[row].as_py()
        what = f"is {text[:40]!r}, not a finite number" if text else "is missing"
        raise _bad_value(parsed, name, row, what, "predict a finite number for every row")
    value = float(rule.function(y_true, y_pred))
    whole = len(y_true) == len(true) and as_plain_floats(predicted) is not None
    agree = whole and len(y_true) > 1 and bool(np.isfinite(value))
    found = find_numbers(parsed, rule, name, value, y_true, y_pred, predicted)
    return _target_score(rule, name, value, found, agree=agree)


def _target_score(
    rule: MetricRule,
    name: str,
    value: float,
    found: Finding,
    *,
    agree: bool,
    per_class: Mapping[str, float] | None = None,
) -> TargetScore:
    """Turn a metric's value into a target's score; `agree`: the release would read the same."""
    score = rule.score(value)
    return TargetScore(
        target=name,
        score=score,
        strict_score=score if agree and rule.name in set(Metric) else None,
        raw=value if np.isfinite(value) and not rule.bounded else None,
        per_class=per_class or {},
        reason=found.reason,
        differing=found.differing,
    )


def _bad_value(parsed: ParsedTruth, name: str, row: int, what: str, move: str) -> Unusable:
    where = key_text(parsed, row)
    return Unusable(ReasonCode.BAD_VALUE, f"{name!r} at {where} {what}; {move}")


def _with_strict(
    targets: list[TargetScore], content: bytes | None, truth: Truth, *, plain: bool
) -> list[TargetScore]:
    """Fill in the release's scores: ours where the rules surely agree, else by its own way."""
    if plain and all(t.strict_score is not None for t in targets):
        return targets
    if content is None:
        missing = all(t.reason and t.reason.code is ReasonCode.NO_PREDICTION for t in targets)
        return [replace(t, strict_score=0.0 if missing else None) for t in targets]
    strict = strict_scores(content, truth)
    return [replace(t, strict_score=strict[t.target] if strict else None) for t in targets]


def _summed(
    targets: list[TargetScore], rows: RowCounts, truth: Truth, *, release_rules: bool
) -> Score:
    strict = [t.strict_score for t in targets if t.strict_score is not None]
    strict_score = sum(strict) / len(targets) if len(strict) == len(targets) else None
    score = sum(t.score for t in targets) / len(targets)
    reasons = sorted(filter(None, (t.reason for t in targets)), key=lambda r: r.compared)
    return Score(
        task=truth.task,
        score=(strict_score or 0.0) if release_rules else score,
        strict_score=strict_score,
        targets=tuple(targets),
        rows=rows,
        provenance=Provenance(
            darebench=darebench.__version__,
            scorer=scorer_hash(truth.metric),
            truth=truth.hash,
            environment=current_environment().hash,
        ),
        reason=reasons[0] if reasons else None,
    )
