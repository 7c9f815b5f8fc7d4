"""Evaluate a model of your own through Inspect: register it, name it, and the rest is the same.

Run it: python examples/own_model.py
"""

import tempfile
from pathlib import Path

from inspect_ai.model import ModelAPI, ModelOutput, ModelUsage, modelapi

import darebench

CODE = """
import pandas as pd
val = pd.read_csv("val_v2.csv")
val.assign(species="setosa")[["row_id", "species"]].to_csv("prediction.csv", index=False)
"""
CALL = {"code": CODE, "files_to_load": ["val_v2.csv"], "files_to_save": ["prediction.csv"]}


@modelapi(name="own")
class OwnModel(ModelAPI):
    """Writes one prediction, whatever it is asked."""

    async def generate(self, input, tools, tool_choice, config) -> ModelOutput:
        """Call the tool once, then end."""
        if any(message.role == "tool" for message in input):
            output = ModelOutput.from_content(self.model_name, "The prediction is saved.")
        else:
            output = ModelOutput.for_tool_call(self.model_name, "python_executor", CALL)
        output.usage = ModelUsage()
        return output


if __name__ == "__main__":
    config = darebench.EvalConfig(model="own/setosa", tasks=("iris_class/mm",))
    run = darebench.evaluate(config, out=Path(tempfile.mkdtemp()) / "run")
    print(f"{run.trajectories[0].task}: {run.trajectories[0].score:.4f}")
