"""Make two attempts at each task and keep the fastest valid one.

Run it: python examples/select_attempts.py
"""

import tempfile
from pathlib import Path

import darebench


def main() -> None:
    """Make the attempts, and choose among them."""
    config = darebench.EvalConfig(model="oracle", tasks=("iris_class/*",))
    run = darebench.rollouts(config, attempts=2, out=Path(tempfile.mkdtemp()) / "run")
    kept = darebench.select_trajectories(run.trajectories, darebench.Strategy.FV)
    for attempt in kept:
        print(f"{attempt.task}: attempt {attempt.epoch}, {attempt.score:.4f}")
    print(f"{len(kept)} of {len(run.trajectories)} attempts kept")


if __name__ == "__main__":
    main()
