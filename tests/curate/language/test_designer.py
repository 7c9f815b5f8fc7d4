"""A language model designs, over HTTP; bad answers cost nothing but time."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from model_answers import PLAN

from darebench.curate.curation_options import Options
from darebench.curate.language import ask
from darebench.curate.language.ask import LanguageModel, Usage
from darebench.curate.language.authors import Models, choose_authors
from darebench.curate.language.designer import ModelDesigner
from darebench.curate.pipeline import curate
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.records import RawTable, Table
from darebench.errors import CurationReject, ProviderFault
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from good_tables import bundled, panel
from sites import Chat

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn


def table_of(frame: pd.DataFrame) -> Table:
    frame = clean(frame)
    raw = RawTable(title="T", about="", licence="x", updated="", frame=frame)
    return Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))


def models(url: str, **names: str) -> Models:
    return Models(base_url=f"{url}/v1", **{k: f"openai-api/local/{v}" for k, v in names.items()})


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_model_designs_and_the_second_time_nothing_is_asked(folder, tmp_path):
    answers = ["I think so.", json.dumps({**PLAN, "domain": "sports"}), f"Here: {json.dumps(PLAN)}"]
    with Chat(lambda said: answers[len(said) // 2 - 1]) as chat:
        made = []
        for name in ("first", "second"):
            out = tmp_path / name
            authors = choose_authors(models(chat.url, designer="m"), out)
            made.append(curate(str(folder), out, authors=authors, options=Options(max_targets=2)))
    first, second = made
    assert (first.n_tasks, first.refused) == (2, ())
    assert first.usage == Usage(calls=3, cached=0, input_tokens=300, output_tokens=60)
    assert second.usage == Usage(calls=3, cached=3)
    assert len(chat.conversations) == 3
    assert content(first.store) == content(second.store)
    shown = chat.conversations[0][1]["content"]
    assert "- bmi: " in shown
    assert "body mass index" in shown
    complaints = [said[-1]["content"] for said in chat.conversations[1:]]
    assert "no JSON object" in complaints[0]
    assert "domain: 'sports' is none of" in complaints[1]
    task = open_store(first.store).tasks[0]
    assert (task.domain, task.targets) == ("health", ("result",))
    settings = read_settings(task)
    assert "sex" not in settings.numerical
    assert settings.categorical == tuple(n for n in settings.features if n == "sex")
    assert settings.column_types["sex"] == "numerical"  # its codes are filtered by a range


def test_a_table_that_the_model_finds_unfit_is_refused_with_its_reason(folder, tmp_path):
    answer = json.dumps({"suitable": False, "reason": "it is a random list"})
    with Chat(lambda said: answer) as chat:
        authors = choose_authors(models(chat.url, designer="unfit"), tmp_path / "out")
        made = curate(str(folder), tmp_path / "out", authors=authors)
    assert [r.reason for r in made.refused] == ["the model finds it unfit: it is a random list"]


def test_answers_that_never_fit_refuse_the_table_after_some_attempts():
    bad = {**PLAN, "tasks": [{"family": "regression", "targets": ["price"], "features": ["bmi"]}]}
    with Chat(lambda said: json.dumps(bad)) as chat:
        model = LanguageModel(name="openai-api/local/bad", base_url=f"{chat.url}/v1")
        with pytest.raises(CurationReject, match=r"no usable answer in 3 attempts: .*'price'"):
            ModelDesigner(model=model).design(table_of(bundled("diabetes")))
    assert len(chat.conversations) == ask.ATTEMPTS


def test_a_small_table_costs_nothing():
    model = LanguageModel(name="openai-api/local/none", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(CurationReject, match="50 rows"):
        ModelDesigner(model=model).design(table_of(bundled("diabetes").head(50)))


def test_a_failing_provider_leaves_the_table_unfinished_and_the_next_call_finishes_it(
    folder, tmp_path
):
    working = [False]
    with Chat(lambda said: json.dumps(PLAN) if working[0] else 500) as chat:
        out = tmp_path / "out"
        authors = choose_authors(models(chat.url, designer="flaky"), out)
        with pytest.raises(ProviderFault, match="1 of 1 tables are unfinished"):
            curate(str(folder), out, authors=authors)
        assert not (out / "store").exists()
        working[0] = True
        made = curate(str(folder), out, authors=authors)
    assert (made.n_tasks, made.refused) == (2, ())


SERIES = {"column": "day", "format": "%Y-%m-%d", "entities": ["shop"]}


FORECAST = {"family": "forecasting", "targets": ["sold"], "features": ["visitors"], "time": SERIES}


def test_a_model_resamples_series(tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    panel(900).to_csv(folder / "shops.csv", index=False)
    time = {**SERIES, "interval": "week", "aggregation": "sum"}
    plan = {"suitable": True, "domain": "business", "tasks": [{**FORECAST, "time": time}]}
    with Chat(lambda said: json.dumps(plan)) as chat:
        authors = choose_authors(models(chat.url, designer="weekly"), tmp_path / "out")
        made = curate(str(folder), tmp_path / "out", authors=authors)
    assert made.refused == (), (tmp_path / "out" / "ledger.jsonl").read_text()
    task = open_store(made.store).tasks[0]
    days = pd.to_datetime(pd.read_csv(task.source / "train.csv")["day"]).drop_duplicates()
    assert set(days.sort_values().diff().dropna().dt.days) == {7}
    kept = json.loads((task.source.parent / "verify" / "all_metadata.json").read_text())["question"]
    assert kept["resampling"] == {"interval": "week", "aggregation": "sum"}
