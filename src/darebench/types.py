"""The values that flow through darebench: tasks, predictions' scores, and trajectories.

Everything here is a frozen value without behaviour of its own, except for how a notebook shows it,
so that a stage can hand it to the next one, a process to another, and a file to a program that we
have never seen. What only one stage needs lives in that stage. `darebench.store.truth` reads the
truths of tasks. The module is longer than others are, because one import has to give all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[str, int, int], None]
"""Progress callback: a stage's name, how many of its steps are done, and how many there are."""


class Family(StrEnum):
    """What kind of problem a dataset poses; the suffix of its folder."""

    CLASS = "class"
    """Classification of table rows."""
    REG = "reg"
    """Regression on table rows."""
    TS = "ts"
    """Forecasting of one or several series."""


class Variant(StrEnum):
    """Which of a dataset's two tasks is meant (paper section 3)."""

    IF = "if"
    """Instruction following: carry out a written workflow to the letter."""
    MM = "mm"
    """Machine-learning modelling: predict as well as possible."""
    XF = "xf"
    """Forecast with the future's exogenous features given."""
    CF = "cf"
    """Forecast from timestamps and entities alone."""


class Track(StrEnum):
    """A family's variant: the six kinds of task, each a column of the main result table."""

    CLASS_IF = "class-IF"
    """Classification, instruction following."""
    CLASS_MM = "class-MM"
    """Classification, modelling."""
    REG_IF = "reg-IF"
    """Regression, instruction following."""
    REG_MM = "reg-MM"
    """Regression, modelling."""
    XF = "XF"
    """Forecasting with the future's exogenous features."""
    CF = "CF"
    """Forecasting from timestamps and entities alone."""

    @property
    def family(self) -> Family:
        """The kind of problem."""
        return Family.TS if "-" not in self.value else Family(self.value.split("-")[0])

    @property
    def variant(self) -> Variant:
        """Which of a dataset's two tasks."""
        return Variant(self.value.split("-")[-1].lower())

    @classmethod
    def of(cls, family: Family, variant: Variant) -> Track:
        """Return the track of a family's variant.

        Raises:
            ValueError: The family has no such variant.
        """
        name = variant.upper()
        return cls(name if family is Family.TS else f"{family}-{name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One question with its files. Holds nothing that the agent may not see."""

    id: str
    """`<dataset>/<variant>`."""
    dataset: str
    """Name of the dataset's folder."""
    family: Family
    variant: Variant
    question: str
    """The text that the agent is asked."""
    targets: tuple[str, ...]
    """Columns to predict; the score is the mean over them."""
    files: tuple[str, ...]
    """Plain names of the files that the agent gets."""
    source: Path
    """Folder that holds `files` (and other files that the agent must not get)."""
    cluster: str
    """The source dataset (`owner/slug`): tasks that share it are not independent."""
    licence: str | None = None
    domain: str | None = None

    @property
    def track(self) -> Track:
        """The column of the main result table that this task counts in."""
        return Track.of(self.family, self.variant)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProblem:
    """A dataset of a store that cannot be used, and why."""

    dataset: str
    message: str


class Metric(StrEnum):
    """How a target's predicted values are scored (paper section 3)."""

    EXACT_LABELS = "exact_labels"
    """1 if every label equals the reference's, else 0."""
    CLOSE_NUMBERS = "close_numbers"
    """1 if every number is within floating-point tolerance of the reference's, else 0."""
    MACRO_F1 = "macro_f1"
    """Unweighted mean of the classes' F1."""
    CLIPPED_R2 = "clipped_r2"
    """R2 clipped to [0, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The answer to one task, as the scorer needs it. Never reachable from a `Task`."""

    task: str
    metric: str
    """A `Metric`, or the name of one that was registered."""
    keys: tuple[str, ...]
    """Columns that name a row: `row_id`, or timestamp and entities for CF."""
    targets: tuple[str, ...]
    csv: bytes
    """The answer file: key and target columns, one row for each row asked for."""
    hash: str
    """Twelve hex digits of the hash of `csv`."""
    time_column: str | None = None
    """The key that is a timestamp, for CF."""
    time_format: str | None = None
    """Its strptime format as the settings state it, which the file need not follow."""
    environment: str | None = None
    """Hash of the environment that computed an IF reference; None for true labels."""


class ReasonCode(StrEnum):
    """Why a prediction scored 0: it could not be compared with the truth, or it was and differs."""

    NO_PREDICTION = "no_prediction"
    """The attempt left no prediction file."""
    UNREADABLE = "unreadable"
    """The file is not a csv table: binary, html, ragged, wrong encoding."""
    EMPTY = "empty"
    """The file is empty, or holds a header without rows."""
    TOO_LARGE = "too_large"
    """The file is over the size limit."""
    MISSING_COLUMN = "missing_column"
    """A key or target column is missing."""
    DUPLICATE_COLUMN = "duplicate_column"
    """The header names a key or target column twice."""
    DUPLICATE_KEY = "duplicate_key"
    """Two predicted rows have the same key."""
    MISSING_ROWS = "missing_rows"
    """A row that was asked for is missing."""
    BAD_VALUE = "bad_value"
    """A predicted value is missing, infinite, or text where a number is needed."""
    INSTRUCTION_NOT_FOLLOWED = "instruction_not_followed"
    """Compared: a row differs from the reference of an IF task."""
    UNKNOWN_LABELS = "unknown_labels"
    """Compared: no predicted label is one that the truth has."""
    NO_ROW_RIGHT = "no_row_right"
    """Compared: the labels are known ones, and no row has its true one."""
    WORSE_THAN_MEAN = "worse_than_mean"
    """Compared: R2 is not above 0, so the mean of the true values would do as well or better."""
    WORTHLESS = "worthless"
    """Compared: the value of a registered metric is one that scores 0."""

    @property
    def compared(self) -> bool:
        """Whether the prediction was an answer, which was compared with the truth."""
        return self in _COMPARED


_COMPARED = frozenset(
    {
        ReasonCode.INSTRUCTION_NOT_FOLLOWED,
        ReasonCode.UNKNOWN_LABELS,
        ReasonCode.NO_ROW_RIGHT,
        ReasonCode.WORSE_THAN_MEAN,
        ReasonCode.WORTHLESS,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a score is 0: a code for programs, a sentence for people."""

    code: ReasonCode
    message: str
    """Names the row or column, the value that was given, and what to do about it; never a value of
    the truth."""

    @property
    def compared(self) -> bool:
        """Whether the prediction was an answer, which was compared with the truth."""
        return self.code.compared


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetScore:
    """The score of one target column."""

    target: str
    score: float
    """In [0, 1]."""
    strict_score: float | None
    """What the public release's rule gives; None where it would crash."""
    raw: float | None = None
    """The metric before clipping (R2 may be negative); None where it is the score itself."""
    per_class: Mapping[str, float] = field(default_factory=dict)
    """F1 of each class, for classification MM."""
    reason: Reason | None = None
    """Why the score is 0; None for any other score."""
    differing: int | None = None
    """How many rows differ from an IF task's reference; None for other tasks, and without an answer
    to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """How many rows were asked for, predicted, and matched by key."""

    expected: int
    given: int
    matched: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a score was made with, so that it can be compared or computed again."""

    darebench: str
    """Version of this package."""
    scorer: str
    """Hash of the scoring rules' source."""
    truth: str
    """Hash of the answer that the prediction was compared with."""
    environment: str
    """Hash of the interpreter's and libraries' versions (`darebench.environment`)."""
    store: str | None = None
    """Hash of the store that the task was read from; None for a truth from elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Score:
    """The result of scoring one prediction against one truth."""

    task: str
    score: float
    """In [0, 1]: the mean over targets."""
    strict_score: float | None
    """What the public release's rule gives; None where it would crash."""
    targets: tuple[TargetScore, ...]
    rows: RowCounts
    provenance: Provenance
    reason: Reason | None = None
    """Why a target scored 0: the first reason for which one was not compared, else the first."""

    @property
    def answered(self) -> bool:
        """Whether every target was an answer that could be compared with the truth."""
        return self.reason is None or self.reason.compared

    def to_frame(self) -> pd.DataFrame:
        """Return the scores of the targets as a table, a row for each target column."""
        import pandas as pd

        rows = [
            {
                "target": t.target,
                "score": t.score,
                "strict_score": t.strict_score,
                "raw": t.raw,
                "differing": t.differing,
                "reason": t.reason.message if t.reason else None,
            }
            for t in self.targets
        ]
        columns = ["target", "score", "strict_score", "raw", "differing", "reason"]
        return pd.DataFrame(rows, columns=columns)

    def __repr__(self) -> str:
        why = f", {self.reason.code}: {self.reason.message}" if self.reason else ""
        return f"<Score {self.task}: {self.score:.4f}{why}>"

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>{self.to_frame().to_html()}"


class StopReason(StrEnum):
    """Why an attempt ended."""

    ANSWER = "answer"
    """The model stopped calling the tool."""
    TURNS = "turns"
    """The turn budget is used up."""
    TOKENS = "tokens"
    """The token limit or the model's context is used up."""
    TIME = "time"
    """The time limit of the whole attempt is used up."""
    REFUSED = "refused"
    """The provider's content filter ended it."""
    FAULT = "fault"
    """The sandbox or the provider failed: the attempt is unscored."""


class Failure(StrEnum):
    """What went wrong in a scored attempt (paper section 5): what ended it, or what it left."""

    INSTRUCTION = "instruction_not_followed"
    """The code ran and wrote a prediction that is not the reference."""
    CODE_ERROR = "code_error"
    """There is no prediction, and the last call ended with an error."""
    EXECUTION_LIMIT = "execution_limit"
    """Turns or time ran out, or the last call was stopped and left no prediction."""
    TOKEN_LIMIT = "token_limit"
    """Tokens ran out."""
    TOOL_ARGUMENTS = "tool_arguments"
    """There is no prediction, and the last call of the tool could not work as it was made."""
    NO_PREDICTION = "no_prediction"
    """The attempt ended by itself without a prediction."""
    MALFORMED_PREDICTION = "malformed_prediction"
    """There is a prediction file, which cannot be read or aligned with the rows asked for."""
    WORSE_THAN_MEAN = "worse_than_mean"
    """The predicted numbers are further from the truth than its mean is."""
    UNKNOWN_LABELS = "unknown_labels"
    """None of the predicted labels occurs in the truth."""
    NO_ROW_RIGHT = "no_row_right"
    """The predicted labels occur in the truth, each of them in other rows."""
    WORTHLESS = "worthless"
    """A registered metric gives the prediction a score of 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A model's request to call a tool."""

    id: str
    name: str
    arguments: Mapping[str, Any]
    error: str | None = None
    """Why the arguments could not be parsed, if so; `arguments` is then empty."""


class Role(StrEnum):
    """Who speaks a message, in the OpenAI chat format."""

    SYSTEM = "system"
    """The benchmark, about the rules."""
    USER = "user"
    """The benchmark, about the task."""
    ASSISTANT = "assistant"
    """The model."""
    TOOL = "tool"
    """The tool, in answer to a call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    """For role `tool`: which call it answers."""


class CallStatus(StrEnum):
    """How a call of the code tool ended."""

    OK = "ok"
    """The program ran to its end."""
    ERROR = "error"
    """The program ended with an error of its own."""
    TIMEOUT = "timeout"
    """The program ran out of time and was stopped, or the attempt's time was used up before it."""
    KILLED = "killed"
    """The program was killed, for example because of its memory."""
    REFUSED = "refused"
    """The sandbox did not start the program, because of its files."""
    ARGUMENTS = "arguments"
    """Nothing was run, because of the call's arguments or because there is no such tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One call of the code tool, as it happened."""

    code: str
    files_to_load: tuple[str, ...]
    files_to_save: tuple[str, ...]
    stdout: str
    stderr: str
    status: CallStatus
    seconds: float
    """Wall-clock time of the program."""
    tool: str | None = None
    """Name of the tool that was asked for, where there is no such tool."""
    arguments: Mapping[str, Any] | None = None
    """The arguments as they were given, for a call that was not run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """How many tokens an attempt used, as its provider counts."""

    input: int = 0
    output: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Where the wall-clock time of an attempt went, in seconds."""

    model: float = 0.0
    """Turns of the model; for an own agent, all that it does between its calls of the tool."""
    queue: float = 0.0
    """Waiting, for a place in the sandbox or a connection to the model, and our own work."""
    tool: float = 0.0
    """Programs of the tool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trajectory:
    """One attempt at one task, from the first message to the score."""

    task: str
    track: Track
    cluster: str
    """The source dataset: attempts that share it are not independent."""
    epoch: int
    """Which repeat, from 1."""
    model: str
    messages: tuple[Message, ...]
    calls: tuple[CallRecord, ...]
    stop_reason: StopReason
    score: float | None
    """None for an attempt that a fault of ours left unscored."""
    strict_score: float | None = None
    """What the public release's rule gives; None where it would crash."""
    targets: Mapping[str, float] = field(default_factory=dict)
    """Score of each target column."""
    details: tuple[TargetScore, ...] = ()
    """The targets' raw values, differing rows and reasons; without the F1 of single classes."""
    provenance: Provenance | None = None
    reason: Reason | None = None
    """Why a target scored 0, as in its `Score`."""
    failure: Failure | None = None
    fault: str | None = None
    """What failed on our side, for an unscored attempt."""
    warnings: tuple[str, ...] = ()
    """What a person should know of it, such as how the model's server should be started."""
    seconds: float
    """Wall-clock time of the attempt, without the queue."""
    timing: Timing | None = None
    """Its parts; None where they are not known, as for an Inspect solver."""
    tokens: Tokens = field(default_factory=Tokens)

    @property
    def family(self) -> Family:
        """The kind of problem that the task poses."""
        return self.track.family

    @property
    def variant(self) -> Variant:
        """Which of its dataset's two tasks was attempted."""
        return self.track.variant

    @property
    def answered(self) -> bool:
        """Whether the attempt left a prediction that could be compared with the truth."""
        return self.score is not None and (self.reason is None or self.reason.compared)
