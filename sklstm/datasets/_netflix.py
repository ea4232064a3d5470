"""Daily prices of the Netflix share."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def load_netflix() -> pd.DataFrame:
    """Load the daily prices of the Netflix share, 2015-12-16 to 2019-12-16.

    One row a trading day, 1007 in all. Prices are in US dollars; "Adj Close" is the closing
    price adjusted for splits and dividends; "Volume" is the number of shares traded. Public
    figures. Needs pandas.

    Returns
    -------
    prices : pandas.DataFrame of shape (1007, 6)
        Columns Open, High, Low, Close, Adj Close and Volume; a `DatetimeIndex` named Date.

    Examples
    --------
    >>> from sklstm.datasets import load_netflix
    >>> prices = load_netflix()
    >>> prices.shape
    (1007, 6)
    >>> float(prices["Close"].iloc[-1])
    304.209991
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("load_netflix needs pandas: pip install pandas.") from error
    with (files(__package__) / "data" / "netflix.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, index_col="Date", parse_dates=["Date"])
