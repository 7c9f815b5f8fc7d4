"""A page with its data inside: one file that works from a disk and asks for nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from darebench.cores import usable_cores
from darebench.report.page.bundle import LIBRARIES, library, shell
from darebench.report.page.documents import Documents, packed


def static_page(title: str, documents: Documents, *, start: str = "") -> str:
    """Return the page that holds some documents; the same ones give the same bytes.

    Documents are made in threads, since most of the time is spent on compressing them. The page
    opens at `start`, a fragment such as `#/compare`, or at its first page.
    """
    libraries = {f"library/{name}": partial(library, name) for name in LIBRARIES}
    everything = {**documents, **libraries}
    with ThreadPoolExecutor(usable_cores()) as pool:
        texts = pool.map(lambda make: packed(make()), everything.values())
        packed_ones = zip(everything, texts, strict=True)
        return shell(f"{title} · darebench", packed_ones, start=start).html
