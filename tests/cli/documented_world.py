"""What the documentation supposes to be there: files, a model, and the sites of tables."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from cli.documented import ROOT, blocks
from cli.running import darebench
from darebench.store.read import open_store
from darebench.store.truth import read_truth
from evals.chat_server import ChatServer, call
from good_tables import bundled
from sites import Hub, Kaggle, Openml

MODEL = "openai-api/local/m"
"""Stands for every model of a provider."""
STORE = "owner/name"
"""The store that pages take from the hub."""


def prepare(folder: Path, world: dict[str, str]) -> Path:
    """Make what the pages suppose: a store, tables, predictions, a program, and runs."""
    store = open_store()
    shutil.copytree(store.root, folder / "curation" / "store")
    for name in ("tables", "my-tables"):
        (folder / name).mkdir()
        source = store.task("iris_class/mm").source / "train_v2.csv"
        shutil.copy(source, folder / name / "iris.csv")
    shutil.copy(source, folder / "train.csv")
    for task in store.tasks:
        path = folder / "predictions" / task.dataset / str(task.variant) / "prediction.csv"
        if task.variant != "if":
            path.parent.mkdir(parents=True)
            path.write_bytes(read_truth(task).csv)
    shutil.copy(folder / "predictions/iris_class/mm/prediction.csv", folder)
    (folder / "data").mkdir()
    (folder / "data" / "a.csv").write_text("a\n1\n")
    (folder / "code.py").write_text("open('out.csv', 'w').write(open('a.csv').read())\n")
    # Attempts that differ, since such are selected and exported.
    attempts = ("rollouts", "iris_class/mm", "--attempts", "4", "--model", MODEL, "--out", "runs/a")
    variables = environment(world, folder) | key_of(world)
    done = subprocess.run(
        command_line([*attempts]), cwd=folder, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shutil.copytree(folder / "runs" / "a", folder / "runs" / "b")
    (folder / "settings.toml").write_text('model = "trivial"\ntasks = ["iris_class/*"]\n')
    shutil.copy(ROOT / "examples" / "own_agent.py", folder / "my_agents.py")
    _write_own_store(folder / "my-store")
    return folder


def _write_own_store(store: Path) -> None:
    """Write the store of docs/own-tasks.md, with the two mistakes that the page's check finds."""
    texts = [block.text for block in blocks() if block.page == "docs/own-tasks.md"]
    questions = next(text for text in texts if '"file_path"' in text)
    names, *rows = [re.split(r" {2,}", line) for line in next(
        text for text in texts if text.startswith("source/train_v2.csv ")
    ).splitlines()]  # fmt: skip
    dataset = store / "databases" / "weather_class"
    for folder in ("source", "verify"):
        (dataset / folder).mkdir(parents=True)
    for name, *lines in zip(names, *rows, strict=True):
        (dataset / name).write_text("\n".join(lines) + "\n")
    entries, metadata = json.loads(questions), dataset / "verify" / "all_metadata.json"
    metadata.write_text(next(text for text in texts if text.startswith('{"question"')))
    (store / "question_list.json").write_text(questions)
    assert darebench("tasks", "check", str(store)).returncode == 0
    metadata.write_text('{"question": {}}')
    entries[0]["needed_files_v2"] = ["train_v2.csv", "vall_v2.csv"]
    (store / "question_list.json").write_text(json.dumps(entries))


class _Player:
    """Solves every other conversation, and gives up in the others."""

    def __init__(self) -> None:
        self._met = count()

    def __call__(self, request: dict[str, Any], turn: int) -> dict[str, Any]:
        """Answer a request; where there is no tool, a table is planned or a question is read."""
        if "tools" not in request:
            return {"content": json.dumps({"suitable": False, "reason": "no table to learn from"})}
        name = request["tools"][0]["function"]["name"]
        if turn or name != "python_executor":
            return {"content": "That is all."}
        if next(self._met) % 2:
            return call("print(1)")
        said = " ".join(str(m["content"]) for m in request["messages"])
        files = [re.search(rf"{part}\w*\.csv", said) for part in ("train", "val")]
        load = [found[0] for found in files if found is not None]
        return call(f"train, val = {load!r}\n{FOREST}", load, ["prediction.csv"])


FOREST = """
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
train, val = pd.read_csv(train), pd.read_csv(val)
target = next(name for name in train if name not in val)
names = [name for name in val.select_dtypes("number") if name != "row_id" and name in train]
model = RandomForestClassifier(random_state=0).fit(train[names].fillna(0), train[target])
val.assign(**{target: model.predict(val[names].fillna(0))})[["row_id", target]].to_csv("prediction.csv", index=False)
"""


@contextmanager
def served() -> Iterator[dict[str, str]]:
    """Serve a model, the hub, Kaggle and OpenML here; yield the variables that lead to them."""
    frame = bundled("diabetes").round(4)
    with ChatServer(_Player()) as model, Hub() as hub, Kaggle() as kaggle, Openml() as openml:
        root = open_store().root
        files = [path for path in root.rglob("*") if path.is_file()]
        hub.repos[STORE] = {p.relative_to(root).as_posix(): p.read_bytes() for p in files}
        hub.repos["ann/churn"] = {
            "README.md": b"---\nlicense: cc0-1.0\ntags: [tabular]\n---\n# Churn\n",
            "data.csv": frame.to_csv(index=False).encode(),
        }
        hub.tags["ann/churn"] = ["task_categories:tabular-classification", "license:cc0-1.0"]
        kaggle.datasets["ann/churn"] = {
            "info": {"title": "Churn", "licenses": [{"name": "CC0-1.0"}], "data": []},
            "files": {"churn.csv": frame.to_csv(index=False)},
            "licenseName": "CC0: Public Domain",
            "usabilityRating": 0.9,
        }
        lines = ["@RELATION d", *(f"@ATTRIBUTE {c} REAL" for c in frame.columns), "@DATA"]
        arff = "\n".join(lines) + "\n" + frame.to_csv(index=False, header=False)
        described = {"name": "d", "licence": "Public", "description": "Progress", "arff": arff}
        openml.datasets[61] = described
        yield {
            "MODEL_URL": model.url,
            "HF_ENDPOINT": hub.url,
            "HF_TOKEN": "hf_good",
            "HF_HUB_DISABLE_XET": "1",
            "KAGGLE_USERNAME": "me",
            "KAGGLE_KEY": "secret",
            "KAGGLE_SITE": kaggle.url,
            "OPENML_SITE": openml.url,
        }


def key_of(world: dict[str, str]) -> dict[str, str]:
    """Return what leads a model of a provider, which needs a key, to the local server."""
    return {"LOCAL_API_KEY": "none", "LOCAL_BASE_URL": world["MODEL_URL"]}


def environment(world: dict[str, str], place: Path) -> dict[str, str]:
    """Return the variables of a command that is run in a place."""
    cache = place / "cache"
    own = {"HF_HOME": cache / "hf", "KAGGLEHUB_CACHE": cache / "kaggle", "OPENML_CACHE": cache}
    tests = str(Path(__file__).parents[1])
    return {
        **os.environ,
        **world,
        **{name: str(path) for name, path in own.items()},
        "PYTHONPATH": os.pathsep.join([tests, os.environ.get("PYTHONPATH", "")]).strip(":"),
    }


def command_line(words: list[str]) -> list[str]:
    """Return how the command is run, with its clients led to the sites that stand for the real."""
    return [sys.executable, "-m", "cli.led_to_sites", *words]
