"""What gives a target away by the words of a page, and which targets stand beside each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_rules import N, numbers, table

from darebench.curate.designing.choice import join_targets, likeness, why_too_alike
from darebench.curate.designing.formulas import find_formulas
from darebench.curate.designing.given_away import find_given_away
from darebench.curate.designing.naturalness import judge
from darebench.curate.designing.rules import tabular_design
from darebench.curate.records import Design, Table

NAMES = ("bwt", "mother", "smoke", "low", "gest")


def given_away(frame: pd.DataFrame, target: str, **said: str) -> set[str]:
    made = table(frame, **said)
    return {n for n, found in find_given_away(made, judge(made), target).items() if found.is_sure}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("low", "1 if bwt < 2500"),
        ("low", "=1 if bwt <= 2500"),
        ("low", "log(bwt)"),
        ("low", "bwt^2"),
        ("low", "bwt - gest"),
        ("low", "gest/bwt"),
        ("lbwt", ""),
    ],
)
def test_formulas_and_thresholds_of_descriptions_give_away(name, said):
    frame = numbers(*NAMES).rename(columns={"low": name})
    if name == "lbwt":
        frame[name] = np.log(frame["bwt"]).round(2)
    assert name in given_away(frame, "bwt", **({name: said} if said else {}))


def test_a_threshold_that_nobody_describes_is_found_in_the_values():
    frame = numbers(*NAMES).assign(low=lambda f: (f["bwt"] < 45).astype(int))
    assert "low" in given_away(frame, "bwt")
    assert "bwt" in given_away(frame, "low")


def test_labels_beside_codes_are_twins():
    codes = np.random.default_rng(0).integers(1, 5, N)
    frame = numbers("a", "b").assign(stage=codes, word=np.array(list("wxyz"))[codes - 1])
    assert given_away(frame, "stage") == {"word"}


@pytest.mark.parametrize(
    ("target", "other"), [("status", "futime"), ("futime", "status"), ("status", "cause")]
)
def test_survival_times_and_events_give_each_other_away(target, other):
    rng = np.random.default_rng(2)
    frame = numbers("futime", "nodes", "size").assign(
        status=rng.integers(0, 2, N), cause=rng.choice(list("abc"), N)
    )
    said = {"futime": "time to death or last follow-up", "status": "1 if dead, 0 if alive",
            "cause": "cause of death"}  # fmt: skip
    assert other in given_away(frame, target, **said)
    assert "nodes" not in given_away(frame, target, **said)


def test_earlier_years_are_features_and_later_ones_are_not():
    frame = numbers("re74", "re78", "re80", "x")
    said = {f"re{y}": f"real earnings in 19{y}" for y in (74, 78, 80)}
    made = table(frame, **said)
    found = find_given_away(made, judge(made), "re78")
    assert "re80" in found
    assert "re74" not in found


@given(
    left=st.sampled_from(["yield", "log(yield)", "sqrt(yield)", "cbind(yield, loss)"]),
    right=st.lists(st.sampled_from(["rain", "soil", "loss"]), min_size=1, unique=True),
    call=st.sampled_from(["lm", "glm", "lmer", "gam", "rpart"]),
    joint=st.sampled_from([" + ", " * ", " +\n  ", ":"]),
)
def test_formulas_are_read_in_any_spelling(left, right, call, joint):
    code = f"m <- {call}({left} ~ {joint.join(right)}, data = field)\nplot(m)"
    found = find_formulas(code, ["yield", "loss", "rain", "soil"])
    assert found.modelled["yield"] == 1
    for name in right:
        assert found.explains[name] == (0 if name in left else 1)
    assert bool(found.together) == ("cbind" in left)


@given(st.text(alphabet="ab~()[]{},+-\n=<\"'#$ .`", max_size=200))
def test_any_code_is_read(code):
    find_formulas(code, ["a", "b"])


def designs(made: Table, *names: str) -> list[Design]:
    judgement = judge(made)
    columns = {c.name: c for c in made.profile.columns}
    found = [tabular_design(made, columns[name], judgement) for name in names]
    return [design for design in found if design is not None]


def test_targets_of_a_table_must_differ():
    frame = numbers("score", "a", "b", "c").assign(
        again=lambda f: f["score"] + numbers("e", seed=5)["e"] / 10
    )
    made = table(frame)
    score, again, other = designs(made, "score", "again", "a")
    assert "too like" in why_too_alike(made, judge(made), again, [score])
    assert not why_too_alike(made, judge(made), other, [score])
    assert "already" in why_too_alike(made, judge(made), score, [score])


@given(st.lists(st.integers(0, 3), min_size=12, max_size=60), st.permutations(range(4)))
def test_other_labels_are_the_same_classes(values, order):
    a = pd.Series([f"c{v}" for v in values])
    b = a.map({f"c{i}": f"d{j}" for i, j in enumerate(order)})
    assert likeness(a, b) == (1.0 if a.nunique() > 1 else 0.0)


def test_only_targets_that_are_named_together_are_joined():
    made = table(numbers("read", "math", "spell", "a", "b"))
    three = designs(made, "read", "math", "spell")
    assert join_targets(three, made, []) == []
    (joined,) = join_targets(three, made, [frozenset({"read", "math"})])
    assert joined.targets == ("read", "math")
    assert not {"read", "math"} & {*joined.features}
    assert join_targets([replace(d, others=("a",)) for d in three], made,
                        [frozenset({"read", "math"})]) == []  # fmt: skip


def test_what_makes_up_a_target_is_left_out_whatever_the_weights():
    frame = numbers("oral", "written", "a", "b").assign(
        score=lambda f: 0.4 * f["oral"] + 0.6 * f["written"]
    )
    made = table(frame)
    given = find_given_away(made, judge(made), "score")
    assert {n for n, why in given.items() if why.is_sure} == {"oral", "written"}


def test_what_is_made_of_a_leak_is_one_and_what_goes_with_a_cost_is_left_out():
    frame = numbers("total", "fatal", "logged", "county", "nights", "age")
    said = {
        "total": "total accidents in the state",
        "fatal": "fatal accidents as total / 10",
        "logged": "log(fatal)",
        "county": "acc. on county roads",
        "nights": "stays in a hospital",
        "age": "age of the driver",
    }
    made = table(frame, **said)
    given = find_given_away(made, judge(made), "total")
    assert given["fatal"].is_sure
    assert given["logged"].is_sure
    assert not given["county"].is_sure
    assert not {"age", "nights"} & {*given}
    made = table(frame, **{**said, "total": "medical expenses"})
    assert "nights" in find_given_away(made, judge(made), "total")
