"""Diagnose IF answers: which step was not followed, by the near misses that an answer equals.

Near misses are run in the sandbox, single ones first, then two at a time where none equals the
answer. An answer that equals one shows what was done. One that equals none shows only what it is
nearest to, which need not be what was done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from itertools import chain, combinations, islice
from typing import Any

from darebench.environment import fingerprint
from darebench.errors import TaskFormatError
from darebench.reference.answer_values import Gap, Values, are_constant, gap_between, read_values
from darebench.reference.batch import run_batch
from darebench.reference.diagnosis_misses import (
    WORKFLOW,
    Candidate,
    Columns,
    candidates,
    combine,
)
from darebench.reference.near_misses import Step
from darebench.sandbox.executor import Executor
from darebench.store.tables import read_table
from darebench.store.truth import read_settings
from darebench.types import Metric, Task, Truth

log = logging.getLogger(__name__)
TOGETHER = 12
"""Near misses that one program of the sandbox runs."""
MOST_PAIRS = 160
"""Most pairs of near misses that are tried for one answer."""
ROUND = 2 * TOGETHER
"""Pairs after which a look is taken whether one of them equals the answer."""
BUDGET_S = 60.0
"""Seconds of the sandbox for the single near misses of a task, and for the pairs of an answer."""
WORDS = {
    Step.READING: "reading missing values",
    Step.JOIN: "joining the lookup table",
    Step.FILTER: "filtering the rows",
    Step.RULES: "filtering the rows by each rule",
    Step.MISSING_ROWS: "keeping rows with missing values",
    Step.REPEATS: "dropping repeated rows",
    Step.TARGETS: "dropping rows without a target",
    Step.CLIP: "clipping",
    Step.MADE: "making columns",
    Step.FEATURES: "the selection of features",
    Step.KINDS: "the kinds of the columns",
    Step.ORDER: "the order of the features",
    Step.FITTING: "fitting to the training rows alone",
    Step.IMPUTER: "imputation",
    Step.SCALING: "scaling",
    Step.ENCODING: "encoding of categories",
    Step.LOG: "the logarithm of the target",
    Step.MODEL: "the model",
    Step.SEED: "the random_state",
}
"""Step -> how sentences call it."""
BY_COLUMN = (Step.FEATURES, Step.KINDS, Step.RULES)
"""Steps that have a near miss for each column."""
FOLLOWED = "It equals the reference: every step that the answer shows was followed."
CONSTANT = "It has the same value in every row, which does not show how it was made."
_SHOWN = 3
"""Most other near misses that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What an IF answer shows of the steps that were followed."""

    followed: bool
    """Whether it equals the reference."""
    sentence: str
    """What is known, for people."""
    steps: tuple[Step, ...] = ()
    """The steps of which one was the first not followed, in the order of the workflow: more than
    one where near misses of several steps equal the answer, none where no near miss does."""
    equals: tuple[str, ...] = ()
    """The near misses that it equals, as they follow "the reference"; of several, any may have been
    made."""
    nearest: str | None = None
    """Where it equals none: the one that is nearest, if it is nearer than the reference."""
    agreement: float | None = None
    """Share of the values in which the nearest near miss agrees."""
    reference_agreement: float | None = None
    """Share of the values in which the reference agrees."""
    tried: int = 0
    """References that it was compared with, beside the reference itself."""
    unseen: tuple[Step, ...] = ()
    """Steps that no answer to this task shows: doing them otherwise predicts the same."""

    @property
    def step(self) -> Step | None:
        """The first step not followed, if that is certain."""
        return self.steps[0] if len(self.steps) == 1 else None


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the documented JSON form."""
    return {**asdict(diagnosis), "step": diagnosis.step}


@cache
def rules_hash() -> str:
    """Return twelve hex digits of the rules by which answers are diagnosed."""
    names = ("workflow", "near_misses", "diagnosis_misses", "diagnosis", "answer_values")
    folder = files("darebench.reference")
    return fingerprint([folder.joinpath(f"{n}.py").read_text(encoding="utf-8") for n in names])


