"""Exports, word for word, and the check that reads them back."""

from __future__ import annotations

import itertools
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from attempts import OPENING, asks, attempt, attempts, shapes, tells
from hypothesis import given, settings
from hypothesis import strategies as st
from inspect_ai.tool import ToolInfo

from cli.running import darebench
from darebench.agents.protocol import Budget
from darebench.agents.tools import schema
from darebench.errors import ConfigError
from darebench.evals.trajectory import to_json, write_trajectories
from darebench.rollouts.atif import attempt_of, document
from darebench.rollouts.check_export import check_export, read_rows
from darebench.rollouts.export import Format, export
from darebench.rollouts.sources import open_source
from darebench.sandbox.program import Limits
from darebench.types import Message, StopReason

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def source(tmp_path) -> Path:
    path = tmp_path / "attempts.jsonl"
    write_trajectories(attempts(), path)
    return path


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("trl", ["trl.jsonl"]),
        ("openai", ["openai.jsonl", "openai.provenance.jsonl"]),
        ("sharegpt", ["sharegpt.jsonl"]),
        ("atif", ["atif.jsonl"]),
    ],
)
def test_an_export_is_word_for_word_what_it_was(source, tmp_path, request, form, names):
    export([source], tmp_path / names[0], Format(form))
    for name in names:
        made = (tmp_path / name).read_text(encoding="utf-8")
        if request.config.getoption("--update-golden"):
            (GOLDEN / name).write_text(made, encoding="utf-8")
        assert made == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_statistics_count_rows_tokens_turns_and_kinds(source, tmp_path):
    found = export([source], tmp_path / "out.jsonl")
    assert (found.rows, found.tasks) == (2, 2)
    assert found.left_out == {"unscored": 1, "no assistant turn": 1, "unparsable tool call": 1}
    assert found.mean_score == pytest.approx(0.375)
    assert (found.turns, found.calls) == (2.0, 1.5)
    assert (found.output_tokens, found.total_tokens) == (40, 240)
    assert found.columns == {"class-MM": 0.5, "reg-IF": 0.5}
    assert found.models == {"m": 2}


def test_a_table_holds_the_same_rows_as_the_lines(source, tmp_path):
    export([source], tmp_path / "out.jsonl")
    export([source], tmp_path / "out.parquet")
    lines = list(read_rows(tmp_path / "out.jsonl"))
    table = list(read_rows(tmp_path / "out.parquet"))
    for row in table:
        for message in row["messages"]:
            if not message.get("tool_calls"):
                message.pop("tool_calls", None)
    assert table == lines


def test_arguments_are_text_tools_a_list_and_every_row_knows_where_it_is_from(source, tmp_path):
    export([source], tmp_path / "out.jsonl")
    for row in read_rows(tmp_path / "out.jsonl"):
        assert row["tools"] == [schema(Budget(), Limits())]
        assert row["run"] == "attempts"
        assert row["scorer"] == "s" * 12
        for message in row["messages"]:
            for call in message.get("tool_calls", ()):
                assert set(json.loads(call["function"]["arguments"])) == {
                    "code", "files_to_load", "files_to_save"
                }  # fmt: skip


def test_an_openai_file_has_two_keys_and_ends_with_the_assistant(source, tmp_path):
    export([source], tmp_path / "out.jsonl", Format.OPENAI)
    rows = list(read_rows(tmp_path / "out.jsonl"))
    assert {tuple(sorted(row)) for row in rows} == {("messages", "tools")}
    assert {row["messages"][-1]["role"] for row in rows} == {"assistant"}
    beside = list(read_rows(tmp_path / "out.provenance.jsonl"))
    assert [row["task"] for row in beside] == ["a_class/mm", "b_reg/if"]


def test_the_tool_is_described_with_the_runs_own_budget(source, tmp_path):
    config = {"config": {"turns": 7, "seconds": 33.0}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert open_source(source).budget() == Budget(turns=7, seconds_per_call=33.0)
    export([source], tmp_path / "out.jsonl")
    assert "33 s of wall-clock time" in str(next(read_rows(tmp_path / "out.jsonl"))["tools"])
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="does not hold a run's budget"):
        export([source], tmp_path / "out.jsonl")


@pytest.fixture
def run(tmp_path) -> Path:
    """A run folder with limits of its own."""
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    write_trajectories(attempts(), folder / "trajectories.jsonl")
    (folder / "config.json").write_text('{"config": {"turns": 7, "seconds": 33.0}}')
    return folder


