"""Code cells over a session: what is run, what is recorded of it, and the prediction it leaves."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from darebench.agents.answers import answer_text
from darebench.agents.notebook.texts import VALIDATION
from darebench.agents.protocol import ToolResult
from darebench.agents.streams import shorten, without_repeats
from darebench.agents.tools import OUTPUT_LIMIT, not_run
from darebench.sandbox.program import Limits, Refused, Saved, Status, StepOutcome
from darebench.sandbox.session import AsyncSession
from darebench.store.layout import PREDICTION
from darebench.types import CallRecord, CallStatus, Task

VALIDATION_S = 5.0
"""How long it may take to read the variable that branches are compared by."""


class Cells:
    """Runs cells in a session, and keeps the session's prediction in a folder of the host."""

    def __init__(self, session: AsyncSession, task: Task, folder: Path, limits: Limits) -> None:
        """Take a session.

        Args:
            session: The session, which is closed with this.
            task: Whose files lie in the session's folder.
            folder: Where the prediction is handed in.
            limits: Limits of a cell.
        """
        self.session = session
        self.folder = folder
        self.validation: float | None = None
        """What the cells last assigned to `VALIDATION`; None if it is not a finite number."""
        self._task = task
        self._limits = limits

    async def fork(self) -> Cells:
        """Return another notebook with the same state."""
        other = Cells(await self.session.fork(), self._task, self.folder, self._limits)
        other.validation = self.validation
        return other

    async def close(self) -> None:
        """End the session."""
        await self.session.close()

    async def call(
        self, arguments: Mapping[str, Any], *, seconds: float | None = None
    ) -> ToolResult:
        """Run a cell.

        Args:
            arguments: Its `code`.
            seconds: What is left for it, if that is less than the limit of a cell.

        Raises:
            SandboxFault: The sandbox failed.
        """
        limits = self._limits
        if seconds is not None and seconds < limits.wall_s:
            limits = replace(limits, wall_s=seconds)
        code = arguments["code"]
        outcome = await self.session.run(code, seconds=limits.wall_s)
        files: dict[str, Saved | Refused] = {}
        if outcome.kept:
            files = await self.hand_in()
            if VALIDATION in code:
                self.validation = await self._read_validation()
        record = self._record(code, outcome, files)
        text = await asyncio.to_thread(
            answer_text, record, replace(outcome, files=files), limits, ()
        )
        return ToolResult(record=record, text=text)

    def too_late(self, arguments: Mapping[str, Any]) -> ToolResult:
        """Answer a cell for which the attempt has no time left."""
        problem = "The attempt's time is used up."
        record = not_run(arguments, problem, CallStatus.TIMEOUT)
        return ToolResult(record=record, text=f"The cell was not run. {problem}")

    async def hand_in(self) -> dict[str, Saved | Refused]:
        """Make the folder's prediction that of the session, and return what is new of it."""
        path = self.folder / PREDICTION
        before = path.read_bytes() if path.is_file() else None
        path.unlink(missing_ok=True)
        if PREDICTION not in await self.session.files():
            return {}
        try:
            content = await self.session.read(PREDICTION)
        except FileNotFoundError as error:
            return {PREDICTION: Refused(why=str(error).removeprefix(f"{PREDICTION!r}: "))}
        await asyncio.to_thread(path.write_bytes, content)
        return {} if content == before else {PREDICTION: Saved(path=path, n_bytes=len(content))}

    async def _read_validation(self) -> float | None:
        seconds = min(VALIDATION_S, self._limits.wall_s)
        outcome = await self.session.run(f"float({VALIDATION})", seconds=seconds)
        value = math.nan
        with contextlib.suppress(ValueError):
            value = float(outcome.result or "nan")
        return value if outcome.status is Status.OK and math.isfinite(value) else None

    def _record(
        self, code: str, outcome: StepOutcome, files: Mapping[str, Saved | Refused]
    ) -> CallRecord:
        """Record a cell as a call: it could open all files, and saved the prediction if it is new.

        The value of the last expression stands after what was printed, as in a notebook.
        """
        shown = outcome.stdout
        if outcome.result is not None:
            shown += "\n" if shown and not shown.endswith("\n") else ""
            shown += outcome.result
        if outcome.images:
            shown += f"\n[{len(outcome.images)} figures]"
        saved = [name for name, file in files.items() if isinstance(file, Saved)]
        return CallRecord(
            code=code,
            files_to_load=self._task.files,
            files_to_save=tuple(saved),
            stdout=shorten(shown, OUTPUT_LIMIT),
            stderr=shorten(without_repeats(outcome.stderr), OUTPUT_LIMIT),
            status=CallStatus(outcome.status),
            seconds=round(outcome.seconds, 3),
        )
