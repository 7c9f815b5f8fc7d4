"""Leaves out rows that are not data: blank lines, remarks, repeated headers, footers and totals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from darebench.curate.reading.cells import is_value
from darebench.curate.reading.evidence import Header, LeftOut

_LAST_ROWS = 30
"""Rows at the end among which footers and totals are looked for."""
_TOTAL = re.compile(
    r"\W*((grand|sub|over)[ -]?)?(totals?|all|sum|average|avg|mean|median|count|summe|"
    r"gesamt(summe)?|insgesamt|durchschnitt|mittelwert|somme|moyenne|totale|media|suma|promedio|totaal|итого|всего|合计|总计|合計|計)"
    r"\b.{0,25}",
    re.I,
)


class Leftovers:
    """Counts what is left out of a table while its chunks pass by."""

    def __init__(self, names: Sequence[str], comment: str = "") -> None:
        self._names = [str(name) for name in names]
        self._comment = comment
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    @property
    def found(self) -> tuple[LeftOut, ...]:
        """Everything that was left out."""
        return tuple(
            LeftOut(what=what, count=n, example=self._examples.get(what, ""))
            for what, n in self._counts.items()
        )

    def add(self, what: str, count: int, example: str = "") -> None:
        """Count rows that were left out elsewhere."""
        if count:
            self._counts[what] += count
            self._examples.setdefault(what, example)

    def add_above(self, rows: Sequence[Sequence[str]], header: Header) -> None:
        """Count what stands above the header, and between it and the data.

        Args:
            rows: The first rows of the table, the blank ones among them as empty lists.
            header: Where names and rows start.
        """
        end = header.first if header.row is None else header.row
        titles = [", ".join(filter(None, row)) for row in rows[:end] if row]
        self.add("title row", len(titles), titles[0] if titles else "")
        if header.row is not None:
            self.add("unit row", header.first - header.row - 1)

    def clear(self, chunks: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Yield the chunks without what is not data; the last two are one, to see the end."""
        before: pd.DataFrame | None = None
        for chunk in chunks:
            if before is not None and len(chunk) > _LAST_ROWS:
                yield before
                before = None
            plain = self._within(chunk)
            before = plain if before is None else pd.concat([before, plain], ignore_index=True)
        if before is not None:
            yield self._at_end(before)

    def _within(self, chunk: pd.DataFrame) -> pd.DataFrame:
        """Leave out blank rows, remarks and headers that recur."""
        first = chunk.iloc[:, 0]
        out = np.zeros(len(chunk), dtype=bool)
        doubtful = np.flatnonzero(first.isna().to_numpy())
        if len(doubtful):
            blank = chunk.iloc[doubtful].isna().all(axis=1).to_numpy()
            out[doubtful[blank]] = True
            self.add("blank row", int(blank.sum()))
        if first.dtype.kind not in "OTUS" and not pd.api.types.is_string_dtype(first):
            return chunk[~out] if out.any() else chunk
        if self._comment:
            remarks = first.str.startswith(self._comment, na=False).to_numpy(bool)
            self._count("comment line", chunk, remarks & ~out)
            out |= remarks
        if self._names and self._names[0]:
            again = np.flatnonzero((first == self._names[0]).to_numpy(bool))
            same = [i for i in again if [str(v) for v in chunk.iloc[i]] == self._names]
            self._count("repeated header", chunk, np.isin(np.arange(len(chunk)), same))
            out[same] = True
        return chunk[~out] if out.any() else chunk

    def _count(self, what: str, chunk: pd.DataFrame, rows: np.ndarray) -> None:
        if rows.any():
            self.add(what, int(rows.sum()), _shown(chunk.iloc[int(np.flatnonzero(rows)[0])]))

    def _at_end(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Leave out footers and totals from the end upwards."""
        if len(frame) < 5 or frame.shape[1] < 2:
            return frame
        above = frame.iloc[: max(4, len(frame) - _LAST_ROWS)].iloc[-2_000:]
        usual = above.notna().mean()
        whole = [name for name in frame.columns if usual[name] > 0.95]
        keep = len(frame)
        while keep > max(4, len(frame) - _LAST_ROWS):
            row = frame.iloc[keep - 1]
            what = _kind(row, frame, above, whole)
            if not what:
                break
            self.add(what, 1, _shown(row))
            keep -= 1
        return frame.iloc[:keep]


def _kind(row: pd.Series, frame: pd.DataFrame, above: pd.DataFrame, whole: Sequence) -> str:
    """Name what a row at the end is; empty for data."""
    filled = row.dropna()
    if filled.empty:
        return "blank row"
    texts = [cell for cell in filled if isinstance(cell, str)]
    label = next((text for text in texts if not is_value(text)), "")
    if label and _TOTAL.fullmatch(label):
        place = next(name for name in filled.index if filled[name] == label)
        if (above[place] == label).sum() == 0:
            return "total row"
    n_holes = sum(pd.isna(row[name]) for name in whole)
    if len(whole) >= 2 and n_holes >= 0.5 * len(whole):
        if label and len(filled) <= 0.5 * len(whole):
            return "footer row"
        if _is_sum(row, frame):
            return "total row"
    return ""


def _is_sum(row: pd.Series, frame: pd.DataFrame) -> bool:
    """Check whether the last row holds the sums of columns above it."""
    if len(frame) > 10_000:
        return False
    for name in row.dropna().index:
        numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
        total, rest = numbers[-1], np.nansum(numbers[:-1])
        if np.isfinite(total) and total and abs(total - rest) <= 1e-6 * abs(rest):
            return True
    return False


def _shown(row: pd.Series) -> str:
    return ", ".join(str(cell) for cell in row.dropna())[:60]
