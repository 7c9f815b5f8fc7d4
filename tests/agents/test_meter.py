"""The time of an attempt: the queue is apart, and the limit leaves it out."""

from __future__ import annotations

import asyncio
import time

import pytest

from darebench.agents.loop import Attempt, run
from darebench.agents.meter import Meter, OutOfTime
from darebench.agents.own import run_own
from darebench.agents.protocol import Budget, OutOfTurns, Reply, Stop
from darebench.agents.scripted import ScriptedModel, calls, says
from darebench.agents.tools import PythonTool
from darebench.errors import SandboxFault
from darebench.sandbox.program import Limits
from darebench.store.read import open_store
from darebench.types import CallStatus, Message, Role, StopReason, ToolCall

TASK = "iris_class/mm"
SLEEP = "import time; time.sleep({})"


class Slow:
    """A model that takes its time for each reply."""

    def __init__(self, model, seconds):
        self._model, self._seconds = model, seconds

    async def reply(self, messages, tools):
        await asyncio.sleep(self._seconds)
        return await self._model.reply(messages, tools)


def several(*codes):
    made = tuple(
        ToolCall(id=f"c{n}", name="python_executor", arguments=arguments(code))
        for n, code in enumerate(codes)
    )
    message = Message(role=Role.ASSISTANT, content="", tool_calls=made)
    return Reply(message=message, stop=Stop.TOOL_CALLS)


def arguments(code):
    return {"code": code, "files_to_load": [], "files_to_save": []}


async def play(sandbox, folder, model, **budget):
    attempt = Attempt(messages=[])
    task, given = open_store(None).task(TASK), Budget(**budget)
    tool = PythonTool(task, sandbox, folder, given, Limits())
    await run(attempt, model, tool, given, Limits())
    return attempt


@pytest.fixture
def warm(sandbox, tmp_path):
    asyncio.run(play(sandbox, tmp_path, ScriptedModel([calls("1"), says("")])))
    return sandbox


def test_the_time_is_split_and_the_queue_is_apart(warm, tmp_path):
    model = Slow(ScriptedModel([calls(SLEEP.format(0.5)), says("Done.")]), 0.1)

    async def three():
        return await asyncio.gather(*(play(warm, tmp_path, model) for _ in range(3)))

    timings = sorted((a.timing for a in asyncio.run(three())), key=lambda t: t.queue)
    for timing in timings:
        assert 0.4 < timing.tool < 1.0
        assert 0.2 <= timing.model < 0.5
    assert timings[1].queue >= 0.3
    assert timings[2].queue >= 0.8


def test_the_limit_leaves_the_queue_out(warm, tmp_path):
    model = ScriptedModel([calls(SLEEP.format(0.6)), says("Done.")])

    async def four():
        return await asyncio.gather(*(play(warm, tmp_path, model, seconds=1.5) for _ in range(4)))

    attempts = asyncio.run(four())
    assert [a.stop_reason for a in attempts] == [StopReason.ANSWER] * 4
    assert max(a.timing.queue for a in attempts) > 1.5
    assert all(a.seconds == a.timing.model + a.timing.tool < 1.5 for a in attempts)


def test_the_limit_ends_a_model_that_thinks(warm, tmp_path):
    model = Slow(ScriptedModel([says("Done.")]), 30)
    start = time.monotonic()
    attempt = asyncio.run(play(warm, tmp_path, model, seconds=0.3))
    assert attempt.stop_reason is StopReason.TIME
    assert time.monotonic() - start < 5
    assert attempt.seconds == pytest.approx(0.3, abs=0.2)


def test_the_limit_ends_a_program_and_every_call_has_its_record(warm, tmp_path):
    model = ScriptedModel([calls("print(7)"), several(SLEEP.format(30), "print(8)"), says("Done.")])
    attempt = asyncio.run(play(warm, tmp_path, model, seconds=0.8))
    assert attempt.stop_reason is StopReason.TIME
    statuses = [CallStatus.OK, CallStatus.TIMEOUT, CallStatus.TIMEOUT]
    assert [c.status for c in attempt.calls] == statuses
    assert attempt.calls[2].arguments == arguments("print(8)")
    assert attempt.messages[-1].content.startswith("The code was not run. The attempt's time is")
    answered = [m.tool_call_id for m in attempt.messages if m.role is Role.TOOL]
    assert answered == ["call_1", "c0", "c1"]
    assert attempt.seconds < 2


