"""Inspect's own tools and its own conformance suite, in our sandbox."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from pathlib import Path

import pytest
from inspect_ai import Task, eval
from inspect_ai.agent import react
from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessageTool,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import includes
from inspect_ai.tool import bash, python
from inspect_ai.util import OutputLimitExceededError
from inspect_ai.util._sandbox import self_check

from darebench.errors import SandboxFault
from darebench.evals.inspect.sandbox import DarebenchSandbox
from darebench.sandbox import LocalExecutor, Outcome, Program

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn
WITHOUT = ("test_exec_as_user",)  # there is one user
SLOW = ("test_exec_timeout_kills_process", "test_exec_timeout_kills_child_processes")
CHECKS = [
    pytest.param(getattr(self_check, name), id=name, marks=[pytest.mark.slow] * (name in SLOW))
    for name in self_check.__all__
    if name not in WITHOUT
]


@pytest.fixture(scope="module")
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close_now()


@pytest.fixture(autouse=True)
def _nothing_left():
    yield
    gc.collect()  # what Inspect leaves open is warned of now, not at the end of all tests


@pytest.fixture
def sandbox(executor):
    sandbox = DarebenchSandbox(executor)
    yield sandbox
    sandbox.remove()


@pytest.fixture
def run(sandbox):
    def run(*cmd: str, **options):
        return asyncio.run(sandbox.exec(list(cmd), **options))

    return run


@pytest.mark.parametrize("check", CHECKS)
def test_it_passes_inspects_own_checks(sandbox, check):
    asyncio.run(check(sandbox))


def test_files_stay_and_processes_do_not(run):
    run("sh", "-c", "mkdir -p d/e; echo 1 > d/e/f; ln -s d/e/f l; chmod 700 d/e/f; echo 2 > /tmp/t")
    run("sh", "-c", "nohup sleep 100 > /dev/null 2>&1 & echo started; mkfifo pipe")
    assert run("sh", "-c", "cat l /tmp/t; stat -c %a d/e/f; ls").stdout == "1\n2\n700\nd\nl\n"
    assert "sleep" not in run("ps", "ax").stdout


@pytest.mark.parametrize(
    "cmd",
    [
        ["python3", "-c", "{}"],
        ["bash", "--login", "-c", "python3 -"],
        ["sh", "-c", "cat > p.py; python3 p.py"],
    ],
)
def test_python_has_the_libraries_however_it_is_called(run, cmd):
    code = "import sys, numpy as np\nprint(int(np.arange(4).sum()), __name__, len(sys.argv))\nopen('out', 'w').write('x')\n1 / 0"
    result = run(*[part.format(code) for part in cmd], input=None if "{}" in cmd else code)
    assert (result.returncode, result.stdout) == (1, "6 __main__ 1\n")
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert result.stderr.endswith("ZeroDivisionError: division by zero\n")
    assert result.stderr.count("File ") == 1
    assert run("cat", "out").stdout == "x"


@pytest.mark.parametrize(
    ("code", "returncode", "stdout"),
    [
        ("import sys; print(sys.stdin.read()); sys.exit(5)", 5, "given\n"),
        ("import atexit; atexit.register(print, 'bye'); print('hi')", 0, "hi\nbye\n"),
        ("import os; os.abort()", 134, ""),
        ("import os; print(os.environ['X'], os.getcwd())", 0, "y /sandbox/work/sub\n"),
        ("import subprocess; subprocess.run(['echo', 'a'])", 0, "a\n"),
        ("import multiprocessing as m; print(m.Pool(2).map(abs, [-1]))", 0, "[1]\n"),
    ],
)
def test_the_short_way_to_python_is_as_the_long_one(run, code, returncode, stdout):
    run("mkdir", "sub")
    options = {"env": {"X": "y"}, "cwd": "sub", "input": "given"}
    for cmd in (["python3", "-c", code], ["env", "python3", "-c", code]):
        result = run(*cmd, **options)
        assert (result.returncode, result.stdout) == (returncode, stdout), result.stderr


def test_a_command_out_of_time_keeps_its_files(run):
    with pytest.raises(TimeoutError):
        run("sh", "-c", "echo 1 > kept; sleep 50", timeout=1)
    with pytest.raises(TimeoutError):
        run("python3", "-c", "open('too', 'w').write('2')\nwhile True: pass", timeout=1)
    assert run("cat", "kept", "too").stdout == "1\n2"


def test_a_command_that_kills_all_loses_only_its_own_changes(run):
    run("sh", "-c", "echo 1 > before")
    assert run("sh", "-c", "echo 2 > after; kill -9 -1").returncode == 137
    assert run("ls").stdout == "before\n"


@pytest.mark.parametrize(
    "result", ["", "[" * 60000, "[]", '{"code": "x"}', '{"error": "x"}', "9" * 100_000]
)
def test_a_forged_result_is_the_commands_failure(run, result):
    forge = "cat > .darebench-result; echo x > .darebench-state; kill -9 $PPID; kill -9 -1"
    assert run("sh", "-c", forge, input=result).returncode == 137


def test_files_that_were_spoilt_are_no_fault(run, sandbox):
    run("sh", "-c", "head -c 999 /dev/urandom > .darebench-state; kill -9 $PPID; kill -9 -1")
    assert run("ls").returncode != 0
    with pytest.raises(FileNotFoundError):
        asyncio.run(sandbox.read_file("a"))
    with pytest.raises(PermissionError):
        asyncio.run(sandbox.write_file("a", "b"))


def test_a_missing_program_is_the_commands_failure(run):
    result = run("no-such-program")
    assert (result.returncode, result.stderr) == (127, "no-such-program: not found\n")


def test_memory_is_bounded_and_says_so(run, monkeypatch):
    monkeypatch.setattr("darebench.evals.inspect.sandbox.MEMORY_MB", 300)
    code = "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1"
    result = run("python3", "-c", code)
    assert result.returncode != 0
    assert "memory" in result.stderr


def test_output_over_the_limit_is_inspects_error(run):
    with pytest.raises(OutputLimitExceededError):
        run("sh", "-c", "yes | head -c 20000000")


def test_too_many_files_are_not_kept_and_that_is_said(run, monkeypatch):
    monkeypatch.setattr("darebench.evals.inspect.sandbox.STATE_MB", 1)
    result = run("sh", "-c", "head -c 3000000 /dev/zero > big")
    assert "its files are not kept: the files have 2 MB, the limit is 1 MB" in result.stderr
    assert run("ls").stdout == ""


@pytest.mark.parametrize(
    "file", ["/dev/zero", "/proc/kmsg", "a\0b", "x" * 5000, "/sandbox/work/../../../etc/shadow"]
)
def test_reading_what_is_no_file_is_the_callers_failure(sandbox, file):
    with pytest.raises((FileNotFoundError, PermissionError, OutputLimitExceededError)):
        asyncio.run(sandbox.read_file(file))


def test_reserved_names_do_no_harm(run):
    script = "for n in state request content result; do mkdir .darebench-$n; done; echo 1 > kept"
    assert run("sh", "-c", script).returncode == 0
    assert run("cat", "kept").stdout == "1\n"


def played(turns):
    """Make a model that calls these tools one after the other, then answers."""

    def next_output(messages, *_):
        done = sum(isinstance(m, ChatMessageTool) for m in messages)
        if done < len(turns):
            name, arguments = turns[done]
            output = ModelOutput.for_tool_call("mockllm/model", name, arguments, content="")
        else:
            output = ModelOutput.from_content("mockllm/model", messages[-1].text)
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    return get_model("mockllm/model", custom_outputs=next_output)


def evaluated(turns, tmp_path: Path, **more):
    task = Task(
        dataset=[Sample(input="go", target="42", files={"data/a.csv": "x\n40\n"})],
        solver=react(prompt=None, tools=[bash(timeout=20), python(timeout=20)], submit=False),
        scorer=includes(),
        sandbox="darebench",
    )
    options = {"display": "none", "ctl_server": False, "log_dir": str(tmp_path)}
    (log,) = eval(task, model=played(turns), **options, **more)
    return log


def test_other_peoples_agents_and_tools_run_in_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    turns = [
        ("bash", {"command": "sed s/40/41/ data/a.csv > b.csv; id -un; ls /home"}),
        ("python", {"code": "import pandas as pd; print(pd.read_csv('b.csv').x[0] + 1)"}),
    ]
    log = evaluated(turns, tmp_path / "logs")
    assert log.status == "success", log.error
    (sample,) = log.samples
    said = [m.text for m in sample.messages if isinstance(m, ChatMessageTool)]
    assert "agent\n" in said[0]
    assert said[1] == "42\n"
    assert sample.scores["includes"].value == "C"
    assert list(tmp_path.glob("darebench-*")) == []


class Broken:
    """An executor that always fails."""

    def start_now(self) -> None:
        pass

    async def execute(self, program: Program) -> Outcome:
        raise SandboxFault("the disk is full")

    async def close(self) -> None:
        pass


def test_a_fault_ends_the_sample_and_is_no_tool_error(tmp_path, monkeypatch):
    good = LocalExecutor(1)

    class Breaking(Broken):
        async def execute(self, program: Program) -> Outcome:
            if '"do": "write"' in program.load[".darebench-request"].read_text():
                return await good.execute(program)
            return await super().execute(program)

    monkeypatch.setattr("darebench.evals.inspect.sandbox.open_executor", lambda _: Breaking())
    log = evaluated([("bash", {"command": "ls"})], tmp_path)
    good.close_now()
    assert log.status == "error"
    assert "the disk is full" in log.samples[0].error.message
    assert not log.samples[0].scores
