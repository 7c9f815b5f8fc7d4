"""A page with its data inside: one file that works from a disk and asks for nothing."""

from __future__ import annotations

from functools import partial

from darebench.report.page.bundle import LIBRARIES, library, shell
from darebench.report.page.documents import Documents, packed


def static_page(title: str, documents: Documents) -> str:
    """Return the page that holds some documents; the same ones give the same bytes."""
    libraries = {f"library/{name}": partial(library, name) for name in LIBRARIES}
    made = ((name, packed(make())) for name, make in {**documents, **libraries}.items())
    return shell(f"{title} · darebench", made).html
