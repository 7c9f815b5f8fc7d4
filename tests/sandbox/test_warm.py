"""The modules that programs find imported are a setting of the executor."""

from __future__ import annotations

import pytest

from darebench.errors import ConfigError
from darebench.evals.evaluation import EvalConfig
from darebench.evals.resolve import Asked, resolve
from darebench.sandbox import LocalExecutor, Program
from darebench.sandbox.session import Session


@pytest.fixture
def make():
    made = []

    def making(*names):
        made.append(LocalExecutor(1, warm=names))
        return made[-1]

    yield making
    for executor in made:
        executor.close_now()


def test_programs_and_sessions_find_what_was_asked_for_and_nothing_else(make):
    executor = make("statsmodels.api", "json", "json")
    assert [m.name for m in executor.warmed()] == ["statsmodels.api", "json"]
    first = executor.warmed()[0]
    assert first.seconds > 0.1
    assert first.megabytes > 20
    code = "import sys; import pandas; print('statsmodels.api' in sys.modules, 'sklearn' in sys.modules)"
    assert executor.execute_now(Program(code=code)).stdout == "True False\n"
    with Session(executor=executor) as session:
        assert session.run("'statsmodels.api' in sys.modules").status == "error"  # nothing leaks in
        assert session.run("import sys; 'statsmodels.api' in sys.modules").result == "True"


def test_a_list_without_numpy_serves_programs_that_need_more(make):
    code = "import sys; import bisect, pickle; before = 'numpy' in sys.modules; import numpy; print(before, numpy.ones(2).sum())"
    assert make("decimal").execute_now(Program(code=code)).stdout == "False 2.0\n"


@pytest.mark.parametrize(
    ("name", "said"),
    [("no_such_module", "has no module"), ("a b", "is not the name"), ("", "is not the name")],
)
def test_a_name_that_is_no_module_here_is_refused_at_once(name, said):
    with pytest.raises(ConfigError, match=said):
        LocalExecutor(1, warm=[name])


def test_a_module_that_cannot_be_imported_is_refused_by_name(make):
    with pytest.raises(ConfigError, match=r"'pandas.nothing' cannot be imported"):
        make("pandas.nothing").start_now()


def test_runs_with_other_modules_are_other_runs():
    def plan(**config):
        return resolve(Asked(config=EvalConfig(**config), model=None, agent=None))

    assert "warm" not in plan().record["config"]
    assert plan(warm=("pandas",)).name != plan().name
    with pytest.raises(ConfigError, match="server"):
        plan(warm=("pandas",), sandbox="http://127.0.0.1:1")
