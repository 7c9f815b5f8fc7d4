"""Sampling from a transformers model: concurrent requests become batches.

Every request carries its seed: the choice is made by Gumbel noise from a generator of its own, so a
sample does not depend on which requests it shares a batch with (up to the arithmetic's own noise).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from darebench.train.libraries import torch, transformers
from darebench.train.token_model import Sampled

LULL_S = 0.2
"""Seconds without a new request after which a batch starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a next token is chosen; the paper's values."""

    temperature: float = 1.0
    """0 takes the likeliest token."""
    top_p: float = 0.95
    top_k: int = 50


@dataclass(frozen=True, slots=True)
class _Request:
    ids: list[int]
    max_new: int
    seed: int
    done: asyncio.Future[Sampled]


@dataclass(slots=True, kw_only=True)
class BatchSampler:
    """Samples from one model, a batch at a time, in a thread. Use it in one event loop."""

    model: Any
    end_id: int
    pad_id: int
    sampling: Sampling = field(default_factory=Sampling)
    batch_size: int = 64
    autocast: bool = False
    """Whether to compute in bfloat16."""
    seconds: float = 0.0
    """Spent in the model so far."""
    _waiting: list[_Request] = field(default_factory=list)
    _worker: asyncio.Task[None] | None = None

    async def sample(self, ids: Sequence[int], max_new: int, seed: int) -> Sampled:
        """Sample up to `max_new` ids after `ids`."""
        done: asyncio.Future[Sampled] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Request(list(ids), max_new, seed, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await done

    async def _gather(self) -> None:
        """Wait until requests no longer come: attempts leave the sandbox one after the other.

        A batch takes as long as its longest request, and many small batches many times that.
        """
        n_before = 0
        while n_before < len(self._waiting) < self.batch_size:
            n_before = len(self._waiting)
            await asyncio.sleep(LULL_S)

    async def _work(self) -> None:
        while self._waiting:
            await self._gather()
            self._waiting.sort(key=lambda r: len(r.ids))
            batch, self._waiting = (
                self._waiting[: self.batch_size],
                self._waiting[self.batch_size :],
            )
            work = asyncio.ensure_future(asyncio.to_thread(self._generate, batch))
            await asyncio.wait([work])
            _settle(batch, work)

    @torch.no_grad()
    def _generate(self, batch: Sequence[_Request]) -> list[Sampled]:
        start = time.perf_counter()
        longest = max(len(r.ids) for r in batch)
        rows = [[self.pad_id] * (longest - len(r.ids)) + r.ids for r in batch]
        seen = [[0] * (longest - len(r.ids)) + [1] * len(r.ids) for r in batch]
        device = next(self.model.parameters()).device
        if device.index is not None:  # each thread has a current device, at first the first one
            torch.accelerator.set_device_index(device.index)
        was_training = self.model.training
        self.model.eval()
        half = torch.autocast(device.type, torch.bfloat16) if self.autocast else None
        with half or contextlib.nullcontext():
            out = self.model.generate(
                input_ids=torch.tensor(rows, device=device),
                attention_mask=torch.tensor(seen, device=device),
                max_new_tokens=max(r.max_new for r in batch),
                do_sample=False,
                num_beams=1,
                use_cache=True,
                eos_token_id=self.end_id,
                pad_token_id=self.pad_id,
                logits_processor=self._processors([r.seed for r in batch]),
            )
        self.model.train(was_training)
        self.seconds += time.perf_counter() - start
        written = out[:, longest:].tolist()
        return [self._sampled(w, r.max_new) for w, r in zip(written, batch, strict=True)]

    def _processors(self, seeds: Sequence[int]) -> Any:
        chosen = self.sampling
        if chosen.temperature == 0:
            return transformers.LogitsProcessorList()
        processors = [transformers.TemperatureLogitsWarper(chosen.temperature)]
        if chosen.top_k:
            processors.append(transformers.TopKLogitsWarper(chosen.top_k))
        if chosen.top_p < 1:
            processors.append(transformers.TopPLogitsWarper(chosen.top_p))
        return transformers.LogitsProcessorList([*processors, _Gumbel(seeds)])

    def _sampled(self, ids: list[int], max_new: int) -> Sampled:
        ids = ids[:max_new]
        if self.end_id in ids:
            return Sampled(ids=ids[: ids.index(self.end_id) + 1], ended=True)
        return Sampled(ids=ids, ended=False)


def _settle(batch: Sequence[_Request], work: asyncio.Future[list[Sampled]]) -> None:
    """Hand every request of a batch its sample, or the error that ended the batch."""
    error = work.exception()
    for number, request in enumerate(batch):
        if request.done.done():  # whoever waited for it was cancelled
            continue
        if error is not None:
            request.done.set_exception(error)
        else:
            request.done.set_result(work.result()[number])


class _Gumbel(transformers.LogitsProcessor):
    """Adds Gumbel noise, so that the largest value is a sample; one generator a row."""

    def __init__(self, seeds: Sequence[int]) -> None:
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return the scores, `(rows, tokens)`, with noise on each."""
        width = scores.shape[-1]
        noise = torch.stack([torch.rand(width, generator=g) for g in self._generators])
        exponential = -torch.log(noise.clamp_min(1e-20))
        return scores - torch.log(exponential).to(scores.device, scores.dtype)