class Diagnosing:
    """The near misses of one IF task, each run once for all answers that are diagnosed."""

    def __init__(self, task: Task, truth: Truth, executor: Executor) -> None:
        self._task, self._truth, self._executor = task, truth, executor
        self._settings = read_settings(task)
        reference = read_values(truth.csv, truth)
        if reference is None:
            raise TaskFormatError(f"{task.id}: its reference cannot be compared with itself")
        self._reference = reference
        self._single: list[Candidate] = []
        self._values: dict[str, Values | None] = {}
        """Name of each candidate that has run -> what it predicts; None if that is nothing."""
        self._seconds = 0.0

    async def diagnose(self, prediction: bytes | None) -> Diagnosis:
        """Diagnose one answer.

        Raises:
            TaskFormatError: The task's tables cannot be used.
            SandboxFault: The sandbox failed, repeatedly.
        """
        values = None if prediction is None else read_values(prediction, self._truth)
        if values is None:
            why = "There is no prediction that can be compared with the reference."
            return Diagnosis(followed=False, sentence=why)
        own = gap_between(self._reference, values, self._reference)
        if own.equal:
            return Diagnosis(followed=True, sentence=FOLLOWED, reference_agreement=1.0)
        if are_constant(values):  # as many a careless workflow is, so that equality shows nothing
            agreement = own.agreement
            return Diagnosis(followed=False, sentence=CONSTANT, reference_agreement=agreement)
        if not self._single:
            self._single = await self._try_singles()
        compared = self._compared(self._single, values)
        if not any(gap.equal for _, gap in compared):
            compared += await self._try_pairs(compared, values)
        exact = self._truth.metric == Metric.EXACT_LABELS
        return conclude(compared, own, self._unseen(), are_labels=exact)

    async def _try_singles(self) -> list[Candidate]:
        """Run the single near misses; those of single columns only as far as there is time."""
        frame = read_table(self._task.source / self._settings.clean_train_file)
        n_values = {str(name): int(frame[name].nunique()) for name in frame}
        listed = candidates(
            self._task, self._settings, Columns(names=tuple(n_values), n_values=n_values)
        )
        general = [c for c in listed if c.steps[0] not in BY_COLUMN]
        await self._run(general)
        single = [c for c in listed if c.steps[0] in BY_COLUMN][: self._affordable()]
        await self._run(single)
        return [*general, *single]

    async def _try_pairs(
        self, compared: Sequence[tuple[Candidate, Gap]], values: Values
    ) -> list[tuple[Candidate, Gap]]:
        """Run pairs of near misses: those nearest to the answer first, those that are dull last.

        They are run in rounds, the last of which is that in which one equals the answer.
        """
        ordered = sorted(compared, key=lambda found: found[1].distance)
        ranked = sorted((c for c, _ in ordered), key=self._is_reference)
        near = sorted(combinations(range(len(ranked)), 2), key=lambda pair: (sum(pair), pair))
        # One of two steps may change so much alone that it is far away: the nearest with any other.
        by_rank = dict.fromkeys(chain(*zip(near, sorted(near), strict=True)))
        made = (combine(self._task, self._settings, ranked[a], ranked[b]) for a, b in by_rank)
        most = min(MOST_PAIRS, self._affordable())
        chosen = [*islice((c for c in made if c is not None), most)]
        found: list[tuple[Candidate, Gap]] = []
        for start in range(0, len(chosen), ROUND):
            part = chosen[start : start + ROUND]
            await self._run([c for c in part if c.name not in self._values])
            found += self._compared(part, values)
            if any(gap.equal for _, gap in found):
                break
        return found

    def _affordable(self) -> int:
        return int(BUDGET_S * len(self._values) / max(self._seconds, 1e-3))

    async def _run(self, chosen: Sequence[Candidate]) -> None:
        parts = [chosen[start : start + TOGETHER] for start in range(0, len(chosen), TOGETHER)]
        await asyncio.gather(*map(self._run_some, parts))

    async def _run_some(self, part: Sequence[Candidate]) -> None:
        try:
            runs = [(c.spec, c.needs) for c in part]
            answers, seconds = await run_batch(self._task, runs, self._executor)
        except TaskFormatError as error:  # one of them takes too much time or memory
            log.warning("%d near misses are left out: %s", len(part), error)
            self._values |= {c.name: None for c in part}
            return
        self._seconds += seconds
        for candidate, answer in zip(part, answers, strict=True):
            found = self._reference if answer.lacks else None
            if answer.content is not None:
                found = read_values(answer.content, self._truth)
            self._values[candidate.name] = found

    def _compared(self, chosen: Sequence[Candidate], values: Values) -> list[tuple[Candidate, Gap]]:
        found = ((c, self._values.get(c.name)) for c in chosen)
        return [(c, gap_between(v, values, self._reference)) for c, v in found if v is not None]

    def _is_reference(self, candidate: Candidate) -> bool:
        values = self._values[candidate.name]
        if values is None:
            return False
        return gap_between(self._reference, values, self._reference).equal

    def _unseen(self) -> tuple[Step, ...]:
        """Return the steps of which every near miss that has run predicts as the reference."""
        ran = [c for c in self._single if self._values.get(c.name) is not None]
        seen = {c.steps[0] for c in ran if not self._is_reference(c)}
        return tuple(step for step in WORKFLOW if step in {c.steps[0] for c in ran} - seen)


