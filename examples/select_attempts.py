"""Make two attempts at each task and keep the fastest valid one as training data.

Run it: python examples/select_attempts.py
"""

import tempfile
from pathlib import Path

import darebench
from darebench.rollouts.select import Strategy, Thresholds
from darebench.rollouts.select_files import select_file


def main() -> None:
    """Make the attempts, and choose among them."""
    folder = Path(tempfile.mkdtemp())
    config = darebench.EvalConfig(model="oracle", tasks=("iris_class/*",), epochs=2)
    run = darebench.evaluate(config, out=folder / "run")
    chosen = folder / "chosen.jsonl"
    print(select_file(run.folder, chosen, Strategy.FV, Thresholds()))
    print(f"{len(chosen.read_text().splitlines())} of {len(run.trajectories)} attempts kept")


if __name__ == "__main__":
    main()
