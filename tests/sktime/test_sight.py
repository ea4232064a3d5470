"""How far a forecaster sees, and which season, where that is left to the series."""

import numpy as np
import pandas as pd
import pytest

from sklstm.sktime import LSTMForecaster

WEEK = np.array([3.0, 5, 9, 4, 1, 0, 7])


def dated(values, freq, start="2020-01-01"):
    return pd.Series(values, pd.period_range(start, periods=len(values), freq=freq))


def fitted(y, fh=(1, 2, 3), **options):
    options = {"hidden_size": 4, "max_epochs": 1, "random_state": 0} | options
    return LSTMForecaster(**options).fit(y, fh=list(fh))


@pytest.mark.parametrize(
    ("freq", "n", "window", "lengths", "patch"),
    [
        ("M", 120, 36, [12], 1),
        ("M", 45, 24, [12], 1),
        ("M", 20, 12, [12], 1),
        ("M", 14, 8, None, 1),
        ("Q", 100, 12, [4], 1),
        ("W", 300, 156, [52], 4),
        ("D", 300, 21, [7], 1),
        ("h", 200, 72, [24], 2),
        ("h", 600, 336, [24, 168], 7),
        ("Y", 60, 12, None, 1),
    ],
)
def test_windows_hold_seasons(freq, n, window, lengths, patch):
    y = dated(np.random.default_rng(0).normal(size=n), freq)
    model = fitted(y).model_
    assert model.window_length == window
    assert model.least_rows == -(-window // 3)
    assert model.regressor.season_length == lengths
    assert model.regressor.patch_length == patch


def test_time_stamps_and_panels_tell_the_season_too():
    stamps = pd.date_range("2020-01-01", periods=80, freq="MS")
    y = pd.Series(np.arange(80.0), stamps)
    assert fitted(y).model_.regressor.season_length == [12]
    panel = pd.concat({"a": y, "b": y[:30], "c": y[:50]}).to_frame("y")
    model = fitted(panel).model_
    assert (model.window_length, model.regressor.season_length) == (24, [12])


def test_where_the_index_says_nothing_the_changes_do():
    y = pd.Series(np.resize(WEEK, 80) + 0.1 * np.random.default_rng(0).normal(size=80))
    assert fitted(y).model_.regressor.season_length == [7]
    walk = pd.Series(np.random.default_rng(0).normal(size=80).cumsum())
    assert fitted(walk).model_.regressor.season_length is None


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
@pytest.mark.parametrize("freq", ["D", None])
def test_an_exact_week_is_forecast_exactly(seed, strategy, freq):
    values = np.resize(WEEK, 113 + 14)
    y = dated(values, freq) if freq else pd.Series(values)
    forecaster = LSTMForecaster(strategy, max_epochs=10, random_state=seed)
    said = forecaster.fit(y[:113], fh=range(1, 15)).predict()
    np.testing.assert_allclose(said, values[113:], atol=0.05)


def test_a_week_keeps_its_phase_where_rows_are_missing():
    values = np.resize(WEEK, 120)
    y = dated(values, "D")
    y.iloc[[30, 31, 60, 104, 111, 112]] = np.nan
    said = fitted(y[:113], fh=range(1, 8), max_epochs=20).predict()
    np.testing.assert_allclose(said, values[113:], atol=0.1)


def test_rows_before_a_whole_window_are_learnt_from():
    y = dated(np.arange(30.0), "M")
    forecaster = fitted(y)
    windows, _ = forecaster.model_.samples(forecaster._history.panel(None))
    assert (forecaster.model_.window_length, forecaster.model_.least_rows) == (12, 4)
    assert len(windows) == 30 - 3 - 4 + 1
    told = fitted(y, window_length=12).model_
    assert told.least_rows == 12


def test_series_of_each_column_get_their_own_season_back():
    rng = np.random.default_rng(0)
    table = np.c_[np.resize(WEEK, 150), 1000 + 100 * np.resize(WEEK[::-1], 150)]
    y = pd.DataFrame(table + 0.01 * rng.normal(size=table.shape), columns=["a", "b"])
    y.index = pd.period_range("2020-01-01", periods=150, freq="D")
    for channel_independent in (False, True):
        forecaster = fitted(
            y[:140], fh=range(1, 11), channel_independent=channel_independent
        )
        said = forecaster.predict() / [1, 100]
        np.testing.assert_allclose(said, y[140:] / [1, 100], atol=0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"season_length": 50},
            r"at most the number of rows .* reads, 37: so many a s.* Got 50",
        ),
        ({"season_length": 12, "window_length": 6}, r"reads, 6 \(window_length\). Got 12"),
        ({"season_length": [4, 12], "window_length": 6}, "Got .4, 12."),
        ({"season_length": 1}, r"'season_length' .* an int in the range \[2, .* Got 1"),
        ({"season_length": "month"}, r"'season_length' .*'auto'.* Got 'month'"),
        ({"patch_length": 0}, "patch_length"),
        ({"window_length": "long"}, "window_length must be 'auto' or an int"),
        ({"season": "ratio"}, "season"),
    ],
)
def test_what_cannot_be_seen_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fitted(dated(np.arange(1.0, 41.0), "M"), **options)


def test_a_season_may_be_turned_off_and_told():
    y = dated(np.resize(WEEK, 100), "M")
    assert fitted(y, season_length=None).model_.regressor.season_ is None
    assert fitted(y, season_length=7).model_.regressor.season_[0] == 7
    assert fitted(y, season_length=[5, 7]).model_.regressor.season_[0] == 7
