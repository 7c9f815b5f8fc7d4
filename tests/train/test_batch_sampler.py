"""Samples follow the model and their own seed, whatever batch they share."""

from __future__ import annotations

import asyncio

import pytest

pytestmark = pytest.mark.usefixtures("need_torch", "quiet_libraries")


def test_a_sample_depends_on_its_seed_and_not_on_its_company(tiny_model):
    from darebench.train.batch_sampler import BatchSampler
    from darebench.train.pretrained import load_model

    model = load_model(str(tiny_model))

    def sample(*prompts):
        sampler = BatchSampler(model=model, end_id=2, pad_id=0)

        async def all_of_them():
            return await asyncio.gather(*(sampler.sample(p, 12, s) for p, s in prompts))

        return [s.ids for s in asyncio.run(all_of_them())]

    alone = sample(([10, 11, 12], 7))[0]
    together = sample(([20] * 9, 1), ([10, 11, 12], 7), ([10, 11, 12], 8))
    assert together[1] == alone
    assert together[2] != alone


def test_samples_follow_the_models_probabilities(tiny_model):
    import torch

    from darebench.train.batch_sampler import BatchSampler, Sampling
    from darebench.train.pretrained import load_model

    model = load_model(str(tiny_model))
    n = 2000
    sampler = BatchSampler(
        model=model, end_id=2, pad_id=0, batch_size=500, sampling=Sampling(top_p=1.0, top_k=3)
    )

    async def many():
        return await asyncio.gather(*(sampler.sample([10, 11], 1, s) for s in range(n)))

    drawn = [s.ids[0] for s in asyncio.run(many())]
    with torch.no_grad():
        top = model(torch.tensor([[10, 11]])).logits[0, -1].topk(3)
    wanted = top.values.softmax(-1).tolist()
    for token, share in zip(top.indices.tolist(), wanted, strict=True):
        # five standard deviations: a false alarm once in millions of runs
        assert abs(drawn.count(token) / n - share) < 5 * (share * (1 - share) / n) ** 0.5
