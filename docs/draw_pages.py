"""Take the pictures of pages in `docs/pictures`: `python docs/draw_pages.py`, from the repository.

Two agents without a language model play the starter store, which takes some minutes at first.
Chromium and the development environment are needed.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from darebench.evals.run import EvalConfig, evaluate
from darebench.report.render import render

PICTURES = Path(__file__).parent / "pictures"
PLACES = {
    "compare": "#/compare/baseline/trivial",
    "attempt": "#/run/baseline/diabetes_reg%2Fmm/1",
    "side-by-side": "#/compare/baseline/trivial/iris_class%2Fif/1",
}
"""Picture -> the place in the page."""
WIDTH, HEIGHT = 1200, 820


def main() -> None:
    """Play, write the page, and take the pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as player:
        folders = [Path(place, name) for name in ("baseline", "trivial")]
        for folder in folders:
            evaluate(EvalConfig(model=folder.name), out=folder)
        page = Path(place, "page.html")
        page.write_text(render(folders, "html", with_truth=True).text, encoding="utf-8")
        browser = player.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        shown = browser.new_page()
        shown.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        for name, place_in_page in PLACES.items():
            shown.goto("about:blank")
            shown.goto(page.as_uri() + place_in_page)
            shown.wait_for_timeout(1000)
            shown.screenshot(path=PICTURES / f"{name}.jpg", type="jpeg", quality=70)
        browser.close()


if __name__ == "__main__":
    main()
