"""Rewrites questions with a language model; what does not come back from a text is not kept.

A rewritten text must name every file, and a parser that knows nothing of how it was written must
read all settings back from it. With a second model, that model must read them back as well. After
some attempts the template's text stays, and the settings say why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from darebench.curate.language.ask import LanguageModel
from darebench.curate.language.read_back import lost_to_model
from darebench.curate.records import Workflow
from darebench.curate.writing.fidelity import lost_in_workflow, lost_targets
from darebench.curate.writing.lookup import rejoined
from darebench.instructions.facts import file_facts
from darebench.instructions.ranges import find_ranges
from darebench.store import layout
from darebench.store.extras import Extras, ExtrasWire
from darebench.store.write import DatasetFiles
from darebench.types import Family, Message, Role

ATTEMPTS = 3
_ROLE = (
    "You rewrite the wording of data-science assignments. An assignment is checked by a program, "
    "so its content must stay the same to the last detail. You answer with the new text alone."
)
_ASKED = """Rewrite this assignment in fluent, natural language, as a colleague would put it.

Keep, exactly as they are spelled: every file name, the target column in backticks, every number, \
every quoted value, every scikit-learn name, and `row_id`. Call each other column the way the \
assignment calls it. Keep every order that the assignment states, and say it where order matters. \
Add nothing and leave nothing out: not a condition, not an exception, not a default. Plain text \
without headings; backticks only around file names and columns.

Assignment:
{question}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriter:
    """Rewrites both questions of a dataset."""

    model: LanguageModel
    reader: LanguageModel | None = None
    """Reads a rewritten text back into settings."""

    def identity(self) -> dict[str, str | None]:
        """Describe the rewriter as plain values."""
        reader = self.reader.name if self.reader else None
        return {"model": self.model.name, "reader": reader, "base_url": self.model.base_url}

    def rewrite(self, dataset: DatasetFiles) -> DatasetFiles:
        """Return the dataset with the texts that are faithful; the others stay as they were.

        Raises:
            ProviderFault: A model's provider failed.
        """
        asked = (
            (dataset.question_v1, dataset.needed_v1, 1),
            (dataset.question_v2, dataset.needed_v2, 2),
        )
        (first, lost_v1), (second, lost_v2) = (
            self._rewrite(dataset, question, needed, version) for question, needed, version in asked
        )
        told = {"model": self.model.name, "reader": self.reader.name if self.reader else None}
        kept = {"v1": lost_v1 or "rewritten", "v2": lost_v2 or "rewritten"}
        settings = {**dataset.settings, "rewriting": {**told, **kept}}
        return replace(dataset, question_v1=first, question_v2=second, settings=settings)

    def _rewrite(
        self, dataset: DatasetFiles, question: str, needed: Sequence[str], version: int
    ) -> tuple[str, str]:
        """Return the text to use, and why it is still the template's; empty if it is not."""
        if not question:  # a series whose future has nothing but its time
            return question, "there is no such task"
        said = [
            Message(role=Role.SYSTEM, content=_ROLE),
            Message(role=Role.USER, content=_ASKED.format(question=question)),
        ]
        lost = ""
        for _ in range(ATTEMPTS):
            text = self.model.ask(said, "rewrite").strip()
            lost = self._lost(dataset, text, question, needed, version)
            if not lost:
                return text, ""
            again = f"This text is not faithful: {lost}. Write the whole assignment again."
            said += [
                Message(role=Role.ASSISTANT, content=text),
                Message(role=Role.USER, content=again),
            ]
        return question, f"the template's text is kept: {lost}"

    def _lost(
        self,
        dataset: DatasetFiles,
        text: str,
        question: str,
        needed: Sequence[str],
        version: int,
    ) -> str:
        lost = (
            lost_words(text, question, needed)
            or lost_to_parser(dataset, text, needed, version)
            or moved_ranges(text, question, dataset.settings.get("expected_ranges", ()))
        )
        if lost or self.reader is None:
            return lost
        return lost_to_model(self.reader, dataset, text, needed, version)


def lost_words(text: str, question: str, needed: Sequence[str]) -> str:
    """Name the first word that must not change and is absent; empty if none is."""
    classes = re.findall(r"\b[A-Z][a-zA-Z]*[a-z][A-Z]\w*\b", question)
    kept = (*classes, layout.ROW_ID, "R2", "macro-F1")
    for word in (*needed, layout.PREDICTION, *(word for word in kept if word in question)):
        if word not in text:
            return f"{word!r} is not in the text"
    return ""


def moved_ranges(text: str, question: str, names: Iterable[str]) -> str:
    """Name the first range that stands after another column than in the question; empty if none.

    A range that two columns have cannot be told apart so, and is passed over.
    """
    ours, theirs = (_columns_of_ranges(t, list(names)) for t in (question, text))
    moved = [bounds for bounds, column in ours.items() if column and theirs.get(bounds) != column]
    return f"the range {moved[0]} stands with another column" if moved else ""


def _columns_of_ranges(text: str, names: Sequence[str]) -> dict[tuple[float, float], str]:
    """Find the column that is named last before each numeric range; empty for one said twice."""
    spots = sorted((m.start(), n) for n in names for m in re.finditer(_mention(n, text), text))
    found: dict[tuple[float, float], str] = {}
    for spoken in find_ranges(text):
        before = [name for position, name in spots if position < spoken.start]
        bounds = (spoken.low, spoken.high)
        found[bounds] = before[-1] if before and bounds not in found else ""
    return found


def _mention(name: str, text: str) -> str:
    """Return the pattern of a column's name: in backticks where the text has it so."""
    quoted = f"`{name}`"
    return re.escape(quoted) if quoted in text else rf"(?<!\w){re.escape(name)}(?!\w)"


def lost_to_parser(dataset: DatasetFiles, text: str, needed: Sequence[str], version: int) -> str:
    """Name the first setting that the parser does not read back; empty if it reads all."""
    names = (needed[0], needed[1])
    extras = to_extras(dataset) if version == 1 else Extras()
    train, val = rejoined(dataset.sources, names, extras.join)
    facts = file_facts(train, val, names, dataset.metadata)
    if version == 1 and dataset.family is not Family.TS:
        return lost_in_workflow(text, to_workflow(dataset), facts, names)
    return lost_targets(text, dataset.settings["target"], facts, names)


def to_workflow(dataset: DatasetFiles) -> Workflow:
    """Read the workflow of a dataset's IF task from its settings."""
    kept: dict[str, Any] = dict(dataset.settings)
    return Workflow(
        targets=tuple(kept["target"]),
        task_kind=kept["problem_type"],
        columns=tuple(kept["related_features"]),
        features=tuple(kept["selected_features"]),
        numerical=tuple(kept["numerical_features"]),
        categorical=tuple(kept["categorical_features"]),
        ranges=kept["expected_ranges"],
        imputer=kept["imputer_type"],
        model=kept["model_type"],
        random_state=kept["random_state"],
        emptied=tuple(kept.get("removed_values", {}).get("features", ())),
        suffix=kept["save_file_type"],
        n_tables=dataset.split_tables,
        extras=to_extras(dataset),
    )


def to_extras(dataset: DatasetFiles) -> Extras:
    """Read the steps beyond the paper's from a dataset's settings."""
    extras = dataset.settings.get("extras")
    return ExtrasWire.model_validate(extras).to_extras() if extras else Extras()
