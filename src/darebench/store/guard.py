"""Guard what an agent gets: whole files of a dataset's `source/`, and no answer among them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from darebench.errors import TaskFormatError
from darebench.store import layout
from darebench.store.tables import check_whole


def guard(dataset: Path, names: Sequence[str]) -> None:
    """Check the files that a task names: their names, where they lead, and their first bytes.

    Raises:
        TaskFormatError: A file is missing or broken, or leads to what an agent may not see.
    """
    for name in names:
        path = layout.source_folder(dataset) / name
        if Path(name).name != name or not name.isprintable() or layout.is_hidden(name):
            raise TaskFormatError(f"needed file {name!r} is not one that an agent may see")
        if not path.is_file():
            raise TaskFormatError(f"{path} is missing; fetch the store again")
        if not _stays_in_source(path) or _is_answer(dataset, path):
            raise TaskFormatError(f"needed file {name!r} leads to one that no agent may see")
        check_whole(path)


def _stays_in_source(path: Path) -> bool:
    real = path.resolve()
    source = path.parent.resolve()
    if real.parent == source:
        return not layout.is_hidden(real.name)
    # The hub's cache keeps the contents in another folder, and links to them.
    repository = real.parent.parent
    return real.parent.name == "blobs" and source.is_relative_to(repository / "snapshots")


def _is_answer(dataset: Path, path: Path) -> bool:
    answers = layout.verify_folder(dataset)
    if not answers.is_dir():
        return False
    return any(path.samefile(answer) for answer in answers.iterdir() if answer.is_file())
