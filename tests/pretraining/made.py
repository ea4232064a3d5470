"""Series that are made, to learn forecasting from: with trends, seasons, calendars, counts.

`make` draws a batch of series of one frequency. All parts are drawn series by series:
whether a series has it, how strong it is, and of which kind. A part is an array of shape
(n_series, n_timesteps); what is random comes from one generator, so a seed names a batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Frequency:
    """What series of a frequency are like.

    Attributes
    ----------
    periods : tuple of int
        Steps of the seasons, shortest first.
    lengths : tuple of int
        Least and greatest number of observed steps.
    share : float
        Of all series.
    seasonal : float
        Share of its series that have a season.
    step : str, default=""
        "day", "month" or "quarter", for what a calendar does to them.
    """

    periods: tuple[int, ...]
    lengths: tuple[int, int]
    share: float
    seasonal: float
    step: str = ""


FREQUENCIES = {
    "yearly": Frequency((), (3, 100), 0.14, 0.0),
    "quarterly": Frequency((4,), (4, 160), 0.16, 0.75, "quarter"),
    "monthly": Frequency((12,), (6, 400), 0.28, 0.75, "month"),
    "weekly": Frequency((52,), (10, 400), 0.08, 0.6),
    "daily": Frequency((7, 365), (8, 800), 0.12, 0.7, "day"),
    "hourly": Frequency((24, 168), (30, 1000), 0.12, 0.85),
    "half-hourly": Frequency((48, 336), (60, 1000), 0.03, 0.85),
    # Its period is drawn with each task.
    "other": Frequency((), (4, 300), 0.07, 0.8),
}


# What can be left out.
PARTS = ("trend", "season", "noise", "calendar", "events", "multiplicative", "counts")

# ------------------------------------------------------------------ draws


def chosen(rng: np.random.Generator, n: int, share: float) -> NDArray[np.bool_]:
    """Choose series, of shape (n, 1)."""
    return rng.random((n, 1)) < share


def sizes(rng: np.random.Generator, n: int, median: float, spread: float) -> Array:
    """Draw log-normal sizes, of shape (n, 1)."""
    return median * np.exp(spread * rng.normal(size=(n, 1)))


def unit(x: Array) -> Array:
    """Bring series to a deviation of 1."""
    x = x - x.mean(axis=1, keepdims=True)
    return x / (x.std(axis=1, keepdims=True) + 1e-12)


def filtered(shocks: Array, first: Array, second: Array | float = 0.0) -> Array:
    """Autoregression of order 2 along the steps; coefficients of shape (n, 1)."""
    x = np.empty_like(shocks)
    before = before2 = np.zeros(len(shocks))
    a, b = np.ravel(first), np.ravel(second)
    for t in range(shocks.shape[1]):
        before, before2 = shocks[:, t] + a * before + b * before2, before
        x[:, t] = before
    return x


# ------------------------------------------------------------------ parts


def level(rng: np.random.Generator, n: int, T: int) -> Array:
    """Trends of many kinds: each series has one or two of them."""
    t = np.arange(T) / T
    kinds = [
        _linear,
        _damped,
        _piecewise,
        _local_trend,
        _walk,
        _coloured,
        _logistic,
        _cycle,
    ]
    shares = [0.16, 0.10, 0.14, 0.18, 0.14, 0.14, 0.06, 0.08]
    total = np.zeros((n, T))
    for number, strength in ((0, sizes(rng, n, 1.0, 0.9)), (1, sizes(rng, n, 0.5, 0.9))):
        kind = rng.choice(len(kinds), n, p=shares)
        kind[rng.random(n) < (0.15, 0.65)[number]] = -1
        for k, part in enumerate(kinds):
            rows = np.flatnonzero(kind == k)
            if len(rows):
                total[rows] += strength[rows] * part(rng, len(rows), T, t)
    return total


def _linear(rng, n, T, t):
    return rng.standard_t(4, (n, 1)) * 2 * t


def _damped(rng, n, T, t):
    rate = rng.uniform(1, 12, (n, 1))
    return (
        rng.standard_t(4, (n, 1))
        * (1 - np.exp(-rate * (t - rng.uniform(0, 1, (n, 1)))))
        * (1 / np.exp(rate * rng.uniform(0, 0.5, (n, 1))))
    )


def _piecewise(rng, n, T, t):
    y = rng.standard_t(4, (n, 1)) * 2 * t
    for _ in range(3):
        bend = rng.uniform(0, 1, (n, 1))
        y += chosen(rng, n, 0.6) * rng.standard_t(4, (n, 1)) * 3 * np.maximum(t - bend, 0)
    return y


def _local_trend(rng, n, T, t):
    """A slope that wanders, damped or not: what exponential smoothing assumes."""
    damping = np.where(chosen(rng, n, 0.5), rng.uniform(0.8, 0.99, (n, 1)), 1.0)
    slope = filtered(rng.normal(size=(n, T)), damping)
    slope += sizes(rng, n, 1.0, 1.0) * rng.normal(size=(n, 1)) * np.sqrt(T)
    return unit(np.cumsum(slope, axis=1)) + sizes(rng, n, 0.15, 1.0) * _walk(rng, n, T, t)


def _walk(rng, n, T, t):
    drift = rng.normal(size=(n, 1)) * chosen(rng, n, 0.5)
    return (np.cumsum(rng.normal(size=(n, T)), axis=1) / np.sqrt(T)) + drift * t


def _coloured(rng, n, T, t):
    """Noise whose spectrum falls with a power of the frequency."""
    frequency = np.fft.rfftfreq(2 * T)[1:]
    power = rng.uniform(0.3, 3.2, (n, 1)) / 2
    phase = np.exp(2j * np.pi * rng.random((n, len(frequency))))
    wave = frequency**-power * rng.normal(size=(n, len(frequency))) * phase
    return unit(np.fft.irfft(np.c_[np.zeros(n), wave], axis=1)[:, :T])


def _logistic(rng, n, T, t):
    middle, rate = rng.uniform(0, 1.3, (n, 1)), rng.uniform(3, 20, (n, 1))
    return rng.normal(size=(n, 1)) * 3 / (1 + np.exp(-rate * (t - middle)))


def _cycle(rng, n, T, t):
    """Swings of no fixed length: an autoregression with complex roots."""
    length, damping = np.exp(rng.uniform(1.3, 4.5, (n, 1))), rng.uniform(0.9, 0.995, (n, 1))
    x = filtered(
        rng.normal(size=(n, T + 50)),
        2 * damping * np.cos(2 * np.pi / length),
        -(damping**2),
    )
    return unit(x[:, 50:])


def season(rng: np.random.Generator, n: int, T: int, period: int) -> Array:
    """Patterns that come again, some of which drift; of deviation 1."""
    phase = (np.arange(T) + rng.integers(0, period, (n, 1))) % period
    pattern = _pattern(rng, n, period)
    y = np.take_along_axis(pattern, phase, axis=1)
    # A pattern that turns into another, and strengths that change.
    other = np.take_along_axis(_pattern(rng, n, period), phase, axis=1)
    turn = (
        chosen(rng, n, 0.35) * sizes(rng, n, 0.4, 0.7) * _walk(rng, n, T, np.arange(T) / T)
    )
    growth = chosen(rng, n, 0.3) * rng.normal(size=(n, 1)) * 0.6 * np.arange(T) / T
    y = (y + turn * other) * np.exp(growth)
    # Each period has a strength of its own.
    n_periods = T // period + 2
    jitter = np.exp(chosen(rng, n, 0.3) * 0.25 * rng.normal(size=(n, n_periods)))
    number = (np.arange(T) + phase[:, :1]) // period
    return y * np.take_along_axis(jitter, number, axis=1)


def _pattern(rng, n, period):
    """One period of each series, of shape (n, period)."""
    x = np.arange(period) / period
    n_waves = max(1, period // 2)
    h = np.arange(1, min(n_waves, 24) + 1)
    fall = rng.uniform(0.2, 2.2, (n, 1))
    a, b = rng.normal(size=(2, n, len(h))) / h**fall
    angle = 2 * np.pi * h[:, None] * x
    waves = a @ np.cos(angle) + b @ np.sin(angle)
    free = rng.normal(size=(n, period))
    spikes = rng.exponential(1.5, (n, period)) * (rng.random((n, period)) < 1.5 / period)
    steps = np.repeat(rng.normal(size=(n, -(-period // 3))), 3, axis=1)[:, :period]
    # A bump by day and nothing by night; a weekend.
    bump = np.maximum(
        np.cos(2 * np.pi * (x - rng.random((n, 1)))) - rng.uniform(-0.5, 0.6, (n, 1)), 0
    )
    two_of_seven = -np.ones((n, period))
    two_of_seven[:, : max(1, round(period * 2 / 7))] = 2.5
    kinds = np.stack([unit(k) for k in (waves, free, steps, bump, two_of_seven)], axis=1)
    kind = rng.choice(5, n, p=[0.5, 0.22, 0.05, 0.13, 0.1])
    y = kinds[np.arange(n), kind]
    y = y + chosen(rng, n, 0.25) * spikes * rng.choice([-1, 1], (n, 1)) * 2
    return unit(y)


def calendar(rng: np.random.Generator, n: int, T: int, step: str) -> Array:
    """Feasts of days; working days, weekends and Easter of months; of deviation 1."""
    if step == "day":
        day = (np.arange(T) + rng.integers(0, 365, (n, 1))) % 365
        y = np.zeros((n, T))
        for _ in range(6):
            feast = rng.integers(0, 365, (n, 1))
            length = rng.choice([1, 1, 2, 3, 7], (n, 1))
            y += rng.standard_t(4, (n, 1)) * ((day - feast) % 365 < length)
        return unit(y)
    n_months = {"month": 1, "quarter": 3}[step]
    number = n_months * (rng.integers(0, 120, (n, 1)) + np.arange(T))
    begin = (np.datetime64("1970-01") + number).astype("datetime64[D]")
    end = (np.datetime64("1970-01") + number + n_months).astype("datetime64[D]")
    working = np.busday_count(begin, end)
    days = (end - begin).astype(int)
    easter_in_march = np.take_along_axis(
        rng.random((n, number.max() // 12 + 1)) < 0.3, number // 12, axis=1
    )
    month = number % 12
    easter = np.where(easter_in_march, month == 2, (month == 3) & (n_months == 1))
    kinds = np.stack([unit(x) for x in (working, days - working, 3.0 * easter)], axis=1)
    shares = rng.dirichlet([0.5, 0.5, 0.3], n)
    return unit((shares[:, :, None] * kinds).sum(axis=1))


def noise(rng: np.random.Generator, n: int, T: int) -> Array:
    """Independent or autocorrelated shocks, some heavy-tailed, some of changing size."""
    e = rng.normal(size=(n, T))
    degrees = rng.choice([2.2, 3, 5], (n, 1))
    heavy = rng.standard_t(np.broadcast_to(degrees, (n, T))) * np.sqrt(
        (degrees - 2) / degrees
    )
    e = np.where(chosen(rng, n, 0.25), heavy, e)
    volatility = chosen(rng, n, 0.15) * filtered(
        0.2 * rng.normal(size=(n, T)), rng.uniform(0.8, 0.97, (n, 1))
    )
    e = e * np.exp(volatility)
    ar = rng.uniform(-0.5, 0.97, (n, 1)) * chosen(rng, n, 0.5)
    return filtered(e, ar) * np.sqrt(1 - ar**2)


def events(rng: np.random.Generator, n: int, T: int) -> Array:
    """Level shifts, spells and single outliers, in units of the series' deviation."""
    t = np.arange(T)
    at = rng.integers(0, T, (n, 1))
    shift = chosen(rng, n, 0.12) * rng.standard_t(3, (n, 1)) * (t >= at)
    begin = rng.integers(0, T, (n, 1))
    length = 1 + rng.integers(0, max(2, T // 8), (n, 1))
    spell = (
        chosen(rng, n, 0.08)
        * rng.standard_t(3, (n, 1))
        * ((t >= begin) & (t < begin + length))
    )
    rate = chosen(rng, n, 0.2) * rng.uniform(0.002, 0.03, (n, 1))
    odd = (rng.random((n, T)) < rate) * rng.standard_t(2.5, (n, T)) * 3
    return shift + spell + odd


# ------------------------------------------------------------------ whole series


def make(
    rng: np.random.Generator, n: int, T: int, frequency: Frequency, without: str = ""
) -> Array:
    """Make series.

    Parameters
    ----------
    rng : numpy.random.Generator
    n, T : int
        Number of series, and of steps.
    frequency : Frequency
    without : str, default=""
        A part that is left out.

    Returns
    -------
    y : ndarray of shape (n, T)
    """
    trend = level(rng, n, T)
    seasons = np.zeros((n, T))
    has_season = chosen(rng, n, frequency.seasonal)
    strength = has_season * sizes(rng, n, 0.7, 1.0)
    for number, period in enumerate(frequency.periods):
        has = 1.0 if number == 0 else chosen(rng, n, 0.6)
        seasons += has * strength * (1, 0.6)[number] * season(rng, n, T, period)
    calm = np.where(chosen(rng, n, 0.5), 0.2, 1.0)
    shocks = calm * sizes(rng, n, 0.35, 1.1) * noise(rng, n, T)
    if frequency.step and without != "calendar":
        has = chosen(rng, n, 0.2) * sizes(rng, n, 0.25, 0.7)
        shocks += has * calendar(rng, n, T, frequency.step)
    if without == "trend":
        trend = 0 * trend
    if without == "season":
        seasons = 0 * seasons
    if without == "noise":
        shocks = 0.05 * rng.normal(size=(n, T))
    y = trend + seasons + shocks
    if without != "events":
        y = y + events(rng, n, T) * y.std(axis=1, keepdims=True)
    if without != "multiplicative":
        y = _multiplied(rng, y, trend, seasons, shocks)
    if without != "counts":
        y = _counted(rng, y)
    flip = np.where(chosen(rng, n, 0.12), -1, 1)
    return y * flip


def _multiplied(rng, y, trend, seasons, shocks):
    """Let parts multiply each other in some series: the exponential of their sum."""
    n = len(y)
    scale = sizes(rng, n, 0.25, 0.8)
    grown = np.exp(np.clip(scale * y, -8, 8))
    # Seasons and shocks in proportion to a level that goes its own way.
    base = np.maximum(
        1 + sizes(rng, n, 0.3, 0.6) * trend / (trend.std(axis=1, keepdims=True) + 0.5), 0.05
    )
    share = sizes(rng, n, 0.25, 0.7) / (
        1 + seasons.std(axis=1, keepdims=True) + shocks.std(axis=1, keepdims=True)
    )
    in_proportion = base * np.maximum(1 + share * (seasons + shocks), 0)
    kind = rng.random((n, 1))
    return np.where(kind < 0.28, grown, np.where(kind < 0.52, in_proportion, y))


def _counted(rng, y):
    """Turn some series into counts, intermittent ones among them, or cut them at 0."""
    n = len(y)
    low, spread = y.min(axis=1, keepdims=True), y.std(axis=1, keepdims=True) + 1e-9
    height = (y - low) / spread
    mean = sizes(rng, n, 3.0, 1.6) * (height + sizes(rng, n, 0.3, 1.0))
    mean = np.clip(mean / (1 + height.mean(axis=1, keepdims=True)), 0, 1e5)
    odd = chosen(rng, n, 0.4)
    rate = np.where(odd, rng.gamma(3, 1 / 3, y.shape) * mean, mean)
    counts = rng.poisson(rate).astype(float)
    demand = rng.random(y.shape) < rng.uniform(0.05, 0.7, (n, 1))
    sometimes = demand * (1 + counts)
    cut = np.maximum(y - np.quantile(y, 0.3, axis=1, keepdims=True), 0)
    kind = rng.random((n, 1))
    y = np.where(kind < 0.05, counts, y)
    y = np.where((kind >= 0.05) & (kind < 0.075), sometimes, y)
    return np.where((kind >= 0.075) & (kind < 0.09), cut, y)
