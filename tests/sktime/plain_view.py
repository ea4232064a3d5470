"""The view of one series in plain loops, as an oracle."""

import math

import numpy as np

CONTEXT, HORIZON, PATCH = 96, 48, 4


def plain_scale(y, observed, period):
    begin = first(y)
    if period < 1 or len(y) - begin < period + 2:
        period = 1
    changes = [
        abs(y[t] - y[t - period])
        for t in range(begin + period, len(y))
        if observed[t] and observed[t - period]
    ]
    values = [y[t] for t in range(begin, len(y)) if observed[t]]
    scale = sum(changes) / max(1, len(changes))
    return max(scale, 0.02 * np.std(values)) or 1.0


def plain_unit(rest, observed, scale):
    t = [t for t in range(1, len(rest)) if observed[t] and observed[t - 1]]
    changes = {i: rest[i] - rest[i - 1] for i in t}
    if len(changes) < 3 or not any(changes.values()):
        return scale
    mean = sum(changes.values()) / len(changes)
    unit = sum(abs(c - mean) for c in changes.values()) / len(changes)
    turns = [abs(changes[i] - changes[i - 1]) for i in t if i - 1 in changes]
    if turns:
        unit = min(unit, sum(turns) / len(turns) / math.sqrt(2))
    return min(scale, max(0.02 * scale, unit))


def first(y):
    return next(t for t in range(len(y)) if not math.isnan(y[t]))


def plain_season(y, period):
    """One period, how far it is believed, and the number of periods."""
    count = len(y) - first(y)
    n = min(8, count // period) if period > 1 else 0
    if n == 0:
        return None
    blocks = [[y[len(y) - (n - b) * period + r] for r in range(period)] for b in range(n)]
    means = [sum(block) / period for block in blocks]
    middle = (n - 1) / 2
    spread = sum((b - middle) ** 2 for b in range(n))
    slope = sum((b - middle) * means[b] for b in range(n)) / spread if n > 1 else 0.0
    rest = [
        [
            blocks[b][r] - means[b] - slope * (r - (period - 1) / 2) / period
            for r in range(period)
        ]
        for b in range(n)
    ]
    pattern = [sum(rest[b][r] for b in range(n)) / n for r in range(period)]
    belief = 0.5
    if n > 1:
        variances = [
            sum((rest[b][r] - pattern[r]) ** 2 for b in range(n)) / (n - 1)
            for r in range(period)
        ]
        size = sum(s**2 for s in pattern) / period
        chance = sum(variances) / period / n
        belief = min(1.0, max(0.0, 1 - chance / size)) if size > 0 else 0.0
    return [belief * s for s in pattern], belief, n


def plain_level(y):
    """The level at the end, and the slope."""
    n = len(y)
    begin = first(y)
    ago = [t for t in range(32) if n - 1 - t - 1 >= begin]
    weights = [0.85**t for t in ago]
    changes = [y[n - 1 - t] - y[n - 2 - t] for t in ago]
    slope = 0.0
    if len(ago) > 1:
        total = sum(weights)
        mean = sum(w * c for w, c in zip(weights, changes, strict=True)) / total
        variance = (
            sum(w * (c - mean) ** 2 for w, c in zip(weights, changes, strict=True)) / total
        )
        worth = total**2 / sum(w**2 for w in weights)
        if mean:
            slope = mean * min(1.0, max(0.0, 1 - variance / ((worth - 1) * mean**2)))
    ago = [t for t in range(32) if n - 1 - t >= begin]
    level = sum(0.5**t * (y[n - 1 - t] + slope * t) for t in ago)
    return level / sum(0.5**t for t in ago), slope


def plain_view(history, short, long):
    """Rows of the table, the baseline, the scale and the unit of one series."""
    y = [math.nan] * max(0, CONTEXT - len(history)) + list(history)
    observed = [not math.isnan(v) for v in y]
    for t in range(first(y), len(y)):
        y[t] = y[t] if observed[t] else y[t - 1]
    n, begin, raw = len(y), first(y), y
    origin = y[-1]
    size = max(abs(v - origin) for v in y[begin:])
    if size == 0:
        share = 0.015 if sum(observed) == 1 else 1e-7
        size = share * (abs(origin) or 1.0)
    y = [(v - origin) / size for v in y]
    scale = plain_scale(y, observed, short)

    def part(values, period):
        season = plain_season(values, period)
        if season is None:
            return lambda t: 0.0, lambda k: math.nan, 0.0, 0
        pattern, belief, count = season

        def at(t):  # steps from the origin: 0 is the last of the past
            return pattern[(t - 1) % period]

        def last(k):
            return values[n - period + (k - 1) % period]

        return at, last, belief, count

    s1, last1, belief1, n1 = part(y, short)
    rest = [y[t] - s1(t - n + 1) if t >= begin else math.nan for t in range(n)]
    s2, last2, belief2, n2 = part(rest, long)
    rest = [rest[t] - s2(t - n + 1) if t >= begin else math.nan for t in range(n)]
    level, slope = plain_level(rest)
    unit = plain_unit(rest, observed, scale)
    line = [slope * sum(0.98**i for i in range(1, k + 1)) for k in range(1, HORIZON + 1)]
    base = [level + line[k - 1] + s1(k) + s2(k) for k in range(1, HORIZON + 1)]
    values = [y[t] for t in range(begin, n)]
    seen = [y[t] for t in range(begin, n) if observed[t]]
    mean, deviation = np.mean(values), max(np.std(values), 1e-3 * unit)
    whole = [
        math.log1p(len(seen)) / 4,
        belief1,
        math.log1p(n1),
        belief2,
        math.log1p(n2),
        min(2.5, max(-2.5, math.asinh(-(level + origin / size) / unit) / 3)),
        math.log(max(np.std(seen) / scale, 0.01)),
        math.log(scale / unit),
        math.log1p(max(short, 0)) / 4,
        sum(v == 0 for v, o in zip(raw, observed, strict=True) if o) / len(seen),
        float(min(raw[begin:]) >= 0),
    ]
    steps = []
    for t in range(n - CONTEXT, n):
        if t < begin:
            steps.append([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])
            continue
        before = y[t - short] if short > 1 and t - short >= begin else math.nan
        change = rest[t] - rest[t - 1] if t > begin else math.nan
        row = [
            math.asinh(s1(t - n + 1) / unit),
            math.asinh(s2(t - n + 1) / unit),
            math.asinh((rest[t] - level) / unit),
            min(6, max(-6, (y[t] - mean) / deviation)),
            math.asinh((y[t] - before) / unit),
            math.asinh(change / unit),
            float(observed[t]),
        ]
        steps.append([0.0 if math.isnan(v) else v for v in row])
    for k in range(1, HORIZON + 1):
        row = [
            math.asinh(s1(k) / unit),
            math.asinh(s2(k) / unit),
            math.asinh((last1(k) - base[k - 1]) / unit),
            math.asinh((last2(k) + s1(k) - base[k - 1]) / unit),
            math.asinh(line[k - 1] / unit),
            math.asinh((y[-1] - base[k - 1]) / unit),
            math.log(k) / 4,
        ]
        steps.append([0.0 if math.isnan(v) else v for v in row])
    rows = []
    for i in range(0, CONTEXT + HORIZON, PATCH):
        row = [v for step in steps[i : i + PATCH] for v in step] + whole
        gone = n - CONTEXT + i + PATCH <= begin
        rows.append([math.nan] * len(row) if gone else row)
    return np.array(rows), origin + size * np.array(base), size * scale, size * unit
