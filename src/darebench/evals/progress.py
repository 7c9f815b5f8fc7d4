"""Tells whoever runs an evaluation which attempts have ended."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from inspect_ai.hooks import Hooks, SampleEnd, hooks

listener: ContextVar[Callable[[str, int, bool], None] | None] = ContextVar("listener", default=None)
"""Called with task id, epoch and whether the attempt is scored."""


@hooks(name="darebench_progress", description="Reports ended attempts to `darebench eval`.")
class ProgressHooks(Hooks):
    """Passes the end of each sample on."""

    async def on_sample_end(self, data: SampleEnd) -> None:
        """Report one attempt."""
        report = listener.get()
        if report is not None:
            report(str(data.sample.id), data.sample.epoch, data.sample.error is None)