def test_a_selection_keeps_its_runs_limits_and_name_also_when_it_is_chosen_from_again(
    run, tmp_path
):
    first, second = tmp_path / "elsewhere" / "dv.jsonl", tmp_path / "elsewhere" / "fv.jsonl"
    assert darebench("select", str(run), "--out", str(first), "--class-mm", "0.5").returncode == 0
    assert darebench("select", str(first), "--out", str(second), "--class-mm", "0").returncode == 0
    for chosen in (run, first, second):
        done = darebench("export", str(chosen), "--out", str(tmp_path / "out.jsonl"))
        assert (done.returncode, done.stderr) == (0, "")
        row = next(read_rows(tmp_path / "out.jsonl"))
        assert "33 s of wall-clock time" in str(row["tools"])
        assert row["run"] == "a"


def test_a_selection_of_unknown_limits_does_not_keep_those_of_an_older_one(run, source, tmp_path):
    out = tmp_path / "dv" / "dv.jsonl"
    for chosen in (run, source):
        darebench("select", str(chosen), "--out", str(out), "--class-mm", "0.5")
    done = darebench("export", str(out), "--out", str(tmp_path / "out.jsonl"))
    assert "the limits of its run are not beside it" in done.stderr


def test_an_attempt_that_is_given_twice_is_exported_once_and_counted(run, tmp_path):
    chosen = tmp_path / "dv.jsonl"
    darebench("select", str(run), "--out", str(chosen), "--class-mm", "0.5")
    again = tmp_path / "again.jsonl"
    write_trajectories([attempt(seconds=9.0), attempt(model="n")], again)
    found = export([run, chosen, again], tmp_path / "out.jsonl")
    assert found.rows == 2 + 2
    assert found.left_out["given twice"] == len(chosen.read_bytes().splitlines())
    rows = [json.dumps(row) for row in read_rows(tmp_path / "out.jsonl")]
    assert len(rows) == len(set(rows)) == 4


def test_a_selection_of_nothing_makes_an_empty_export_and_says_so(source, tmp_path):
    chosen, out = tmp_path / "dv.jsonl", tmp_path / "out.parquet"
    assert (
        darebench("select", str(source), "--strategy", "dv", "--out", str(chosen)).returncode == 0
    )
    done = darebench("export", str(chosen), "--out", str(out))
    assert done.returncode == 0
    assert "none of these attempts can be trained on" in done.stderr
    assert list(read_rows(out)) == []


FLAWS = st.fixed_dictionaries({
    "score": st.sampled_from([None, 0.0, 0.75, 1.0]),
    "stop_reason": st.sampled_from(list(StopReason)),
    "fault": st.sampled_from([None, "cancelled", "the disk is gone"]),
    "epoch": st.integers(1, 4),
})  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(FLAWS, min_size=1, max_size=12))
def test_faults_are_never_exported_and_every_attempt_is_a_row_or_counted(tmp_path_factory, flaws):
    folder = tmp_path_factory.mktemp("export")
    made = [attempt(**flaw) for flaw in flaws]
    write_trajectories(made, folder / "in.jsonl")
    found = export([folder / "in.jsonl"], folder / "out.jsonl")
    usable = [
        t for t in made
        if t.score is not None and t.fault is None
        and t.stop_reason not in (StopReason.FAULT, StopReason.TOKENS)
    ]  # fmt: skip
    assert found.rows + sum(found.left_out.values()) == len(made)
    assert found.rows <= len(usable)
    assert {r["epoch"] for r in read_rows(folder / "out.jsonl")} <= {t.epoch for t in usable}


@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\x00", b"[]\n", b"{}\n", b"null\n"])
@pytest.mark.parametrize("command", [["export"], ["select"], ["export", "--check"]])
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_missing_empty_and_broken_files_are_one_sentence(tmp_path, content, command, suffix):
    path = tmp_path / f"given{suffix}"
    if content is not None:
        path.write_bytes(content)
    out = [] if "--check" in command else ["--out", str(tmp_path / "out.jsonl")]
    done = darebench(*command, str(path), *out)
    checked = "--check" in command and content in (b"", b"{}\n") and suffix == ".jsonl"
    assert done.returncode == (1 if checked else 2), done
    if not checked:
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("darebench: ")
        assert str(path) in last
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_another_kind_of_file_is_refused_and_nothing_is_left(source, tmp_path):
    with pytest.raises(ConfigError, match=r"end it in \.jsonl"):
        export([source], tmp_path / "out.parquet", Format.OPENAI)
    (tmp_path / "bad.jsonl").write_text(source.read_text() + "{}\n")
    with pytest.raises(ConfigError, match="line 6"):
        export([tmp_path / "bad.jsonl"], tmp_path / "never.jsonl")
    assert not (tmp_path / "never.jsonl").exists()


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_an_export_passes_its_check(source, tmp_path, name):
    export([source], tmp_path / name)
    report = check_export(tmp_path / name)
    assert (report.rows, report.counts) == (2, {})