def conclude(
    compared: Sequence[tuple[Candidate, Gap]],
    own: Gap,
    unseen: tuple[Step, ...],
    *,
    are_labels: bool,
) -> Diagnosis:
    """Return what an answer that differs from the reference shows.

    Args:
        compared: What it was compared with, and how far it is from that.
        own: How far it is from the reference.
        unseen: Steps that no answer shows.
        are_labels: Whether the values are labels, else numbers.
    """
    equal = [c for c, gap in compared if gap.equal]
    known = {"unseen": unseen, "tried": len(compared), "reference_agreement": own.agreement}
    if equal:
        equal.sort(key=lambda c: (len(c.steps), WORKFLOW.index(c.steps[0])))
        steps = tuple(sorted({c.steps[0] for c in equal}, key=WORKFLOW.index))
        sentence, n_other = f"It equals the reference {equal[0].name}", len(compared) - len(equal)
        if len(equal) > 1:
            others = _listed([c.name for c in equal[1:]])
            sentence += f", and also {others}: it does not tell which of them was done"
        sentence += f"; it equals none of {n_other} other near misses that were tried"
        if len(steps) == 1:
            # Of many pairs one may be equal by chance, above all where there are few labels.
            since = ". If it was made so, the" if len(equal[0].steps) > 1 else ". The"
            sentence += f"{since} first step not followed is {WORDS[steps[0]]}"
        return Diagnosis(
            followed=False,
            sentence=f"{sentence}.",
            steps=steps,
            equals=tuple(c.name for c in equal),
            agreement=1.0,
            **known,
        )
    tried = f"It equals none of the {len(compared)} near misses of the reference that were tried"
    nearest, gap = min(compared, key=lambda found: found[1].distance, default=(None, own))
    if nearest is None or gap.distance >= own.distance:
        sentence = f"{tried}, and none of them is nearer than the reference, which "
        return Diagnosis(followed=False, sentence=sentence + _far(own, are_labels) + ".", **known)
    sentence = (
        f"{tried}. The nearest is the reference {nearest.name}, which {_far(gap, are_labels)}; the "
        f"reference itself {_far(own, are_labels)}. This does not show what was done."
    )
    return Diagnosis(
        followed=False,
        sentence=sentence,
        nearest=nearest.name,
        agreement=gap.agreement,
        **known,
    )


def _far(gap: Gap, are_labels: bool) -> str:
    if are_labels:
        return f"has the same label in {_percent(gap.agreement)} of the rows"
    return (
        f"has the same number in {_percent(gap.agreement)} of the rows and is "
        f"{gap.distance:.2g} standard deviations away on average"
    )


def _percent(share: float) -> str:
    """Return a share in percent that is never rounded to all or none of them."""
    shown = f"{100 * share:.1f}"
    if share not in (0.0, 1.0) and shown in ("0.0", "100.0"):
        return "less than 0.1 %" if share < 0.5 else "more than 99.9 %"
    return f"{shown} %"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
