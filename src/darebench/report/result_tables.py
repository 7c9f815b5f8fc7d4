"""Tables of what runs scored, how they failed and what they took: rows of text from figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from darebench.reference.diagnosis import WORDS
from darebench.report.cells import UNKNOWN, Number, count, number
from darebench.report.figures import ALL, Figure, Group, by_track, failure_metric, overall
from darebench.report.load import LoadedRun
from darebench.report.table import ReportTable
from darebench.types import CallStatus, Failure, Track, Trajectory

INTERVAL = (
    "Percent [95 % interval]: t with clusters - 1 degrees of freedom, where a cluster is a source "
    "dataset."
)
_LEFT_OUT = "Unscored attempts failed through no fault of the agent and are not in the means"
_COUNTS = ("attempts", "unscored", "missing")
_EXAMPLE_WIDTH = 160
"""Most characters of an example in a table; the page has the whole message."""


def main_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the main table: the mean score of each track with its interval, in percent."""
    named = [(run.name, run) for run in runs]
    return _score_table("Scores", "run", named, f"{_LEFT_OUT}; missing ones have not been made.")


def sensitivity_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the scores of each track by budget, in percent: turns, and seconds of a call."""
    models = {run.model for run in runs}
    named = [
        (budget_text(run) if len(models) == 1 else f"{run.model}, {budget_text(run)}", run)
        for run in runs
    ]
    return _score_table("Scores by budget", "turns x seconds", named, f"{_LEFT_OUT}.")


def budget_text(run: LoadedRun) -> str:
    """Return the budget of a run: turns, and seconds of a call."""
    asked = run.config.get("config", {})
    known = [asked.get("turns", UNKNOWN), asked.get("seconds", UNKNOWN)]
    return " x ".join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in known) + " s"


def budgets_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the sensitivity table where runs have different budgets; else one without rows."""
    differ = len({*map(budget_text, runs)}) > 1
    return sensitivity_table(runs if differ else ())


def _score_table(
    title: str, first: str, named: Iterable[tuple[str, LoadedRun]], note: str
) -> ReportTable:
    """Return the mean scores of runs, a row for each; `first` heads the column of their names."""
    rows, shown = [], []
    for name, run in named:
        groups = by_track(run)
        scores = [groups[n].figures["score"] if n in groups else None for n in (*Track, ALL)]
        shown += scores
        rows.append((name, *map(score_cell, scores), *_counts(groups[ALL])))
    return ReportTable(
        title=title,
        note="\n".join([f"{INTERVAL} {note}", *footnotes(shown)]),
        columns=(first, *Track, ALL, *_COUNTS),
        rows=tuple(rows),
    )


def track_table(run: LoadedRun) -> ReportTable:
    """Return the main table of one run, a row for each track."""
    groups = by_track(run)
    rows = [
        (
            name,
            score_cell(group.figures["score"]),
            count(group.n_tasks),
            *(_shown(group.figures[m]) for m in ("attempts", "answered", "unscored")),
        )
        for name, group in groups.items()
    ]
    scores = [group.figures["score"] for group in groups.values()]
    return ReportTable(
        title=run.name,
        note="\n".join([f"{INTERVAL} {_LEFT_OUT}.", *footnotes(scores)]),
        columns=("track", "score", "tasks", "attempts", "answered", "unscored"),
        rows=tuple(rows),
    )


def failure_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return how many scored attempts failed in which way; ways that do not occur are left out."""
    groups = [overall(run) for run in runs]
    seen = [f for f in Failure if any(g.figures[failure_metric(f)].value for g in groups)]
    metrics = [failure_metric(failure) for failure in (*seen, None)]
    return ReportTable(
        title="Failures",
        note="Scored attempts by what ended them or what they left.",
        columns=("run", *(f.replace("_", " ") for f in seen), "none", *_COUNTS),
        rows=tuple((g.run, *(_shown(g.figures[m]) for m in metrics), *_counts(g)) for g in groups),
    )


def zero_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return why attempts scored 0, with the first attempt of each reason."""
    rows = [
        (run.name, reason, count(n), example)
        for run in runs
        for reason, n, example in zero_reasons(zeros_of(run.trajectories))
    ]
    return ReportTable(
        title="Scores of 0",
        note="Why scored attempts got 0, by the reason's code.",
        columns=("run", "reason", "attempts", "for example"),
        rows=tuple(rows),
    )


