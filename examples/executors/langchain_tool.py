"""A LangChain tool that runs Python in a session of the sandbox, and shows figures to the model.

Run it: make executors-env && .venv-executors/bin/python examples/executors/langchain_tool.py
"""

import base64

from langchain_core.messages import ToolCall, ToolMessage
from langchain_core.tools import BaseTool, tool

import darebench


def session_tool(session: darebench.Session) -> BaseTool:
    """Return a tool for an agent; whoever opens the session closes it."""

    @tool
    def python(code: str) -> list[dict[str, str]]:
        """Run Python code; variables and files stay between calls, unless the code fails."""
        done = session.run(code)
        text = f"{done.stdout}{done.stderr}{done.result or ''}{done.detail}"
        images = [base64.b64encode(image).decode() for image in done.images]
        return [
            {"type": "text", "text": text or "(no output)"},
            *({"type": "image", "base64": i, "mime_type": "image/png"} for i in images),
        ]

    return python


with darebench.Session() as session:
    python = session_tool(session)
    for number, code in enumerate(["x = 6", "import pylab; pylab.plot([1, x]); x * 7", "x / 0"]):
        call = ToolCall(name="python", args={"code": code}, id=str(number), type="tool_call")
        message: ToolMessage = python.invoke(call)
        print([part.get("text", part["type"])[-17:].strip() for part in message.content])
