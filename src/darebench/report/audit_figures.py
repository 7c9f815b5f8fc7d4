"""The figures of a store's audit as sentences and bars, for the terminal and the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from darebench.audit.naturalness.verdicts import Verdict
from darebench.audit.store_audit import Audit
from darebench.audit.store_figures import BINS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart."""

    name: str
    share: float
    """Its length, in [0, 1]."""
    text: str
    """What stands beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars under a title."""

    title: str
    note: str
    bars: tuple[Bar, ...]


def store_facts(audit: Audit) -> dict[str, str]:
    """Return what a store is like, as name and text, for what could be measured."""
    figures, facts = audit.figures, dict[str, str]()
    n_targets = sum(figures.verdicts.values())
    if n_targets:
        wanted = sum(n for v, n in figures.verdicts.items() if Verdict(v).is_wanted)
        facts["natural or sensible"] = (
            f"{wanted / n_targets:.0%} of {n_targets} targets, by the audit's own rules"
        )
    d = figures.distinctness
    facts["distinct"] = (
        f"{d.n_datasets} datasets of {d.n_tables} tables count as {d.effective:.1f}; "
        f"{d.n_alike} of {d.n_pairs} pairs of targets of one table are alike"
        + (f", {d.n_unknown} could not be compared" if d.n_unknown else "")
    )
    for track, wording in figures.wording.items():
        said = [
            f"{wording.n_questions} questions of {wording.n_words} words in "
            f"{wording.n_paragraphs} paragraph{'s' if wording.n_paragraphs > 1 else ''}"
        ]
        if wording.repetition is not None:
            said.append(f"{wording.repetition:.2f} of the 5-grams recur in a tenth of the others")
        if wording.described is not None:
            said.append(
                f"{wording.described:.0%} of the columns are called by what they mean, "
                f"{wording.unnamed:.0%} never by their name"
            )
        if wording.long_numbers:
            said.append(f"{wording.long_numbers:.0%} have a number of ten digits or more")
        facts[f"wording, {track}"] = "; ".join(said)
    if figures.refused is not None:
        r = figures.refused
        facts["refused"] = (
            f"{r.n_refused} targets, {r.n_likely} of them likely ones; "
            f"{r.n_tables_lost} tables gave nothing although they have one"
        )
    for name, (score, blind) in figures.agents.items():
        facts[f"agent {name}"] = f"scores {score:.2f}, with shuffled training {blind:.2f}"
    return facts


def store_charts(audit: Audit) -> list[Chart]:
    """Return the charts of a store, those without anything to show left out."""
    return [chart for chart in _charts(audit) if chart.bars]


def _charts(audit: Audit) -> Iterator[Chart]:
    figures = audit.figures
    yield Chart(
        title="What the targets are",
        note="By rules of the audit's own, from names, descriptions and data.",
        bars=_counted({str(v): figures.verdicts.get(str(v), 0) for v in Verdict}),
    )
    for track, counts in figures.rooms.items():
        names = [f"{k / BINS:.1f} to {(k + 1) / BINS:.1f}" for k in range(BINS)]
        yield Chart(
            title=f"Headroom of {track}",
            note="Tasks by what a quick model scores over the best naive answer.",
            bars=_counted(dict(zip(names, counts, strict=True))),
        )
    if figures.refused is not None:
        yield Chart(
            title="Why likely targets were refused",
            note="By the ledger beside the store.",
            bars=_counted(dict(list(figures.refused.by_reason.items())[:12])),
        )
    yield Chart(
        title="Agents without a language model",
        note="Mean scores; blind is with every training column shuffled on its own.",
        bars=tuple(
            Bar(name=label, share=value, text=f"{value:.2f}")
            for name, (score, blind) in figures.agents.items()
            for label, value in ((name, score), (f"{name}, blind", blind))
        ),
    )


def _counted(counts: Mapping[str, int]) -> tuple[Bar, ...]:
    most = max(counts.values(), default=0)
    if not most:
        return ()
    return tuple(Bar(name=name, share=n / most, text=str(n)) for name, n in counts.items())
