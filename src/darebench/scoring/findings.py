"""What is wrong with an answer that was compared with the truth and scores 0, without telling it.

Trajectories, exports and submitters see what is found here: it names rows by their keys, and values
as they were predicted, and holds no value of the truth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from darebench.scoring.align import ParsedTruth, key_text
from darebench.scoring.labels import Labels
from darebench.scoring.metric_rule import Floats, MetricRule
from darebench.types import Metric, Reason, ReasonCode

_SHOWN = 3
"""Most labels that a message names."""
_LONGEST = 40


class Finding(NamedTuple):
    """What a comparison found, beside the metric's value."""

    reason: Reason | None = None
    differing: int | None = None


def find_labels(
    parsed: ParsedTruth, rule: MetricRule, name: str, value: float, labels: Labels
) -> Finding:
    """Report why predicted labels score 0, and in how many rows an IF answer differs.

    Args:
        parsed: The truth.
        rule: Its metric.
        name: The target column.
        value: What the metric gives.
        labels: The labels of both sides.
    """
    exact = rule.name == Metric.EXACT_LABELS
    if rule.score(value) > 0.0:
        return Finding(differing=0 if exact else None)
    unknown = labels.given > labels.true.max()
    wrong = np.flatnonzero(labels.true != labels.given)
    differing = len(wrong) if exact else None
    if unknown.all():
        return Finding(_unknown(name, labels), differing)
    if exact:
        given = labels.names[int(labels.given[wrong[0]])]
        return Finding(_not_followed(parsed, name, wrong, given), differing)
    if rule.name != Metric.MACRO_F1:
        return Finding(_worthless(rule, name, value))
    message = (
        f"no row of {name!r} has its true label; check that the rows have the keys that they were "
        "predicted for, and that the labels are not swapped"
    )
    return Finding(Reason(code=ReasonCode.NO_ROW_RIGHT, message=message))


def find_numbers(
    parsed: ParsedTruth,
    rule: MetricRule,
    name: str,
    value: float,
    y_true: Floats,
    y_pred: Floats,
    predicted: pa.Array,
) -> Finding:
    """Report why predicted numbers score 0, and in how many rows an IF answer differs.

    Args:
        parsed: The truth.
        rule: Its metric.
        name: The target column.
        value: What the metric gives.
        y_true: The known true values, shape (n_known,).
        y_pred: The values predicted for them.
        predicted: The prediction as text for all rows, shape (n_asked,).
    """
    exact = rule.name == Metric.CLOSE_NUMBERS
    if rule.score(value) > 0.0:
        return Finding(differing=0 if exact else None)
    if rule.name == Metric.CLIPPED_R2:
        shown = f"{value:.1f}" if 1 <= abs(value) < 1e6 else f"{value:.3g}"
        message = (
            f"R2 of {name!r} is {shown}: the mean of the true values, in every row, would do as "
            "well or better; check the units, and that the rows have the keys that they were "
            "predicted for"
        )
        return Finding(Reason(code=ReasonCode.WORSE_THAN_MEAN, message=message))
    if not exact:
        return Finding(_worthless(rule, name, value))
    known = parsed.texts.columns[name].to_numpy(zero_copy_only=False) != ""
    wrong = np.flatnonzero(known)[~np.isclose(y_pred, y_true)]
    given = predicted[int(wrong[0])].as_py()
    return Finding(_not_followed(parsed, name, wrong, given), len(wrong))


def _unknown(name: str, labels: Labels) -> Reason:
    first = [labels.names[int(code)] for code in dict.fromkeys(labels.given.tolist())]
    shown = ", ".join(map(_short, first[:_SHOWN]))
    more = f" and {len(first) - _SHOWN} more" if len(first) > _SHOWN else ""
    message = (
        f"none of the labels predicted for {name!r} is one that the truth has: {shown}{more}; "
        "write the labels as the training file spells them"
    )
    return Reason(code=ReasonCode.UNKNOWN_LABELS, message=message)


def _not_followed(parsed: ParsedTruth, name: str, wrong: NDArray[np.int64], given: str) -> Reason:
    first = key_text(parsed, int(wrong[0]))
    message = (
        f"{len(wrong)} of {parsed.texts.n_rows} rows differ from the reference in {name!r} (first: "
        f"{first}, given {_short(given)}); carry out each step as the question states it"
    )
    return Reason(code=ReasonCode.INSTRUCTION_NOT_FOLLOWED, message=message)


def _worthless(rule: MetricRule, name: str, value: float) -> Reason:
    message = f"{rule.name} of {name!r} is {value:.3g}, which scores 0 ({rule.formula})"
    return Reason(code=ReasonCode.WORTHLESS, message=message)


def _short(text: str) -> str:
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
