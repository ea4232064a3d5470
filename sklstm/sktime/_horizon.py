"""A forecasting horizon seen from the end of each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.forecasting.base import ForecastingHorizon

Index = NDArray[np.intp]


@dataclass(frozen=True)
class Horizon:
    """The steps to forecast, and their times, from the end of one series.

    Attributes
    ----------
    steps : ndarray of int of shape (n_steps,)
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


def horizons_from(fh: ForecastingHorizon, cutoffs: Sequence[pd.Index]) -> list[Horizon]:
    """Give the horizon of each series.

    Parameters
    ----------
    fh : ForecastingHorizon
    cutoffs : sequence of pandas.Index of length 1
        Last time of each series.

    Returns
    -------
    horizons : list of Horizon

    Raises
    ------
    NotImplementedError
        If a time is not after the end of a series.
    ValueError
        If time stamps have no frequency in which steps could be counted.
    """
    if isinstance(cutoffs[0], pd.DatetimeIndex) and fh.freq is None:
        raise ValueError(
            "y must have a time index with a regular step, in which fh is counted. Got a"
            " DatetimeIndex without one; give it one, as with y.asfreq('D')."
        )
    known: dict[Any, Horizon] = {}  # many series end at one time
    for cutoff in cutoffs:
        if cutoff[0] in known:
            continue
        steps = relative_steps(fh, cutoff)
        if steps.min() < 1:
            raise NotImplementedError(
                "LSTMForecaster can not perform in-sample prediction. fh must lie after the"
                f" end of each series, {cutoff[0]}. Got steps {steps.tolist()} from there."
            )
        known[cutoff[0]] = Horizon(steps, fh.to_absolute_index(cutoff))
    return [known[cutoff[0]] for cutoff in cutoffs]
