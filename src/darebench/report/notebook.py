"""Runs and trainings in a notebook: the page of a report, in a frame of its own.

The frame may run the page's own code and nothing else: neither the notebook nor its cookies can be
reached from it. Its page is stored with the notebook, so that the texts of attempts are left out of
what holds many of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from urllib.parse import quote

from darebench.errors import ConfigError
from darebench.evals.evaluation import Run
from darebench.report.load import Results, none_of, read_paths
from darebench.report.page.curves_page import curves_page, is_training
from darebench.report.page.run_page import as_page
from darebench.report.render import with_truths

MOST_ATTEMPTS = 300
"""Attempts up to which their texts are in the page."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shown:
    """A page that a notebook shows in place of its value."""

    names: tuple[str, ...]
    html: str
    """The page, which can be written to a file as it is."""

    def __repr__(self) -> str:
        return f"<Shown {', '.join(self.names)}: {len(self.html) / 1e6:.1f} MB>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe sandbox="allow-scripts" allow="clipboard-write" srcdoc="{escape(self.html)}" '
            f'title="{escape(", ".join(self.names))}" '
            'style="width:100%;height:720px;border:1px solid #8888;border-radius:6px"></iframe>'
        )


def show(*runs: Run | Path | str, with_truth: bool = False) -> Shown:
    """Show runs or trainings in a notebook as `darebench view` does: scores, attempts, comparisons.

    Two runs open at their comparison. The texts of more than 300 attempts are left out.

    Args:
        runs: Runs, or folders of runs, or of training runs.
        with_truth: Set each prediction against the truth, for those who may see it.

    Raises:
        ConfigError: There is nothing to show, or one of them cannot be shown.
        StoreError: The store of a run is not there to read the truth from.
    """
    folders = [run.folder if isinstance(run, Run) else Path(run) for run in runs]
    if not folders:
        raise ConfigError("there is nothing to show; give runs, or their folders")
    if all(map(is_training, folders)):
        names = tuple(folder.name for folder in folders)
        return Shown(names=names, html=curves_page(folders))
    results = read_paths(list(dict.fromkeys(folders)))
    if results.left_out:
        raise ConfigError(none_of(folders, results.left_out))
    names = tuple(run.name for run in results.runs)
    if with_truth:
        results = replace(results, runs=tuple(map(with_truths, results.runs)))
    start = (
        "/".join(["#", "compare", *(quote(name, safe="") for name in names)])
        if len(names) == 2
        else ""
    )
    return Shown(names=names, html=as_page(results, with_texts=_is_small(results), start=start))


def _is_small(results: Results) -> bool:
    return sum(len(run.trajectories) for run in results.runs) <= MOST_ATTEMPTS
