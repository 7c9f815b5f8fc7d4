"""Scoring beside plain pandas and scikit-learn: ratios in one run, and the memory of it all."""

from __future__ import annotations

import hashlib
import io
import resource
import statistics
import time

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score, r2_score

from darebench.scoring import score_prediction
from darebench.types import Metric, Truth


def main() -> None:
    rng = np.random.default_rng(0)
    for n in (100, 1_000, 100_000, 1_000_000):
        for metric in (Metric.CLIPPED_R2, Metric.MACRO_F1):
            numeric = metric is Metric.CLIPPED_R2
            y = rng.normal(size=n) if numeric else rng.choice(list("abc"), n)
            compare(pd.DataFrame({"row_id": np.arange(1, n + 1), "y": y}), metric)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"peak memory of this process: {peak} MB")


def compare(frame: pd.DataFrame, metric: Metric) -> None:
    content = frame.to_csv(index=False).encode()
    truth = Truth(
        task="t",
        metric=metric,
        keys=("row_id",),
        targets=("y",),
        csv=content,
        hash=hashlib.sha256(content).hexdigest()[:12],
    )
    given = frame.sample(frac=1, random_state=1).to_csv(index=False).encode()

    def plain() -> float:
        true, predicted = pd.read_csv(io.BytesIO(content)), pd.read_csv(io.BytesIO(given))
        both = true.merge(predicted, on="row_id", suffixes=("", "_given"))
        if metric is Metric.CLIPPED_R2:
            return r2_score(both.y, both.y_given)
        return f1_score(both.y, both.y_given, average="macro")

    runs = 3 if len(frame) > 100_000 else 11
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(seconds(lambda: score_prediction(given, truth)))
        theirs.append(seconds(plain))
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"{len(frame):>9} rows {metric:11} ours {a:.4f} s, plain {b:.4f} s, ratio {a / b:.2f}")


def seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
