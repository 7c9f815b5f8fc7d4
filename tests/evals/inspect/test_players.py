"""Any model, any agent: by name, as an object, as Inspect's own, and what their runs are called."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from inspect_ai.model import ChatMessageTool, ModelOutput, ModelUsage, get_model

from darebench.errors import ConfigError
from darebench.evals.evaluation import EvalConfig
from darebench.evals.run import evaluate, evaluate_async
from darebench.types import Failure, StopReason

sys.path.insert(0, str(Path(__file__).parents[1]))
import own_agents

pytestmark = pytest.mark.filterwarnings("default")  # Inspect's own dependencies warn
ONE = EvalConfig(tasks=("iris_class/mm",), turns=3)


def test_an_own_agent_is_scored_and_named(tmp_path):
    run = evaluate(ONE, agent=own_agents.constant, out=tmp_path / "run")
    (done,) = run.trajectories
    assert done.score is not None
    assert 0 < done.score < 1
    assert (done.model, done.stop_reason) == ("own_agents:constant", StopReason.ANSWER)
    assert [m.role for m in done.messages] == ["user", "assistant"]
    assert [c.status for c in done.calls] == ["ok"]
    again = evaluate(ONE, agent="own_agents:constant", out=tmp_path / "run")
    assert again.new_attempts == 0
    assert again.trajectories == run.trajectories
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert record["player"]["name"] == "own_agents:constant"
    assert len(record["player"]["source"]) == 12


def test_an_own_agent_ends_with_its_budget(tmp_path):
    (done,) = evaluate(ONE, agent=own_agents.endless, out=tmp_path / "run").trajectories
    assert (done.stop_reason, done.failure) == (StopReason.TURNS, Failure.EXECUTION_LIMIT)
    assert len(done.calls) == 3


@pytest.mark.parametrize(
    ("agent", "said"),
    [(own_agents.broken, "ValueError: my key is wrong"), (own_agents.wordless, "returned str")],
)
def test_an_own_agent_that_fails_is_unscored(agent, said, tmp_path):
    (done,) = evaluate(ONE, agent=agent, out=tmp_path / "run").trajectories
    assert (done.score, done.stop_reason) == (None, StopReason.FAULT)
    assert said in done.fault


def shell_model(*commands: str):
    """Make an Inspect model that runs commands in the shell one after the other, then answers."""

    def next_output(messages, *_):
        done = sum(isinstance(m, ChatMessageTool) for m in messages)
        if done < len(commands):
            arguments = {"command": commands[done]}
            output = ModelOutput.for_tool_call("mockllm/model", "bash", arguments, content="")
        else:
            output = ModelOutput.from_content("mockllm/model", "done")
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    return get_model("mockllm/model", custom_outputs=next_output)


WRITE = "python3 - <<'END'\n" + own_agents.CONSTANT + "END\nls"


def test_an_inspect_agent_finds_the_files_and_its_prediction_is_scored(tmp_path):
    model = shell_model(WRITE)
    run = evaluate(ONE, model=model, agent=own_agents.shell(), out=tmp_path / "run")
    (done,) = run.trajectories
    assert done.fault is None
    assert done.score is not None
    assert 0 < done.score < 1
    assert "Save the prediction there as `prediction.csv`" in done.messages[0].content
    assert "val_v2.csv" in next(m.content for m in done.messages if m.role == "tool")
    assert (done.model, done.tokens.total) == ("mockllm/model", 4)


def test_an_inspect_agent_that_never_ends_has_its_turns(tmp_path):
    config = EvalConfig(tasks=("iris_class/mm",), turns=4)
    agent = own_agents.restless()
    run = evaluate(config, model=shell_model(WRITE), agent=agent, out=tmp_path / "run")
    (done,) = run.trajectories
    assert done.score is not None
    assert 0 < done.score < 1  # what it has saved by then
    assert done.stop_reason is StopReason.TURNS
    assert sum(m.role == "assistant" for m in done.messages) >= 4
    assert "You have 4 turns." in done.messages[0].content


def test_an_inspect_agent_without_a_prediction_is_told_so(tmp_path):
    run = evaluate(ONE, model=shell_model("ls"), agent="own_agents:silent", out=tmp_path / "run")
    (done,) = run.trajectories
    assert (done.score, done.failure) == (0.0, Failure.NO_PREDICTION)
    assert "prediction" in done.reason.message


def test_an_inspect_solver_is_found_by_its_name(tmp_path):
    config = EvalConfig(tasks=("iris_class/mm",), agent="own_agents:copyist")
    (done,) = evaluate(config, out=tmp_path / "run").trajectories
    assert done.fault is None
    assert done.score == 0.0  # the file has no column of predictions
    assert done.reason.code == "missing_column"


def test_a_chat_model_of_ones_own_plays_the_loop(tmp_path):
    run = evaluate(ONE, model=own_agents.Echo(), out=tmp_path / "run")
    (done,) = run.trajectories
    assert done.score
    assert done.model == "own_agents:Echo"
    again = evaluate(ONE, model=own_agents.Echo(), out=tmp_path / "run")
    assert again.new_attempts == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"agent": "own_agents:constnat"}, "did you mean 'constant'"),
        ({"agent": "own_agents"}, "module:function"),
        ({"agent": "no_such_module:agent"}, "cannot be imported"),
        ({"agent": own_agents.not_an_agent}, "own_agents:not_an_agent is not an agent"),
        ({"agent": own_agents.constant, "model": "openai/gpt-5"}, "brings its own model"),
        ({"agent": own_agents.not_async}, "not_async takes arguments and is not an async function"),
        ({"agent": own_agents.one_argument}, "cannot be called with three arguments"),
        ({"model": object()}, "builtins:object is not a model"),
        ({"model": "basline"}, "did you mean 'baseline'"),
        ({"model": "opnai/gpt-5"}, "not recognized; did you mean 'openai'"),
        ({"agent": own_agents.shell, "model": own_agents.Echo()}, "needs one of Inspect's models"),
    ],
)
def test_what_cannot_play_is_one_sentence(given, said, tmp_path):
    with pytest.raises(ConfigError, match=said):
        evaluate(ONE, out=tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()


def test_it_works_where_a_loop_runs(tmp_path):
    async def cell():
        here = asyncio.get_running_loop()
        beats = 0

        async def beat():
            nonlocal beats
            while True:
                beats += 1
                await asyncio.sleep(0.001)

        beating = asyncio.create_task(beat())
        awaited = await evaluate_async(ONE, model="null", out=tmp_path / "a")
        beating.cancel()
        blocking = evaluate(ONE, model="null", out=tmp_path / "b")
        assert asyncio.get_running_loop() is here
        return awaited, blocking, beats

    awaited, blocking, beats = asyncio.run(cell())
    assert [t.score for t in awaited.trajectories] == [0.0]
    assert [t.score for t in blocking.trajectories] == [0.0]
    assert beats > 10


def test_a_cancelled_evaluation_stops_and_goes_on(tmp_path):
    config = EvalConfig(tasks=("iris_class/mm",), epochs=40)
    told = []

    async def cell():
        running = asyncio.ensure_future(
            evaluate_async(
                config, model="trivial", out=tmp_path / "run", progress=lambda *a: told.append(a)
            )
        )
        while not told or told[-1][1] < 3:
            await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cell())
    n_done = told[-1][1]
    assert 3 <= n_done < 40
    run = evaluate(config, model="trivial", out=tmp_path / "run")
    assert len(run.trajectories) == 40
    assert run.missing == run.unscored == 0
    assert 0 < run.new_attempts <= 40 - 3
