"""What a training is told: one TOML file each, read into frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from darebench.train.choices import Loss, Prompt, ScaleRewards, Schedule, Template
from darebench.types import Family, Variant

PATHS = frozenset(("out", "model", "data", "eval_data", "store", "deepspeed"))
"""Settings that name a place: what lies there decides whether two trainings are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """Low-rank adapters, which are trained instead of all weights."""

    r: int = 32
    """Rank of each adapter."""
    alpha: int = 64
    """An adapter's output is scaled by `alpha / r`."""
    dropout: float = 0.0
    targets: str = "all-linear"
    """Which modules get an adapter, as peft names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """What every trainer is told."""

    model: str
    """A folder or a name on the hub."""
    out: str
    """The training's folder; the same configuration continues in it."""
    template: Template = Template.QWEN3
    lora: Lora | None = None
    """Adapters; without them all weights are trained."""
    max_steps: int
    learning_rate: float
    schedule: Schedule
    warmup_steps: float = 0.0
    """A share of all steps if below 1, else a number of steps."""
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0
    """Norm that the gradient is clipped to."""
    batch_size: int = 1
    """Rows or attempts in one forward pass of a device."""
    bf16: bool = True
    """Compute in bfloat16."""
    gradient_checkpointing: bool = True
    """Save memory by computing activations twice."""
    seed: int = 0
    save_steps: int
    """Steps between two checkpoints."""
    eval_steps: int
    """Steps between two evaluations on held-out rows or tasks."""
    deepspeed: str | None = None
    """A DeepSpeed configuration file; without it accelerate's own settings hold."""
    wait_s: int = 1_800
    """Seconds that the processes of several devices wait for the slowest one."""
    cpu: bool = False
    """Train on the processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SftConfig(TrainingConfig):
    """Supervised fine-tuning on exported attempts."""

    data: str
    """The file of chat rows that `darebench export` wrote."""
    eval_data: str | None = None
    """Held-out rows, in the same form."""
    show_tools: bool = True
    """Whether the prompt holds the tool's schema; off for models with short prompts."""
    max_length: int = 32_768
    """Tokens of a row; a longer row is left out."""
    packing: bool = True
    """Fill each sequence with several rows."""
    epochs: float = 2.0
    max_steps: int = -1
    """Steps after which training ends before `epochs`; -1 for no limit."""
    learning_rate: float = 1e-5
    schedule: Schedule = Schedule.COSINE
    warmup_steps: float = 0.05
    accumulation: int = 8
    """Forward passes whose gradients make one step."""
    save_steps: int = 100
    eval_steps: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpoConfig(TrainingConfig):
    """Reinforcement learning with the evaluation's own loop, sandbox and scorer."""

    store: str | None = None
    """A folder, an archive or `hf://owner/name`; the starter store without it."""
    tasks: tuple[str, ...] = ()
    """Task ids, dataset names or globs; all tasks without one."""
    eval_tasks: tuple[str, ...] = ()
    """Tasks that are attempted every `eval_steps` and never trained on."""
    family: Family | None = None
    variant: Variant | None = None
    limit: int | None = None
    """At most this many tasks, chosen by `seed`."""
    prompt: Prompt = Prompt.STANDARD
    turns: int = 5
    """Turns of an attempt that may call the tool."""
    seconds: float = 200.0
    """Wall-clock limit of each call."""
    slots: int | None = None
    """Programs that run at the same time; by default this process's share of the cores."""
    ran_reward: float = 0.0
    """Reward of an attempt without a prediction whose last call ran; see `RewardScale.ran`."""
    generations: int = 8
    """Attempts at each task of a step, which make a group."""
    questions: int = 64
    """Tasks of each step."""
    temperature: float = 1.0
    top_p: float = 1.0
    """1 samples from all tokens. The paper has 0.95, but the loss knows nothing of the tokens that
    are left out, so that the model's entropy drifts upwards."""
    top_k: int = 0
    """0 samples from all tokens; the paper has 50. See `top_p`."""
    max_context: int = 32_768
    """Tokens of a whole conversation."""
    max_new: int = 8_192
    """Tokens of one turn."""
    generation_batch: int = 64
    """Attempts of one device that are sampled at the same time."""
    max_steps: int = 200
    learning_rate: float = 1e-6
    schedule: Schedule = Schedule.CONSTANT
    loss: Loss = Loss.DR_GRPO
    scale_rewards: ScaleRewards = ScaleRewards.NONE
    beta: float = 0.0
    """Weight of the divergence from the first model (KL)."""
    iterations: int = 1
    """Updates on the attempts of each step; they count as steps. From 2 on `epsilon` matters."""
    epsilon: float = 0.2
    """How far a token's importance weight may leave 1 before it is clipped."""
    epsilon_high: float | None = None
    """The same upwards; `epsilon` without it."""
    save_steps: int = 10
    eval_steps: int = 20
