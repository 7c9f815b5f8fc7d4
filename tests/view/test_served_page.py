"""The page in Chromium: what is clicked, what changes by itself, and whether all can read it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from world import append, make_world

from darebench.sandbox.http.listen import listen_on, url_of
from darebench.view.app import build_app
from darebench.view.serve import PageServer
from darebench.view.shelf import Shelf
from pages import NARROW, NEEDS_CHROMIUM, WIDE, chromium, looked_at, slips
from runs import attempt

pytestmark = NEEDS_CHROMIUM


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("view"))


@pytest.fixture(scope="module")
def url(world) -> Iterator[str]:
    shelf = Shelf([world, world / "runs", world / "audit.json"])
    shelf.look()
    with listen_on("127.0.0.1", 0) as listening:
        server = PageServer(build_app(shelf, look_s=0.05))
        serving = threading.Thread(target=server.run, args=([listening],))
        serving.start()
        yield url_of(listening)
        server.should_exit = True
        serving.join()


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


def test_a_pair_is_compared_flips_first_and_opened_side_by_side(browser, url):
    with looked_at(browser, url) as page:
        page.get_by_role("link", name="Compare them").click()
        page.get_by_role("link", name="compare", exact=True).first.click()
        expect(page.locator("h1")).to_have_text("first and second")
        expect(page.locator(".warn").first).to_contain_text(
            "first: attempts without a score: 1 unscored, 1 missing"
        )
        first = page.locator(".row").first
        expect(first).to_contain_text("flipped")
        page.get_by_label("Only").select_option("a")
        expect(page.get_by_role("status")).to_contain_text("2 of 3 tasks")
        page.get_by_role("link", name="b_class/mm").click()
        expect(page.locator(".half")).to_have_count(2)
        expect(page.locator(".half .verdict").nth(1)).to_contain_text("Score 0.0 %")


def test_any_number_of_runs_is_a_matrix_with_a_ranking(browser, url):
    with looked_at(browser, f"{url}/#/compare") as page:
        expect(page.get_by_role("region", name="Ranking").locator("tbody tr")).to_have_count(3)
        expect(page.locator(".row")).to_have_count(6)
        page.locator(".row").filter(has_text="a_class/if").locator("a.cell").nth(1).click()
        expect(page.locator("h1")).to_contain_text("a_class/if")


def test_new_attempts_appear_by_themselves_and_filters_stay(browser, url, world):
    with looked_at(browser, f"{url}/#/run/second?track=reg-MM") as page:
        status = page.get_by_role("status")
        expect(status).to_have_text("0 of 3 attempts")
        append(world / "runs" / "second", attempt("d_reg/mm", 1, 0.25))
        expect(status).to_have_text("1 of 4 attempts")
        expect(page.locator(".row .score")).to_have_text("25.0 %")
        assert page.url.endswith("?track=reg-MM")


def test_a_store_is_searched_and_a_task_shows_its_files(browser, url):
    with looked_at(browser, f"{url}/#/store/curation") as page:
        page.get_by_label("Text in questions").fill("no such words")
        expect(page.get_by_role("status")).to_have_text("0 of 1 task")
        page.get_by_label("Text in questions").fill("learned from")
        page.locator(".row a").click()
        expect(page.get_by_role("region", name="First rows of train_v2.csv")).to_contain_text(
            "<b>u</b>"
        )


def test_a_curation_says_why(browser, url):
    with looked_at(browser, f"{url}/#/curation/curation") as page:
        page.get_by_label("Became").select_option("refused")
        expect(page.get_by_role("status")).to_have_text("1 of 2 tables")
        expect(page.locator(".row")).to_contain_text("75 are needed")
        page.get_by_label("Became").select_option("kept")
        page.get_by_role("link", name="houses").click()
        expect(page.get_by_role("region", name="Targets")).to_contain_text("5 points")


PAGES = {
    "#/": "table",
    "#/run/first": ".row",
    "#/run/first/d_reg%2Fmm/1": ".t-string",
    "#/compare": ".row",
    "#/compare/first/second": ".row",
    "#/compare/first/second/a_class%2Fmm/1": ".half",
    "#/store/curation": ".row",
    "#/store/curation/houses_reg%2Fmm": "[aria-label^=First]",
    "#/curation/curation": ".row",
    "#/curation/curation/houses": "[aria-label=Columns]",
    "#/audit/audit.json": "svg[role=img]",
    "#/training/training": "svg[role=img]",
    "#/run/gone": "[role=alert]",
}
"""Place -> what is there when it is shown."""


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "dark"), (NARROW, "light")])
def test_every_page_can_be_read_by_everybody(browser, url, width, scheme):
    found = {}
    with looked_at(browser, url, width=width, scheme=scheme) as page:
        page.locator("main table").first.wait_for()
        for place, sign in PAGES.items():
            page.evaluate(
                "place => { document.querySelector('main').replaceChildren(); location.hash = place }",
                place,
            )
            page.locator(sign).first.wait_for()
            found[place] = slips(page)
    assert not {place: slips for place, slips in found.items() if slips}
