"""The shelf: the documents of everything that lies at some paths, read anew when it changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from darebench.errors import DareError
from darebench.evals.attempts_file import Key
from darebench.report.load import LeftOut, LoadedRun, load_run, short_names
from darebench.report.page.audit_page import read_audit
from darebench.report.page.bundle import LIBRARIES, library
from darebench.report.page.comparison_documents import comparison_documents
from darebench.report.page.curation_documents import curation_documents, read_tables
from darebench.report.page.curves_page import curves
from darebench.report.page.documents import Documents
from darebench.report.page.index import empty_index
from darebench.report.page.run_documents import run_documents, run_entry
from darebench.report.page.store_documents import store_documents
from darebench.store.read import Store, open_store
from darebench.view.places import Kind, Place, find_places

log = logging.getLogger(__name__)
_OF_ALL = ("index", "scores", "ranking", "compare")
"""Documents that show several runs, which change with each of them."""


@dataclass(slots=True, kw_only=True)
class _Shown:
    """One place with what was read of it."""

    place: Place
    state: object
    content: Any


@dataclass(slots=True)
class Shelf:
    """What is shown now. `look` may be called from any thread, and `document` from many."""

    paths: Sequence[Path]
    with_truth: bool = False
    _shown: dict[Path, _Shown] = field(default_factory=dict)
    _left: list[LeftOut] = field(default_factory=list)
    _documents: Documents = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def document(self, name: str) -> object:
        """Make a document.

        Raises:
            KeyError: There is none of this name.
            DareError: It cannot be read any more.
        """
        return self._documents[name]()

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to show at the last look."""
        return not self._shown

    def look(self) -> list[str]:
        """Look whether anything has changed, and return the names of documents that have.

        A name stands for the documents below it, too.
        """
        with self._lock:
            places, left = find_places(self.paths)
            before = {path: shown.state for path, shown in self._shown.items()}
            self._shown = self._read(places, left)
            after = {path: shown.state for path, shown in self._shown.items()}
            if before == after and left == self._left:
                return []
            self._left = left
            self._documents = self._make()
            if [*before] != [*after]:
                return [*_OF_ALL, *map(str, Kind)]
            kinds = self._numbered()
            return [
                *_OF_ALL,
                *(
                    f"{kind}/{number}"
                    for kind, all_of in kinds.items()
                    for number, shown in enumerate(all_of)
                    if before[shown.place.path.resolve()] != shown.state
                ),
            ]

    def _read(self, places: Sequence[Place], left: list[LeftOut]) -> dict[Path, _Shown]:
        found: dict[Path, _Shown] = {}
        for place in places:
            key, state = place.path.resolve(), place.state
            known = self._shown.get(key)
            if known is not None and known.state == state:
                found[key] = known
                continue
            try:
                found[key] = _Shown(place=place, state=state, content=_READERS[place.kind](place))
            except (DareError, OSError) as error:
                reason = str(error).removeprefix(f"{place.path} ")
                left.append(LeftOut(path=str(place.path), reason=f"cannot be shown: {reason}"))
        return found

    def _numbered(self) -> dict[Kind, list[_Shown]]:
        return {kind: [s for s in self._shown.values() if s.place.kind is kind] for kind in Kind}

    def _make(self) -> Documents:
        """Return the documents of all that is shown; each is made when it is asked for."""
        kinds = self._numbered()
        names = {kind: short_names([s.place.called for s in kinds[kind]]) for kind in Kind}
        runs = [
            replace(shown.content, name=name)
            for shown, name in zip(kinds[Kind.RUN], names[Kind.RUN], strict=True)
        ]
        index = empty_index() | {
            "runs": [run_entry(run) for run in runs],
            "compared": True,
            "left_out": [asdict(item) for item in self._left],
        }
        found: dict[str, Callable[[], object]] = {"index": lambda: index}
        found |= run_documents(runs, truths_of if self.with_truth else None, diagnoses_of)
        found |= comparison_documents(runs)
        for kind in (Kind.STORE, Kind.CURATION, Kind.AUDIT, Kind.TRAINING):
            for number, (shown, name) in enumerate(zip(kinds[kind], names[kind], strict=True)):
                entry, documents = _MAKERS[kind](number, shown, name)
                index[f"{kind}s"].append({"name": name, **entry})
                found |= documents
        _join_curations(index)
        found |= {f"library/{name}": partial(library, name) for name in LIBRARIES}
        kept = ("scores", "ranking", "compare/")  # statistics of runs, which take their time
        return {n: cache(make) if n.startswith(kept) else make for n, make in found.items()}


def truths_of(run: LoadedRun, trajectories: Sequence[Any]) -> Mapping[Any, Any]:
    """Set predictions of a run against the truth, or say why that cannot be done."""
    from darebench.evals.against.of_run import run_against
    from darebench.evals.against.shape import AgainstTruth

    assert run.folder is not None
    try:
        return run_against(run.folder, run.config, trajectories)
    except DareError as error:
        return {
            Key(t.task, t.epoch): AgainstTruth(
                task=t.task, track=t.track, epoch=t.epoch, reason=f"The truth is not here: {error}."
            )
            for t in trajectories
            if t.score is not None
        }


def diagnoses_of(run: LoadedRun, trajectories: Sequence[Any]) -> Mapping[Any, Any]:
    """Return the diagnoses that the folder of a run holds; none if its store is not there."""
    from darebench.evals.diagnoses import kept_diagnoses

    assert run.folder is not None
    try:
        return kept_diagnoses(run.folder, run.config, trajectories)
    except DareError as error:
        log.warning("the diagnoses of %s are not shown: %s", run.name, error)
        return {}


def _join_curations(index: dict[str, Any]) -> None:
    """Name the store of each curation, where it is shown."""
    stores = {store["root"]: store["name"] for store in index["stores"]}
    for curation in index["curations"]:
        curation["store"] = stores.get(str(Path(curation["folder"]) / "store"))


def _open(folder: Path) -> Store:
    """Open a store, and load what reads its tables, so that the first click need not wait."""
    import pandas  # noqa: F401

    return open_store(folder)


def _of_store(number: int, shown: _Shown, name: str) -> tuple[dict[str, Any], Documents]:
    store: Store = shown.content
    entry = {"root": str(shown.place.path), "n_tasks": len(store.tasks)}
    return entry, store_documents(number, store)


def _of_curation(number: int, shown: _Shown, name: str) -> tuple[dict[str, Any], Documents]:
    folder = shown.place.path
    return {"folder": str(folder)}, curation_documents(number, shown.content)


def _of_audit(number: int, shown: _Shown, name: str) -> tuple[dict[str, Any], Documents]:
    return {"file": str(shown.place.path)}, {f"audit/{number}": lambda: shown.content}


def _of_training(number: int, shown: _Shown, name: str) -> tuple[dict[str, Any], Documents]:
    return {"folder": str(shown.place.path)}, {f"training/{number}": lambda: shown.content}


_READERS: Mapping[Kind, Callable[[Place], Any]] = {
    Kind.RUN: lambda place: load_run(place.path),
    Kind.STORE: lambda place: _open(place.path),
    Kind.CURATION: lambda place: read_tables(place.path),
    Kind.AUDIT: lambda place: read_audit(place.path),
    Kind.TRAINING: lambda place: curves(place.path),
}
_MAKERS = {
    Kind.STORE: _of_store,
    Kind.CURATION: _of_curation,
    Kind.AUDIT: _of_audit,
    Kind.TRAINING: _of_training,
}
