"""The fixed texts of a task folder, and the versions that they pin."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from darebench.agents.prompt import LIBRARIES
from darebench.types import Task

IMAGE = (
    "python:3.12.11-slim-bookworm@sha256:"
    "519591d6871b7bc437060736b9f7456b8731f1499a57e22e6c285135ae657bf7"
)
"""The base of every task's image, by its digest."""
WORKDIR = "/app"
USER = "agent"
PREDICTION = f"{WORKDIR}/prediction.csv"

DOCKERFILE = f"""\
FROM {IMAGE}
COPY requirements.txt /opt/requirements.txt
RUN pip install --no-cache-dir --only-binary :all: -r /opt/requirements.txt \\
 && useradd --create-home {USER}
ENV MPLBACKEND=Agg PYTHONDONTWRITEBYTECODE=1
WORKDIR {WORKDIR}
COPY data/ {WORKDIR}/
RUN chown -R {USER}:{USER} {WORKDIR}
"""

TEST = f"""\
#!/bin/bash
# Nothing is installed: the scorer is one file, and its libraries are the image's.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python -I -B "$here/scorer.pyz" {PREDICTION} "$here" /logs/verifier
"""

SOLVE_PROGRAM = f"""\
#!/bin/bash
# The reference workflow, on the training rows without noise, which lie beside it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
cp {WORKDIR}/* "$here"/data/* "$work"/
cd "$work"
python -B "$here/solve.py"
cp prediction.csv {PREDICTION}
"""

SOLVE_TRUTH = f"""\
#!/bin/bash
# This task has no reference program: the true values are the solution.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cp "$here/prediction.csv" {PREDICTION}
"""

INSTRUCTION = f"""\
{{question}}

---

The files are in `{WORKDIR}`: {{files}}. Write the prediction to `{PREDICTION}`: what counts is \
that file as you leave it.

There is no network, and no package can be installed. `python` has {{libraries}}. You have \
{{seconds:g}} seconds.
"""


def requirements() -> str:
    """Return the lines that pin the image's libraries to the versions of this environment."""
    names = sorted((*LIBRARIES, "joblib", "threadpoolctl"), key=str.lower)
    return "".join(f"{name}=={version(name)}\n" for name in names)


def instruction(task: Task, seconds: float) -> str:
    """Return the text that an agent is asked, with where its files are."""
    return INSTRUCTION.format(
        question=task.question.strip(),
        files=_listed(task.files),
        libraries=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        seconds=seconds,
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
