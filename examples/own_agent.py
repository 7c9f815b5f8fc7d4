"""Evaluate an agent of your own: an async function of a task, the tool and the budget.

Run it: python examples/own_agent.py
"""

import tempfile
from pathlib import Path

from darebench import Budget, EvalConfig, Message, Role, Task, Tool, evaluate

CODE = """
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
train, val = pd.read_csv("train_v2.csv"), pd.read_csv("val_v2.csv")
features = [name for name in val.select_dtypes("number") if name != "row_id"]
known = train.dropna(subset=["{target}"])
model = RandomForestClassifier(random_state=0)
model.fit(known[features].fillna(0), known["{target}"])
val["{target}"] = model.predict(val[features].fillna(0))
val[["row_id", "{target}"]].to_csv("prediction.csv", index=False)
"""


async def forest(task: Task, tool: Tool, budget: Budget) -> list[Message]:
    """Fit a forest in one call, and tell what the tool answered."""
    code = CODE.format(target=task.targets[0])
    result = await tool.run(code, load=task.files, save=["prediction.csv"])
    question = Message(role=Role.USER, content=task.question)
    return [question, Message(role=Role.ASSISTANT, content=result.text)]


if __name__ == "__main__":
    folder = Path(tempfile.mkdtemp()) / "run"
    run = evaluate(EvalConfig(tasks=("iris_class/mm",)), agent=forest, out=folder)
    print(f"{run.trajectories[0].task}: {run.trajectories[0].score:.4f}")
