"""The documents of comparisons: two runs beside each other, and the ranking of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import combinations

from darebench.errors import ConfigError
from darebench.evals.comparison import compare_runs, rank_runs
from darebench.report.comparison_tables import comparison_json, ranking_json
from darebench.report.load import LoadedRun
from darebench.report.page.documents import Documents


def comparison_documents(runs: Sequence[LoadedRun]) -> Documents:
    """Return the documents of every pair of runs, the earlier one first, and of all together."""
    found: dict[str, Callable[[], object]] = {}
    for a, b in combinations(range(len(runs)), 2):
        found[f"compare/{a}-{b}"] = partial(_pair, runs[a], runs[b])
    if len(runs) > 2:
        found["ranking"] = partial(_ranking, runs)
    return found


def _pair(a: LoadedRun, b: LoadedRun) -> object:
    try:
        return comparison_json(a, b, compare_runs(a, b))
    except ConfigError as error:  # they share no task: the page says so
        return {"problem": str(error)}


def _ranking(runs: Sequence[LoadedRun]) -> object:
    try:
        return ranking_json(runs, rank_runs(runs))
    except ConfigError as error:
        return {"problem": str(error)}
