"""The MCP server, as a client of the official SDK sees it, over the streams of a real process."""

from __future__ import annotations

import asyncio
import base64
import subprocess
import sys

import pytest

mcp = pytest.importorskip("mcp")


def of(result) -> tuple[bool, str, list[bytes]]:
    """Return whether a tool failed, its text, and its images."""
    text = "".join(part.text for part in result.content if part.type == "text")
    images = [base64.b64decode(part.data) for part in result.content if part.type == "image"]
    return bool(result.is_error), text, images


def talk(conversation, *options: str):
    """Run a conversation with a new server."""

    async def run():
        server = mcp.StdioServerParameters(
            command=sys.executable, args=["-m", "darebench", "sandbox", "mcp", *options]
        )
        async with mcp.Client(server) as client:

            async def call(tool: str, /, **arguments):
                return of(await client.call_tool(tool, arguments))

            return await conversation(client, call)

    return asyncio.run(asyncio.wait_for(run(), 120))


def test_a_client_runs_programs_and_branches_sessions(tmp_path):
    (tmp_path / "in.csv").write_text("a\n1\n2\n")

    async def conversation(client, call):
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {
            "run_program", "open_session", "run_step", "fork_session", "close_session",
            "list_files", "read_file",
        }  # fmt: skip
        assert tools["run_step"].input_schema["required"] == ["session", "code"]
        assert await call("run_program", code="print(open('t.csv').read())") == (
            False,
            "a\n1\n2",
            [],
        )
        assert (await call("run_program", code="1 / 0"))[1].endswith("[error: exit code 1]")
        assert await call("open_session") == (False, "s1", [])
        code = "import pandas as pd, matplotlib.pyplot as plt\nt = pd.read_csv('t.csv'); t.plot(); plt.savefig('p.png'); open('n', 'w').write('ü'); len(t)"
        failed, text, images = await call("run_step", session="s1", code=code)
        assert (failed, text, images[0][:4]) == (False, "2", b"\x89PNG")
        assert await call("fork_session", session="s1") == (False, "s2", [])
        text = (await call("run_step", session="s2", code="t = 5; 1 / 0"))[1]
        assert text.endswith("[error: exit code 1]\n[the session is as it was before this step]")
        await call("run_step", session="s2", code="t = 7")
        found = [(await call("run_step", session=s, code="print(t)"))[1] for s in ("s1", "s2")]
        assert found == ["   a\n0  1\n1  2", "7"]
        assert (await call("list_files", session="s2"))[1] == "n\np.png\nt.csv"
        assert (await call("read_file", session="s1", name="n"))[1] == "ü"
        assert (await call("read_file", session="s1", name="p.png"))[2][0][:4] == b"\x89PNG"
        assert (await call("close_session", session="s1"))[0] is False
        assert (await call("run_step", session="s2", code="t"))[1] == "7"
        return [
            await call("run_step", session="s1", code="1"),
            await call("run_step", session="s2", code="1", seconds=99),
            await call("read_file", session="s2", name="../code"),
            await call("run_step", session="s2", code="while True: pass", seconds=0.5),
        ]

    options = ("--load", f"t.csv={tmp_path / 'in.csv'}", "--seconds", "30")
    gone, long, outside, slow = talk(conversation, *options)
    assert gone == (True, "Error executing tool run_step: no session 's1'; open are: s2", [])
    assert long[0] is True
    assert long[1].endswith("seconds is more than 0 and at most 30")
    assert (outside[0], "no such file" in outside[1]) == (True, True)
    assert slow[1].startswith("[timeout: over the wall-clock limit of 0.5 s]")


def test_a_missing_file_is_told_at_once():
    command = [sys.executable, "-m", "darebench", "sandbox", "mcp", "--load", "a=/nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, input="")
    assert done.returncode == 2
    assert "does not exist" in done.stderr
    assert done.stdout == ""
