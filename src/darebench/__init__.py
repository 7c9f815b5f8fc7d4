"""darebench: evaluate and train LLM agents on verifiable data-science tasks (arXiv 2602.24288).

    >>> import darebench
    >>> run = darebench.evaluate(darebench.EvalConfig(model="openai/gpt-5"))  # doctest: +SKIP

The names of `__all__` are what a program needs, and what `docs/python.md` lists. Each is imported
when it is first used, so that importing the package costs nothing. Three of them are rooms of the
package as well: `darebench.curate` is the package of that name, whoever imported it first, and can
be called.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darebench.agents.protocol import (
        Agent,
        Budget,
        ChatModel,
        OutOfTurns,
        Reply,
        Stop,
        Tool,
        ToolResult,
    )
    from darebench.audit.findings import Finding, Severity
    from darebench.audit.store_audit import Audit
    from darebench.audit.store_audit import audit_store as audit
    from darebench.audit.task_audit import TaskAudit
    from darebench.curate.pipeline import Curation, curate
    from darebench.errors import (
        ConfigError,
        CurationReject,
        DareError,
        InvalidPrediction,
        ProviderFault,
        ReferenceMismatch,
        SandboxFault,
        SourceFault,
        StoreError,
        TaskFormatError,
    )
    from darebench.evals.comparison import RunComparison
    from darebench.evals.diagnoses import diagnose
    from darebench.evals.evaluation import EvalConfig, Run
    from darebench.evals.prediction import score
    from darebench.evals.run import evaluate, evaluate_async
    from darebench.evals.run_folder import open_run
    from darebench.reference.diagnosis import Diagnosis
    from darebench.report.notebook import Shown, show
    from darebench.rollouts.sample import collect as rollouts
    from darebench.rollouts.select import Strategy, Thresholds, select_trajectories
    from darebench.sandbox import (
        Executor,
        Limits,
        LocalExecutor,
        Outcome,
        Program,
        Refused,
        Saved,
        Status,
        run_python,
    )
    from darebench.sandbox.client import RemoteExecutor
    from darebench.sandbox.program import StepOutcome
    from darebench.sandbox.session import AsyncSession, Session
    from darebench.scoring.metric_rule import Direction, MetricRule, ValueKind
    from darebench.scoring.metrics import METRICS, register_metric
    from darebench.scoring.score import score_prediction
    from darebench.store.format_problem import FormatProblem
    from darebench.store.read import Store, open_store, select
    from darebench.store.tables import read_table
    from darebench.store.validate import validate_store
    from darebench.types import (
        CallRecord,
        CallStatus,
        Failure,
        Family,
        Message,
        Metric,
        Provenance,
        Reason,
        ReasonCode,
        Role,
        RowCounts,
        Score,
        StopReason,
        TargetScore,
        Task,
        TaskProblem,
        Timing,
        Tokens,
        ToolCall,
        Track,
        Trajectory,
        Truth,
        Variant,
    )

__version__ = "0.1.0"
__all__ = [
    "METRICS",
    "Agent",
    "AsyncSession",
    "Audit",
    "Budget",
    "CallRecord",
    "CallStatus",
    "ChatModel",
    "ConfigError",
    "Curation",
    "CurationReject",
    "DareError",
    "Diagnosis",
    "Direction",
    "EvalConfig",
    "Executor",
    "Failure",
    "Family",
    "Finding",
    "FormatProblem",
    "InvalidPrediction",
    "Limits",
    "LocalExecutor",
    "Message",
    "Metric",
    "MetricRule",
    "OutOfTurns",
    "Outcome",
    "Program",
    "Provenance",
    "ProviderFault",
    "Reason",
    "ReasonCode",
    "ReferenceMismatch",
    "Refused",
    "RemoteExecutor",
    "Reply",
    "Role",
    "RowCounts",
    "Run",
    "RunComparison",
    "SandboxFault",
    "Saved",
    "Score",
    "Session",
    "Severity",
    "Shown",
    "SourceFault",
    "Status",
    "StepOutcome",
    "Stop",
    "StopReason",
    "Store",
    "StoreError",
    "Strategy",
    "TargetScore",
    "Task",
    "TaskAudit",
    "TaskFormatError",
    "TaskProblem",
    "Thresholds",
    "Timing",
    "Tokens",
    "Tool",
    "ToolCall",
    "ToolResult",
    "Track",
    "Trajectory",
    "Truth",
    "ValueKind",
    "Variant",
    "audit",
    "curate",
    "diagnose",
    "evaluate",
    "evaluate_async",
    "open_run",
    "open_store",
    "read_table",
    "register_metric",
    "rollouts",
    "run_python",
    "score",
    "score_prediction",
    "select",
    "select_trajectories",
    "show",
    "validate_store",
]

_CALLED = {
    "audit": "darebench.audit.store_audit:audit_store",
    "curate": "darebench.curate.pipeline:curate",
    "rollouts": "darebench.rollouts.sample:collect",
}
"""Room -> the function that runs when the room is called."""
_HOMES = {
    "darebench.agents.protocol": "Agent Budget ChatModel OutOfTurns Reply Stop Tool ToolResult",
    "darebench.audit.findings": "Finding Severity",
    "darebench.audit.store_audit": "Audit",
    "darebench.audit.task_audit": "TaskAudit",
    "darebench.curate.pipeline": "Curation",
    "darebench.errors": "ConfigError CurationReject DareError InvalidPrediction ProviderFault"
    " ReferenceMismatch SandboxFault SourceFault StoreError TaskFormatError",
    "darebench.evals.diagnoses": "diagnose",
    "darebench.evals.prediction": "score",
    "darebench.evals.comparison": "RunComparison",
    "darebench.evals.evaluation": "EvalConfig Run",
    "darebench.evals.run": "evaluate evaluate_async",
    "darebench.evals.run_folder": "open_run",
    "darebench.reference.diagnosis": "Diagnosis",
    "darebench.report.notebook": "Shown show",
    "darebench.rollouts.select": "Strategy Thresholds select_trajectories",
    "darebench.sandbox": "Executor Limits LocalExecutor Outcome Program Refused Saved Status"
    " run_python",
    "darebench.sandbox.client": "RemoteExecutor",
    "darebench.sandbox.program": "StepOutcome",
    "darebench.sandbox.session": "AsyncSession Session",
    "darebench.scoring.metric_rule": "Direction MetricRule ValueKind",
    "darebench.scoring.metrics": "METRICS register_metric",
    "darebench.scoring.score": "score_prediction",
    "darebench.store.format_problem": "FormatProblem",
    "darebench.store.read": "Store open_store select",
    "darebench.store.tables": "read_table",
    "darebench.store.validate": "validate_store",
    "darebench.types": "CallRecord CallStatus Failure Family Message Metric Provenance Reason"
    " ReasonCode Role RowCounts Score StopReason TargetScore Task TaskProblem Timing Tokens"
    " ToolCall Track Trajectory Truth Variant",
}
"""Module -> the names that come from it."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


class CallableRoom(ModuleType):
    """A room that can be called, as `darebench.curate(...)` is `darebench.curate.pipeline.curate`.

    Importing a submodule sets an attribute of its package, so that a function of the same name
    would be there or not by the order of imports. A module that can be called is the same object
    either way. A room becomes one by `sys.modules[__name__].__class__ = CallableRoom`.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    @property
    def __wrapped__(self) -> Any:
        """The function, whose signature is the room's."""
        module, name = _CALLED[self.__name__.rpartition(".")[2]].split(":")
        try:
            return getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            raise _without_extra(error) from None


def __getattr__(name: str) -> object:
    if name in _CALLED:
        return import_module(f"darebench.{name}")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'darebench' has no attribute {name!r}")
    try:
        return getattr(import_module(_HOME_OF[name]), name)
    except ModuleNotFoundError as error:
        raise _without_extra(error) from None


def _without_extra(error: ModuleNotFoundError) -> Exception:
    """Return the error of an installation that lacks an extra, or the error as it is."""
    from darebench.errors import ConfigError
    from darebench.installing import missing_extra

    said = missing_extra(error)
    return error if said is None else ConfigError(said)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
