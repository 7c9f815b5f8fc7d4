"""Evaluate a model of your own: any object with an async method `reply`.

Run it: python examples/own_model.py
"""

import tempfile
from pathlib import Path

import darebench

CODE = """
import pandas as pd
val = pd.read_csv("val_v2.csv")
val.assign(species="setosa")[["row_id", "species"]].to_csv("prediction.csv", index=False)
"""
CALL = {"code": CODE, "files_to_load": ["val_v2.csv"], "files_to_save": ["prediction.csv"]}


class OneGuess:
    """Writes the same prediction, whatever it is asked."""

    async def reply(self, messages, tools) -> darebench.Reply:
        """Call the tool once, then end."""
        if any(message.role == darebench.Role.TOOL for message in messages):
            return reply("The prediction is saved.")
        name = tools[0]["function"]["name"]
        return reply("I guess.", darebench.ToolCall(id="1", name=name, arguments=CALL))


def reply(text: str, *calls: darebench.ToolCall) -> darebench.Reply:
    """Return a turn of the assistant."""
    role = darebench.Role.ASSISTANT
    return darebench.Reply(message=darebench.Message(role=role, content=text, tool_calls=calls))


if __name__ == "__main__":
    config = darebench.EvalConfig(tasks=("iris_class/mm",))
    run = darebench.evaluate(config, model=OneGuess(), out=Path(tempfile.mkdtemp()) / "run")
    print(f"{run.trajectories[0].task}: {run.trajectories[0].score:.4f}")
