"""Runs as a page: one file with their tables, and every attempt with all that it said and did."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from darebench.files import written_whole
from darebench.report.load import Results, load_run
from darebench.report.page.comparison_documents import comparison_documents
from darebench.report.page.documents import Documents
from darebench.report.page.index import empty_index
from darebench.report.page.run_documents import run_documents, run_entry
from darebench.report.page.static_page import static_page

PAGE = "report.html"
MOST_COMPARED = 8
"""Most runs of a page that holds the comparison of every pair."""


def write_page(folder: Path) -> Path:
    """Write the page of a run into its folder, and return its path.

    Raises:
        ConfigError: The folder is not a run folder.
    """
    path = folder / PAGE
    with written_whole(path) as part:
        part.write_text(as_page(Results(runs=(load_run(folder),))), encoding="utf-8")
    return path


def as_page(results: Results, *, with_texts: bool = True, start: str = "") -> str:
    """Render runs as a page; the same runs give the same bytes.

    Args:
        results: The runs.
        with_texts: Whether the page holds the messages and calls of attempts.
        start: Place in the page that it opens at; its first page without one.
    """
    index = empty_index() | {
        "runs": [run_entry(run) for run in results.runs],
        "compared": len(results.runs) <= MOST_COMPARED,
        "left_out": [asdict(item) for item in results.left_out],
    }
    of_runs = run_documents(results.runs, with_texts=with_texts)
    documents: Documents = {"index": lambda: index, **of_runs}
    if index["compared"]:
        documents = {**documents, **comparison_documents(results.runs)}
    return static_page(", ".join(run.name for run in results.runs), documents, start=start)
