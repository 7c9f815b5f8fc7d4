"""The closed sets that a training configuration chooses from; the values are those in TOML."""

from __future__ import annotations

from enum import StrEnum


class Template(StrEnum):
    """The chat template that conversations are rendered with."""

    QWEN3 = "qwen3"
    """Our own training template, in Qwen3's format."""
    MODEL = "model"
    """The template that comes with the model's tokenizer."""


class Prompt(StrEnum):
    """What opens an attempt."""

    STANDARD = "standard"
    """The evaluation's system and user messages."""
    SHORT = "brief"
    """One line of Python that states the task, for models too small to read prose."""


class Schedule(StrEnum):
    """How the learning rate changes over the steps, after the warm-up if there is one."""

    CONSTANT = "constant"
    """It does not change; a warm-up is left out."""
    CONSTANT_WITH_WARMUP = "constant_with_warmup"
    """It does not change."""
    LINEAR = "linear"
    """It falls to zero in a straight line."""
    COSINE = "cosine"
    """It falls to zero along half a cosine."""
    COSINE_WITH_RESTARTS = "cosine_with_restarts"
    """As `cosine`, with hard restarts."""
    POLYNOMIAL = "polynomial"
    """It falls along a polynomial."""
    INVERSE_SQRT = "inverse_sqrt"
    """It falls with the inverse of the square root of the step."""


class Loss(StrEnum):
    """TRL's `loss_type`: how the losses of single tokens become the loss of a batch."""

    DR_GRPO = "dr_grpo"
    """A sum over tokens with one divisor: how we read the paper's "per sequence". A mean of the
    sequences' sums (TRL's `luspo`) is the same up to a factor, which the optimizer removes."""
    GRPO = "grpo"
    """A mean of the sequences' means: the other reading of "per sequence"."""
    DAPO = "dapo"
    """A mean over all tokens of the accumulated batch."""
    BNPO = "bnpo"
    """A mean over all tokens of the local batch."""
    CISPO = "cispo"
    """Clips the importance weights instead of the objective."""
    SAPO = "sapo"
    """Replaces clipping by a smooth gate."""
    VESPO = "vespo"
    """Replaces clipping by a smooth gate on the weight of a whole sequence."""


class ScaleRewards(StrEnum):
    """What an attempt's advantage is divided by."""

    NONE = "none"
    """Nothing: the paper's setting."""
    GROUP = "group"
    """The standard deviation of its group's rewards."""
    BATCH = "batch"
    """The standard deviation of the whole batch's rewards."""
