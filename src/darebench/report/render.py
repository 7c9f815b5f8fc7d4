"""Render runs in any of the formats of the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from darebench.errors import ConfigError
from darebench.report.formats import FORMATS
from darebench.report.load import LeftOut, LoadedRun, Results, none_of, read_paths
from darebench.report.page.curves_page import curves_page, is_training
from darebench.report.prices import price_of, read_prices
from darebench.report.tables import check_names
from darebench.types import Progress

WITH_ATTEMPTS = ("html", "json")
"""The formats that hold every attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A rendered report, and what its reader has to know beside it."""

    text: str
    shown: tuple[Path, ...]
    """The folders that it shows."""
    left_out: tuple[LeftOut, ...] = ()
    unfinished: tuple[LoadedRun, ...] = ()
    """Runs of which attempts are missing."""

    @property
    def notes(self) -> list[str]:
        """A sentence for each path that is left out and each run that is not finished."""
        left = [f"left out: {item.path} {item.reason}" for item in self.left_out]
        return left + [
            f"unfinished: {run.name}: {len(run.trajectories)} of {run.expected} attempts have "
            f"ended, {run.missing} missing"
            for run in self.unfinished
        ]


def render(
    paths: Sequence[Path],
    form: str,
    *,
    with_truth: bool = False,
    diagnose: bool = False,
    tables: Sequence[str] = (),
    prices: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Render the runs among some paths in one of `FORMATS`, and say what is left out.

    Training runs are rendered as a page of curves, if there are no other runs.

    Args:
        paths: Run folders.
        form: Name of the format.
        with_truth: Set each prediction against the truth, for those who may see it.
        diagnose: Find out which step each IF attempt did not follow, in the sandbox.
        tables: Names of the tables to show, of `darebench.report.tables.TABLES`; all without one.
        prices: TOML file with the prices of models, of which a table of costs is made.
        progress: Progress callback.

    Raises:
        ConfigError: The format is unknown, none of the paths can be shown in it, or it does not
            hold the truth that it is asked for.
        StoreError: The store of a run is not there to read the truth from.
    """
    if form not in FORMATS:
        raise ConfigError(f"unknown format {form!r}; use one of {', '.join(FORMATS)}")
    results = read_paths(paths)
    if not results.runs:
        return _curves(paths, results) if form == "html" else _nothing(paths, results)
    if with_truth and form not in WITH_ATTEMPTS:
        raise ConfigError(f"--with-truth needs --format {' or '.join(WITH_ATTEMPTS)}")
    if tables and form == "html":
        raise ConfigError("--table is for the other formats; a page has all tables")
    check_names(tables)
    results = replace(results, tables=tuple(dict.fromkeys(tables)))
    if prices is not None:
        known = read_prices(prices)
        results = _each(results, lambda run: replace(run, price=price_of(run.model, known)))
    if with_truth:
        results = _each(results, partial(with_truths, progress=progress))
    if diagnose:
        results = _each(results, partial(_diagnosed, progress=progress))
    return Report(
        text=FORMATS[form].write(results),
        shown=tuple(run.folder for run in results.runs if run.folder is not None),
        left_out=results.left_out,
        unfinished=tuple(run for run in results.runs if run.missing),
    )


def _each(results: Results, change: Callable[[LoadedRun], LoadedRun]) -> Results:
    return replace(results, runs=tuple(map(change, results.runs)))


def with_truths(run: LoadedRun, progress: Progress | None = None) -> LoadedRun:
    """Return a run with its predictions set against the truth.

    Raises:
        ConfigError: The store is no longer what the run was made over.
        StoreError: The store is not there.
    """
    from darebench.evals.against.of_run import run_against

    if run.folder is None:
        return run
    shown = partial(progress, f"truth of {run.name}") if progress else None
    found = run_against(run.folder, run.config, run.trajectories, on_done=shown)
    return replace(run, against=found)


def _diagnosed(run: LoadedRun, progress: Progress | None) -> LoadedRun:
    from darebench.evals.diagnoses import run_diagnoses

    if run.folder is None:
        return run
    shown = partial(progress, f"diagnoses of {run.name}") if progress else None
    found = run_diagnoses(run.folder, run.config, run.trajectories, on_done=shown)
    return replace(run, diagnoses=found)


def _curves(paths: Sequence[Path], results: Results) -> Report:
    training = tuple(dict.fromkeys(path for path in paths if is_training(path)))
    if not training:
        return _nothing(paths, results)
    left = tuple(item for item in results.left_out if Path(item.path) not in training)
    return Report(text=curves_page(training), shown=training, left_out=left)


def _nothing(paths: Sequence[Path], results: Results) -> Report:
    raise ConfigError(none_of(paths, results.left_out))
