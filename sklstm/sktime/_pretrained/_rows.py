"""Reading the rows of a panel: time stamps in steps, and a value in each series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .._checks import check_times
from .._frequency import check_frequency, common_frequency
from .._panel import Panel, join, series_name


def rows_of(y: pd.DataFrame) -> Panel:
    """Check the rows of y.

    Parameters
    ----------
    y : DataFrame

    Returns
    -------
    panel : Panel
    """
    check_times(y, "y")
    return Panel.of(join(y, None, []))


def read(y: pd.DataFrame) -> tuple[Panel, Any]:
    """Check rows, find the step of their time stamps, and add rows that are missing.

    Parameters
    ----------
    y : DataFrame

    Returns
    -------
    panel : Panel
    freq : pandas offset, its name or None
    """
    panel = rows_of(y)
    freq = common_frequency(panel)
    check_frequency(panel, freq)
    panel = panel.regular(freq)
    check_some_observed(panel, y.columns)
    return panel, freq


def check_some_observed(panel: Panel, columns: pd.Index) -> None:
    """Refuse series without a value.

    Parameters
    ----------
    panel : Panel
    columns : pandas.Index
        Their names.

    Raises
    ------
    ValueError
        If a column of a series has no value.
    """
    observed = np.logical_or.reduceat(~np.isnan(panel.values), panel.starts)
    if not observed.all():
        i, j = np.argwhere(~observed)[0]
        raise ValueError(
            "y must have a value in each column of each series. Got none in column"
            f" {columns[j]!r} of {series_name(panel.names()[i])}."
        )
