"""Who makes an attempt: darebench's loop with a chat model, an own agent, or an Inspect solver."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeGuard

from inspect_ai.agent import as_solver, is_agent
from inspect_ai.model import ChatMessageUser, get_model
from inspect_ai.solver import Generate, Solver, TaskState
from inspect_ai.util import registry_info, sample_limits, sandbox, time_limit, turn_limit

from darebench.agents import loop
from darebench.agents.loop import Attempt
from darebench.agents.notebook import loop as notebook
from darebench.agents.notebook.adapted import AdaptedModel
from darebench.agents.own import run_own
from darebench.agents.prompt import opening
from darebench.agents.protocol import Agent, Budget, ChatModel
from darebench.agents.tools import NAME, PythonTool
from darebench.errors import ConfigError
from darebench.evals.identity import identify
from darebench.evals.inspect.connection import connection_of
from darebench.evals.inspect.model import InspectModel, from_inspect, to_inspect
from darebench.evals.inspect.providers import builtin_agent
from darebench.sandbox.executor import Executor
from darebench.sandbox.program import Limits
from darebench.sandbox.session import SessionHost
from darebench.store.layout import PREDICTION
from darebench.types import StopReason, Task, Tokens

SANDBOX_PROMPT = """\
{question}

Files: {files}. They are in the working folder of the sandbox. Save the prediction there as \
`{prediction}`, and finish when it is saved. You have {turns} turns."""
"""What an Inspect solver is asked, which has its own tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What one attempt is made with."""

    task: Task
    tool: PythonTool
    executor: Executor
    budget: Budget
    limits: Limits


class Player(Protocol):
    """Makes attempts; one object makes all attempts of a run, several at a time."""

    @property
    def in_sandbox(self) -> bool:
        """Whether the task's files must lie in Inspect's sandbox."""
        ...

    @property
    def in_session(self) -> bool:
        """Whether the executor must have sessions."""
        ...

    @property
    def name(self) -> str | None:
        """What trajectories call it; None for the name of Inspect's model."""
        ...

    @property
    def identity(self) -> Mapping[str, Any] | None:
        """What tells it from others in a run's record; None where the configuration does."""
        ...

    async def play(
        self, stage: Stage, attempt: Attempt, state: TaskState, generate: Generate
    ) -> None:
        """Make `attempt`, in place.

        Raises:
            SandboxFault: The sandbox failed, repeatedly.
            ProviderFault: The model's provider failed, or the agent.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPlayer:
    """darebench's loop with a chat model: a given one, or Inspect's."""

    model: ChatModel | None = None
    name: str | None = None
    identity: Mapping[str, Any] | None = None
    in_sandbox: bool = False
    in_session: bool = False

    async def play(
        self, stage: Stage, attempt: Attempt, state: TaskState, generate: Generate
    ) -> None:
        """Run the loop, and keep Inspect's own messages in its log where they are Inspect's."""
        task, budget = stage.task, stage.budget
        attempt.messages[:] = opening(task, budget, tool=NAME, prediction=PREDICTION)
        model = chat_model(self.model, task)
        try:
            await loop.run(attempt, model, stage.tool, budget, stage.limits, clock=clock_of(model))
        finally:
            if isinstance(model, InspectModel):
                model.follow(attempt.messages)
                state.messages = model.transcript
            else:
                state.messages = [to_inspect(m) for m in attempt.messages]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookPlayer:
    """The notebook agent with a chat model: a given one, or Inspect's."""

    branches: int = 1
    model: ChatModel | None = None
    name: str | None = None
    identity: Mapping[str, Any] | None = None
    in_sandbox: bool = False
    in_session: bool = True

    async def play(
        self, stage: Stage, attempt: Attempt, state: TaskState, generate: Generate
    ) -> None:
        """Play the stages over a session, and show the whole conversation in Inspect's log.

        Raises:
            ConfigError: The sandbox has no sessions.
        """
        desk = notebook.Desk(
            task=stage.task,
            host=host_of(stage.executor),
            folder=stage.tool.folder,
            budget=stage.budget,
            limits=stage.limits,
            branches=self.branches,
        )

        def open_chat() -> ChatModel:
            script = None if self.model else builtin_agent(get_model().api, stage.task)
            return AdaptedModel(script) if script else chat_model(self.model, stage.task)

        try:
            await notebook.run(attempt, open_chat, desk, clock=clock_of(open_chat()))
        finally:
            state.messages = [to_inspect(m) for m in attempt.messages]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPlayer:
    """Somebody's own agent, by the protocol of `darebench.agents.protocol`."""

    agent: Agent
    name: str
    identity: Mapping[str, Any]
    in_sandbox: bool = False
    in_session: bool = False

    async def play(
        self, stage: Stage, attempt: Attempt, state: TaskState, generate: Generate
    ) -> None:
        """Let the agent work, and show its conversation in Inspect's log."""
        task, tool = stage.task, stage.tool
        attempt.messages[:] = opening(task, stage.budget, tool=NAME, prediction=PREDICTION)[1:]
        await run_own(attempt, self.agent, task, tool, stage.budget, stage.limits)
        state.messages = [to_inspect(m) for m in attempt.messages]


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverPlayer:
    """Somebody's Inspect solver or agent, which works in Inspect's sandbox with its own tools."""

    solver: Solver
    identity: Mapping[str, Any]
    name: str | None = None
    in_sandbox: bool = True
    in_session: bool = False

    async def play(
        self, stage: Stage, attempt: Attempt, state: TaskState, generate: Generate
    ) -> None:
        """Copy the task's files into the sandbox, and let the solver work on them."""
        task = stage.task
        for name in task.files:
            await sandbox().write_file(name, (task.source / name).read_bytes())
        names = ", ".join(f"`{name}`" for name in task.files)
        text = SANDBOX_PROMPT.format(
            question=task.question, files=names, prediction=PREDICTION, turns=stage.budget.turns
        )
        state.messages = [ChatMessageUser(content=text)]
        connection_of(get_model())
        start = time.monotonic()
        done = state
        try:
            with turn_limit(stage.budget.turns), time_limit(stage.budget.seconds):
                done = await self.solver(state, generate)
            attempt.stop_reason = StopReason.ANSWER
        finally:
            attempt.seconds = time.monotonic() - start
            attempt.messages[:] = [from_inspect(m) for m in done.messages]
            attempt.tokens = Tokens(total=done.token_usage)
            state.messages = done.messages


