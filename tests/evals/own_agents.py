"""Agents and models of users, as modules that `module:function` names find."""

from __future__ import annotations

from inspect_ai.agent import Agent, react
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import bash

from darebench.agents.protocol import Reply
from darebench.agents.scripted import calls, says
from darebench.types import Message, Role

CONSTANT = """
import pandas as pd
v = pd.read_csv("val_v2.csv")
v["species"] = "setosa"
v[["row_id", "species"]].to_csv("prediction.csv", index=False)
"""
FILES = ["train_v2.csv", "val_v2.csv"]


async def constant(task, tool, budget):
    """Predict one class for every row."""
    result = await tool.run(CONSTANT, load=FILES, save=["prediction.csv"])
    return [
        Message(role=Role.USER, content=task.question),
        Message(role=Role.ASSISTANT, content=result.text),
    ]


async def endless(task, tool, budget):
    """Call the tool for ever."""
    while True:
        await tool.run("print(1)")


async def broken(task, tool, budget):
    """Fail as an agent's own client may."""
    raise ValueError("my key is wrong")


async def one_argument(task):
    """Take too few arguments."""


def not_async(task, tool, budget):
    """Be an ordinary function."""


async def wordless(task, tool, budget):
    """Return something else than messages."""
    return "done"


def silent():
    """Return an Inspect agent that saves nothing."""
    return react(prompt=None, tools=[bash()], submit=False)


def shell() -> Agent:
    """Return an Inspect agent that has a shell."""
    return react(prompt=None, tools=[bash()], submit=False)


def restless() -> Agent:
    """Return an Inspect agent that goes on until its model submits."""
    return react(prompt=None, tools=[bash()])


@solver
def copyist() -> Solver:
    """Copy a file of the task to the prediction, without any model."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        from inspect_ai.util import sandbox

        await sandbox().exec(["cp", "val_v2.csv", "prediction.csv"])
        return state

    return solve


def not_an_agent():
    """Return something that cannot play."""
    return 42


class Echo:
    """A chat model of a user's own."""

    async def reply(self, messages, tools) -> Reply:
        """Predict a constant, then end."""
        if any(m.role == Role.TOOL for m in messages):
            return says("done")
        return calls(CONSTANT, load=FILES, save=["prediction.csv"])
