"""The step of time stamps: the one that all series have, or one that would fit them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ._panel import Panel, series_name

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN",
          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")  # fmt: skip
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def common_frequency(panel: Panel) -> Any:
    """Find the step that the time stamps of all series have.

    Parameters
    ----------
    panel : Panel

    Returns
    -------
    freq : pandas offset, its name or None
        None where no series is regular, and for periods and integers.

    Raises
    ------
    ValueError
        If series have different steps.
    """
    times = panel.times
    if not isinstance(times, pd.DatetimeIndex):
        return None
    if len(panel) == 1 and times.freq is not None:
        return times.freq
    series = _distinct_times(panel)
    shown = [pd.infer_freq(s.times) if len(s.times) >= 3 else None for s in series]
    known = [freq for freq in dict.fromkeys(shown) if freq is not None]
    # Three days of a week show "D" where the others are on business days.
    for freq in known:
        if all(_fits(s.times, freq, own) for s, own in zip(series, shown, strict=True)):
            return freq
    if not known:
        return None
    names: dict[str, list[tuple[Any, ...]]] = {freq: [] for freq in known}
    for s, own in zip(series, shown, strict=True):
        if own is not None:
            names[own] += s.names
    found = [f"{freq!r} in {_some(own)}" for freq, own in names.items()]
    raise ValueError(
        "y must have series of one frequency, in which the steps of fh are counted. Got"
        f" {', and '.join(found)}. Fit a forecaster for each frequency; or, where rows are"
        " missing, add them as rows of NaN."
    )


def check_frequency(panel: Panel, freq: Any) -> None:
    """Refuse time stamps that do not have a step.

    Parameters
    ----------
    panel : Panel
    freq : pandas offset, its name or None
        None is not known.

    Raises
    ------
    ValueError
        If a time stamp lies between two steps.
    """
    if freq is None or not isinstance(panel.times, pd.DatetimeIndex):
        return
    for series in _distinct_times(panel):
        times = series.times
        off = ~times.isin(pd.date_range(times[0], times[-1], freq=freq))
        if off.any():
            name = freq if isinstance(freq, str) else freq.freqstr
            raise ValueError(
                f"y must have time stamps of one frequency, {name!r}. Got {times[off][0]}"
                f" in {_some(series.names)}."
            )


def fitting_frequency(times: pd.DatetimeIndex) -> str:
    """Find the longest step such that all time stamps lie on it.

    Parameters
    ----------
    times : pandas.DatetimeIndex

    Returns
    -------
    freq : str
        As `asfreq` takes it.

    Examples
    --------
    >>> fitting_frequency(pd.DatetimeIndex(["2024-01-01", "2024-03-01", "2024-04-01"]))
    'MS'
    >>> fitting_frequency(pd.DatetimeIndex(["2024-01-01 06:00", "2024-01-01 06:45"]))
    '45min'
    """
    times = times.unique().sort_values()
    wall = times.tz_localize(None)
    if (wall.normalize() == wall).all():
        return _frequency_of_days(wall)
    step = np.gcd.reduce(np.diff(times.as_unit("ns").asi8))
    return str(pd.tseries.frequencies.to_offset(pd.Timedelta(step, "ns")).freqstr)


def _frequency_of_days(days: pd.DatetimeIndex) -> str:
    months, weekdays = days.month.unique(), days.dayofweek.unique()
    for letter, is_there, anchor in (
        ("S", days.is_month_start.all(), (months.min() - 1) % 3),
        ("E", days.is_month_end.all(), 9 + (months.min() - 1) % 3),
    ):
        if not is_there:
            continue
        if len(months) == 1:
            return f"Y{letter}-{MONTHS[months[0] - 1]}"
        return (
            f"Q{letter}-{MONTHS[anchor]}"
            if len(np.unique(months % 3)) == 1
            else f"M{letter}"
        )
    if len(weekdays) == 1 and len(days) > 1:
        return f"W-{DAYS[weekdays[0]]}"
    return "B" if len(weekdays) > 2 and weekdays.max() < 5 else "D"


class _Times(NamedTuple):
    names: list[tuple[Any, ...]]
    times: pd.DatetimeIndex


def _distinct_times(panel: Panel) -> list[_Times]:
    """Give the time stamps of all series, those that many have in common once."""
    stamps = panel.times.asi8
    found: dict[bytes, _Times] = {}
    for name, i, j in zip(panel.names(), panel.starts, panel.stops, strict=True):
        times = found.setdefault(stamps[i:j].tobytes(), _Times([], panel.times[i:j]))
        times.names.append(name)
    return list(found.values())


def _fits(times: pd.DatetimeIndex, freq: str, shown: str | None) -> bool:
    """Tell whether a series has a step, or has it with gaps."""
    full = pd.date_range(times[0], times[-1], freq=freq)
    return times.equals(full) or (shown in (None, freq) and bool(times.isin(full).all()))


def _some(names: list[tuple[Any, ...]], most: int = 3) -> str:
    """Name a few series."""
    some = ", ".join(map(series_name, names[:most]))
    return some if len(names) <= most else f"{some}, ..."