def chat_model(given: ChatModel | None, task: Task) -> ChatModel:
    """Return a chat model for one conversation: the given one, a built-in one, or Inspect's."""
    return given or builtin_agent(get_model().api, task) or _inspect_model()


def clock_of(model: ChatModel) -> Callable[[], float]:
    """Return the clock of a model's work, which stands still while Inspect's model waits."""
    return _working_time if isinstance(model, InspectModel) else time.monotonic


def host_of(executor: Executor) -> SessionHost:
    """Return an executor as one that has sessions.

    Raises:
        ConfigError: It has none.
    """
    if not isinstance(executor, SessionHost):
        raise ConfigError(f"{type(executor).__name__} has no sessions; use a LocalExecutor")
    return executor


def _inspect_model() -> InspectModel:
    model = get_model()
    connection = connection_of(model)
    return InspectModel(model) if connection is None else InspectModel(model, connection.warn)


def _working_time() -> float:
    """Return the seconds in which a sample did not wait for a connection or a next try."""
    return sample_limits().working.usage


async def take_prediction(folder: Path) -> None:
    """Copy a sample's prediction out of Inspect's sandbox; one that is missing is scored 0."""
    with contextlib.suppress(FileNotFoundError, IsADirectoryError, PermissionError):
        content = await sandbox().read_file(PREDICTION, text=False)
        (folder / PREDICTION).write_bytes(content)


def player_of(agent: object) -> AgentPlayer | SolverPlayer:
    """Return what plays somebody's agent.

    Args:
        agent: An async function by darebench's protocol, an Inspect solver or agent, or a function
            without arguments that returns one of these.

    Raises:
        ConfigError: The object is none of these.
    """
    identity = identify(agent)
    made = agent
    if callable(agent) and not _is_async(agent):
        if not _takes(agent, 0):
            raise ConfigError(
                f"{identity['name']} takes arguments and is not an async function; write "
                "`async def`, as in `async def agent(task, tool, budget)`"
            )
        try:
            made = agent()
        except Exception as error:  # somebody's code, which may raise anything
            raise ConfigError(f"{identity['name']} cannot make an agent: {error}") from error
    if _is_solver(made):
        return SolverPlayer(solver=made, identity=identity)
    if is_agent(made):
        return SolverPlayer(solver=as_solver(made), identity=identity)
    if _is_async(made):
        if not _takes(made, 3):
            raise ConfigError(
                f"{identity['name']} cannot be called with three arguments; write it as "
                "`async def agent(task, tool, budget)`"
            )
        return AgentPlayer(agent=made, name=str(identity["name"]), identity=identity)
    raise ConfigError(
        f"{identity['name']} is not an agent: give an async function of a task, a tool and a "
        "budget, or an Inspect solver or agent"
    )


def _is_async(thing: object) -> TypeGuard[Callable[..., Any]]:
    call = getattr(thing, "__call__", None)  # noqa: B004 -- the method itself is looked at
    return inspect.iscoroutinefunction(thing) or inspect.iscoroutinefunction(call)


def _takes(function: Callable[..., Any], n: int) -> bool:
    """Check whether a function can be called with `n` arguments, where its signature is known."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # written in C
        return True
    try:
        signature.bind(*[None] * n)
    except TypeError:
        return False
    return True


def _is_solver(thing: object) -> TypeGuard[Solver]:
    try:
        return _is_async(thing) and registry_info(thing).type == "solver"
    except ValueError:  # not one of Inspect's objects
        return False
