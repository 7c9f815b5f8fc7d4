"""Sessions: variables and files that stay, steps that leave no trace when they fail, forks."""

from __future__ import annotations

import asyncio
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from darebench import AsyncSession, Session
from darebench.errors import ConfigError
from darebench.sandbox import Limits, LocalExecutor, Status

LIMITS = Limits(wall_s=20.0, memory_mb=700, disk_mb=64, processes=64, file_mb=2, output_kb=64)


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


@pytest.fixture
def session(executor):
    with Session(limits=LIMITS, executor=executor) as session:
        yield session


def value(session: Session, code: str) -> object:
    """Return the value of the last expression of a step that has to end well."""
    outcome = session.run(code)
    assert outcome.status is Status.OK, outcome
    return None if outcome.result is None else eval(outcome.result)


def test_a_step_finds_what_the_steps_before_it_have_left(session):
    assert (
        value(session, "import math\nx = 20\ndef f(): return x + 1\nopen('a', 'w').write('q')") == 1
    )
    assert value(session, "x += 1; f(), math.floor(2.5), open('a').read(), _") == (22, 2, "q", 1)


@pytest.mark.parametrize(
    ("code", "result"),
    [("6 * 7", "42"), ("x = 1", None), ("None", None), ("5;", None), ("'a'", "'a'"),
     ("", None), ("# nothing", None), ("if True:\n    3", None), ("print(1)", None)],
)  # fmt: skip
def test_the_value_of_the_last_expression_is_the_result(session, code, result):
    assert session.run(code).result == result


def test_figures_come_as_images_and_are_closed(session):
    code = "import matplotlib.pyplot as plt\nfor _ in range(2):\n    plt.figure(); plt.plot([1, 2])\nplt.show()"
    outcome = session.run(code)
    assert outcome.status is Status.OK, outcome
    assert [image[:4] for image in outcome.images] == [b"\x89PNG"] * 2
    assert outcome.stderr == ""
    assert value(session, "plt.get_fignums()") == []