def test_a_time_out_of_the_model_itself_is_not_the_limit(warm, tmp_path):
    class Broken:
        async def reply(self, messages, tools):
            raise TimeoutError("the provider")

    with pytest.raises(TimeoutError, match="the provider"):
        asyncio.run(play(warm, tmp_path, Broken(), seconds=5.0))


def test_every_call_has_one_record_in_order(warm, tmp_path):
    bash = ToolCall(id="a", name="bash", arguments={"cmd": "ls"})
    unparsed = ToolCall(id="b", name="python_executor", arguments={}, error="no JSON")
    wrong = ToolCall(id="c", name="python_executor", arguments={"code": "1"})
    right = ToolCall(id="d", name="python_executor", arguments=arguments("print(1)"))
    message = Message(
        role=Role.ASSISTANT, content="", tool_calls=(bash, right, unparsed, wrong, right)
    )
    model = ScriptedModel([Reply(message=message, stop=Stop.MAX_TOKENS)])
    attempt = asyncio.run(play(warm, tmp_path, model))
    assert attempt.stop_reason is StopReason.TOKENS
    bad, ok = CallStatus.ARGUMENTS, CallStatus.OK
    assert [c.status for c in attempt.calls] == [bad, ok, bad, bad, ok]
    assert [c.tool for c in attempt.calls] == ["bash", None, None, None, None]
    assert all("Turns left: 4." in m.content for m in attempt.messages[1:])


def test_a_clock_that_stands_still_puts_the_wait_into_the_queue():
    work = [0.0]
    meter = Meter(1.0, clock=lambda: work[0])
    time.sleep(0.05)
    work[0] = 0.4
    timing = meter.timing()
    assert timing.model == 0.4
    assert meter.left == pytest.approx(0.6)

    async def wait():
        async with meter.within_limit():
            for _ in range(200):
                await asyncio.sleep(0.02)
                work[0] += 0.01

    with pytest.raises(OutOfTime):
        asyncio.run(wait())
    assert 0.99 < work[0] < 1.2
    assert meter.timing().queue > 0.2


async def play_own(sandbox, folder, agent, **budget):
    attempt = Attempt(messages=[])
    task, given = open_store(None).task(TASK), Budget(**budget)
    tool = PythonTool(task, sandbox, folder, given, Limits())
    await run_own(attempt, agent, task, tool, given, Limits())
    return attempt


def test_the_limit_ends_an_own_agent(warm, tmp_path):
    async def agent(task, tool, budget):
        await tool.run("print(1)")
        await asyncio.sleep(30)
        return []

    attempt = asyncio.run(play_own(warm, tmp_path, agent, seconds=0.5))
    assert attempt.stop_reason is StopReason.TIME
    assert len(attempt.calls) == 1
    assert attempt.seconds < 2


def test_calls_made_together_are_counted_and_recorded_in_their_order(warm, tmp_path):
    async def agent(task, tool, budget):
        made = [tool.run(f"{SLEEP.format((3 - n) / 10)}; print({n})") for n in range(3)]
        results = await asyncio.gather(*made)
        assert [r.text.splitlines()[-1] for r in results] == [
            "Calls left: 2.",
            "Calls left: 1. prediction.csv is not saved yet.",
            "Calls left: 0.",
        ]
        await tool.run("print(3)")
        return []

    attempt = asyncio.run(play_own(warm, tmp_path, agent, turns=3))
    assert attempt.stop_reason is StopReason.TURNS
    assert [c.stdout for c in attempt.calls] == ["0\n", "1\n", "2\n"]


def test_a_fault_of_ours_costs_no_call(warm, tmp_path):
    class Flaky:
        n = 0

        async def execute(self, program):
            self.n += 1
            if self.n <= 3:
                raise SandboxFault("gone")
            return await warm.execute(program)

        async def close(self):
            pass

    async def agent(task, tool, budget):
        with pytest.raises(SandboxFault):
            await tool.run("print(1)")
        await tool.run("print(2)")
        with pytest.raises(OutOfTurns):
            await tool.run("print(3)")
        return []

    attempt = asyncio.run(play_own(Flaky(), tmp_path, agent, turns=1))
    assert [c.stdout for c in attempt.calls] == ["2\n"]
