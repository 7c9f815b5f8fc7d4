"""A language model designs, rewrites and reads back, over HTTP; bad answers cost nothing but time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from site_servers import Chat

from darebench.curate.language import ask
from darebench.curate.language.ask import LanguageModel, Usage, read_usage
from darebench.curate.language.authors import Models, choose_authors
from darebench.curate.language.designer import ModelDesigner
from darebench.curate.language.plan import Plan, find_problems
from darebench.curate.language.rewrite import moved_ranges
from darebench.curate.pipeline import curate
from darebench.curate.profiling.clean import clean
from darebench.curate.profiling.profile import profile
from darebench.curate.profiling.resample import Resampling, resample
from darebench.curate.records import RawTable, Table
from darebench.curate.stages import Options
from darebench.errors import ConfigError, CurationReject, ProviderFault
from darebench.store.read import open_store
from darebench.store.truth import read_settings
from darebench.types import Message
from good_tables import bundled, panel

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn
PLAN = {
    "suitable": True,
    "reason": "",
    "domain": "health",
    "column_types": {"sex": "categorical"},
    "tasks": [
        {
            "family": "regression",
            "targets": ["result"],
            "features": ["bmi", "bp", "s5", "sex", "age"],
        }
    ],
}


@pytest.fixture(autouse=True)
def _own_answers(tmp_path, monkeypatch):
    monkeypatch.setenv("DAREBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCAL_API_KEY", "any")
    monkeypatch.setattr(ask, "MAX_RETRIES", 0)


@pytest.fixture
def folder(tmp_path) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    bundled("diabetes").round(4).to_csv(folder / "diabetes.csv", index=False)
    (folder / "diabetes.metadata.txt").write_text("Diabetes\n\nbmi: body mass index\n")
    return folder


def table_of(frame: pd.DataFrame) -> Table:
    frame = clean(frame)
    raw = RawTable(title="T", about="", licence="x", updated="", frame=frame)
    return Table(slug="t", owner="o", raw=raw, frame=frame, profile=profile(frame))


def models(url: str, **names: str) -> Models:
    return Models(base_url=f"{url}/v1", **{k: f"openai-api/local/{v}" for k, v in names.items()})


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def is_design(said: list[dict[str, str]]) -> bool:
    return "plan prediction tasks" in said[0]["content"]


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
    assert settings.column_types["sex"] == "categorical"


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


def test_a_model_that_cannot_be_used_is_named_before_any_work(tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match=r"'nothing/at-all' cannot be used"):
        choose_authors(Models(designer="nothing/at-all"), tmp_path)
    with pytest.raises(ConfigError, match="--rewrite-model"):
        choose_authors(Models(reader="openai-api/local/m"), tmp_path)


def test_usage_of_no_log_is_nothing(tmp_path):
    assert read_usage(tmp_path / "calls.jsonl") == Usage()


SERIES = {"column": "day", "format": "%Y-%m-%d", "entities": ["shop"]}
FORECAST = {"family": "forecasting", "targets": ["sold"], "features": ["visitors"], "time": SERIES}


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ({}, ""),
        ({"features": ["sold", "visitors"]}, "is a target and a feature"),
        ({"features": ["shop"]}, "1 features are needed"),
        ({"features": ["guests"]}, "no column 'guests'"),
        ({"targets": ["shop"]}, "'shop' is no number"),
        ({"time": None}, "needs time"),
        ({"time": {**SERIES, "column": "date"}}, "no column 'date'"),
        ({"time": {**SERIES, "format": "%d/%m/%Y"}}, "not all of the format"),
        ({"time": {**SERIES, "format": "%"}}, "not all of the format"),
        ({"time": {**SERIES, "entities": []}}, "rows repeat in day"),
        ({"time": {**SERIES, "interval": "week"}}, "belong together"),
        ({"time": {**SERIES, "interval": "fortnight", "aggregation": "sum"}}, "is none of hour"),
        ({"time": {**SERIES, "interval": "week", "aggregation": "magic"}}, "is none of mean"),
        ({"time": {**SERIES, "entities": [], "interval": "week", "aggregation": "sum"}}, ""),
        ({"family": "regression"}, "2 features are needed"),
        ({"family": "classification", "targets": ["sold"], "time": None}, "that is no class"),
    ],
)
def test_plans_are_held_against_the_columns(task, problem):
    plan = Plan.model_validate({"suitable": True, "tasks": [{**FORECAST, **task}]})
    found = find_problems(plan, table_of(panel()))
    assert (problem in " ".join(found)) if problem else found == []


def test_column_types_must_be_possible():
    plan = Plan.model_validate(
        {"suitable": True, "tasks": [FORECAST], "column_types": {"shop": "numerical", "x": "other"}}
    )
    found = find_problems(plan, table_of(panel()))
    assert any("'shop' holds text" in p for p in found)
    assert any("no column 'x'" in p for p in found)
    silent = Plan.model_validate({"suitable": False})
    assert find_problems(silent, table_of(panel())) == ["reason: say why the table is not suitable"]


def test_rows_of_an_interval_become_one():
    rows = pd.DataFrame(
        {
            "day": ["2024-01-01", "2024-01-03", "2024-01-08", "2024-01-02"],
            "shop": ["a", "a", "a", "b"],
            "visitors": [1, 2, 4, 8],
            "mood": ["good", "bad", "bad", "good"],
        }
    )
    joined = resample(rows, "day", Resampling("week", ("shop",)), ["visitors", "mood"], "sum")
    assert joined.to_dict("list") == {
        "day": ["2024-01-01", "2024-01-01", "2024-01-08"],
        "shop": ["a", "b", "a"],
        "visitors": [3.0, 8.0, 4.0],
        "mood": ["bad", "good", "bad"],
    }


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


def question_in(said: list[dict[str, str]]) -> str:
    return said[1]["content"].split("Assignment:\n")[1]


def honest(said: list[dict[str, str]]) -> str:
    return "Dear colleague, here is what I need. " + question_in(said)


def test_faithful_texts_are_kept_and_others_are_not(folder, tmp_path):
    def script(said: list[dict[str, str]]) -> str:
        question = question_in(said)
        if "random_state" not in question:
            return honest(said)
        if len(said) == 2:
            return question.replace("StandardScaler", "a scaler")
        return re.sub(r"(random_state\D{1,6})\d+", r"\g<1>77777", question)

    with Chat(script) as chat:
        authors = choose_authors(models(chat.url, rewriter="writer"), tmp_path / "out")
        made = curate(
            str(folder), tmp_path / "out", authors=authors, options=Options(max_targets=1)
        )
    assert made.n_tasks == 2
    workflow, modelling = open_store(made.store).tasks
    assert modelling.question.startswith("Dear colleague")
    assert "77777" not in workflow.question
    assert "StandardScaler" in workflow.question
    path = workflow.source.parent / "verify" / "all_metadata.json"
    told = json.loads(path.read_text())["question"]["rewriting"]
    assert told["v2"] == "rewritten"
    assert "template's text is kept: random_state" in told["v1"]
    complaints = [said[-1]["content"] for said in chat.conversations if len(said) > 2]
    assert any("'StandardScaler' is not in the text" in text for text in complaints)
    assert any("comes back as" in text for text in complaints)


def test_a_second_model_must_read_the_same(folder, tmp_path):
    """It reads right settings for the workflow; of the modelling task it misses the measure."""
    seen: dict[str, str] = {}

    def script(said: list[dict[str, str]]) -> str:
        if "You rewrite" in said[0]["content"]:
            text = honest(said)
            seen["v1" if "random_state" in text else "v2"] = text
            return text
        if '"measure"' in said[1]["content"]:
            return json.dumps({"targets": ["result"], "output": "prediction.csv", "measure": None})
        return seen["settings"]

    plain = curate(str(folder), tmp_path / "plain", options=Options(max_targets=1))
    settings = read_settings(open_store(plain.store).tasks[0])
    read = {
        "targets": ["result"], "features": list(settings.features),
        "numerical": list(settings.numerical), "categorical": list(settings.categorical),
        "ranges": {k: list(v) for k, v in settings.expected_ranges.items()},
        "keeps_missing": True, "drops_targetless": True, "imputer": settings.imputer,
        "scaler": "StandardScaler", "encoder": "OneHotEncoder", "numeric_first": True,
        "model": settings.model, "random_state": settings.random_state, "output": "prediction.csv",
    }  # fmt: skip
    told = []
    for number, change in enumerate(
        ({}, {"keeps_missing": False}, {"features": read["features"][::-1]})
    ):
        seen["settings"] = json.dumps({**read, **change})
        out = tmp_path / f"out{number}"
        with Chat(script) as chat:
            authors = choose_authors(models(chat.url, rewriter="w", reader=f"r{number}"), out)
            made = curate(str(folder), out, authors=authors, options=Options(max_targets=1))
        task = open_store(made.store).tasks[0]
        path = task.source.parent / "verify" / "all_metadata.json"
        told.append(json.loads(path.read_text())["question"]["rewriting"])
        assert task.question.startswith("Dear colleague") == (number == 0)
    assert told[0]["v1"] == "rewritten"
    assert "reads measure as None, not as 'R2'" in told[0]["v2"]
    assert "reads keeps_missing as False" in told[1]["v1"]
    assert "reads features as" in told[2]["v1"]


def test_an_answer_is_kept_by_conversation_and_model(tmp_path):
    with Chat(lambda said: f"answer {len(chat.conversations)}") as chat:
        log = tmp_path / "calls.jsonl"

        def asked(name: str, text: str) -> str:
            model = LanguageModel(
                name=f"openai-api/local/{name}", base_url=f"{chat.url}/v1", log=log
            )
            return model.ask([Message(role="user", content=text)], "test")

        given = [asked("a", "x"), asked("a", "x"), asked("b", "x"), asked("a", "y")]
    assert given == ["answer 1", "answer 1", "answer 2", "answer 3"]
    assert read_usage(log) == Usage(calls=4, cached=1, input_tokens=300, output_tokens=60)


def darebench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "darebench", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_the_command_shows_what_models_cost(folder, tmp_path):
    with Chat(lambda said: json.dumps(PLAN) if is_design(said) else honest(said)) as chat:
        call = ["curate", str(folder), "--designer", "model", "--model", "openai-api/local/cli"]
        call += ["--rewrite-model", "openai-api/local/writer", "--base-url", f"{chat.url}/v1"]
        call += ["--max-targets", "1", "--out"]
        done = darebench(*call, str(tmp_path / "out"), "--json")
        again = darebench(*call, str(tmp_path / "again"))
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["tasks"] == 2
    assert made["models"] == {"calls": 3, "cached": 0, "input_tokens": 300, "output_tokens": 60}
    assert again.returncode == 0
    assert "3 answers of models, 3 of them kept from before" in again.stderr
    assert content(tmp_path / "out" / "store") == content(tmp_path / "again" / "store")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--designer", "model"), "--model NAME"),
        (("--designer", "oracle"), "none of rules, model"),
        (("--model", "openai/gpt-5"), "belong together"),
        (("--cluster", "moon"), "takes local or ray"),
        (("--read-model", "openai-api/local/m"), "--rewrite-model"),
        (("--rewrite-model", "nothing/m"), "cannot be used"),
        (("--filter", "tag"), "has no value"),
    ],
)
def test_options_that_make_no_sense_are_named(folder, tmp_path, options, words):
    done = darebench("curate", str(folder), "--out", str(tmp_path / "out"), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_range_must_stay_with_its_column():
    question = "Rules: `age` between 3 and 5; `height` from 1 to 2. Use `age`."
    names = ["age", "height"]
    assert (
        moved_ranges("Keep rows whose age lies between 3 and 5, height 1 to 2.", question, names)
        == ""
    )
    assert "another" in moved_ranges("`height` between 3 and 5, `age` from 1 to 2", question, names)
    assert "another" in moved_ranges("between 3 and 5 for `age`, 1 to 2", question, names)
    twice = "Rules: `age` between 3 and 5; `height` between 3 and 5."
    assert moved_ranges("`height` and `age` between 3 and 5, both.", twice, names) == ""
