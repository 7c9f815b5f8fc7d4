"""The four strategies against a second implementation that follows the paper word by word."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.running import darebench
from darebench.errors import ConfigError
from darebench.rollouts import Strategy, select_trajectories
from darebench.rollouts.select import Thresholds
from darebench.rollouts.select_files import select_file
from darebench.rollouts.shortfall import in_words


@dataclass(frozen=True)
class Try:
    task: str
    score: float | None
    seconds: float
    epoch: int


TASKS = ("a_class/if", "a_class/mm", "b_reg/if", "b_reg/mm", "c_ts/xf", "c_ts/cf")
LEAST = {"a_class/mm": 0.8, "b_reg/mm": 0.7, "c_ts/xf": 0.6, "c_ts/cf": 0.3}
scores = st.one_of(st.none(), st.sampled_from([0.0, 0.1, 0.3, 0.6, 0.7, 0.8, 0.9, 1.0]))
tries = st.lists(
    st.builds(
        Try, st.sampled_from(TASKS), scores, st.sampled_from([1.0, 2.0, 3.0]), st.integers(1, 8)
    ),
    max_size=40,
)


def naive(group, strategy):
    task = group[0].task
    follows = task.endswith("/if")
    group = [t for t in group if t.score is not None]
    valid = [t for t in group if t.score >= (1.0 if follows else LEAST[task])]
    values = [t.score for t in group]
    middle = sum(values) / len(values) if values else 0.0
    if follows:
        diverse = 1.0 in values and 0.0 in values
    else:
        needed = 0.1 if task.endswith("/cf") else 0.15
        diverse = bool(values) and sum((v - middle) ** 2 for v in values) / len(values) >= needed
    if strategy == "av":
        return valid
    if strategy in ("bv", "dv") and not diverse:
        return []
    if strategy == "dv" and not follows:
        valid = [t for t in valid if t.score > middle]
    key = (
        (lambda t: (t.seconds, t.epoch)) if follows else (lambda t: (-t.score, t.seconds, t.epoch))
    )
    return sorted(valid, key=key)[: 2 if strategy == "dv" else 1]


@given(tries, st.sampled_from(list(Strategy)))
def test_a_selection_is_what_the_paper_says(given_tries, strategy):
    wanted = []
    for task in TASKS:
        group = [t for t in given_tries if t.task == task]
        wanted += naive(group, strategy) if group else []
    key = lambda t: (t.task, t.score, t.seconds, t.epoch)  # noqa: E731
    assert sorted(select_trajectories(given_tries, strategy), key=key) == sorted(wanted, key=key)


@given(tries, st.sampled_from(list(Strategy)))
def test_of_every_task_that_gave_nothing_it_is_said_why_and_how_close_it_was(
    tmp_path_factory, given_tries, strategy
):
    folder = tmp_path_factory.mktemp("select")
    if not given_tries:
        return
    lines = [json.dumps(t.__dict__) for t in given_tries]
    (folder / "in.jsonl").write_text("\n".join(lines))
    found = select_file(folder / "in.jsonl", folder / "out.jsonl", strategy)
    assert found.selected_tasks + sum(m.tasks for m in found.left_out) == found.tasks
    for missed in found.left_out:
        names = {
            "if": ("a_class/if", "b_reg/if"), "class_mm": ("a_class/mm",),
            "reg_mm": ("b_reg/mm",), "xf": ("c_ts/xf",), "cf": ("c_ts/cf",),
        }[missed.kind]  # fmt: skip
        scored = [t.score for t in given_tries if t.task in names and t.score is not None]
        if missed.criterion == "unscored":
            assert missed.best is None
        elif missed.criterion == "score":
            assert missed.best in scored
            assert missed.best < missed.needed
        elif missed.criterion == "failures":
            assert strategy in (Strategy.BV, Strategy.DV)
            assert missed.best > missed.needed
        else:
            assert strategy in (Strategy.BV, Strategy.DV)
            assert missed.best < missed.needed
        assert in_words(missed)


@given(tries)
def test_a_file_is_chosen_from_as_a_list_is_and_copied_byte_for_byte(tmp_path_factory, given_tries):
    folder = tmp_path_factory.mktemp("select")
    if not given_tries:
        return
    lines = [
        f'{{"extra":  [1.50], "task": "{t.task}", "score": {json.dumps(t.score)}, '
        f'"seconds": {t.seconds}, "epoch": {t.epoch}, "n": {n}}}'.encode()
        for n, t in enumerate(given_tries)
    ]
    (folder / "in.jsonl").write_bytes(b"\n".join(lines))
    for strategy in Strategy:
        select_file(folder / "in.jsonl", folder / "out.jsonl", strategy)
        out = [line for line in (folder / "out.jsonl").read_bytes().split(b"\n") if line]
        assert set(out) <= set(lines)
        chosen = {id(t) for t in select_trajectories(given_tries, strategy)}
        assert len(out) == len(select_trajectories(given_tries, strategy)) >= len(chosen)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[1]", "not a JSON object"),
        ('{"task": "a_class/if", "seconds": 1}', "score is None"),
        ('{"task": "a_class/if", "score": 2, "seconds": 1}', "score is 2"),
        ('{"task": "a_class/if", "score": NaN, "seconds": 1}', "score is nan"),
        ('{"task": "a_class/if", "score": 1, "seconds": null}', "seconds is None"),
        ('{"task": "a/mm", "score": 1, "seconds": 1}', "_class or _reg"),
        ('{"task": "a_class/if", "score": 1, "seconds": 1, "epoch": 1.5}', "epoch is 1.5"),
        ('{"task": "a_class/if", "score": 1, "seconds": 1, "epoch": 9e99}', "epoch is 9e"),
        (
            '{"task": "a_class/if", "score": 1, "seconds": 1, "epoch": 99999999999999999999}',
            "epoch",
        ),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_an_unusable_line_is_named(tmp_path, line, words):
    (tmp_path / "in.jsonl").write_text(line + "\n")
    with pytest.raises(ConfigError, match=words):
        select_file(tmp_path / "in.jsonl", tmp_path / "out.jsonl", Strategy.FV)
    assert not (tmp_path / "out.jsonl").exists()


def test_what_is_read_is_not_written_over(tmp_path):
    text = '{"task":"a_class/if","score":1,"seconds":2,"epoch":null}\n' * 2
    path = tmp_path / "in.jsonl"
    path.write_text(text)
    (tmp_path / "link.jsonl").symlink_to(path)
    for out in (path, tmp_path / "link.jsonl"):
        with pytest.raises(ConfigError, match="is the file that is read"):
            select_file(path, out, Strategy.FV)
    assert path.read_text() == text
    assert select_file(path, tmp_path / "out.jsonl", Strategy.FV).selected == 1


def test_a_run_that_has_not_ended_is_named_as_such(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="is unfinished"):
        select_file(tmp_path, tmp_path / "out.jsonl", Strategy.FV)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_threshold_is_a_number(value):
    with pytest.raises(ConfigError, match="the threshold xf is"):
        Thresholds(xf=value)


def test_the_command_chooses(tmp_path):
    text = (
        '{"task":"a_class/if","score":1,"seconds":2}\n{"task":"a_class/if","score":1,"seconds":1}\n'
    )
    (tmp_path / "in.jsonl").write_text(text)
    command = [sys.executable, "-m", "darebench", "select", "--strategy", "fv", "--json"]
    files = ["--in", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")]
    done = subprocess.run([*command, *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["selected"] == 1
    assert (tmp_path / "out.jsonl").read_text() == text.splitlines(keepends=True)[1]


def test_with_nothing_chosen_the_command_says_how_close_the_best_was(tmp_path):
    rows = [
        ("a_class/if", 0.9), ("a_class/if", 0.5), ("b_class/mm", 0.79999), ("c_class/mm", 0.2),
        ("d_ts/cf", None), ("e_reg/mm", 0.7), ("e_reg/mm", 0.8),
    ]  # fmt: skip
    lines = [json.dumps({"task": t, "score": s, "seconds": 1}) for t, s in rows]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    out = str(tmp_path / "out.jsonl")
    done = darebench("select", str(tmp_path / "in.jsonl"), "--strategy", "dv", "--out", out)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        "no attempt was chosen of 5 tasks:",
        "  1 cf task: faults of ours ended all 1 attempts",
        "  2 class-mm tasks without a valid attempt: the best of 2 attempts scored 0.79999, 0.8 is "
        "needed (--class-mm)",
        "  1 if task without a valid attempt: the best of 2 attempts scored 0.9, 1 is needed",
        "  1 reg-mm task with too equal attempts: the largest variance is 0.0025, 0.15 is needed "
        "(--variance-mm)",
    ]
    assert "selected: 0" in done.stdout
    said = darebench("select", "--in", str(tmp_path / "in.jsonl"), "--out", out, "--json")
    assert [m["tasks"] for m in json.loads(said.stdout)["left_out"]] == [1, 2, 1]


def test_an_attempt_that_ended_in_a_fault_is_not_chosen_whatever_its_score(tmp_path):
    row = {"task": "a_class/if", "score": 1.0, "seconds": 1}
    bad = [{**row, "stop_reason": "fault"}, {**row, "fault": "cancelled"}]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, bad)))
    found = select_file(tmp_path / "in.jsonl", tmp_path / "out.jsonl", Strategy.AV)
    assert (found.unscored, found.selected) == (2, 0)
