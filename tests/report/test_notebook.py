"""Runs in a notebook: the page in a frame that has no address and reaches nothing around it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

import darebench
from darebench.report import notebook
from pages import NEEDS_CHROMIUM, chromium, documents_in, looked_at
from runs import HOSTILE, attempt, example, write_run


@pytest.fixture
def folders(tmp_path):
    better = [attempt("a_class/mm", 1, 0.9), attempt("a_class/if", 1, 0.0)]
    second = write_run(tmp_path / 'one & "two"', better, more_tasks=("d_reg/mm",))
    return example(tmp_path / "first"), second


@NEEDS_CHROMIUM
def test_two_runs_open_at_their_comparison_and_links_stay_in_the_frame(folders, tmp_path):
    shown = darebench.show(folders[0], darebench.open_run(folders[1]))
    around = tmp_path / "notebook.html"
    around.write_text(f"<!doctype html><title>n</title><meta charset=utf-8>{shown._repr_html_()}")
    with chromium() as browser, looked_at(browser, around.as_uri()) as page:
        frame = page.frame_locator("iframe")
        expect(frame.locator("h1")).to_have_text(f"first and {folders[1].name}")
        expect(frame.locator("svg[role=img]").first).to_be_attached()
        frame.get_by_label("Only").select_option("b")
        expect(frame.get_by_role("status")).to_contain_text("of 2 tasks")
        frame.locator(".row a").first.click()
        expect(frame.locator(".half .verdict")).to_have_count(2)
        frame.get_by_role("link", name="Compare", exact=True).click()
        expect(frame.locator("h1")).to_have_text("Compare")
        assert page.url == around.as_uri()


def test_texts_of_many_attempts_are_left_out(folders, monkeypatch):
    whole = documents_in(darebench.show(folders[0]).html)
    monkeypatch.setattr(notebook, "MOST_ATTEMPTS", 3)
    small = documents_in(darebench.show(folders[0]).html)
    assert whole.keys() - small.keys() == {"run/0/0"}
    assert HOSTILE not in darebench.show(folders[0])._repr_html_()


def test_a_training_is_shown_and_what_cannot_be_is_refused(tmp_path, folders):
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "metrics.jsonl").write_text('{"step": 1, "reward": 0.5}\n')
    shown = documents_in(darebench.show(tmp_path / "t").html)
    assert shown["training/0"] == {"reward": [[1], [0.5]]}
    for given in ((), (tmp_path / "gone",), (folders[0], tmp_path / "gone")):
        with pytest.raises(darebench.ConfigError, match=r"nothing to show|does not exist"):
            darebench.show(*given)
