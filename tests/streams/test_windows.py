"""The windows of a stream, value by value, whatever happens between two rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, RegressorMixin

from sklstm import StreamPredictor
from tests.streams.models import is_same, pipeline

N_ROWS = 60


class Echo(RegressorMixin, BaseEstimator):
    """Predicts the window itself."""

    def fit(self, X, y=None):
        self.n_steps_ = np.asarray(X).shape[1]
        return self

    def predict(self, X):
        return np.asarray(X).reshape(len(X), -1)


def made_up(seed, n_series, gaps, missing):
    """Rows of some series in the order of time, each with its own gaps."""
    rng = np.random.default_rng(seed)
    step = 1 + (rng.random(N_ROWS) < gaps) * rng.integers(1, 5, N_ROWS)
    values = rng.normal(size=(N_ROWS, 2)).round(1)
    values[rng.random((N_ROWS, 2)) < missing] = np.nan
    table = pd.DataFrame(values, columns=["a", "b"])
    table["series"] = rng.integers(0, n_series, N_ROWS)
    days = table.assign(step=step).groupby("series")["step"].cumsum()
    table["day"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    return table


WINDOWS = st.fixed_dictionaries(
    {
        "lags": st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True),
        "padding": st.sampled_from(["nan", "edge", 0.5]),
        "context": st.sampled_from([None, "fit"]),
        "gaps": st.sampled_from(["split", "ignore"]),
        "freq": st.sampled_from([None, "D"]),
    }
)


@pytest.mark.filterwarnings("ignore:context='fit' gives no history")
@pytest.mark.filterwarnings("ignore:Gaps in the time index")
@settings(max_examples=60, deadline=None)
@given(
    windows=WINDOWS,
    seed=st.integers(0, 10**6),
    n_series=st.integers(1, 4),
    gaps=st.sampled_from([0.0, 0.1, 0.4]),
    missing=st.sampled_from([0.0, 0.5]),
    n_fit=st.integers(20, 40),
)
def test_windows_are_those_of_transform(windows, seed, n_series, gaps, missing, n_fit):
    table = made_up(seed, n_series, gaps, missing)
    model = pipeline({**windows, "groups": "series", "time": "day"}, Echo())
    model.fit(table[:n_fit])
    later = table[n_fit:]
    expected = model.predict(later)
    stream = StreamPredictor(model, max_rewind=8)
    rows, rng, i = later.to_dict("records"), np.random.default_rng(seed), 0
    while i < len(rows):
        does = rng.integers(0, 8)
        if does == 0:
            back = int(rng.integers(0, stream._flow.n_remembered + 1))
            stream.rewind(back)
            i -= back
        elif does == 1:
            stream = stream.copy()
        elif does == 2:
            assert is_same(stream.predict_one(rows[i]), expected[i])
        else:
            assert is_same(stream.observe_predict(rows[i]), expected[i])
            i += 1
    for place in later.groupby("series").tail(1).index:
        said = stream.predict(groups=table.loc[place, "series"])
        assert is_same(said, expected[place - n_fit])


@pytest.mark.parametrize("n_rows", [3, 500])
def test_long_streams_without_times(n_rows):
    X = np.random.default_rng(0).normal(size=(n_rows, 1))
    model = pipeline({"lags": [0, 2, 17]}, Echo()).fit(X)
    stream, expected = StreamPredictor(model, max_rewind=1), model.predict(X)
    for row, window in zip(X, expected, strict=True):
        assert is_same(stream.predict_one(row), window)
        assert is_same(stream.observe_predict(row), window)
