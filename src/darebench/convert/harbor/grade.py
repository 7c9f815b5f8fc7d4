"""Grade the prediction of a Harbor task; run as the main program of the scorer's archive.

A prediction that cannot be used is scored 0. A fault of our own ends the program before it writes a
reward, and Harbor then counts an error of the verifier and not an answer.
"""

import json
import sys
from pathlib import Path

from darebench.scoring.score import score_prediction
from darebench.types import Truth


def main(prediction: Path, tests: Path, logs: Path) -> None:
    """Write the reward of a prediction, and beside it the whole score.

    Args:
        prediction: File that the agent left, if it left one.
        tests: Folder that holds `truth.json` and `truth.csv`.
        logs: Folder to write `reward.txt` and `score.json` to.
    """
    told = json.loads((tests / "truth.json").read_text(encoding="utf-8"))
    for name in ("keys", "targets"):
        told[name] = tuple(told[name])
    truth = Truth(**told, csv=(tests / "truth.csv").read_bytes())
    score = score_prediction(prediction, truth)
    reason = score.reason
    record = {
        "task": score.task,
        "score": score.score,
        "strict_score": score.strict_score,
        "reason": None if reason is None else {"code": reason.code, "message": reason.message},
        "targets": {one.target: one.score for one in score.targets},
        "rows": {
            "expected": score.rows.expected,
            "given": score.rows.given,
            "matched": score.rows.matched,
        },
        "darebench": score.provenance.darebench,
        "scorer": score.provenance.scorer,
        "truth": score.provenance.truth,
    }
    logs.mkdir(parents=True, exist_ok=True)
    (logs / "score.json").write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
    (logs / "reward.txt").write_text(f"{score.score!r}\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
