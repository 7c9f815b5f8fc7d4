"""Write a task of your own by hand, and evaluate an agent on it.

Run it: python examples/own_tasks.py
"""

import json
import tempfile
from pathlib import Path

import darebench

QUESTION = (
    "This is a classification: predict the column `rain` of every row of `val_v2.csv` from what is "
    "learned from `train_v2.csv`. Write `row_id` and `rain` to `prediction.csv`."
)
ENTRY = {"file_path": "weather_class", "task": "classification", "variants": ["mm"],
         "question_v2": QUESTION, "needed_files_v2": ["train_v2.csv", "val_v2.csv"]}  # fmt: skip
ROWS = [(i, i * 7 % 10) for i in range(1, 41)]
RAIN = {i: "yes" if wind > 4 else "no" for i, wind in ROWS}
TRAIN, VAL = ROWS[:30], ROWS[30:]
FILES = {
    "source/train_v2.csv": "\n".join(
        ["row_id,wind,rain", *(f"{i},{w},{RAIN[i]}" for i, w in TRAIN)]
    ),
    "source/val_v2.csv": "\n".join(["row_id,wind", *(f"{i},{w}" for i, w in VAL)]),
    "verify/ground_truth.csv": "\n".join(["row_id,rain", *(f"{i},{RAIN[i]}" for i, _ in VAL)]),
    "verify/all_metadata.json": json.dumps({"question": {"target": ["rain"]}}),
}

if __name__ == "__main__":
    store = Path(tempfile.mkdtemp()) / "my-store"
    for name, text in FILES.items():
        path = store / "databases" / "weather_class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (store / "question_list.json").write_text(json.dumps([ENTRY]))
    config = darebench.EvalConfig(model="baseline", store=str(store))
    run = darebench.evaluate(config, out=store.parent / "run")
    print(f"{run.trajectories[0].task}: {run.trajectories[0].score:.2f}")
