"""Wording of a store's questions: how much they repeat each other, and how they call columns.

    python benchmarks/wording.py STORE ...

Of IF questions it prints the share of the five-word sequences that a tenth of the other questions
have too, the share of the columns that are called by their description, of the questions with a
number of ten digits or more, and their words and paragraphs; of the questions of each other
variant, how alike two of them are (Jaccard index of their three-word sequences).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from itertools import combinations
from statistics import mean, median

from darebench.audit.wording import has_long_number, repetition
from darebench.instructions.columns import described
from darebench.store.layout import METADATA_TEXT
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from darebench.types import Task, Variant

MOST_PAIRED = 300
"""Questions of a variant that are compared in pairs, at most."""


def main() -> None:
    for path in sys.argv[1:]:
        tell(path)


def tell(path: str) -> None:
    """Print the figures of one store."""
    tasks = open_store(path).tasks
    workflows = [task for task in tasks if task.variant is Variant.IF]
    print(f"{path}: {len(workflows)} IF questions of {len(tasks)}")
    if workflows:
        questions = [task.question for task in workflows]
        print(f"  repetition of five-word sequences {mean(repetition(questions)):.2f}")
        calls = [call for task in workflows for call in calls_of(task)]
        known = [by_meaning for by_meaning, has_one in calls if has_one]
        share = mean(by_meaning for by_meaning, _ in calls)
        print(f"  columns called by description {share:.0%} of {len(calls)}", end="")
        print(f", {mean(known):.0%} of the {len(known)} that have one" if known else "")
        print(
            f"  questions with a number of ten digits {mean(map(has_long_number, questions)):.0%}"
        )
        lengths = [len(text.split()) for text in questions]
        parts = [len(re.findall(r"\S.*?(?:\n\s*\n|\Z)", text, re.DOTALL)) for text in questions]
        print(
            f"  words, median {median(lengths):.0f}; paragraphs, median {median(parts):.0f}", end=""
        )
        print(f", {mean(3 <= n <= 5 for n in parts):.0%} have three to five")
    for variant in (Variant.MM, Variant.XF, Variant.CF):
        texts = [task.question for task in tasks if task.variant is variant]
        if len(texts) > 1:
            print(f"  {variant}: two questions of {len(texts)} are alike by {likeness(texts):.2f}")


def grams(text: str, n: int) -> list[str]:
    """Return the sequences of `n` words of a text, numbers and case left out of account."""
    tokens = re.findall(r"[^\W\d_]+|\d[\d,.]*", text.casefold())
    return [" ".join(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]


def calls_of(task: Task) -> list[tuple[bool, bool]]:
    """Tell of each selected feature if it is called by its meaning, and if it has a description."""
    metadata = (task.source / METADATA_TEXT).read_text(encoding="utf-8")
    found = []
    for name in read_settings(task).features:
        meanings = described(name, metadata)
        is_named = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", task.question)
        is_told = any(opening in task.question.casefold() for opening in map(opening_of, meanings))
        is_beside = f" (`{name}`)" in task.question
        found.append((is_told or is_beside or not is_named, bool(meanings)))
    return found


def opening_of(meaning: str) -> str:
    """Return the first three words of a description, without an article, in lower case."""
    return " ".join(re.sub(r"^(?:an?|the) ", "", meaning.casefold()).split()[:3]).strip(" .,;:")


def likeness(texts: Sequence[str]) -> float:
    """Return the mean Jaccard index of two questions' three-word sequences."""
    known = [set(grams(text, 3)) for text in texts[:MOST_PAIRED]]
    return mean(len(a & b) / len(a | b) for a, b in combinations(known, 2))


if __name__ == "__main__":
    main()
