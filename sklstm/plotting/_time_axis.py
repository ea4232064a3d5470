"""Labels of an axis of times: dates, elapsed times, or numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..windows._time_index import as_time_index

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]

# Steps between ticks of elapsed times: the unit, how many a day has, and multiples of it.
ELAPSED = (
    ("seconds", 86400.0, (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 2, 5, 10, 15, 30)),
    ("minutes", 1440.0, (1, 2, 5, 10, 15, 30)),
    ("hours", 24.0, (1, 2, 3, 6, 12)),
    ("days", 1.0, (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)
MOST_STEPS = 8  # between ticks


def concise_dates(ax: Axes) -> None:
    """Label an axis of dates with no more than tells them apart."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=4, maxticks=9)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def is_elapsed(index: Any) -> bool:
    """Tell whether an index holds elapsed times, which stand on an axis in days."""
    if not hasattr(index, "nlevels") or index.nlevels > 1:
        return False
    return type(as_time_index(index)).__name__ == "TimedeltaIndex"


def label_times(ax: Axes, times: Array, index: Any, otherwise: str) -> None:
    """Label the axis of times, whatever these are.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        On which the data are drawn already.
    times : ndarray
        As `axis_times` gives them.
    index : Index, or something else that is none
        They were read from.
    otherwise : str
        What numbers are, if the axis has no name yet.
    """
    if times.dtype.kind == "M":
        concise_dates(ax)
    elif is_elapsed(index):
        label_elapsed(ax, np.asarray(ax.dataLim.intervalx))
    elif not ax.get_xlabel():
        ax.set_xlabel(otherwise)


def label_elapsed(ax: Axes, days: Array) -> None:
    """Label an axis of days in the unit that its span asks for.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    days : ndarray of float
        All that is on it, or its ends.
    """
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    step, per_day, unit = _unit_of_elapsed(np.ptp(days))
    ax.xaxis.set_major_locator(MultipleLocator(step / per_day))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _in_unit(x, per_day)))
    if not ax.get_xlabel():
        ax.set_xlabel(f"Elapsed time ({unit})")


def ticks_of_elapsed(days: Array) -> tuple[Array, list[str], str]:
    """Give where elapsed times have ticks, in days, their labels, and the axis' name.

    Parameters
    ----------
    days : ndarray of float of shape (n,)
        Ascending.

    Returns
    -------
    at : ndarray of float of shape (n_ticks,)
    labels : list of str
    name : str

    Examples
    --------
    >>> ticks_of_elapsed(np.array([0.0, 0.25, 0.5]))
    (array([0.        , 0.08333333, ..., 0.5       ]),
    ['0', '2', '4', '6', '8', '10', '12'], 'Elapsed time (hours)')
    """
    step, per_day, unit = _unit_of_elapsed(np.ptp(days))
    first, last = (round(days[i] * per_day / step, 6) for i in (0, -1))
    at = np.arange(np.ceil(first), np.floor(last) + 1) * step / per_day
    return at, [_in_unit(day, per_day) for day in at], f"Elapsed time ({unit})"


def _in_unit(days: float, per_day: float) -> str:
    return f"{round(days * per_day, 6):g}"


def _unit_of_elapsed(span: float) -> tuple[float, float, str]:
    """Give the step between ticks, its unit, and how many of these a day has."""
    for unit, per_day, steps in ELAPSED:
        for step in steps:
            if span * per_day <= MOST_STEPS * step:
                return step, per_day, unit
    step = 10 ** np.ceil(np.log10(span / MOST_STEPS))
    return float(step), 1.0, "days"
