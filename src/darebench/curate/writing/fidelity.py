"""Reads a written question back into settings, and says what does not come back.

The parser is the baseline agent's, which knows nothing of the templates: what it understands, a
reader can understand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from darebench.curate.records import Workflow
from darebench.curate.writing.extra_steps import lost_extras
from darebench.instructions.facts import Facts
from darebench.instructions.reader import find_targets, read_ranges, read_workflow
from darebench.reference.spec import MORE_MODELS

_ALIKE = "DecisionTreeClassifier"
"""What stands in for a model that the parser does not know."""


def lost_in_workflow(
    question: str, workflow: Workflow, facts: Facts, names: tuple[str, str]
) -> str:
    """Name the first setting that does not come back from the text; empty if all do."""
    more = [model for models in MORE_MODELS.values() for model in models]
    spoken = question.replace(workflow.model, _ALIKE) if workflow.model in more else question
    read = read_workflow(spoken, facts, *names)
    if read is None:
        return "the text is not read as a workflow"
    wanted = {
        "targets": list(workflow.targets),
        "features": list(workflow.features),
        "numerical": list(workflow.numerical),
        "categorical": list(workflow.categorical),
        "model": _ALIKE if workflow.model in more else workflow.model,
    }
    if workflow.has_numbers:  # else nothing is imputed by it, and no text names it
        wanted["imputer"] = workflow.imputer
    if workflow.random_state is not None:
        wanted["random_state"] = workflow.random_state
    for key, value in wanted.items():
        if read[key] != value:
            return f"{key} {value!r} comes back as {read[key]!r}"
    stray = [m for m in more if m != workflow.model and re.search(rf"\b{m}\b", question)]
    if stray:
        return f"model {workflow.model!r} comes back as {stray[0]!r}"
    unsaid = [] if workflow.has_numbers else ["scaler"]
    unsaid += [] if workflow.categorical else ["encoder"]
    return _lost_ranges(question, workflow) or lost_extras(question, workflow.extras, unsaid)


def lost_targets(
    question: str, targets: Sequence[str], facts: Facts, names: tuple[str, str]
) -> str:
    """Name the targets of an MM or forecasting question that do not come back; empty if all do."""
    found = find_targets(question, facts, *names)
    if sorted(found) == sorted(targets):
        return ""
    return f"targets {list(targets)!r} come back as {found!r}"


def _lost_ranges(question: str, workflow: Workflow) -> str:
    numeric = {
        (float(r[0]), float(r[1])) for r in workflow.ranges.values() if not isinstance(r[0], str)
    }
    read = set(read_ranges(question))
    if read != numeric:
        stray = sorted(numeric ^ read)[0]
        return f"the range {stray} comes back otherwise"
    allowed = [v for r in workflow.ranges.values() if isinstance(r[0], str) for v in r]
    absent = [value for value in allowed if f'"{value}"' not in question]
    return f"the allowed value {absent[0]!r} is not in the text" if absent else ""
