"""A task, its prediction and its truth -> what a report shows of them side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from darebench.errors import TaskFormatError
from darebench.evals.against.series import Frames, read_frames, series_against
from darebench.evals.against.shape import AgainstTruth, Target
from darebench.evals.against.tabular import labels_against, numbers_against
from darebench.scoring import score_prediction
from darebench.scoring.align import Alignment, ParsedTruth, align, key_text, parse_truth, take
from darebench.scoring.csv_text import Texts, Unusable, no_prediction, parse, read_bytes
from darebench.scoring.labels import code_labels
from darebench.scoring.metric_rule import ValueKind
from darebench.scoring.metrics import rule_of
from darebench.scoring.numbers import as_floats
from darebench.types import Family, Metric, TargetScore, Task, Truth


def against_truth(
    task: Task, prediction: Path | bytes | None, truth: Truth, *, epoch: int = 1
) -> AgainstTruth:
    """Set one prediction against the truth, rows paired and values compared as the scorer does.

    Whatever the file holds, the result is a value: what cannot be shown has a reason.

    Args:
        task: The task, whose tables give a forecast its history.
        prediction: The csv file, its bytes, or None where there is none.
        truth: The truth of the task.
        epoch: Which attempt at the task it is.

    Raises:
        TaskFormatError: The truth or a table of the task cannot be used.
    """
    try:
        if prediction is None:
            raise no_prediction()
        content = prediction if isinstance(prediction, bytes) else read_bytes(prediction)
        parsed, given = parse_truth(truth), parse(content, (*truth.keys, *truth.targets))
        alignment = align(parsed, given)
    except Unusable as error:
        reason = error.reason.message
        return AgainstTruth(task=task.id, track=task.track, epoch=epoch, reason=reason)
    frames = read_frames(task, truth) if task.family is Family.TS else None
    scored = score_prediction(content, truth).targets
    return AgainstTruth(
        task=task.id,
        track=task.track,
        epoch=epoch,
        targets=tuple(_target(t, parsed, given, alignment, frames) for t in scored),
    )


def _target(
    scored: TargetScore,
    parsed: ParsedTruth,
    given: Texts,
    alignment: Alignment,
    frames: Frames | None,
) -> Target:
    name, rule = scored.target, rule_of(parsed.truth.metric)
    if scored.reason and not scored.reason.compared:
        why = scored.reason.message
        return Target(target=name, score=0.0, n_rows=0, n_differing=None, reason=why)
    true, predicted = parsed.texts.columns[name], take(given.columns[name], alignment)
    if rule.kind is ValueKind.LABELS:
        coded = code_labels(true, predicted)
        return Target(
            target=name,
            score=scored.score,
            n_rows=len(true),
            n_differing=int((coded.true != coded.given).sum()),
            labels=labels_against(coded, _ids(parsed, np.arange(len(true)))),
        )
    known = pc.call_function("not_equal", [true, pa.scalar("")])
    rows = np.flatnonzero(known.to_numpy(zero_copy_only=False))
    y_true, y_pred = as_floats(true.filter(known)), as_floats(predicted.filter(known))
    if y_true is None or y_pred is None:
        raise TaskFormatError(f"{parsed.truth.task}: {name!r} was compared and is not numeric")
    exact = rule.name == Metric.CLOSE_NUMBERS
    return Target(
        target=name,
        score=scored.score,
        n_rows=len(rows),
        n_differing=(scored.differing or 0) if exact else None,
        numbers=numbers_against(y_true, y_pred, _ids(parsed, rows), exact=exact),
        series=series_against(frames, name, rows, y_true, y_pred) if frames else None,
    )


def _ids(parsed: ParsedTruth, rows: NDArray[np.int64]) -> list[str]:
    """Return the keys of some rows: the value of a single key, else all of them by name."""
    keys = parsed.truth.keys
    if len(keys) == 1:
        return parsed.texts.columns[keys[0]].take(pa.array(rows)).to_pylist()
    return [key_text(parsed, int(row)) for row in rows]
