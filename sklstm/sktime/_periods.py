"""The seasons of series: what the step of their times says, or their autocorrelation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._panel import Panel

Array = NDArray[np.float64]
Periods = tuple[int, int]

# Steps of a day and of a week, in minutes.
DAY, WEEK = 1440, 10080
# The longest day, in steps, that is a short season; else that is an hour.
LONGEST_DAY = 300

# Steps that are no fixed time, by what pandas calls them: a short and a long season.
SEASONS = {
    **dict.fromkeys(("YS", "YE", "Y", "BYS", "BYE"), (1, 0)),
    **dict.fromkeys(("QS", "QE", "Q", "BQS", "BQE"), (4, 0)),
    **dict.fromkeys(("MS", "ME", "M", "BMS", "BME", "CBMS", "CBME"), (12, 0)),
    **dict.fromkeys(("WOM", "LWOM"), (12, 0)),
    **dict.fromkeys(("SMS", "SME"), (24, 0)),
    "W": (52, 0),
    "D": (7, 365),
    **dict.fromkeys(("B", "C"), (5, 260)),
}

# The longest season that is looked for, the least autocorrelation at it, and the share of
# the greatest that a shorter one needs: multiples of a season are seasons too.
LONGEST, LEAST, SHARE = 400, 0.25, 0.8


def periods_of(panel: Panel, freq: Any, longest: int | None = None) -> Periods:
    """Find the steps of a short and of a long season; 0 is none.

    Parameters
    ----------
    panel : Panel
    freq : pandas offset, its name or None
        Step of time stamps.
    longest : int or None, default=None
        Longer ones, which are never looked at, say nothing.

    Returns
    -------
    periods : tuple of int (short, long)
    """
    times = panel.times
    if isinstance(times, pd.PeriodIndex):
        freq = times.freq
    known = (0, 0) if freq is None else periods_of_step(freq)
    longest = max(known) if longest is None else longest
    short, long = (period if period <= longest else 0 for period in known)
    return (short, long) if short or long else (_by_autocorrelation(panel), 0)


def periods_of_step(freq: Any) -> Periods:
    """Tell the seasons that the step of times suggests.

    Parameters
    ----------
    freq : pandas offset or its name

    Returns
    -------
    periods : tuple of int (short, long)

    Examples
    --------
    >>> periods_of_step("MS"), periods_of_step("2h"), periods_of_step("15min")
    ((12, 0), (12, 84), (96, 672))
    """
    offset = pd.tseries.frequencies.to_offset(freq)
    try:
        name, n = offset.rule_code.split("-")[0], offset.n
    except NotImplementedError:  # a DateOffset has no name
        return 0, 0
    if name == "D" and n % 7 == 0:
        name, n = "W", n // 7
    if name in SEASONS:
        short, long = SEASONS[name]
        return _in_order(_every(short, n), _every(long, n))
    try:
        minutes = pd.Timedelta(offset).total_seconds() / 60
    except ValueError:  # no fixed length
        return 0, 0
    if DAY / minutes <= LONGEST_DAY:
        return _in_order(_every(DAY, minutes), _every(WEEK, minutes))
    if minutes >= 1:
        return _in_order(_every(60, minutes), _every(DAY, minutes))
    return _in_order(_every(1, minutes), _every(60, minutes))


def _in_order(short: int, long: int) -> Periods:
    """Take the long season for the short one, where there is no short one."""
    return (short, long) if short else (long, 0)


def _every(period: float, step: float) -> int:
    """Give a period in longer steps, if it is a whole number of at least two of them."""
    n = period / step
    return round(n) if n >= 2 and abs(n - round(n)) < 1e-6 else 0


def _by_autocorrelation(panel: Panel) -> int:
    """Find the lag at which the changes of all series come again; 0 is none."""
    longest = min(LONGEST, int(panel.lengths.max()) // 2)
    total, n_changes = np.zeros(longest + 1), 0
    for i, j in zip(panel.starts, panel.stops, strict=True):
        for y in panel.values[i:j].T:
            change = np.diff(y)
            observed = ~np.isnan(change)
            if observed.sum() < 6 or not np.nanstd(change):
                continue
            # Single jumps are not to decide.
            middle, spread = np.nanmedian(change), np.nanstd(change)
            change = np.where(observed, (change - middle) / spread, 0.0).clip(-3, 3)
            reach = min(longest, len(change) // 2)
            padded = np.fft.rfft(change, 2 * len(change))
            products = np.fft.irfft(np.abs(padded) ** 2)[: reach + 1]
            total[: reach + 1] += products
            n_changes += len(change)
    if longest < 2 or not total[0]:
        return 0
    r = total / total[0]
    chance = 3 / np.sqrt(n_changes)
    lags = np.arange(2, longest)
    is_peak = (r[lags] >= r[lags - 1]) & (r[lags] > r[lags + 1]) if len(lags) else lags > 0
    peaks = lags[is_peak & (r[lags] > max(LEAST, chance))]
    if not len(peaks):
        return 0
    return int(peaks[r[peaks] >= SHARE * r[peaks].max()][0])
