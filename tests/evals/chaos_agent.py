"""An agent that needs no model: it notes which attempt it makes, and answers in a second."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

from darebench import Budget, Message, Role, Task, Tool


async def note_and_answer(task: Task, tool: Tool, budget: Budget) -> list[Message]:
    """Append the attempt to the file that the environment names."""
    folder: Path = tool._tool.folder  # type: ignore[attr-defined] -- the epoch is in its path
    epoch = folder.parts[-3].removeprefix("epoch-")
    side = os.open(os.environ["CHAOS_SIDE"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(side, f"{task.id} {epoch}\n".encode())
    os.close(side)
    await asyncio.sleep(random.uniform(0.3, 1.2))
    return [Message(role=Role.ASSISTANT, content=f"{task.id} {epoch}")]
