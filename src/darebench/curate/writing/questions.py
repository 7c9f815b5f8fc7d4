"""Writes the question of an IF task from its settings, in many wordings; `fidelity` reads it back.

Wording, order and layout are drawn from the seed. What a column is called is given, so that the
same settings can be written again with plainer names when a text does not come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from darebench.curate.records import Workflow
from darebench.curate.writing import workflow_wordings as wordings
from darebench.curate.writing.extra_steps import (
    write_cleaning,
    write_features,
    write_join,
    write_target,
)
from darebench.curate.writing.vary import draw, listed, vary, write_number
from darebench.store.layout import METADATA_TEXT, PREDICTION

_ORDERS = (
    (("aim", "files"), ("rows",), ("features",), ("learning",), ("result",)),
    (("aim", "files", "result"), ("rows",), ("features",), ("learning",)),
    (("files", "aim"), ("rows",), ("features", "learning"), ("result",)),
    (("aim", "result"), ("files", "rows"), ("features",), ("learning",)),
    (("files", "aim"), ("rows",), ("features",), ("learning", "result")),
)
"""Paragraphs by the steps that stand in them."""
_HEADED = (("aim", "files"), ("rows",), ("features",), ("learning",), ("result",))
_HEADED_SHARE = 0.15
_BULLETED_RULES, _BULLETED_FEATURES = 0.35, 0.2
"""Shares of the questions that list their rules, or features, line by line."""
_IMPUTERS = {"most_frequent": "most frequent value"}


def write_workflow(
    workflow: Workflow,
    train: str,
    val: str,
    labels: Mapping[str, str],
    rng: np.random.Generator,
    purpose: str = "",
) -> str:
    """Write the question of an IF task.

    Args:
        workflow: Its settings.
        train: Name of the training file.
        val: Name of the file with the rows to predict.
        labels: Column -> what it is called.
        rng: Generator that the wording is drawn with.
        purpose: A sentence that says what the prediction is for; empty for none.
    """
    target = named_targets(workflow.targets)
    files = {"train": train, "val": val, "meta": METADATA_TEXT, "out": PREDICTION}
    aim = draw(wordings.AIMS, rng, kind=workflow.task_kind, target=target)
    steps = {
        "aim": " ".join(part for part in (aim, purpose) if part),
        "files": draw(wordings.FILES, rng, **files),
        "rows": _rows(workflow, labels, rng, train),
        "features": _features(workflow, labels, rng),
        "learning": _learning(workflow, rng),
        "result": draw(wordings.SAVES, rng, target=target, **files),
    }
    if rng.random() < _HEADED_SHARE:
        heads = wordings.HEADINGS[int(rng.integers(len(wordings.HEADINGS)))]
        paragraphs = [
            f"{head}\n{_together(steps, part)}" for head, part in zip(heads, _HEADED, strict=True)
        ]
    else:
        order = _ORDERS[int(rng.integers(len(_ORDERS)))]
        paragraphs = [_together(steps, part) for part in order]
    return "\n\n".join(paragraphs)


def named_targets(targets: Sequence[str]) -> str:
    """Call the targets by name: `target column ...`."""
    word = "column" if len(targets) == 1 else "columns"
    return f"target {word} {listed([f'`{name}`' for name in targets])}"


def _together(steps: Mapping[str, str], part: Sequence[str]) -> str:
    return " ".join(steps[name] for name in part)


def _rows(
    workflow: Workflow, labels: Mapping[str, str], rng: np.random.Generator, train: str
) -> str:
    """Write how the training rows are read and which of them are dropped."""
    extras = workflow.extras
    filtering = draw(wordings.FILTERS, rng, rules="\0")
    rules = _rules(workflow, labels, rng)
    if rng.random() < _BULLETED_RULES:
        filtering = filtering.replace(" \0.", "".join(f"\n- {rule}" for rule in rules) + "\n")
    filtering = filtering.replace("\0", "; ".join(rules))
    parts = [
        draw(wordings.JOINED, rng, train=train) if workflow.n_tables > 1 else "",
        *write_join(extras, rng),
        draw(wordings.EMPTY, rng),
        filtering,
        *write_cleaning(extras, rng, malformed=workflow.malformed),
        draw(wordings.UNLABELLED, rng) if workflow.unlabelled else "",
        draw(wordings.TARGETLESS, rng) if workflow.lacks_targets else "",
        draw(wordings.REMOVED, rng) if workflow.emptied else "",
    ]
    return " ".join(part for part in parts if part).replace("\n ", "\n").rstrip()


def _rules(workflow: Workflow, labels: Mapping[str, str], rng: np.random.Generator) -> list[str]:
    numeric = wordings.RANGES[int(rng.integers(len(wordings.RANGES)))]
    choice = wordings.CHOICES[int(rng.integers(len(wordings.CHOICES)))]
    rules = []
    for name, expected in workflow.ranges.items():
        if isinstance(expected[0], str):
            values = ", ".join(f'"{value}"' for value in expected)
            rules.append(draw([choice], rng, name=labels[name], values=values))
        else:
            low, high = map(write_number, expected)
            rules.append(draw([numeric], rng, name=labels[name], low=low, high=high))
    return rules


def _features(workflow: Workflow, labels: Mapping[str, str], rng: np.random.Generator) -> str:
    """Write which features are selected, which kind each is of, and what is made of them."""
    named = [labels[name] for name in workflow.features]
    selecting = draw(wordings.SELECTS, rng, features="\0")
    if rng.random() < _BULLETED_FEATURES:
        selecting = selecting.replace(" \0.", "".join(f"\n- {name}" for name in named) + "\n")
    selecting = selecting.replace("\0", listed(named))
    parts = [selecting, *_kinds(workflow, labels, rng), *write_features(workflow.extras, rng)]
    return " ".join(parts).replace("\n ", "\n")


def _kinds(workflow: Workflow, labels: Mapping[str, str], rng: np.random.Generator) -> list[str]:
    """Write which features are numeric and which categorical; of one kind, say it of all."""
    numeric = "numeric" if rng.random() < 0.7 else "numerical"
    blocks = [(numeric, workflow.numerical), ("categorical", workflow.categorical)]
    present = [(kind, block) for kind, block in blocks if block]
    if len(present) == 1:
        return [draw(wordings.KIND_OF_ALL, rng, kind=present[0][0])]
    texts = [
        draw(wordings.KIND_OF_SOME, rng, kind=kind, names=listed([labels[n] for n in block]))
        for kind, block in present
    ]
    if rng.random() < 0.5:
        few = int(len(workflow.categorical) < len(workflow.numerical))
        rest = draw(wordings.KIND_OF_REST, rng, kind=present[1 - few][0])
        return [texts[few], rest]
    return texts


def _learning(workflow: Workflow, rng: np.random.Generator) -> str:
    """Write how values are filled, scaled and encoded, and which model is fitted."""
    extras = workflow.extras
    imputer = _IMPUTERS.get(workflow.imputer, workflow.imputer)
    encoder = vary(wordings.ENCODERS[extras.encoder], rng)
    both = bool(workflow.numerical and workflow.categorical)
    if both and imputer != _IMPUTERS["most_frequent"]:
        imputing = draw(wordings.IMPUTES, rng, imputer=imputer)
    else:
        only = imputer if workflow.numerical else _IMPUTERS["most_frequent"]
        imputing = draw(wordings.IMPUTES_ALIKE, rng, imputer=only)
    alone = wordings.SCALES if workflow.numerical else wordings.ENCODES
    steps = draw(wordings.PREPARES if both else alone, rng, scaler=extras.scaler, encoder=encoder)
    fits = wordings.FITS_SEEDLESS if workflow.random_state is None else wordings.FITS
    fitting = draw(fits, rng, model=workflow.model, seed=workflow.random_state)
    return " ".join([imputing, steps, *write_target(extras), fitting])
