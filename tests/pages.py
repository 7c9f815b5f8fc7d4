"""What a page holds, and Chromium to look at it with."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape

import pytest

CHROMIUM = shutil.which("chromium")
NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
WIDE, NARROW = 1400, 420


def documents_in(page: str) -> dict[str, object]:
    """Return the documents of a page by name."""
    found = re.findall(r'<script type="text/plain" data-document="([^"]*)">([^<]*)</script>', page)
    return {
        unescape(name): json.loads(gzip.decompress(base64.b64decode(text))) for name, text in found
    }


@contextmanager
def chromium() -> Iterator:
    """Start Chromium for some tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def looked_at(browser, url: str, *, width: int = WIDE, scheme: str = "light") -> Iterator:
    """Open a page, and check at the end that nothing went wrong in it."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.goto(url)
    yield page
    context.close()
    assert not wrong


def slips(page) -> list[str]:
    """Return what axe finds against WCAG 2 AA, and what is wider than the window."""
    from axe_playwright_python.sync_playwright import Axe

    tags = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    found = Axe().run(page, options=tags).response["violations"]
    slips = [
        f"{v['id']}: {n['html'][:160]} {n['failureSummary']}" for v in found for n in v["nodes"]
    ]
    more = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return slips + ([f"{more} pixels wider than the window"] if more > 0 else [])
