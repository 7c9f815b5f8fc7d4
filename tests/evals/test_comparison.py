"""Runs are compared task by task: differences are antisymmetric, and what differs is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.running import darebench
from darebench.errors import ConfigError
from darebench.evals.comparison import ALL, compare_runs, rank_runs
from darebench.report.load import LoadedRun
from runs import attempt, write_run

TASKS = [f"{source}_class/{variant}" for source in "abcdef" for variant in ("if", "mm")]
SCORES = st.sampled_from([0.0, 0.3, 0.5, 1.0, None])


def run(scores: dict[str, list[float | None]], name: str = "a", **changed) -> LoadedRun:
    config = {"turns": 5, "seconds": 200.0, "epochs": 2, **changed}
    made = [attempt(t, n, s) for t, of in scores.items() for n, s in enumerate(of, 1)]
    return LoadedRun(
        name=name,
        model="m",
        trajectories=tuple(made),
        expected=len(made),
        config={"config": config, "store": {"hash": "h"}},
        environment={"scorer": "s"},
        folder=Path(name),
    )


made_runs = st.dictionaries(
    st.sampled_from(TASKS), st.lists(SCORES, min_size=1, max_size=3), min_size=1
).map(run)


@settings(deadline=None)
@given(made_runs, made_runs)
def test_the_other_way_round_is_the_same_with_the_other_sign(a, b):
    scored = [{t.task for t in r.trajectories if t.score is not None} for r in (a, b)]
    if not scored[0] & scored[1]:
        with pytest.raises(ConfigError, match="no scored task in common"):
            compare_runs(a, b)
        return
    forth, back = compare_runs(a, b), compare_runs(b, a)
    for name, column in forth.columns.items():
        other = back.columns[name]
        assert column.difference == pytest.approx(-other.difference)
        assert column.difference == pytest.approx(column.a - column.b)
        assert (column.wins, column.ties, column.losses) == (other.losses, other.ties, other.wins)
        assert column.wins + column.ties + column.losses == column.n_tasks
        if column.interval and other.interval:
            assert column.interval[0] == pytest.approx(-other.interval[1])
            assert column.interval[0] <= column.difference <= column.interval[1]
    assert {t.id for t in forth.tasks if t.flipped} == {t.id for t in back.tasks if t.flipped}
    assert forth.columns[ALL].n_tasks == len(forth.tasks)
    assert set(forth.only_a) == set(back.only_b)


def test_figures_are_worked_by_hand():
    a = run(
        {"a_class/mm": [0.5, 0.7], "b_class/mm": [1.0], "c_class/mm": [0.2], "a_class/if": [1.0]}
    )
    b = run(
        {"a_class/mm": [0.2], "b_class/mm": [0.6], "c_class/mm": [0.4], "a_class/if": [0.0, 0.0]}
    )
    found = compare_runs(a, b)
    column = found.columns["class-MM"]
    assert (column.a, column.b) == (pytest.approx(0.6), pytest.approx(0.4))
    assert column.difference == pytest.approx(0.2)
    # differences 0.4, 0.4, -0.2: their standard deviation is 0.3464, over the root of 3
    assert column.stderr == pytest.approx(0.2)
    assert column.interval == pytest.approx((0.2 - 4.3027 * 0.2, 0.2 + 4.3027 * 0.2), abs=1e-4)
    assert (column.wins, column.ties, column.losses) == (2, 0, 1)
    assert found.tasks[0].id == "a_class/if"
    assert found.tasks[0].flipped
    assert found.columns["class-IF"].stderr is None


def test_a_run_beside_itself_ties_everywhere():
    a = run({task: [0.3] for task in TASKS})
    found = compare_runs(a, a)
    assert found.columns[ALL].ties == len(TASKS)
    assert not any(t.flipped for t in found.tasks)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"turns": 8}, "budgets differ: 5 turns (a); 8 turns (b)"),
        ({"seconds": 60.0}, "budgets differ: 200.0 seconds a call (a); 60.0 seconds a call (b)"),
        ({"epochs": 3}, "epochs differ: 2 attempts a task (a); 3 attempts a task (b)"),
        ({"token_limit": 10}, "budgets differ: no limit (a); 10 tokens an attempt (b)"),
    ],
)
def test_what_is_not_alike_is_told_by_name(changed, said):
    a = run({"a_class/mm": [0.5]})
    found = compare_runs(a, run({"a_class/mm": [0.5]}, "b", **changed))
    assert any(said in warning for warning in found.warnings), found.warnings


def test_another_store_and_another_scorer_are_told():
    a = run({"a_class/mm": [0.5]})
    store = {"hash": "g", "tasks": {"a_class/mm": "2"}}
    b = replace(a, name="b", config={**a.config, "store": store}, environment={"scorer": "t"})
    a = replace(a, config={**a.config, "store": {"hash": "h", "tasks": {"a_class/mm": "1"}}})
    said = "; ".join(compare_runs(a, b).warnings)
    assert "stores differ: h (a); g (b); 1 of the 1 tasks that all have are not the same" in said
    assert "scorers differ: s (a); t (b)" in said


def test_what_many_runs_do_not_share_is_told_once():
    runs = [run({"a_class/mm": [0.5]}, name, turns=5 + n // 2) for n, name in enumerate("abcd")]
    assert rank_runs(runs).warnings == ("budgets differ: 5 turns (a, b); 6 turns (c, d)",)


def test_attempts_without_a_score_are_told():
    a = run({"a_class/mm": [0.5, None]})
    assert "a: attempts without a score: 1 unscored" in compare_runs(a, a).warnings[0]


def test_several_runs_are_ranked_and_told_apart_only_where_tests_do():
    best = run({task: [1.0] for task in TASKS}, "best")
    good = run({task: [0.9 if n % 2 else 1.0] for n, task in enumerate(TASKS)}, "good")
    poor = run({task: [0.01 * n] for n, task in enumerate(TASKS)}, "poor")
    found = rank_runs([poor, best, good])
    assert list(found.means) == ["best", "good", "poor"]
    assert found.ranks == {"best": 1.0, "good": 2.0, "poor": 3.0}
    raw = {(p.a, p.b): p.column.p_value for p in found.pairs}
    for pair in found.pairs:
        assert pair.p_adjusted is None or pair.p_adjusted >= (raw[pair.a, pair.b] or 0.0)
    assert all("poor" not in group for group in found.groups)


@pytest.fixture
def folders(tmp_path):
    a = write_run(tmp_path / "one" / "run", [attempt(t, 1, 0.5) for t in TASKS])
    b = write_run(tmp_path / "two" / "run", [attempt(t, 1, 1.0) for t in TASKS[:-1]])
    return a, b


def test_the_command_prints_figures_flips_and_what_only_one_has(folders):
    done = darebench("compare", str(folders[0]), f"new={folders[1]}")
    assert done.returncode == 0, done.stderr
    assert "since only run has them: f_class/mm" in " ".join(done.stdout.split())
    assert "Flipped tasks" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_the_command_prints_the_documented_json(folders):
    import json

    done = darebench("compare", *map(str, folders), "--json")
    value = json.loads(done.stdout)
    assert [r["name"] for r in value["runs"]] == ["one/run", "two/run"]
    assert set(value["runs"][0]) == {"name", "folder", "model", "budget", "epochs", "store_hash"}
    wanted = {"a", "b", "difference", "stderr", "interval", "n_tasks", "n_clusters"}
    assert wanted | {"wins", "losses", "ties"} <= set(value["columns"]["all"])
    assert {"id", "a", "b", "difference", "flipped"} <= set(value["tasks"][0])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["{a}"], "give two runs or more"),
        (["{a}", "{a}/nowhere"], "does not exist"),
        (["x={a}", "x={b}"], "two runs are called 'x'"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(given, said, folders):
    done = darebench("compare", *(text.format(a=folders[0], b=folders[1]) for text in given))
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
