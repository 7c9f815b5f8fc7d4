"""What a program has printed is kept, whatever ends it, and printing stays fast."""

from __future__ import annotations

import statistics

import pytest

from darebench.sandbox import Limits, LocalExecutor, Outcome, Program, Status


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(1)
    yield executor
    executor.close_now()


def run(executor: LocalExecutor, code: str, **limits: float) -> Outcome:
    return executor.execute_now(Program(code=code, limits=Limits(**{"wall_s": 20.0} | limits)))


ENDS = {
    "an exit": ("import os; os._exit(0)", {}, Status.OK),
    "a kill": ("import os; os.kill(os.getpid(), 9)", {}, Status.ERROR),
    "a segfault": ("import ctypes; ctypes.string_at(0)", {}, Status.ERROR),
    "an abort": ("import os; os.abort()", {}, Status.ERROR),
    "a stack overflow": (
        "import sys; sys.setrecursionlimit(10**9)\nclass C:\n    def __repr__(self): return repr(self)\n"
        "class D(dict):\n    __missing__ = lambda self, k: self[k]\nD()[1]",
        {},
        Status.ERROR,
    ),
    "another program": ("import os; os.execv('/bin/true', ['true'])", {}, Status.OK),
    "the time limit": ("while True: pass", {"wall_s": 0.5}, Status.TIMEOUT),
    "the time limit, asleep": ("import time; time.sleep(99)", {"wall_s": 0.5}, Status.TIMEOUT),
    "the processor limit": ("while True: pass", {"cpu_s": 1.0}, Status.KILLED),
    "the memory limit": (
        "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1",
        {"memory_mb": 300},
        Status.KILLED,
    ),
    "a stop of itself": ("import os; os.kill(os.getpid(), 19)", {"wall_s": 0.5}, Status.TIMEOUT),
}  # fmt: skip
PRINTS = {
    "lines": ("print('one')\nprint('two', 'é')", "one\ntwo é\n"),
    "the start of a line": ("print('one')\nprint('half', end='')", "one\nhalf"),
    "writes": ("import sys\nsys.stdout.write('a')\nsys.stdout.writelines(['b', 'c'])", "abc"),
    "bytes": ("import sys\nsys.stdout.buffer.write(memoryview(b'a\\n\\xff'))", "a\n\ufffd"),
    "C code": (
        "import ctypes\nc = ctypes.CDLL(None)\nc.printf(b'one\\n')\nprint('two')\nc.printf(b'half')",
        "one\ntwo\nhalf",
    ),
    "a child": (
        "import os\npid = os.fork()\nif pid == 0:\n    print('inner', flush=False)\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\nprint('outer')",
        "inner\nouter\n",
    ),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("what", PRINTS)
def test_what_was_printed_is_kept(executor, what, end):
    prints, printed = PRINTS[what]
    ends, limits, status = ENDS[end]
    outcome = run(executor, f"{prints}\n{ends}", **limits)
    assert (outcome.status, outcome.stdout) == (status, printed)


def test_the_same_holds_for_errors(executor):
    code = "import os, sys\nprint('half', end='', file=sys.stderr)\nos.kill(os.getpid(), 9)"
    assert run(executor, code).stderr == "half"


def test_a_pipeline_that_runs_out_of_time_shows_how_far_it_came(executor):
    code = (
        "import time, pandas as pd\n"
        "print(pd.DataFrame({'a': [1, 2], 'b': [3, 4]}).shape)\n"
        "for epoch in range(99):\n"
        "    print(f'epoch {epoch}', '.' * 3)\n"
        "    time.sleep(0.2)"
    )
    outcome = run(executor, code, wall_s=1.5)
    assert outcome.status is Status.TIMEOUT
    assert outcome.stdout.startswith("(2, 2)\nepoch 0 ...\nepoch 1 ...\n")


@pytest.mark.parametrize("n", [1, 70_000, 3_000_000])
def test_a_write_is_whole_also_if_signals_interrupt_it(executor, n):
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
        f"sys.stdout.write('x' * {n})\n"
        f"assert sys.stdout.buffer.write(b'y' * {n}) == {n}\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)"
    )
    outcome = run(executor, code, output_kb=8000)
    assert outcome.status is Status.OK, outcome.stderr
    assert outcome.stdout == "x" * n + "y" * n


def test_a_full_pipe_that_must_not_block_raises_as_in_python(executor):
    code = (
        "import os, sys\n"
        "source, sink = os.pipe()\n"
        "os.set_blocking(sink, False)\n"
        "os.dup2(sink, 1)\n"
        "try:\n    sys.stdout.write('x' * 1_000_000)\n"
        "except BlockingIOError as error: print(error.errno, error.characters_written, file=sys.stderr)"
    )
    outcome = run(executor, code)
    assert outcome.stderr == "11 65536\n"


def test_lines_of_forks_do_not_mix(executor):
    code = (
        "import os\n"
        "for n in range(4):\n"
        "    if os.fork() == 0:\n"
        "        for _ in range(2000): print('abcdefgh'[2 * n:][:2] * 20, n)\n"
        "        os._exit(0)\n"
        "for _ in range(4): os.wait()"
    )
    lines = run(executor, code).stdout.splitlines()
    expected = {f"{'abcdefgh'[2 * n :][:2] * 20} {n}" for n in range(4)}
    assert (len(lines), set(lines)) == (8000, expected)


@pytest.mark.slow
def test_a_million_short_lines_take_a_few_times_as_long_as_buffered_ones(executor):
    code = (
        "import io, sys, time\n"
        "{}\n"
        "start = time.process_time()\n"
        "for n in range(1_000_000): print(n)\n"
        "print(time.process_time() - start)"
    )
    buffered = "sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, 'w')))"

    def seconds(first: str) -> float:
        outcome = run(executor, code.format(first), wall_s=100)
        assert outcome.status is Status.OK
        assert outcome.stdout.startswith("0\n1\n2\n")
        assert outcome.stdout.split()[-2] == "999999"
        return float(outcome.stdout.split()[-1])

    pairs = [(seconds("pass"), seconds(buffered)) for _ in range(3)]
    ours, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert ours < 8 * theirs, pairs
