"""The season of one window in plain NumPy, period by period."""

import numpy as np


def season_of(y, length, method):
    """One period of the season of y, from the step after its end on."""
    n_periods = -(-len(y) // length)
    padded = np.r_[np.full(n_periods * length - len(y), np.nan), y]
    periods = padded.reshape(n_periods, length)
    numbered = [
        (b, p) for b, p in enumerate(periods) if (~np.isnan(p)).sum() >= 0.75 * length
    ]
    neutral = 1.0 if method == "multiplicative" else 0.0
    if not numbered:
        return np.full(length, neutral)
    means = [np.nanmean(p) for _, p in numbered]
    numbers = [b for b, _ in numbered]
    slope = np.polyfit(numbers, means, 1)[0] if len(numbered) > 1 else 0.0
    phase = (np.arange(length) - (length - 1) / 2) / length
    lines = [mean + slope * phase for mean in means]
    if method == "multiplicative":
        seen = [
            (p[~np.isnan(p)], line[~np.isnan(p)])
            for (_, p), line in zip(numbered, lines, strict=True)
        ]
        if any((p <= 0).any() or (line <= 0).any() for p, line in seen):
            return np.ones(length)
        rest = [p / line - 1 for (_, p), line in zip(numbered, lines, strict=True)]
    else:
        rest = [p - line for (_, p), line in zip(numbered, lines, strict=True)]
    mean, chance = np.zeros(length), np.zeros(length)
    for r in range(length):
        of_phase = np.array([d[r] for d in rest if not np.isnan(d[r])])
        if len(of_phase):
            mean[r] = of_phase.mean()
        if len(of_phase) > 1:
            chance[r] = of_phase.var(ddof=1) / len(of_phase)
    size = (mean**2).mean()
    belief = 0.5 if len(numbered) == 1 else 0.0
    if len(numbered) > 1 and size > 0:
        belief = max(0.0, 1 - chance.mean() / size)
    pattern = neutral + belief * mean
    return np.maximum(pattern, 0.05) if method == "multiplicative" else pattern
