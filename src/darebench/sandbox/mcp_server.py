"""An MCP server of the sandbox: programs, sessions and their files as tools of any MCP client.

It needs the extra `mcp`. It speaks over its standard streams with the one client that has started
it, and ends with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from itertools import count
from pathlib import Path

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from darebench.errors import DareError
from darebench.sandbox.local import LocalExecutor
from darebench.sandbox.program import Limits, Outcome, Program, Status, StepOutcome
from darebench.sandbox.session import AsyncSession

MOST_SESSIONS = 64
"""Sessions that may be open at one time."""
INSTRUCTIONS = (
    "Runs Python 3 with numpy, pandas, scikit-learn and matplotlib in a sandbox without a network. "
    "A session keeps its variables and files between steps, as a notebook does; a step that fails "
    "changes nothing. A fork has the same variables and files, so that several ways can be tried "
    "from one state."
)


@dataclass(slots=True)
class _Desk:
    """What one client has open."""

    executor: LocalExecutor
    limits: Limits
    load: Mapping[str, Path]
    sessions: dict[str, AsyncSession] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def take(self, session: AsyncSession) -> str:
        """Return the name that the client calls a session by."""
        name = f"s{next(self.numbers)}"
        self.sessions[name] = session
        return name

    def find(self, name: str) -> AsyncSession:
        """Return the session of a name."""
        if name not in self.sessions:
            raise ToolError(f"no session {name!r}; open are: {', '.join(self.sessions) or 'none'}")
        return self.sessions[name]

    def require_room(self) -> None:
        """Check whether another session may be opened."""
        if len(self.sessions) >= MOST_SESSIONS:
            raise ToolError(f"{MOST_SESSIONS} sessions are open already; close some of them")


def build(executor: LocalExecutor, limits: Limits, load: Mapping[str, Path]) -> MCPServer:
    """Build the server; it closes the executor when it ends.

    Args:
        executor: Runs the programs.
        limits: Of each program and session.
        load: Name -> file that every program and session finds.
    """
    desk = _Desk(executor, limits, load)

    @contextlib.asynccontextmanager
    async def lifespan(_: MCPServer) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await executor.close()

    server = MCPServer(
        "darebench-sandbox",
        instructions=INSTRUCTIONS,
        version=version("darebench"),
        lifespan=lifespan,
        log_level="WARNING",
    )
    _add_programs(server, desk)
    _add_sessions(server, desk)
    _add_files(server, desk)
    return server


def _add_programs(server: MCPServer, desk: _Desk) -> None:
    @server.tool(structured_output=False)
    async def run_program(code: str, seconds: float | None = None) -> str:
        """Run a Python program by itself, and return what it prints."""
        limits = replace(desk.limits, wall_s=_seconds(desk, seconds))
        program = Program(code=code, limits=limits, load=desk.load)
        with _told():
            return _text(await desk.executor.execute(program))


def _add_sessions(server: MCPServer, desk: _Desk) -> None:
    @server.tool(structured_output=False)
    async def open_session() -> str:
        """Open a session, and return its name."""
        desk.require_room()
        session = AsyncSession(desk.load, desk.limits, executor=desk.executor)
        with _told():
            return desk.take(await session.open())

    @server.tool(structured_output=False)
    async def run_step(
        session: str, code: str, seconds: float | None = None, keep_failed: bool = False
    ) -> list[str | Image]:
        """Run Python code in a session; return its output, its last value and its figures.

        If it fails, the session is as it was before, unless `keep_failed` is true.
        """
        found = desk.find(session)
        with _told():
            limit_s = _seconds(desk, seconds)
            outcome = await found.run(code, seconds=limit_s, keep_failed=keep_failed)
        images = [Image(data=image, format="png") for image in outcome.images]
        return [_text(outcome), *images]

    @server.tool(structured_output=False)
    async def fork_session(session: str) -> str:
        """Open another session with the same variables and files, and return its name."""
        desk.require_room()
        with _told():
            return desk.take(await desk.find(session).fork())

    @server.tool(structured_output=False)
    async def close_session(session: str) -> str:
        """Close a session; its forks go on."""
        await desk.find(session).close()
        del desk.sessions[session]
        return f"{session} is closed"


def _add_files(server: MCPServer, desk: _Desk) -> None:
    @server.tool(structured_output=False)
    async def list_files(session: str) -> str:
        """Name the files of a session, one a line."""
        with _told():
            return "\n".join(await desk.find(session).files())

    @server.tool(structured_output=False)
    async def read_file(session: str, name: str) -> str | Image:
        """Read a file of a session: a text, or a PNG image."""
        with _told():
            try:
                content = await desk.find(session).read(name)
            except FileNotFoundError as error:
                raise ToolError(str(error)) from None
        if content.startswith(b"\x89PNG"):
            return Image(data=content, format="png")
        try:
            return content.decode()
        except UnicodeDecodeError:
            size = len(content)
            raise ToolError(f"{name!r} is neither a text nor a PNG image ({size} bytes)") from None


def _seconds(desk: _Desk, asked: float | None) -> float:
    most = desk.limits.wall_s
    if asked is not None and not 0 < asked <= most:
        raise ToolError(f"seconds is more than 0 and at most {most:g}")
    return asked or most


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Have the client read what went wrong."""
    try:
        yield
    except DareError as error:
        raise ToolError(str(error)) from None


def _text(outcome: Outcome) -> str:
    """Return what a program did, in a text for a model."""
    parts = [outcome.stdout, outcome.stderr]
    if isinstance(outcome, StepOutcome) and outcome.result is not None:
        parts.append(outcome.result)
    if outcome.status is not Status.OK:
        why = outcome.detail or f"exit code {outcome.exit_code}"
        parts.append(f"[{outcome.status}: {why}]")
        if isinstance(outcome, StepOutcome) and not outcome.kept:
            parts.append("[the session is as it was before this step]")
    return "\n".join(part.rstrip("\n") for part in parts if part) or "[no output]"
