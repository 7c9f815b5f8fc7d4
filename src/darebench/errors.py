"""The errors that darebench raises: one root, one subclass for each boundary that can fail.

A program that uses darebench catches `DareError`. The subclass says whose fault it is: only
`InvalidPrediction` costs an agent its score; `SandboxFault` and `ProviderFault` are ours, are
retried, and end as an unscored attempt. Every error can be pickled.
"""


class DareError(Exception):
    """Something that darebench can explain in one sentence, with what to do about it."""


class TaskFormatError(DareError):
    """A store or one of its tasks is not in the layout that we read."""


class StoreError(DareError):
    """A store cannot be opened: it is missing, unreachable, or not a store."""


class InvalidPrediction(DareError):
    """A prediction cannot be scored as it is; the agent's fault."""


class ReferenceMismatch(DareError):
    """A reference answer was made in another environment than the one that scores."""


class SandboxFault(DareError):
    """The sandbox itself failed; never the agent's fault."""


class ProviderFault(DareError):
    """The model's provider failed; never the agent's fault."""


class SourceFault(DareError):
    """A site that tables come from does not answer; never the table's fault."""


class ConfigError(DareError):
    """An option, a configuration or a run folder cannot be used as asked."""


class CurationReject(DareError):
    """A table cannot become a task; the message is the reason."""
