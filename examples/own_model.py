"""Evaluate a model of your own: any object that continues a conversation.

Run it: python examples/own_model.py
"""

import tempfile
from pathlib import Path

from darebench import EvalConfig, Message, Reply, Role, Stop, ToolCall, evaluate

CODE = """
import pandas as pd
val = pd.read_csv("val_v2.csv")
val.assign(species="setosa")[["row_id", "species"]].to_csv("prediction.csv", index=False)
"""
ARGUMENTS = {"code": CODE, "files_to_load": ["val_v2.csv"], "files_to_save": ["prediction.csv"]}


class Setosa:
    """Writes one prediction, whatever it is asked."""

    async def reply(self, messages, tools) -> Reply:
        """Call the tool once, then end the attempt."""
        if messages[-1].role == Role.TOOL:
            return Reply(message=Message(role=Role.ASSISTANT, content="The prediction is saved."))
        call = ToolCall(id="1", name=tools[0]["function"]["name"], arguments=ARGUMENTS)
        message = Message(role=Role.ASSISTANT, content="", tool_calls=(call,))
        return Reply(message=message, stop=Stop.TOOL_CALLS)


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp()) / "run"
    run = evaluate(EvalConfig(tasks=("iris_class/mm",)), model=Setosa(), out=folder)
    print(f"{run.trajectories[0].task}: {run.trajectories[0].score:.4f}")
