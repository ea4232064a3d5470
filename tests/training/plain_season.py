"""The season of one window in plain NumPy, period by period."""

import numpy as np


def season_of(y, length, method, n_passes=1):
    """One period of the season of y, from the step after its end on."""
    n_periods = -(-len(y) // length)
    padded = np.r_[np.full(n_periods * length - len(y), np.nan), y]
    periods = padded.reshape(n_periods, length)
    whole = [b for b, p in enumerate(periods) if (~np.isnan(p)).sum() >= 0.75 * length]
    is_factor = method == "multiplicative"
    neutral = np.full(length, 1.0 if is_factor else 0.0)
    if not whole:
        return neutral
    mean = np.zeros(length)
    phase = (np.arange(length) - (length - 1) / 2) / length
    for _ in range(n_passes):
        means = [
            np.nanmean(periods[b] / (1 + mean) if is_factor else periods[b] - mean)
            for b in whole
        ]
        slope = np.polyfit(whole, means, 1)[0] if len(whole) > 1 else 0.0
        lines = [m + slope * phase for m in means]
        pairs = list(zip((periods[b] for b in whole), lines, strict=True))
        if is_factor:
            seen = [(p[~np.isnan(p)], line[~np.isnan(p)]) for p, line in pairs]
            if any((p <= 0).any() or (line <= 0).any() for p, line in seen):
                return neutral
        rest = [p / line - 1 if is_factor else p - line for p, line in pairs]
        phases = [
            np.array([d[r] for d in rest if not np.isnan(d[r])]) for r in range(length)
        ]
        mean = np.array([each.mean() if len(each) else 0.0 for each in phases])
        mean = mean - mean.mean()
    chance = [each.var(ddof=1) / len(each) if len(each) > 1 else 0.0 for each in phases]
    size = (mean**2).mean()
    belief = 0.5 if len(whole) == 1 else 0.0
    if len(whole) > 1 and size > 0:
        belief = max(0.0, 1 - np.mean(chance) / size)
    pattern = neutral + belief * mean
    return np.maximum(pattern, 0.05) if is_factor else pattern


def skip_forecast(y, length, weight, leads, level):
    """The forecast, as a difference from the level, from the phase of past periods."""
    n_periods = weight.shape[1]
    ahead = []
    for lead in leads:
        j, r = (lead - 1) // length, (lead - 1) % length
        total, n_seen = 0.0, 0
        for b in range(n_periods):
            back = (n_periods - b) * length - r  # steps before the next one
            if back <= len(y) and not np.isnan(y[-back]):
                total += weight[j, b] * (y[-back] - level)
                n_seen += 1
        ahead.append(total * n_periods / max(n_seen, 1))
    return np.array(ahead)
