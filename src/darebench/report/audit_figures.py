"""The figures of a store's audit as sentences, for the terminal and the page."""

from __future__ import annotations

from darebench.audit.naturalness.verdicts import Verdict
from darebench.audit.store_audit import Audit


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
