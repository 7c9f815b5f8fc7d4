"""A run as a record of Every Eval Ever (schema 0.3.0): one result for each track.

The record of single instances that the project also has is not written. A run keeps no date, so the
record's is the one of the file of attempts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from darebench.errors import ConfigError
from darebench.evals.run_folder import KeptRun, read_run
from darebench.evals.summary import observations
from darebench.evals.trajectory import TRAJECTORIES
from darebench.files import written_whole
from darebench.scoring.aggregate import Summary, summarise
from darebench.types import Variant

SCHEMA = "0.3.0"
_Json = dict[str, Any]


def write_record(folder: Path, out: Path, organization: str) -> int:
    """Write the record of a run that has ended; return the number of its results.

    Args:
        folder: The run's folder.
        out: The file to write, whole or not at all.
        organization: Who made the run, as the record names its source.

    Raises:
        ConfigError: The folder is not that of a run that has ended, or nothing of it was scored.
    """
    run = read_run(folder, with_texts=False)
    made = folder / TRAJECTORIES
    if run.missing or not made.is_file():
        raise ConfigError(
            f"the run in {folder} is unfinished; rerun the command that started it to resume"
        )
    results = [
        _result(name, summary, run)
        for name, summary in summarise(observations(run.trajectories)).items()
        if summary.mean is not None
    ]
    if not results:
        raise ConfigError(f"no attempt of {folder} was scored, so there is nothing to report")
    stamp = str(int(made.stat().st_mtime))
    record = _record(run, results, stamp, organization)
    out.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(out) as part:
        text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True)
        part.write_text(text + "\n", encoding="utf-8")
    return len(results)


def _record(run: KeptRun, results: list[_Json], stamp: str, organization: str) -> _Json:
    model = str(run.config["config"]["model"])
    return {
        "schema_version": SCHEMA,
        "evaluation_id": f"darebench/{model}/{stamp}",
        "retrieved_timestamp": stamp,
        "source_metadata": {
            "source_name": "darebench",
            "source_type": "evaluation_run",
            "source_organization_name": organization,
            "evaluator_relationship": "other",
        },
        "eval_library": {
            "name": "darebench",
            "version": str(run.environment.get("darebench", "unknown")),
            "additional_details": {"scorer": str(run.environment.get("scorer", "unknown"))},
        },
        "model_info": {
            "name": model,
            "id": model,
            "additional_details": {
                "deployment_type": "unknown",
                "model_availability": "unknown",
            },
        },
        "evaluation_results": results,
    }


def _result(name: str, summary: Summary, run: KeptRun) -> _Json:
    config = run.config["config"]
    score: _Json = {"score": summary.mean, "details": _texts(summary)}
    uncertainty: _Json = {"num_samples": summary.n}
    if summary.stderr is not None:
        error = {"value": summary.stderr, "method": "clustered by source dataset"}
        uncertainty["standard_error"] = error
    if summary.interval is not None:
        low, high = summary.interval
        uncertainty["confidence_interval"] = {"lower": low, "upper": high, "confidence_level": 0.95}
    score["uncertainty"] = uncertainty
    if_task = name.lower().endswith(Variant.IF)
    return {
        "evaluation_result_id": f"darebench/{name}",
        "evaluation_name": f"darebench/{name}",
        "source_data": {
            "dataset_name": "DARE-bench",
            "source_type": "other",
            "additional_details": _store(run),
        },
        "metric_config": {
            "metric_id": f"darebench.{name}",
            "evaluation_description": f"Mean score of the {name} tasks of DARE-bench",
            "lower_is_better": False,
            "score_type": "binary" if if_task else "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": score,
        "generation_config": {
            "generation_args": {"max_attempts": 1},
            "additional_details": {
                "turns": str(config["turns"]),
                "seconds_per_call": str(config["seconds"]),
                "epochs": str(config["epochs"]),
            },
        },
    }


def _texts(summary: Summary) -> dict[str, str]:
    return {
        "tasks": str(summary.n),
        "answered": str(summary.answered),
        "attempts": str(summary.attempts),
        "unscored": str(summary.unscored),
    }


def _store(run: KeptRun) -> dict[str, str]:
    store = run.config.get("store")
    known = store if isinstance(store, dict) else {}
    return {str(key): str(value) for key, value in known.items() if isinstance(value, str | int)}