def steps_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return which step IF attempts did not follow first, of the runs that were diagnosed."""
    rows = []
    for run in runs:
        found = run.diagnoses.values()
        steps = Counter(WORDS[d.step] for d in found if d.step)
        several = sum(len(d.steps) > 1 for d in found)
        unknown = sum(not d.followed and not d.steps for d in found)
        rest = {"one of several steps": several, "not known": unknown}
        rest["all followed"] = sum(d.followed for d in found)
        ordered = sorted(steps.items(), key=lambda item: (-item[1], item[0]))
        rows += [(run.name, name, count(n)) for name, n in [*ordered, *rest.items()] if n]
    return ReportTable(
        title="Steps not followed",
        note="Diagnosed IF attempts by the first step that was not followed, as near misses of the "
        "reference show it.",
        columns=("run", "first step not followed", "attempts"),
        rows=tuple(rows),
    )


def effort_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return what attempts took: calls and how they ended, seconds and tokens."""
    groups = [overall(run) for run in runs]
    failed = [s for s in CallStatus if s != CallStatus.OK]
    failed = [s for s in failed if any(g.figures[f"calls_{s}"].value for g in groups)]
    means = {
        "calls": ("calls_per_attempt", 1),
        **{f"calls: {status}, %": (f"calls_{status}", 1) for status in failed},
        "attempts with a failed call": ("with_failed_call", 0),
        "of them recovered": ("recovered", 0),
        "seconds": ("seconds_per_attempt", 1),
        "in the model": ("model_seconds_per_attempt", 1),
        "in the tool": ("tool_seconds_per_attempt", 1),
        "in the queue": ("queue_seconds_per_attempt", 1),
        "input tokens": ("input_tokens_per_attempt", 0),
        "output tokens": ("output_tokens_per_attempt", 0),
        "performance, %": ("performance", 1),
    }
    return ReportTable(
        title="Effort",
        note="Calls, seconds and tokens are means per attempt; seconds do not include the queue. "
        "Attempts with a failed call recovered if they left a prediction that could be compared. "
        "Performance is the mean score of modelling attempts that did.",
        columns=("run", *means, *_COUNTS),
        rows=tuple(
            (g.run, *(_shown(g.figures[m], d) for m, d in means.values()), *_counts(g))
            for g in groups
        ),
    )


def strict_table(runs: Sequence[LoadedRun]) -> ReportTable:
    """Return the scores by the public release's rule."""
    rows = []
    for run in runs:
        groups = by_track(run)
        cells = [
            _shown(groups[name].figures["strict_score"], 1) if name in groups else UNKNOWN
            for name in Track
        ]
        found = groups[ALL]
        rows.append((run.name, *cells, _shown(found.figures["strict_no_answer"]), *_counts(found)))
    return ReportTable(
        title="By the public release's rule",
        note="Percent; attempts for which that rule has no answer count 0.",
        columns=("run", *Track, "no answer", *_COUNTS),
        rows=tuple(rows),
    )


def score_cell(score: Figure | None) -> Number:
    """Return a score in percent with its interval, or with the mark of its footnote."""
    if score is None or score.value is None:
        return Number(value=None, text=UNKNOWN)
    if score.low is None or score.high is None:
        return Number(value=score.value, text=f"{score.value:.1f}{_MARK if score.note else ''}")
    text = f"{score.value:.1f} [{score.low:.1f}–{score.high:.1f}]"
    return Number(value=score.value, text=text, low=score.low, high=score.high)


def zero_reasons(zeros: Iterable[tuple[str, str, str]]) -> list[tuple[str, int, str]]:
    """Return each reason for a score of 0 with how often it is given and an example.

    Args:
        zeros: Of each score of 0, the reason's code, the task and the reason's message.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for code, task, message in zeros:
        found[code].append(f"{task}: {_cut(message)}" if message else task)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(code.replace("_", " "), len(examples), examples[0]) for code, examples in ordered]


def zeros_of(attempts: Iterable[Trajectory]) -> Iterator[tuple[str, str, str]]:
    """Yield the reason's code, the task and the reason's message of each score of 0."""
    for t in attempts:
        if t.score == 0.0:
            code, message = (t.reason.code, t.reason.message) if t.reason else ("not recorded", "")
            yield code, t.task, message


def footnotes(scores: Iterable[Figure | None]) -> Iterator[str]:
    """Yield what the mark of `score_cell` means, if it stands anywhere."""
    notes = {s.note for s in scores if s and s.value is not None and s.low is None and s.note}
    if notes:
        yield f"{_MARK} {'; '.join(sorted(notes))}."


_MARK = "*"


def _counts(group: Group) -> tuple[Number, ...]:
    return tuple(_shown(group.figures[name]) for name in _COUNTS)


def _shown(figure: Figure, digits: int = 0) -> Number:
    return number(figure.value, f".{digits}f")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EXAMPLE_WIDTH else f"{line[: _EXAMPLE_WIDTH - 1]}…"
