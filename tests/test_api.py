"""The front door: every name is there, light, documented, and usable where a loop runs."""

from __future__ import annotations

import ast
import asyncio
import inspect
import pickle
import re
import subprocess
import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest

import darebench

ROOT = Path(__file__).parents[1]
ROOMS = ("audit", "curate", "rollouts")


def run_apart(code: str) -> str:
    """Run code in an interpreter of its own; return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", darebench.__all__)
def test_every_name_can_be_imported_and_is_documented(name):
    value = getattr(darebench, name)
    assert value is not None
    if not isinstance(value, dict):
        assert (inspect.getdoc(value) or "").strip()


@pytest.mark.parametrize("name", [n for n in darebench.__all__ if n[0].islower()])
def test_every_function_is_typed_and_its_docstring_names_the_errors(name):
    function = inspect.unwrap(getattr(darebench, name))
    signature = inspect.signature(function)
    assert signature == inspect.signature(getattr(darebench, name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(p.annotation is not p.empty for p in signature.parameters.values())
    assert re.search(r"Raises:|errors are those", inspect.getdoc(function) or "")


def test_dir_lists_the_api_and_the_lists_agree():
    assert set(dir(darebench)) == {*darebench.__all__, "__version__"}
    tree = ast.parse(Path(darebench.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {a.asname or a.name for n in block.body for a in getattr(n, "names", ())}
    assert typed == set(darebench.__all__) == {*darebench._HOME_OF, *darebench._CALLED}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'evalute'"):
        darebench.evalute  # noqa: B018 # pyright: ignore


def test_the_reference_page_lists_what_is_exported():
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+)", page, re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(darebench.__all__)


def test_the_package_says_that_it_is_typed():
    assert files("darebench").joinpath("py.typed").is_file()


def test_importing_is_quick_and_makes_nothing():
    code = (
        "import sys, time; before = set(sys.modules); start = time.perf_counter(); "
        "import darebench; dir(darebench); print(time.perf_counter() - start, "
        "len([m for m in sys.modules if m.startswith('darebench')]))"
    )
    seconds, modules = zip(*(run_apart(code).split() for _ in range(3)), strict=True)
    assert min(map(float, seconds)) < 0.2
    assert set(modules) == {"1"}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize(
    "before", ["", "import darebench.{room}", "from darebench.{room} import {inner}"]
)
def test_a_room_is_called_whoever_imported_it_first(room, before):
    module, function = darebench._CALLED[room].split(":")
    first = before.format(room=room, inner=module.rpartition(".")[2])
    code = (
        f"{first}\nimport darebench, inspect, importlib\n"
        f"room = darebench.{room}\n"
        f"inner = importlib.import_module({module!r}).{function}\n"
        f"assert callable(room) and inspect.signature(room) == inspect.signature(inner)\n"
        f"import {module} as again\n"
        f"assert darebench.{room} is room and again.{function} is inner\n"
        "try:\n    room(no_such_argument=1)\n"
        "except TypeError as error:\n    print(error)"
    )
    assert f"{function}() got an unexpected keyword argument" in run_apart(code)


@pytest.mark.parametrize("name", [n for n in darebench.__all__ if n.endswith(("Error", "Fault"))])
def test_every_error_is_of_one_root_and_survives_pickling(name):
    error = getattr(darebench, name)("what was wrong")
    assert isinstance(error, darebench.DareError)
    assert str(pickle.loads(pickle.dumps(error))) == "what was wrong"


def test_stores_tasks_scores_and_runs_survive_pickling(tmp_path):
    store = darebench.open_store()
    score = darebench.score(b"row_id,species\n1,setosa\n", "iris_class/mm")
    for value in (store, store.tasks[0], score, darebench.EvalConfig(), darebench.Limits()):
        assert pickle.loads(pickle.dumps(value)) == value


def test_everything_works_where_a_loop_runs(tmp_path):
    async def notebook() -> None:
        store = darebench.open_store()
        chosen = darebench.select(store.tasks, ["iris_class/*"])
        assert [t.variant for t in chosen] == [darebench.Variant.IF, darebench.Variant.MM]
        for task in chosen:
            found = darebench.score(None, task, store=store)
            assert (found.score, found.provenance.store) == (0.0, store.hash)
        assert darebench.run_python("print(6 * 7)").stdout == "42\n"
        config = darebench.EvalConfig(model="oracle", tasks=("iris_class/*",))
        run = darebench.evaluate(config, out=tmp_path / "run")
        assert len(run.trajectories) == 2
        assert darebench.select_trajectories(run.trajectories, "av")
        again = await darebench.evaluate_async(config, out=tmp_path / "run")
        assert again.trajectories == run.trajectories
        attempts = darebench.rollouts(config, attempts=1, out=tmp_path / "rollouts")
        assert len(attempts.trajectories) == 2

    asyncio.run(notebook())


@pytest.mark.slow
def test_curation_and_audit_work_where_a_loop_runs(tmp_path):
    rows = [f"{k % 7},{k % 5},{'ab'[k % 7 > 3]}" for k in range(400)]
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "small.csv").write_text("\n".join(["x,z,kind", *rows]) + "\n")

    async def notebook() -> None:
        made = darebench.curate(str(tmp_path / "tables"), tmp_path / "out")
        assert made.n_tables == 1
        audit = darebench.audit(None, ["iris_class/*"])
        assert [task.id for task in audit.tasks] == ["iris_class/if", "iris_class/mm"]

    asyncio.run(notebook())


def test_homes_are_modules_with_these_names():
    for name, home in darebench._HOME_OF.items():
        assert hasattr(import_module(home), name), name
