"""An audit as a page, and its documents."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from darebench.audit.store_audit import Audit
from darebench.errors import ConfigError
from darebench.report.audit_figures import store_facts
from darebench.report.page.documents import Documents
from darebench.report.page.index import empty_index
from darebench.report.page.static_page import static_page
from darebench.report.page.store_documents import task_document
from darebench.store.read import open_store

SAMPLES = 20
SEED = 0


def audit_page(audit: Audit) -> str:
    """Render an audit and some tasks of its store as a page.

    The same audit of the same store gives the same bytes.

    Raises:
        StoreError: The store is not there any more.
    """
    name = Path(audit.store).name
    index = empty_index() | {"audits": [{"name": name, "store": audit.store, "hash": audit.hash}]}
    samples = draw_samples(audit)
    documents: Documents = {
        "index": lambda: index,
        "audit/0": lambda: _document(audit, samples),
    }
    return static_page(f"Audit of {name}", documents)


def _document(audit: Audit, samples: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "tasks": [task.as_dict() for task in audit.tasks],
        "store": audit.figures.as_dict(),
        "facts": list(store_facts(audit).items()),
        "samples": samples,
        "seed": SEED,
    }


def read_audit(path: Path) -> dict[str, Any]:
    """Read what `darebench audit --json` has printed.

    Raises:
        ConfigError: The file holds something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        usable = value["schema"] == 1 and all("findings" in task for task in value["tasks"])
        if usable and isinstance(value["store"], dict):
            return value
    except (OSError, ValueError, KeyError, TypeError):
        pass  # said below
    raise ConfigError(f"{path} is not what `darebench audit --json` prints")


def draw_samples(audit: Audit, n: int = SAMPLES, seed: int = SEED) -> list[dict[str, Any]]:
    """Draw tasks at random, the same ones of the same audit, as an agent sees them."""
    known = {task.id for task in audit.tasks if task.track is not None}
    if not known:
        return []
    tasks = [task for task in open_store(audit.store).tasks if task.id in known]
    chosen = sorted(random.Random(seed).sample(range(len(tasks)), min(n, len(tasks))))
    return [{"id": tasks[k].id, **task_document(tasks[k])} for k in chosen]
