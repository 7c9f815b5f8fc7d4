"""The page of a run: one file, which hostile text cannot break."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import expect

from darebench.evals.against.shape import (
    AgainstTruth,
    Entity,
    Forecast,
    History,
    Labels,
    Numbers,
    Row,
    Series,
    Target,
    TimeKind,
)
from darebench.evals.attempts_file import Key
from darebench.evals.run_folder import Place
from darebench.reference.diagnosis import Diagnosis
from darebench.reference.near_misses import Step
from darebench.report.load import Results, load_run
from darebench.report.page import run_documents
from darebench.report.page.attempt_document import LIMIT
from darebench.report.page.bundle import LIBRARIES
from darebench.report.page.run_page import as_page, write_page
from darebench.types import CallRecord, CallStatus, Message, Role, Track
from pages import NARROW, NEEDS_CHROMIUM, WIDE, chromium, documents_in, looked_at, slips
from runs import HOSTILE, attempt, example, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return example(tmp_path_factory.mktemp("page") / "run")


@pytest.fixture(scope="module")
def page(run) -> str:
    return write_page(run).read_text(encoding="utf-8")


def test_the_page_is_one_file_that_asks_for_nothing(run, page):
    assert write_page(run).read_text(encoding="utf-8") == page
    assert "default-src 'none'" in page
    assert "unsafe" not in page.partition("<title>")[0]
    without_data = re.sub(r'<script type="text/plain".*?</script>', "", page, flags=re.DOTALL)
    assert not re.search(r"<[^>]*(?:src|href)\s*=|url\(|@import|https?://", without_data)


def test_hostile_text_stays_in_the_data(page):
    documents = documents_in(page)
    assert page.count("<script") == page.count("</script>") == len(documents) + 1
    assert "<img" not in page
    first = documents["run/0/0"][0]
    assert first["calls"][0]["stdout"] == HOSTILE
    assert first["messages"][0]["text"] == f"Question? {HOSTILE}"


def test_every_attempt_is_in_the_page_with_all_its_texts_cut_at_a_limit(tmp_path):
    long = "x" * (2 * LIMIT)
    said = Message(role=Role.ASSISTANT, content="<think>\nhm\n</think>\n\nNow.")
    call = CallRecord(code=long, files_to_load=(), files_to_save=(), stdout="", stderr="",
                      status=CallStatus.OK, seconds=1.0)  # fmt: skip
    made = [attempt(f"t{n}_class/mm", 1, 0.5, messages=(said,), calls=(call,)) for n in range(60)]
    documents = documents_in(write_page(write_run(tmp_path / "run", made)).read_text("utf-8"))
    chunks = [documents[f"run/0/{n}"] for n in range(3)]
    assert [len(chunk) for chunk in chunks] == [25, 25, 10]
    assert [a["task"] for chunk in chunks for a in chunk] == [t.task for t in made]
    assert [row[0] for row in documents["run/0"]["tasks"]] == [t.task for t in made]
    (message,) = chunks[0][0]["messages"]
    assert (message["thought"], message["text"]) == ("hm", "Now.")
    assert LIMIT <= len(chunks[0][0]["calls"][0]["code"]) < LIMIT + 100
    assert {f"library/{name}" for name in LIBRARIES} <= documents.keys()


@given(st.lists(st.integers(1, 3 * run_documents.CHUNK_BYTES // 2), max_size=90), st.data())
def test_a_document_is_short_unless_one_attempt_is_long_and_stays_as_a_run_grows(sizes, data):
    places = [Place(path=Path("a"), start=0, size=size) for size in sizes]
    starts = list(run_documents._starts(places))
    assert starts[:1] == [0][: len(sizes)]
    for start, end in pairwise([*starts, len(sizes)]):
        assert 1 <= end - start <= run_documents.CHUNK
        assert end - start == 1 or sum(sizes[start:end]) <= run_documents.CHUNK_BYTES
    earlier = data.draw(st.integers(0, len(sizes)))
    assert list(run_documents._starts(places[:earlier])) == [s for s in starts if s < earlier]


LABELS = Labels(
    classes=("a", "b"),
    confusion=((1, 1), (0, 1)),
    n_grouped=0,
    differing=(Row(id="1", truth="a", prediction="b"),),
)
NUMBERS = Numbers(ids=("1", "2"), truth=(1.0, 2.0), prediction=(1.5, 2.0), residual=(0.5, 0.0), seed=None,
                  mean_error=0.25, mean_absolute_error=0.25, root_mean_square_error=0.35,
                  worst=(Row(id="1", truth=1.0, prediction=1.5),))  # fmt: skip
SERIES = Series(time_column="t", time_kind=TimeKind.INSTANT, entity_columns=(), n_entities=1, entities=(
    Entity(entity={}, squared_error_share=None, history=History(times=("2020-01-01", "2020-01-02"), values=(1.0, None), n=2),
           forecast=Forecast(times=("2020-01-03", "2020-01-04"), truth=(1.0, 2.0), prediction=(1.0, 3.0), n=2)),))  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@NEEDS_CHROMIUM
class TestInABrowser:
    def test_attempts_are_filtered_and_the_address_keeps_it(self, browser, run, page):
        with looked_at(browser, (run / "report.html").as_uri()) as shown:
            status = shown.get_by_role("status")
            expect(status).to_have_text("11 of 11 attempts")
            shown.get_by_label("Outcome").select_option("zero")
            shown.get_by_label("Task, or conditions").fill("reason:bad_value")
            expect(status).to_have_text("1 of 11 attempts")
            assert "outcome=zero" in shown.url
            shown.reload()
            expect(status).to_have_text("1 of 11 attempts")
            expect(shown.locator(".row .task")).to_have_text("b_class/mm #2")

    def test_texts_are_searched_where_one_says(self, browser, run, page):
        with looked_at(browser, (run / "report.html").as_uri()) as shown:
            status = shown.get_by_role("status")
            shown.get_by_label("Text in attempts").fill("zerodivision")
            expect(status).to_have_text("1 of 11 attempts with this text")
            shown.get_by_role("combobox", name="Text in").select_option("messages")
            expect(status).to_have_text("0 of 11 attempts with this text")

    def test_the_keyboard_does_it_all(self, browser, run, page):
        with looked_at(browser, (run / "report.html").as_uri()) as shown:
            shown.locator(".row").first.wait_for()
            shown.keyboard.press("?")
            assert shown.get_by_role("dialog").is_visible()
            shown.keyboard.press("Escape")
            shown.keyboard.press("/")
            shown.keyboard.type("d_reg")
            expect(shown.locator(".row")).to_have_count(2)
            for key in ("Escape", "j", "j", "Enter"):
                shown.keyboard.press(key)
            shown.get_by_role("heading", name="d_reg/mm attempt 2").wait_for()
            shown.keyboard.press("p")
            shown.get_by_role("heading", name="d_reg/mm", exact=True).wait_for()
            assert "R2 is -21.8" in shown.locator(".verdict").inner_text()
            shown.keyboard.press("u")
            expect(shown.locator(".row")).to_have_count(11)

    def test_an_attempt_shows_its_code_with_line_numbers(self, browser, run, page):
        with looked_at(
            browser, (run / "report.html").as_uri() + "#/run/run/c_class%2Fmm/2?at=call-1"
        ) as shown:
            call = shown.get_by_role("region", name="Call 1", exact=True)
            assert call.locator(".numbers").first.inner_text() == "1"
            assert call.locator(".t-number").first.inner_text() == "1"
            assert "ZeroDivisionError" in call.inner_text()

    def test_no_letter_turns_those_around_it(self, browser, tmp_path):
        made = attempt("a_class/mm", 1, 0.5)
        turned = "x = 1  # \u202e\u2066 } if safe: \u2069"
        call = replace(made.calls[0], code=turned, stdout=turned, files_to_save=(turned,))
        said = Message(role=Role.ASSISTANT, content=turned)
        made = replace(made, messages=(said,), calls=(call,), model=turned)
        page = write_page(write_run(tmp_path / "run \u202e nur", [made]))
        with looked_at(
            browser, page.as_uri() + "#/run/run%20%E2%80%AE%20nur/a_class%2Fmm/1"
        ) as shown:
            shown.locator(".t-comment").wait_for()
            text = shown.locator("body").inner_text()
            assert not {*text} & {*"\u202e\u2066\u2069"}
            assert text.count("\\u202e\\u2066 } if safe: \\u2069") == 5
            assert "run \\u202e nur" in text

    def test_the_truth_is_drawn_where_the_page_holds_it(self, browser, run, tmp_path):
        loaded = load_run(run)
        keys = [Key(t.task, t.epoch) for t in loaded.trajectories[:3]]
        parts = {"labels": LABELS, "numbers": NUMBERS, "series": SERIES}
        against = {
            key: AgainstTruth(task=key.task, track=Track.CLASS_MM, epoch=key.epoch, targets=(
                Target(target="y", score=0.5, n_rows=3, n_differing=1, **{name: part}),))
            for key, (name, part) in zip(keys, parts.items(), strict=True)
        }  # fmt: skip
        found = Diagnosis(
            followed=False,
            sentence="Imputed.",
            steps=(Step.FILTER,),
            equals=("with the median",),
            tried=9,
        )
        page = tmp_path / "page.html"
        page.write_text(
            as_page(Results(runs=(replace(loaded, against=against, diagnoses={keys[0]: found}),))),
            encoding="utf-8",
        )
        with looked_at(browser, page.as_uri()) as shown:
            for key, sign in zip(
                keys, (".confusion .same", "figure svg", "figure svg"), strict=True
            ):
                shown.evaluate(
                    "place => { location.hash = place }",
                    f"#/run/run/{key.task.replace('/', '%2F')}/{key.epoch}",
                )
                expect(shown.locator("h1")).to_contain_text(key.task)
                shown.locator(sign).first.wait_for()
                assert slips(shown) == []
                if key is keys[0]:
                    expect(shown.get_by_role("region", name="Diagnosis")).to_contain_text(
                        "with the median"
                    )
                    expect(shown.locator(".confusion .cell").nth(1)).to_have_text("1")

    def test_a_long_list_has_only_the_rows_in_sight(self, browser, tmp_path):
        made = [attempt(f"t{n:04}_class/mm", 1, 0.5) for n in range(1500)]
        run = write_run(tmp_path / "run", made)
        with looked_at(browser, write_page(run).as_uri()) as shown:
            shown.locator(".row").first.wait_for()
            assert shown.locator(".row").count() < 80
            shown.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
            shown.get_by_text("t1499_class/mm").wait_for()
            assert shown.locator(".row").count() < 80

    @pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
    def test_it_can_be_read_by_everybody(self, browser, run, page, width, scheme):
        place = (run / "report.html").as_uri()
        with looked_at(browser, place, width=width, scheme=scheme) as shown:
            shown.locator("svg[role=img]").first.wait_for()
            assert slips(shown) == []
