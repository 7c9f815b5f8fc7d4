"""Score a task by a metric of your own, which the store's settings name.

Run it: python examples/own_metric.py
"""

import json
import shutil
import tempfile
from pathlib import Path

import darebench


def relative_absolute_error(y_true, y_pred) -> float:
    """Return the absolute error, relative to that of the mean: 0 is perfect, 1 is worthless."""
    return float(abs(y_true - y_pred).sum() / abs(y_true - y_true.mean()).sum())


RULE = darebench.MetricRule(
    name="relative_absolute_error",
    function=relative_absolute_error,
    kind=darebench.ValueKind.NUMBERS,
    direction=darebench.Direction.LOWER,
    formula="1 - sum |y - p| / sum |y - mean(y)|, clipped to [0, 1]",
)


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp())
    root = Path(shutil.copytree(darebench.open_store().root, folder / "store"))
    path = root / "databases" / "diabetes_reg" / "verify" / "all_metadata.json"
    metadata = json.loads(path.read_text())
    metadata["question"]["metric"] = RULE.name
    path.write_text(json.dumps(metadata))
    darebench.register_metric(RULE)
    config = darebench.EvalConfig(store=str(root), tasks=("diabetes_reg/mm",))
    run = darebench.evaluate(config, out=folder / "run")
    print(f"{RULE.name} of diabetes_reg/mm: {run.trajectories[0].score:.2f}")