def spoil(row: dict, how: str) -> None:
    messages = row["messages"]
    calls = messages[2]["tool_calls"]
    if how == "schema":
        row["tools"] = "[]"
    elif how == "roles":
        messages[3]["tool_call_id"] = "other"
    elif how == "calls":
        calls[0]["function"]["arguments"] = {"code": "x"}
    elif how == "provenance":
        row["task"] = None


@pytest.mark.parametrize("how", ["schema", "roles", "calls", "provenance"])
def test_a_spoilt_row_is_named(tmp_path, how):
    write_trajectories([attempt(), attempt(epoch=2)], tmp_path / "in.jsonl")
    export([tmp_path / "in.jsonl"], tmp_path / "out.jsonl")
    rows = list(read_rows(tmp_path / "out.jsonl"))
    spoil(rows[1], how)
    (tmp_path / "out.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    report = check_export(tmp_path / "out.jsonl")
    assert how in report.counts
    assert {p.row for p in report.problems} == {2}


def test_the_command_exports_and_checks(source, tmp_path):
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return darebench("export", *words, "--json")

    out = str(tmp_path / "out.jsonl")
    done = run(str(source), "--out", out)
    assert json.loads(done.stdout)["rows"] == 2
    assert run(out, "--check").returncode == 0
    Path(out).write_text("{}\n")
    done = run(out, "--check")
    assert done.returncode == 1
    assert json.loads(done.stdout)["files"][out]["counts"] == {"schema": 1}
    assert run(out, "--check", "--max-length", "5").returncode == 2


@pytest.mark.parametrize("content", [b"5\n", b"\xff\xfe\n", b"{}x\n", b"[" * 100_000])
def test_lines_that_are_no_rows_are_one_sentence_and_leave_nothing(content, tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="line 1"):
        check_export(path)
    with pytest.raises(ConfigError):
        export([path], tmp_path / "out.jsonl")
    assert [p.name for p in tmp_path.iterdir()] == ["broken.jsonl"]


def test_attempts_are_not_written_over_by_their_export(source, tmp_path):
    before = source.read_bytes()
    with pytest.raises(ConfigError, match="is the file that is read"):
        export([source], source)
    beside = source.with_name("out.provenance.jsonl")
    beside.write_bytes(before)
    with pytest.raises(ConfigError, match="is the file that is read"):
        export([beside], source.with_name("out.jsonl"), Format.OPENAI)
    assert source.read_bytes() == beside.read_bytes() == before


@pytest.mark.parametrize("calls", [7, "x", [7], {"a": 1}])
def test_calls_that_are_no_list_of_objects_are_named(tmp_path, calls):
    row = {"run": 1, "messages": [{"role": "assistant", "content": "", "tool_calls": calls}]}
    (tmp_path / "rows.jsonl").write_text(json.dumps({**row, "tools": []}) + "\n")
    assert check_export(tmp_path / "rows.jsonl").counts["calls"] == 1


def test_a_broken_table_is_one_sentence(tmp_path):
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 no")
    with pytest.raises(ConfigError, match="cannot be read as parquet"):
        check_export(path)


def test_a_turn_that_the_token_limit_cut_is_left_out(tmp_path):
    cut = replace(attempt(), stop_reason=StopReason.TOKENS)
    write_trajectories([attempt(epoch=2), cut], tmp_path / "in.jsonl")
    found = export([tmp_path / "in.jsonl"], tmp_path / "out.jsonl")
    assert (found.rows, found.left_out) == (1, {"cut off by the token limit": 1})


HALF_PAIR = Path(__file__).parents[3] / "shared" / "cases" / "attempts" / "half-surrogate.jsonl"


def half_pairs(folder: Path) -> Path:
    """Write attempts with half of a surrogate pair in every text that a model gives."""
    path = folder / "attempts.jsonl"
    lines = [
        json.dumps(to_json(one))
        .replace('"content": "', '"content": "\\ud83d')
        .replace('"id": "', '"id": "\\ude00')
        for one in attempts()
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "form", ["trl.jsonl", "trl.parquet", "openai.jsonl", "sharegpt.jsonl", "atif.jsonl"]
)
@pytest.mark.parametrize("where", ["shared", "own"])
def test_text_that_cannot_be_written_is_cleaned(where, form, tmp_path):
    if where == "shared" and not HALF_PAIR.is_file():
        pytest.skip("the shared cases are not beside this checkout")
    source = HALF_PAIR if where == "shared" else half_pairs(tmp_path)
    out = tmp_path / form
    done = darebench("export", str(source), "--out", str(out), "--format", form.split(".")[0])
    assert done.returncode == 0, done.stderr
    rows = list(read_rows(out))
    assert rows
    json.dumps(rows, ensure_ascii=False, default=str).encode()
    assert where == "shared" or "\N{REPLACEMENT CHARACTER}" in str(rows)


def test_such_text_can_be_selected(tmp_path):
    out = tmp_path / "x.jsonl"
    done = darebench("select", str(half_pairs(tmp_path)), "--strategy", "av", "--out", str(out))
    assert "Traceback" not in done.stderr
    assert "\\ud83d" not in out.read_bytes().decode()


def test_a_models_tool_is_described_in_inspects_order_of_keys():
    tool = schema(Budget(), Limits())
    sent = ToolInfo.model_validate(tool["function"]).model_dump(exclude_none=True)
    assert json.dumps(tool) == json.dumps({"type": "function", "function": sent})


def test_thoughts_stand_apart_from_text_but_in_an_openai_file(tmp_path):
    write_trajectories(shapes(), tmp_path / "in.jsonl")
    for form in (Format.TRL, Format.OPENAI):
        export([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", form)
        turns = [m for r in read_rows(tmp_path / "out.jsonl") for m in r["messages"]]
        thinking = [m for m in turns if m.get("reasoning_content")]
        assert bool(thinking) == (form is Format.TRL)
        assert any("<think>" in m["content"] for m in turns) == (form is Format.OPENAI)
        assert check_export(tmp_path / "out.jsonl").counts == {}


def test_a_table_for_verl_has_one_answer_to_a_turn_and_passes_its_check(tmp_path):
    write_trajectories(shapes(), tmp_path / "in.jsonl")
    export([tmp_path / "in.jsonl"], tmp_path / "out.parquet", Format.VERL_SFT)
    roles = [[m["role"] for m in r["messages"]] for r in read_rows(tmp_path / "out.parquet")]
    assert len(roles) == len(shapes())
    assert not any(a == b == "tool" for row in roles for a, b in itertools.pairwise(row))
    assert check_export(tmp_path / "out.parquet").counts == {}


def test_turns_that_do_not_alternate_are_left_out_of_sharegpt_and_counted(tmp_path):
    odd = (*OPENING, Message(role="user", content="And?"), Message(role="assistant", content="."))
    write_trajectories([attempt(), attempt(messages=odd)], tmp_path / "in.jsonl")
    found = export([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", Format.SHAREGPT)
    assert (found.rows, found.left_out) == (1, {"turns that do not alternate": 1})


WORDS = ["a", "\n", " ", "<think>", "<think>\n", "</think>", "\n</think>\n\n"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=6).map("".join)
TURNS = st.one_of(
    st.builds(lambda t: [Message(role="assistant", content=t)], TEXTS),
    st.builds(lambda t: [Message(role="user", content=t)], TEXTS),
    st.builds(lambda t, u: [asks(1, "x", t), tells(1, u)], TEXTS, TEXTS),
    st.builds(lambda u: [tells(9, u)], TEXTS),
)


@given(st.lists(TURNS, min_size=1, max_size=4))
def test_an_attempt_comes_back_from_atif_as_it_was(turns):
    one = attempt(messages=tuple(m for turn in turns for m in turn), stop_reason=StopReason.TURNS)
    made = document(one, tools=[schema(Budget(), Limits())], session="run")
    assert attempt_of(json.loads(json.dumps(made))) == one


HARBOR = Path(__file__).parents[2] / ".venv-harbor" / "bin" / "python"


@pytest.mark.skipif(not HARBOR.exists(), reason="Harbor is in .venv-harbor: make harbor-env")
def test_harbors_own_models_read_an_export(tmp_path):
    write_trajectories(shapes(), tmp_path / "in.jsonl")
    export([tmp_path / "in.jsonl"], tmp_path / "out.jsonl", Format.ATIF)
    read = (
        "import sys; from harbor.models.trajectories import Trajectory\n"
        "for n, line in enumerate(open(sys.argv[1])): Trajectory.model_validate_json(line)\n"
        "print(n + 1)"
    )
    words = [str(HARBOR), "-c", read, str(tmp_path / "out.jsonl")]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.stdout.strip() == str(len(shapes())), done.stderr