FAILING = {
    "an error": ("1 / 0", Status.ERROR, 1),
    "a wrong syntax": ("x = = 1", Status.ERROR, 1),
    "an exit code": ("raise SystemExit(3)", Status.ERROR, 3),
    "its process's end": ("os._exit(0)", Status.ERROR, 0),
    "a crash": ("os.abort()", Status.ERROR, -6),
    "the clock": ("while True: pass", Status.TIMEOUT, -9),
    "the memory": ("b = [bytearray(1 << 24) for _ in range(99)]", Status.ERROR, 1),
    "another program": ("os.execv('/bin/true', ['true'])", Status.ERROR, 0),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_step_that_fails_changes_neither_memory_nor_files(session, name):
    code, status, exit_code = FAILING[name]
    before = "import os, random; x = [1]; random.seed(7)\nos.makedirs('d/e'); open('d/e/f', 'w').write('old'); open('gone', 'w')\nkept = open('log', 'w+'); kept.write('ab'); kept.flush()"
    assert session.run(before).status is Status.OK
    change = (
        "x.append(2); y = 1; random.random(); open('d/e/f', 'r+').write('new'); open('new', 'w')\n"
        "os.remove('gone'); os.chmod('d/e', 0o500); os.rename('log', 'moved'); kept.seek(0); kept.write('Z'); kept.flush()\n"
        "os.symlink('/etc/passwd', '/tmp/link'); print('seen', flush=True)\n"
    )
    outcome = session.run(
        (change if "syntax" not in name else "") + code, seconds=1.0 if "clock" in name else 20.0
    )
    assert (outcome.status, outcome.exit_code, outcome.kept) == (status, exit_code, False), outcome
    assert outcome.stdout == ("" if "syntax" in name else "seen\n")
    assert session.files() == ("d/e/f", "gone", "log")
    look = "x, 'y' in globals(), open('d/e/f').read(), kept.tell(), open('log').read(), sorted(os.listdir('.')), oct(os.stat('d/e').st_mode), os.path.lexists('/tmp/link'), random.random()"
    found = value(session, look)
    assert found[:-1] == ([1], False, "old", 2, "ab", ["d", "gone", "log"], "0o40755", False)
    assert found[-1] == pytest.approx(0.32383276)


def test_a_failed_step_can_be_kept_where_its_process_lives(session):
    outcome = session.run("x = 1; open('a', 'w').write('q'); 1 / 0", keep_failed=True)
    assert (outcome.status, outcome.kept) == (Status.ERROR, True)
    assert value(session, "x, open('a').read()") == (1, "q")
    assert not session.run("x = 2; import os; os._exit(1)", keep_failed=True).kept
    assert value(session, "x") == 1


def test_a_traceback_shows_the_lines_of_every_step_and_none_of_ours(session):
    session.run("def f():\n    raise ValueError('deep')")
    text = session.run("f()").stderr
    assert "    raise ValueError('deep')" in text
    assert "darebench" not in text
    assert "notebook" not in text
    assert text.startswith("Traceback")
    assert text.endswith("ValueError: deep\n")


def test_forks_have_the_state_of_their_origin_and_go_their_own_ways(session):
    session.run("import os, random; random.seed(1); x = [0]; open('a', 'w').write('0')")
    forks = [session.fork() for _ in range(3)]
    for number, fork in enumerate(forks, 1):
        assert value(
            fork, f"x.append({number}); open('a', 'w').write('{number}'); open('b{number}', 'w'); x"
        ) == [0, number]
    draws = {value(fork, "random.random()") for fork in (session, *forks)}
    assert len(draws) == 1
    second = forks[0].fork()
    forks[0].close()
    assert value(second, "x, open('a').read(), sorted(os.listdir('.'))") == (
        [0, 1],
        "1",
        ["a", "b1"],
    )
    assert value(session, "x, open('a').read(), sorted(os.listdir('.'))") == ([0], "0", ["a"])
    assert [fork.read("a") for fork in forks[1:]] == [b"2", b"3"]
    session.close()
    assert value(forks[2], "x") == [0, 3]
    with pytest.raises(ConfigError, match="the session is closed"):
        session.run("1")


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_any_order_of_steps_failures_and_forks_gives_what_a_model_gives(executor, data):
    with Session(limits=LIMITS, executor=executor) as first:
        first.run("import os; x = ()")
        live = [(first, (), {})]
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.integers(0, len(live) - 1))
            session, known, files = live[at]
            name, text = data.draw(st.sampled_from("abc")), data.draw(st.text("xyz", max_size=5))
            fails = data.draw(st.booleans())
            session.run(
                f"x += ({text!r},)\nopen({name!r}, 'a').write({text!r})\nassert not {fails}"
            )
            if not fails:
                known, files = (*known, text), files | {name: files.get(name, "") + text}
            live[at] = (session, known, files)
            if data.draw(st.booleans()):
                live.append((session.fork(), known, files))
        for session, known, files in live:
            found = value(session, "x, {name: open(name).read() for name in os.listdir('.')}")
            assert found == (known, files)


def test_what_a_step_leaves_open_or_shared_does_not_hinder_the_next(session):
    session.run("import os, mmap, threading, time, subprocess, numpy as np")
    session.run(
        "shared = mmap.mmap(-1, 4096); shared[0] = 5; pipe = os.pipe(); children = [subprocess.Popen(['sleep', '99'])]"
    )
    assert value(session, "shared[0], open(pipe[0], 'rb', closefd=False).read()") == (5, b"")
    session.run(
        "np.arange(9).tofile('z'); array = np.memmap('z', dtype=int, mode='r+'); array[1] = 7; thread = threading.Thread(target=time.sleep, args=(99,)); thread.start()"
    )
    assert value(session, "int(array[1]), int(np.fromfile('z', int)[1]), thread.is_alive()") == (
        7,
        7,
        False,
    )
    assert session.run("shared[0] = 6; array[1] = 8; 1 / 0").status is Status.ERROR
    assert value(session, "shared[0], int(array[1]), int(np.fromfile('z', int)[1])") == (5, 7, 7)
    assert value(session, "children[0].poll() is not None") is True


