"""Score one prediction with the function that evaluation and rewards use.

Run it: python examples/score_file.py
"""

from darebench.evals.batch import read_truths
from darebench.scoring import score_prediction
from darebench.store.read import open_store


def main() -> None:
    """Score an honest prediction and one that cheats."""
    store = open_store()
    task = store.task("iris_class/mm")
    truths, _ = read_truths([task])
    rows = [f"{i},setosa" for i in range(1, 31)]
    for name, content in {
        "one class for all": "\n".join(["row_id,species", *rows]),
        "the first row again and again": "\n".join(["row_id,species", *rows[:1] * 30]),
    }.items():
        score = score_prediction(content.encode(), truths[task.id], store=store.hash)
        print(f"{name}: {score.score:.4f} {score.reason.message if score.reason else ''}")


if __name__ == "__main__":
    main()
