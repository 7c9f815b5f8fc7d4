"""Every table of every format, from the same rows; those of several runs are worked by hand."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darebench.errors import ConfigError
from darebench.files import write_json
from darebench.report.load import LoadedRun, load_run, read_paths
from darebench.report.prices import Price, price_of, read_prices
from darebench.report.render import render
from darebench.report.repeat_tables import pass_at_k_table, reliability_table
from darebench.report.tables import TABLES, all_tables
from darebench.types import Tokens
from pages import documents_in
from runs import attempt, write_run

GOLDEN = Path(__file__).parents[1] / "golden"
PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
PRICES = '["m1"]\ninput = 2\noutput = 10\n'
SCORES = {
    "base": {"a_class/if": (0.0, 0.0), "a_class/mm": (0.4, 0.5), "b_reg/mm": (0.0, 0.2), "c_ts/xf": (0.1, 0.7)},
    "tuned": {"a_class/if": (1.0, 0.0), "a_class/mm": (0.9, 0.8), "b_reg/mm": (0.75, 0.5), "c_ts/xf": (0.0, None)},
}  # fmt: skip


@pytest.fixture
def runs(tmp_path) -> list[Path]:
    """Two runs of two epochs over one store that records domains, floors and references."""
    store = tmp_path / "store"
    store.mkdir()
    rooms = {"floor": 0.5, "reference": 0.9}
    entries = [
        {"file_path": "./databases/a_class", "domain": "health", "headroom": {"v2": rooms}},
        {"file_path": "b_reg", "domain": "finance", "headroom": {"v2": {"floor": 0.0, "ceiling": 0.5}}},
        {"file_path": "c_ts", "headroom": {"v1": {"floor": 0.6, "reference": 0.6}}},
    ]  # fmt: skip
    write_json(entries, store / "question_list.json")
    return [write(tmp_path, name, store, f"m{n}", 5 + n) for n, name in enumerate(SCORES)]


def write(folder: Path, name: str, store: Path, model: str, turns: int) -> Path:
    made = [
        attempt(task, epoch, score, model=model, tokens=Tokens(input=1000, output=500, total=1500))
        for task, scores in SCORES[name].items()
        for epoch, score in enumerate(scores, 1)
    ]
    run = write_run(folder / name, made)
    record = json.loads((run / "config.json").read_text())
    record["config"] |= {"model": model, "turns": turns}
    record["store"]["root"] = str(store)
    write_json(record, run / "config.json")
    return run


@pytest.fixture
def prices(tmp_path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


def rows_of(runs, name, **more) -> list[dict[str, str]]:
    text = render(runs, "csv", tables=[name], **more).text
    return [*csv.DictReader(io.StringIO(text))]


@pytest.mark.parametrize("form", ["terminal", "md", "tex", "json"])
def test_the_tables_of_a_form_are_what_they_were(form, runs, prices, request):
    names = [n for n in TABLES if n not in ("steps", "zeros")]
    text = render(runs, form, tables=names, prices=prices).text
    if form == "json":
        text = json.dumps(json.loads(text)["tables"], indent=1, ensure_ascii=False) + "\n"
    path = GOLDEN / f"tables.{form}"
    if request.config.getoption("--update-golden"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_form_has_the_same_rows(runs, prices):
    tables = json.loads(render(runs, "json", prices=prices).text)["tables"]
    assert [t["name"] for t in tables] == [n for n in TABLES if n != "steps"]
    page = documents_in(render(runs, "html", prices=prices).text)["scores"]
    assert isinstance(page, dict)
    drawn = {t["title"]: (t["columns"], t["rows"]) for t in page["tables"]}
    shown = {f: render(runs, f, prices=prices).text for f in ("terminal", "md", "tex")}
    for table in tables:
        if table["name"] != "published":
            assert drawn[table["title"]] == (table["columns"], table["rows"])
        text = render(runs, "csv", tables=[table["name"]], prices=prices).text
        header, *rows = csv.reader(io.StringIO(text))
        assert (header, len(rows)) == (table["columns"], len(table["rows"]))
        assert all(table["title"] in text for text in shown.values())


def test_training_is_measured_by_the_first_run(runs):
    base, tuned = rows_of(runs, "training")
    # Task means: 0, 0.45, 0.1, 0.4 before; 0.5, 0.85, 0.625, 0 after.
    assert (base["score"], tuned["score"], tuned["times"]) == ("23.8", "49.4", "2.08x")
    assert (base["performance"], tuned["performance"]) == ("31.7", "59.0")
    base, tuned = rows_of(runs, "halves")
    assert (base["change of instructions (IF)"], tuned["instructions (IF)"]) == ("", "50.0")
    assert tuned["change of modelling (MM)"] == "+46.2"
    assert tuned["change of forecasts (XF, CF)"] == "-40.0"
    assert "training" not in all_tables([load_run(runs[0])])


def test_repeats_are_counted_by_what_solves_a_task(runs):
    found = {(r["run"], r["track"]): r for r in rows_of(runs, "pass@k")}
    assert found["tuned", "class-IF"]["pass@1"] == "50.0"
    assert found["tuned", "class-IF"]["pass@2"] == "100.0"
    assert found["base", "XF"]["pass@1"] == "50.0"
    assert (found["tuned", "XF"]["pass@1"], found["tuned", "XF"]["pass@2"]) == ("0.0", "")
    assert found["tuned", "XF"]["unscored"] == "1"
    found = {(r["run"], r["track"]): r for r in rows_of(runs, "reliability")}
    row = found["tuned", "all"]
    assert [row[n] for n in ("tasks", "always", "sometimes", "never")] == [
        "3",
        "33.3",
        "66.7",
        "0.0",
    ]
    # Deviations of (1, 0), (0.9, 0.8), (0.75, 0.5): 0.7071, 0.0707 and 0.1768.
    assert row["deviation"] == "31.8"


def test_scores_are_normalised_by_what_the_store_records(runs):
    found = {(r["run"], r["track"]): r for r in rows_of(runs, "normalised")}
    assert {track for _, track in found} == {"class-MM", "reg-MM"}
    # (0.9 - 0.5) / 0.4 = 1 and (0.8 - 0.5) / 0.4 = 0.75; below the floor it is 0.
    assert found["tuned", "class-MM"]["normalised"] == "87.5"
    assert found["base", "class-MM"]["normalised"] == "0.0"
    # (0.75 - 0) / 0.5 = 1.5 and 0.5 / 0.5 = 1.
    assert found["tuned", "reg-MM"]["normalised"] == "125.0"
    domains = {(r["run"], r["domain"]): r["tasks"] for r in rows_of(runs, "domains")}
    assert domains == {
        (run, d): n for run in SCORES for d, n in (("finance", "1"), ("health", "2"))
    }
    results = read_paths([runs[0]]).runs
    gone = replace(results[0], config={**results[0].config, "store": {"root": "/nowhere"}})
    assert not {"domains", "normalised"} & all_tables([gone]).keys()


def test_a_cost_without_a_price_is_empty(runs, prices, tmp_path):
    base, tuned = rows_of(runs, "cost", prices=prices)
    assert (base["US$"], base["US$ an attempt"]) == ("", "")
    assert (tuned["US$"], tuned["US$ an attempt"]) == ("0.0560", "0.0070")
    assert (tuned["input tokens"], tuned["output tokens"]) == ("8,000", "4,000")
    with pytest.raises(ConfigError, match=r"'cost'.*no rows"):
        rows_of(runs, "cost")
    for text, wrong in (
        ('["m"]\ninput = 2\n', "'m' needs"),
        ('["m"]\ninput = -1\noutput = 1\n', "'m' needs"),
        ('["m"]\ninput = true\noutput = 1\n', "'m' needs"),
        ("m = 3\n", "'m' needs"),
        ("[", "not a usable TOML"),
    ):
        prices.write_text(text)
        with pytest.raises(ConfigError, match=wrong):
            read_prices(prices)
    known = {"openai/*": Price(input=1, output=2), "openai/gpt-5": Price(input=3, output=4)}
    assert price_of("openai/gpt-5", known) == known["openai/gpt-5"]
    assert price_of("openai/o4", known) == known["openai/*"]
    assert price_of("m", known) is None


def test_different_budgets_make_a_sensitivity_table(runs):
    assert [r["turns x seconds"] for r in rows_of(runs, "budgets")] == [
        "m0, 5 x 200 s",
        "m1, 6 x 200 s",
    ]
    assert "budgets" not in all_tables([load_run(runs[0])])


def test_a_table_that_cannot_be_shown_is_one_sentence(runs):
    with pytest.raises(ConfigError, match="there is no table 'score'; use one of scores, "):
        render(runs, "md", tables=["score"])
    with pytest.raises(ConfigError, match="one --table"):
        render(runs, "csv", tables=["scores", "strict"])
    with pytest.raises(ConfigError, match="page has all"):
        render(runs, "html", tables=["scores"])


def test_the_page_of_tables_lists_those_that_there_are():
    part = PAGE.partition("## Tables")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w@]+)` \| (.+) \|$", part, re.MULTILINE)
    assert dict(rows) == {name: known.summary for name, known in TABLES.items()}


@given(
    st.lists(
        st.lists(st.sampled_from([0.0, 1.0, None]), min_size=1, max_size=5), min_size=1, max_size=4
    )
)
def test_pass_at_k_rises_with_k_and_agrees_with_reliability(scores):
    made = tuple(
        attempt(f"t{n}_class/if", epoch, score)
        for n, of_task in enumerate(scores)
        for epoch, score in enumerate(of_task, 1)
    )
    run = LoadedRun(
        name="r", model="m", trajectories=made, expected=len(made), config={}, environment={}
    )
    known = [[s for s in of_task if s is not None] for of_task in scores]
    for row in pass_at_k_table([run]).rows:
        assert len({len(of_task) for of_task in known}) > 1 or [*map(float, row[3:-1])] == sorted(
            map(float, row[3:-1])
        )
    rows = reliability_table([run]).rows
    several = [of_task for of_task in known if len(of_task) > 1]
    assert bool(rows) is bool(several)
    for row in rows:
        assert row[2] == str(len(several))
        assert row[3] == f"{100 * sum(min(s) for s in several) / len(several):.1f}"