POOLS = {
    "OpenMP": "with threadpool_limits(3): H(max_iter=5).fit(X, y)\n1",
    "joblib": "len(GridSearchCV(Lasso(), {'alpha': [1, 2]}, cv=2, n_jobs=2).fit(X, y).best_params_)",
}


@pytest.mark.parametrize("name", ["OpenMP", pytest.param("joblib", marks=pytest.mark.slow)])
def test_a_pool_of_one_step_does_not_stop_the_next(session, name):
    session.run(
        "import numpy as np; from threadpoolctl import threadpool_limits\n"
        "from sklearn.ensemble import HistGradientBoostingClassifier as H\n"
        "from sklearn.linear_model import Lasso; from sklearn.model_selection import GridSearchCV\n"
        "X = np.random.rand(500, 3); y = np.arange(500) % 2"
    )
    assert [value(session, POOLS[name]), value(session.fork(), POOLS[name])] == [1, 1]


def test_files_go_in_and_come_out(executor, tmp_path):
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    with Session({"t.csv": tmp_path / "in.csv"}, LIMITS, executor=executor) as session:
        session.run(
            "import pandas as pd, os; t = pd.read_csv('t.csv'); os.mkdir('out'); t.to_csv('out/u.csv')\nopen('big', 'wb').truncate(9 << 20); os.symlink('/etc/passwd', 'link')"
        )
        assert session.files() == ("big", "out/u.csv", "t.csv")
        assert session.read("out/u.csv") == b",a,b\n0,1,2\n"
        for name, why in (
            ("big", "limit is 2 MB"),
            ("link", "no such file"),
            ("../code", "no such file"),
            ("t.csv/x", "no such"),
        ):
            with pytest.raises(FileNotFoundError, match=why):
                session.read(name)
    with pytest.raises(ConfigError, match="does not exist"):
        Session({"a": tmp_path / "nothing"}, LIMITS, executor=executor)


def test_limits_hold_for_each_step_and_are_told(session):
    with pytest.raises(ConfigError, match="seconds=30; this session allows up to 20 s"):
        session.run("1", seconds=30)
    outcome = session.run("print('x' * 200_000); 'y' * 200_000")
    assert "bytes left out" in outcome.stdout
    assert "bytes left out" in outcome.result
    assert session.run("open('a', 'wb').write(bytes(99 << 20))").status is Status.ERROR
    full = session.run("for n in range(40_000): open(f'{n}', 'w')")
    assert "No space left" in full.stderr
    assert session.files() == ()


def test_many_steps_leave_nothing_behind(session):
    count = "import os; len([p for p in os.listdir('/proc') if p.isdigit()]), os.listdir('/proc/self/fd')"
    n_processes, descriptors = value(session, count)
    for number in range(60):
        session.run("1" if number % 2 else "1 / 0")
    found = value(session, count)
    assert found[0] <= n_processes + 2  # the last ones may not be gone yet
    assert found[1] == descriptors


def test_sixty_four_forks_live_at_once(session):
    session.run("x = 0")
    forks = [session.fork() for _ in range(64)]
    assert [value(fork, f"x += {n}; x") for n, fork in enumerate(forks)] == list(range(64))
    assert [value(fork, "x") for fork in forks] == list(range(64))
    for fork in forks:
        fork.close()
    assert value(session, "x") == 0


def test_asynchronous_sessions_are_the_same_and_a_cancelled_step_leaves_no_trace(executor):
    async def run():
        async with AsyncSession(limits=LIMITS, executor=executor) as session:
            await session.run("x = 1; open('a', 'w').write('q')")
            start = time.monotonic()
            task = asyncio.create_task(session.run("x = 2; import time; time.sleep(15)"))
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            fork = await session.fork()
            found = (await fork.run("x")).result, await fork.files(), await fork.read("a")
            await fork.close()
            return time.monotonic() - start, found

    seconds, found = asyncio.run(run())
    assert seconds < 5
    assert found == ("1", ("a",), b"q")


def test_a_fork_of_the_calling_program_does_not_end_its_sessions(session):
    session.run("x = 1")
    if os.fork() == 0:
        session.close()
        os._exit(0)
    os.wait()
    assert value(session, "x") == 1
