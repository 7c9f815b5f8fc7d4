"""Evaluate the scripted baseline on two tasks; any Inspect model may replace it.

Run it: python examples/evaluate.py
"""

import tempfile
from pathlib import Path

import darebench


def main() -> None:
    """Run two tasks and print their scores."""
    folder = Path(tempfile.mkdtemp()) / "run"
    config = darebench.EvalConfig(model="baseline", tasks=("iris_class/*",))
    run = darebench.evaluate(config, out=folder)
    for attempt in run.trajectories:
        print(f"{attempt.task}: {attempt.score:.4f} in {len(attempt.calls)} calls")


if __name__ == "__main__":
    main()
