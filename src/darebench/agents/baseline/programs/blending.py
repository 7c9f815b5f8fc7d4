"""Weighs forecasts by how they did on past stretches that are like the asked one."""

import numpy as np


def r2(truth, guess, floor=-1.0):
    """Return R2, but no less than a floor: below it, wrong is wrong."""
    total = ((truth - truth.mean()) ** 2).sum()
    if total <= 0:
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        left = ((truth - guess) ** 2).sum()
    return max(floor, 1.0 - left / total) if np.isfinite(left) else floor


def mean_scores(names, truths, guesses):
    """Average each forecast's clipped R2 over the stretches; `guesses` has a mapping for each."""
    return np.array(
        [np.mean([r2(t, g[n], 0.0) for t, g in zip(truths, guesses, strict=True)]) for n in names]
    )


def soft_weights(scores, sharpness):
    """Turn scores into weights that sum to 1; the best get nearly all."""
    weights = np.exp(sharpness * (scores - scores.max()))
    weights[weights < 0.02 * weights.max()] = 0.0
    return weights / weights.sum()


def mix(names, weights, forecasts):
    """Add up weighted forecasts."""
    return sum(w * forecasts[n] for n, w in zip(names, weights, strict=True) if w > 0)


def greedy(names, truths, guesses, steps=10):
    """Choose members one by one, with repeats, as long as the blend gets better; give weights."""
    counts, best = np.zeros(len(names)), -np.inf
    totals = [0.0] * len(truths)
    for step in range(1, steps + 1):
        trials = [
            np.mean(
                [r2(t, (s + g[n]) / step) for t, s, g in zip(truths, totals, guesses, strict=True)]
            )
            for n in names
        ]
        index = int(np.argmax(trials))
        if trials[index] <= best + 1e-4:
            break
        best = trials[index]
        counts[index] += 1
        totals = [s + g[names[index]] for s, g in zip(totals, guesses, strict=True)]
    return counts / counts.sum()
