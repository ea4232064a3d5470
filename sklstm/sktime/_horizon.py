"""A forecasting horizon seen from the end of each series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.forecasting.base import ForecastingHorizon

from ._frequency import fitting_frequency
from ._panel import Panel

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Horizon:
    """The steps to forecast, and their times, from the end of one series.

    Attributes
    ----------
    steps : ndarray of int of shape (n_steps,)
        Below 1 they are in sample.
    times : pandas.Index of length n_steps
    """

    steps: Index
    times: pd.Index


def relative_steps(fh: ForecastingHorizon, cutoff: pd.Index) -> Index:
    """Count the steps from a cutoff to each time of a horizon.

    Parameters
    ----------
    fh : ForecastingHorizon
    cutoff : pandas.Index of length 1

    Returns
    -------
    steps : ndarray of int of shape (n_steps,)
    """
    steps = fh.to_relative(cutoff).to_pandas()
    if isinstance(steps, pd.TimedeltaIndex):
        absolute = fh.to_absolute(cutoff)
        absolute.freq = fh.freq
        steps = absolute.to_relative(cutoff).to_pandas()
    return steps.to_numpy().astype(np.intp)


def distinct(horizons: list[Horizon]) -> list[Horizon]:
    """Give each horizon once: series that end together share one.

    Parameters
    ----------
    horizons : list of Horizon

    Returns
    -------
    horizons : list of Horizon
    """
    return list({id(horizon): horizon for horizon in horizons}.values())


def with_freq(fh: ForecastingHorizon, freq: Any) -> ForecastingHorizon:
    """Give the horizon a frequency, if it has none.

    Parameters
    ----------
    fh : ForecastingHorizon
    freq : pandas offset, its name or None

    Returns
    -------
    fh : ForecastingHorizon
    """
    if fh.freq is not None or freq is None:
        return fh
    return ForecastingHorizon(fh.to_pandas(), is_relative=fh.is_relative, freq=freq)


def horizons_from(fh: ForecastingHorizon, panel: Panel) -> list[Horizon]:
    """Give the horizon of each series.

    Parameters
    ----------
    fh : ForecastingHorizon
    panel : Panel
        Steps are counted from the last time of each series.

    Returns
    -------
    horizons : list of Horizon

    Raises
    ------
    ValueError
        If time stamps have no frequency in which steps could be counted.
    """
    if isinstance(panel.times, pd.DatetimeIndex) and fh.freq is None:
        raise ValueError(
            "y must have a time index with a regular step, in which fh is counted. Got a"
            " DatetimeIndex without one; give it one, as with"
            f" y.asfreq({fitting_frequency(panel.times)!r})."
        )
    known: dict[Any, Horizon] = {}  # many series end at one time
    cutoffs = panel.cutoffs()
    for cutoff in cutoffs:
        if cutoff[0] not in known:
            times = fh.to_absolute_index(cutoff)
            known[cutoff[0]] = Horizon(relative_steps(fh, cutoff), times)
    return [known[cutoff[0]] for cutoff in cutoffs]


def all_steps(horizons: list[Horizon]) -> Index:
    """Give each step of some horizons once, ascending.

    Parameters
    ----------
    horizons : list of Horizon

    Returns
    -------
    steps : ndarray of int of shape (n_steps,)
    """
    return np.unique(np.concatenate([h.steps for h in distinct(horizons)]))
