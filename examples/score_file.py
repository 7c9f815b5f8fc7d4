"""Score predictions as an evaluation does.

Run it: python examples/score_file.py
"""

import darebench


def main() -> None:
    """Score an honest prediction and one that cheats."""
    rows = [f"{i},setosa" for i in range(1, 31)]
    for name, content in {
        "one class for all": "\n".join(["row_id,species", *rows]),
        "the first row again and again": "\n".join(["row_id,species", *rows[:1] * 30]),
    }.items():
        score = darebench.score(content.encode(), "iris_class/mm")
        print(f"{name}: {score.score:.4f} {score.reason.message if score.reason else ''}")


if __name__ == "__main__":
    main()
