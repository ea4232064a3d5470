import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer

TINY = {"hidden_size": 4, "max_epochs": 4, "batch_size": 32, "random_state": 0}


def pandas_frame(X):
    return pd.DataFrame(X, columns=["price", "volume"])


def polars_frame(X):
    return pl.DataFrame(X, schema=["price", "volume"])


COLUMNS = pytest.mark.parametrize(
    "column", [pd.Series, pl.Series, list], ids=["pandas", "polars", "list"]
)
FRAMES = pytest.mark.parametrize("frame", [pandas_frame, polars_frame])


@FRAMES
def test_pipeline_of_a_frame_equals_that_of_an_array(series, frame):
    X, y = series
    model = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(window_length=3), LSTMRegressor(**TINY)
    )
    from_array = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(model.fit(frame(X), y).predict(frame(X)), from_array)
    assert list(model.feature_names_in_) == ["price", "volume"]


@FRAMES
def test_estimator_reads_a_frame_as_one_step_a_column(series, frame):
    X, y = series
    model = LSTMRegressor(**TINY)
    from_array = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(model.fit(frame(X), y).predict(frame(X)), from_array)
    assert list(model.feature_names_in_) == ["price", "volume"]
    assert model.n_features_in_ == 2


@FRAMES
def test_columns_in_another_order_are_refused(series, frame):
    X, y = series
    model = LSTMRegressor(**TINY).fit(frame(X), y)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame(X)[["volume", "price"]])


@COLUMNS
def test_targets_of_any_column_type(series, column):
    X, y = series
    from_array = LSTMRegressor(**TINY).fit(X, y).predict(X)
    np.testing.assert_array_equal(
        LSTMRegressor(**TINY).fit(X, column(y)).predict(X), from_array
    )


@COLUMNS
def test_labels_of_any_column_type(sequences, column):
    X, y = sequences
    model = LSTMClassifier(**TINY).fit(X, column(y.tolist()))
    assert list(model.classes_) == ["down", "up"]
    np.testing.assert_array_equal(
        model.predict_proba(X), LSTMClassifier(**TINY).fit(X, y).predict_proba(X)
    )


def test_frame_of_targets_gives_a_column_each(series):
    X, y = series
    both = np.column_stack([y, -y])
    from_array = LSTMRegressor(**TINY).fit(X, both).predict(X)
    model = LSTMRegressor(**TINY).fit(X, pd.DataFrame(both, columns=["a", "b"]))
    assert from_array.shape == (90, 2)
    np.testing.assert_allclose(model.predict(X), from_array, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "frame"), [("pandas", pandas_frame), ("polars", polars_frame)]
)
def test_set_output_names_the_lags_for_any_regressor(series, kind, frame):
    X, y = series
    windows = SlidingWindowTransformer(window_length=2, output="2d", padding=0.0)
    windows.set_output(transform=kind)
    columns = windows.fit_transform(frame(X))
    assert type(columns) is type(frame(X))
    names = ["price_lag_1", "volume_lag_1", "price_lag_0", "volume_lag_0"]
    assert list(columns.columns) == names
    np.testing.assert_array_equal(columns["price_lag_1"], np.r_[0, X[:-1, 0]])
    model = make_pipeline(windows, LinearRegression()).fit(frame(X), y)
    assert list(model[-1].feature_names_in_) == names
    np.testing.assert_allclose(model[-1].coef_, [1, 0, 2, 0], atol=1e-8)


def test_frames_between_all_steps_change_no_prediction(series):
    X, y = series
    model = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(window_length=3), LSTMRegressor(**TINY)
    )
    expected = model.fit(pandas_frame(X), y).predict(pandas_frame(X))
    for kind in ("pandas", "polars"):
        with config_context(transform_output=kind):
            predicted = model.fit(pandas_frame(X), y).predict(pandas_frame(X))
        np.testing.assert_array_equal(predicted, expected)


def test_gap_in_the_time_index_is_seen_behind_a_scaler(series):
    X, y = series
    hours = pd.date_range("2024-01-01", periods=100, freq="h").delete(range(50, 60))
    frame = pandas_frame(X).set_index(hours)
    model = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        SlidingWindowTransformer(window_length=3),
        LSTMRegressor(**TINY),
    ).fit(frame, y)
    after_gap = model.predict(frame)[50:]
    np.testing.assert_array_equal(after_gap, model.predict(frame[50:]))
    with pytest.raises(ValueError, match=r"same kind of time.* got no time index"):
        model.predict(frame.reset_index(drop=True))
    model[1].set_params(gaps="ignore")
    without_index = model.predict(frame)[50:]
    assert (after_gap[:2] != without_index[:2]).all()
    np.testing.assert_array_equal(after_gap[2:], without_index[2:])


def test_chosen_columns_of_a_frame_become_windows(series):
    X, y = series
    model = make_pipeline(
        make_column_transformer((StandardScaler(), ["volume"])),
        SlidingWindowTransformer(window_length=3),
        LSTMRegressor(**TINY),
    ).fit(pandas_frame(X), y)
    by_hand = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(window_length=3), LSTMRegressor(**TINY)
    ).fit(X[:, 1:], y)
    np.testing.assert_array_equal(model.predict(pandas_frame(X)), by_hand.predict(X[:, 1:]))
