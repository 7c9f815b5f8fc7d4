"""The metrics, with their edge cases (paper section 3), and the registry that holds them.

Labels arrive as integer codes, numbers as finite floats; the caller has aligned the rows. A new
metric of darebench is a function here and an entry of `METRICS`. A user's own one is registered by
`register_metric`, or found by its name among the entry points of the group `darebench.metrics`.
"""

from __future__ import annotations

from importlib.metadata import entry_points

import numpy as np

from darebench.errors import ConfigError, TaskFormatError
from darebench.scoring.metric_rule import (
    Codes,
    Direction,
    Floats,
    MetricRule,
    ValueKind,
    source_hash,
)
from darebench.types import Metric

GROUP = "darebench.metrics"
"""The entry points by which an installed package offers its own metrics."""


def exact_labels(y_true: Codes, y_pred: Codes) -> float:
    """Return 1.0 if every label equals the reference's, else 0.0.

    >>> exact_labels(np.array([0, 1]), np.array([0, 1]))
    1.0
    >>> exact_labels(np.array([0, 1]), np.array([0, 0]))
    0.0
    """
    return float(np.array_equal(y_true, y_pred))


def close_numbers(y_true: Floats, y_pred: Floats) -> float:
    """Return 1.0 if |pred - true| <= 1e-8 + 1e-5 * |true| in every row, else 0.0.

    >>> close_numbers(np.array([1.0, 100.0]), np.array([1.0, 100.0005]))
    1.0
    >>> close_numbers(np.array([0.0]), np.array([1e-7]))
    0.0
    """
    return float(np.allclose(y_pred, y_true))


def f1_per_class(y_true: Codes, y_pred: Codes) -> dict[int, float]:
    """Return the F1 of every class that occurs in either array: 2 TP / (2 TP + FP + FN).

    A class that is never predicted, or is never true, has F1 0 and counts in the mean.

    >>> f1_per_class(np.array([0, 0, 1]), np.array([0, 2, 1]))
    {0: 0.6666666666666666, 1: 1.0, 2: 0.0}
    """
    size = int(max(y_true.max(), y_pred.max())) + 1
    true = np.bincount(y_true, minlength=size)
    predicted = np.bincount(y_pred, minlength=size)
    hits = np.bincount(y_true[y_true == y_pred], minlength=size)
    present = np.flatnonzero(true + predicted)
    return {int(c): float(2 * hits[c] / (true[c] + predicted[c])) for c in present}


def macro_f1(y_true: Codes, y_pred: Codes) -> float:
    """Return the unweighted mean of the classes' F1.

    >>> macro_f1(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]))
    1.0
    >>> macro_f1(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])).__round__(4)
    0.4286
    """
    return float(np.mean(list(f1_per_class(y_true, y_pred).values())))


def r2(y_true: Floats, y_pred: Floats) -> float:
    """Return 1 - SS_res / SS_tot, which is negative where the mean would do better.

    A constant truth (a single row is constant too) gives 1.0 for an exact prediction and 0.0 for
    any other. A sum that overflows gives minus infinity.

    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    1.0
    >>> r2(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0]))
    0.0
    >>> r2(np.array([5.0, 5.0]), np.array([5.0, 6.0]))
    0.0
    """
    with np.errstate(over="ignore", invalid="ignore"):
        residual = float(np.sum((y_true - y_pred) ** 2))
        total = float(np.sum((y_true - y_true.mean()) ** 2))
    if total == 0.0 or not np.isfinite(total):
        return 1.0 if residual == 0.0 else 0.0
    return 1.0 - residual / total if np.isfinite(residual) else -np.inf


def clipped_r2(y_true: Floats, y_pred: Floats) -> float:
    """Return R2 clipped to [0, 1].

    >>> clipped_r2(np.array([1.0, 2.0]), np.array([9.0, -9.0]))
    0.0
    """
    return min(1.0, max(0.0, r2(y_true, y_pred)))


METRICS: dict[str, MetricRule] = {
    rule.name: rule
    for rule in (
        MetricRule(
            name=Metric.EXACT_LABELS,
            function=exact_labels,
            kind=ValueKind.LABELS,
            formula="1 if every label equals the reference's, else 0",
            bounded=True,
        ),
        MetricRule(
            name=Metric.CLOSE_NUMBERS,
            function=close_numbers,
            kind=ValueKind.NUMBERS,
            formula="1 if every number is within 1e-8 + 1e-5 x of the reference's x, else 0",
            bounded=True,
        ),
        MetricRule(
            name=Metric.MACRO_F1,
            function=macro_f1,
            kind=ValueKind.LABELS,
            formula="mean of 2 TP / (2 TP + FP + FN) over the classes in truth or prediction",
            bounded=True,
            per_class=f1_per_class,
        ),
        MetricRule(
            name=Metric.CLIPPED_R2,
            function=r2,
            kind=ValueKind.NUMBERS,
            formula="1 - SS_res / SS_tot, clipped to [0, 1]",
        ),
    )
}
"""Every metric by its name: those of darebench, then those that were registered."""
_sources: dict[str, str] = {}
"""Name of a registered metric -> hash of its source."""


def register_metric(rule: MetricRule) -> None:
    """Add a metric of your own, which a store's settings may then name.

    One of the same name that was registered before is replaced. Every process that scores needs
    it: offer it as an entry point of the group `darebench.metrics` for the command line.

    Raises:
        ConfigError: The name is taken by darebench, the source of the function cannot be read, or
            a perfect prediction does not score 1.
    """
    if rule.name in set(Metric) or not rule.name.isidentifier():
        raise ConfigError(
            f"a metric cannot be called {rule.name!r}; use a Python identifier that is not one of "
            f"{', '.join(Metric)}"
        )
    source = source_hash(rule.function)
    sample = np.array([0, 2, 1, 2], dtype=np.int64 if rule.kind is ValueKind.LABELS else float)
    if rule.score(perfect := float(rule.function(sample, sample.copy()))) != 1.0:
        wanted = 1 if rule.direction is Direction.HIGHER else 0
        raise ConfigError(
            f"the metric {rule.name!r} gives {perfect} for a perfect prediction, not {wanted}; "
            "correct the function or its direction"
        )
    METRICS[rule.name] = rule
    _sources[rule.name] = source


def rule_of(name: str) -> MetricRule:
    """Find a metric by its name, among the entry points of installed packages too.

    Raises:
        TaskFormatError: It is neither registered nor offered.
        ConfigError: What is offered is not such a metric.
    """
    if name not in METRICS:
        for entry in entry_points(group=GROUP, name=name):
            rule = entry.load()
            if not isinstance(rule, MetricRule) or rule.name != name:
                raise ConfigError(f"the entry point {entry.value} is not a MetricRule {name!r}")
            register_metric(rule)
    if name not in METRICS:
        raise TaskFormatError(
            f"the metric {name!r} is not known here (known: {', '.join(METRICS)}); install the "
            "package that offers it, or register it with darebench.register_metric"
        )
    return METRICS[name]


def registered_source(name: str) -> str:
    """Return the hash of a registered metric's source; darebench's own metrics have none."""
    return _sources.get(name, "")
