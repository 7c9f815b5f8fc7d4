"""One task folder: every file of it, as bytes or as a file to copy."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import tomli_w

import darebench
from darebench.agents.protocol import Budget
from darebench.convert.harbor import texts
from darebench.convert.harbor.scorer import scorer_archive
from darebench.errors import TaskFormatError
from darebench.reference.spec import reference_spec
from darebench.sandbox.program import Limits
from darebench.scoring.score import score_prediction, scorer_hash
from darebench.store.truth import read_settings
from darebench.types import Metric, Task, Truth, Variant

SCHEMA = "1.4"
ORGANISATION = "darebench"
CPUS = 2
AGENT_S = 2 * Budget().turns * Budget().seconds_per_call
"""What all programs of an evaluation's attempt may take, and as much for the model."""
_ODD = re.compile(r"[^A-Za-z0-9_.-]")

Content = Mapping[str, bytes | Path]
"""Path inside a task folder -> what it holds, or the file that is copied there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFolder:
    """A task folder that is not written yet."""

    name: str
    files: Content
    config: bytes
    """`task.toml`, which holds a hash of all the other files."""


def folder_name(task: Task) -> str:
    """Return the name of a task's folder, which is also its name within `darebench/`."""
    name = _ODD.sub("-", f"{task.dataset}__{task.variant}")
    return re.sub(r"\.\.+", ".", name).lstrip(".")


def make_folder(task: Task, truth: Truth, task_hash: str) -> TaskFolder:
    """Make the folder of a task.

    Args:
        task: The task.
        truth: What its prediction is scored against.
        task_hash: Hash of all that decides the task's scores.

    Raises:
        TaskFormatError: The grader would not know the metric, or the solution would not be right.
    """
    if truth.metric not in set(Metric):
        raise TaskFormatError(
            f"its metric {truth.metric!r} is registered by a package that the grader does not hold"
        )
    files = {**_environment(task), **_tests(truth), **_solution(task, truth)}
    files["instruction.md"] = texts.instruction(task, AGENT_S).encode()
    config = _config(task, truth, {"task": task_hash, "files": _digest(files)})
    return TaskFolder(name=folder_name(task), files=files, config=tomli_w.dumps(config).encode())


def _environment(task: Task) -> Content:
    return {
        "environment/Dockerfile": texts.DOCKERFILE.encode(),
        "environment/requirements.txt": texts.requirements().encode(),
        **{f"environment/data/{name}": task.source / name for name in task.files},
    }


def _tests(truth: Truth) -> Content:
    told = {f.name: getattr(truth, f.name) for f in fields(truth) if f.name != "csv"}
    return {
        "tests/test.sh": texts.TEST.encode(),
        "tests/scorer.pyz": scorer_archive(),
        "tests/truth.json": (json.dumps(told, indent=1, sort_keys=True) + "\n").encode(),
        "tests/truth.csv": truth.csv,
    }


def _solution(task: Task, truth: Truth) -> Content:
    if task.variant is Variant.IF:
        spec = reference_spec(task, read_settings(task))
        return {
            "solution/solve.sh": texts.SOLVE_PROGRAM.encode(),
            "solution/solve.py": spec.render().encode(),
            f"solution/data/{spec.train}": task.source / spec.train,
        }
    score = score_prediction(truth.csv, truth)
    if score.score != 1:
        why = f": {score.reason.message}" if score.reason else ""
        raise TaskFormatError(
            f"its true values score {score.score:g} against themselves, so that no solution can be "
            f"shown to be right{why}"
        )
    return {
        "solution/solve.sh": texts.SOLVE_TRUTH.encode(),
        "solution/prediction.csv": truth.csv,
    }


def _config(task: Task, truth: Truth, hashes: Mapping[str, str]) -> dict[str, Any]:
    limits = Limits()
    metadata = {
        "dataset": task.dataset,
        "table": task.cluster,
        "track": str(task.track),
        "variant": str(task.variant),
        "targets": list(task.targets),
        "metric": str(truth.metric),
        "licence": task.licence,
        "domain": task.domain,
        "hashes": {
            **hashes,
            "truth": truth.hash,
            "scorer": scorer_hash(),
            "environment": truth.environment,
        },
    }
    return {
        "schema_version": SCHEMA,
        "artifacts": [texts.PREDICTION],
        "task": {
            "name": f"{ORGANISATION}/{folder_name(task)}",
            "version": darebench.__version__,
            "description": f"DARE-bench {task.track}: predict {', '.join(task.targets)}",
            "authors": [{"name": "The darebench authors"}],
            "keywords": ["data-science", "tabular", str(task.track)],
        },
        "metadata": _without_none(metadata),
        "agent": {"timeout_sec": AGENT_S, "user": texts.USER},
        "verifier": {"timeout_sec": 600.0, "environment_mode": "separate"},
        "environment": {
            "build_timeout_sec": 1200.0,
            "network_mode": "no-network",
            "workdir": texts.WORKDIR,
            "cpus": CPUS,
            "memory_mb": limits.memory_mb,
            "storage_mb": max(10240, limits.disk_mb),
        },
    }


def _without_none(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_none(one) if isinstance(one, dict) else one
        for key, one in value.items()
        if one is not None
    }


def _digest(files: Content) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{len(name)} {name} ".encode())
        if isinstance(content, bytes):
            inner = hashlib.sha256(content)
        else:
            with content.open("rb") as stream:
                inner = hashlib.file_digest(stream, "sha256")
        digest.update(inner.digest())
    return digest.hexdigest()[:12]
