"""A page with its data inside: one file that works from a disk and asks for nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

from darebench.cores import usable_cores
from darebench.report.page.bundle import LIBRARIES, library, shell
from darebench.report.page.documents import Documents, packed


def static_page(title: str, documents: Documents) -> str:
    """Return the page that holds some documents; the same ones give the same bytes.

    Documents are made in threads, since most of the time is spent on compressing them.
    """
    libraries = {f"library/{name}": partial(library, name) for name in LIBRARIES}
    everything = {**documents, **libraries}
    with ThreadPoolExecutor(usable_cores()) as pool:
        texts = pool.map(lambda make: packed(make()), everything.values())
        return shell(f"{title} · darebench", zip(everything, texts, strict=True)).html
