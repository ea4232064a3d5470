"""The steps of a sequence on an axis: by their times, or counted from the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._axes import whole_numbers
from ._lines import axis_times
from ._time_axis import is_elapsed, ticks_of_elapsed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = NDArray[Any]


def step_numbers(n_timesteps: int) -> Array:
    """Count steps back from the last one.

    Parameters
    ----------
    n_timesteps : int

    Returns
    -------
    steps : ndarray of int of shape (n_timesteps,)

    Examples
    --------
    >>> step_numbers(3)
    array([-2, -1,  0])
    """
    return np.arange(1 - n_timesteps, 1)


def label_steps(axes: list[Axes], n_timesteps: int, times: Any) -> None:
    """Label axes whose data lie at `step_numbers`; the last one has a name.

    Steps are as wide as each other, also where their times are not: a weekend between two
    trading days takes no room.

    Parameters
    ----------
    axes : list of matplotlib.axes.Axes
    n_timesteps : int
    times : Index, array-like of shape (n_timesteps,), or None
        NaT is not known. None counts steps.

    Raises
    ------
    ValueError
        If there is not one time per step.
    """
    ticks = _ticks(n_timesteps, times)
    for ax in axes:
        if ticks is None:
            whole_numbers(ax.xaxis)
        else:
            ax.set_xticks(*ticks[:2])
    axes[-1].set_xlabel("Step (0 is the last)" if ticks is None else ticks[2])


def _ticks(n_timesteps: int, times: Any) -> tuple[Array, list[str], str] | None:
    """Give the places of ticks, their labels, and what is the same for all of them."""
    if times is None:
        return None
    values = axis_times(times, "times") if hasattr(times, "nlevels") else np.asarray(times)
    if values is None or len(values) != n_timesteps:
        raise ValueError(
            f"times must have {n_timesteps} values, one per step. Got {len(times)}."
        )
    is_known = ~np.isnat(values) if values.dtype.kind == "M" else ~np.isnan(values)
    steps, values = step_numbers(n_timesteps)[is_known], values[is_known]
    if len(values) < 2 or not (values[1:] > values[:-1]).all():
        return None
    # Those of a few steps stand close to each other.
    most = max(3, 8 * len(values) // n_timesteps)
    if values.dtype.kind == "M":
        from matplotlib.dates import date2num

        values = np.asarray(date2num(values))
        at, labels, shared = _dates(values, most)
    elif is_elapsed(times):
        at, labels, shared = ticks_of_elapsed(values)
    else:
        at, labels, shared = _numbers(values, most)
    inside = (at >= values[0]) & (at <= values[-1])
    names = [label for label, shown in zip(labels, inside, strict=True) if shown]
    return np.interp(at[inside], values, steps), names, shared


def _dates(values: Array, most: int) -> tuple[Array, list[str], str]:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, num2date

    locator = AutoDateLocator(minticks=2, maxticks=most)
    at = np.asarray(locator.tick_values(*num2date(values[[0, -1]])), dtype=np.float64)
    at = at[(at >= values[0]) & (at <= values[-1])]
    if len(at) < 2:
        at = values[[0, -1]]
    formatter = ConciseDateFormatter(locator)
    return at, formatter.format_ticks(at.tolist()), formatter.get_offset()


def _numbers(values: Array, most: int) -> tuple[Array, list[str], str]:
    from matplotlib.ticker import MaxNLocator

    at = np.asarray(MaxNLocator(most, integer=True).tick_values(values[0], values[-1]))
    return at, [f"{value:g}" for value in at], "Time"
