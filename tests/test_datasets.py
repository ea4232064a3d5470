import numpy as np
import pandas as pd

from sklstm.datasets import load_netflix

COLUMNS = ["Open", "High", "Low", "Close", "Adj Close", "Volume"]


def test_netflix_has_a_row_a_trading_day_and_a_column_a_figure():
    prices = load_netflix()
    assert prices.shape == (1007, 6)
    assert list(prices.columns) == COLUMNS


def test_netflix_prices_are_floats_and_volumes_whole_numbers():
    dtypes = load_netflix().dtypes
    assert (dtypes[COLUMNS[:-1]] == np.float64).all()
    assert dtypes["Volume"] == np.int64


def test_netflix_is_indexed_by_trading_days_in_order():
    days = load_netflix().index
    assert isinstance(days, pd.DatetimeIndex)
    assert days.name == "Date"
    assert days.tz is None
    assert days.is_monotonic_increasing
    assert days.is_unique
    assert (days == days.normalize()).all()
    assert (days.day_of_week < 5).all()


def test_netflix_begins_and_ends_with_known_figures():
    prices = load_netflix()
    assert prices.index[0] == pd.Timestamp("2015-12-16")
    assert prices.index[-1] == pd.Timestamp("2019-12-16")
    first = [119.800003, 123.0, 118.089996, 122.639999, 122.639999, 13181000]
    last = [300.850006, 305.709991, 298.630005, 304.209991, 304.209991, 4658900]
    np.testing.assert_array_equal(prices.iloc[0], first)
    np.testing.assert_array_equal(prices.iloc[-1], last)


def test_netflix_has_no_missing_values():
    assert not load_netflix().isna().any(axis=None)


def test_netflix_lows_bound_and_highs_bound_each_day():
    prices = load_netflix()
    body = prices[["Open", "Close"]]
    assert (prices["Low"] <= body.min(axis=1)).all()
    assert (prices["High"] >= body.max(axis=1)).all()
    assert (prices > 0).all(axis=None)


def test_netflix_is_a_new_table_each_time():
    changed = load_netflix()
    changed.loc[:, "Close"] = 0.0
    changed.columns = list("abcdef")
    again = load_netflix()
    assert again["Close"].iloc[-1] == 304.209991
    assert list(again.columns) == COLUMNS
