"""What becomes a feature: numbers. Times are refused by name, and masked is missing."""

from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
    future_targets,
    sliding_windows,
)

from .panels import TIMES

DATED = sorted(kind for kind in TIMES if "integers" not in kind)
FRAMES = {
    **{
        kind: pd.DataFrame({"a": [0.0, 1, 2, 3], "when": pd.Series(TIMES[kind](range(4)))})
        for kind in DATED
    },
    "times of day": pd.DataFrame(
        {"a": [1.0] * 4, "when": [time(hour) for hour in range(4)]}
    ),
    "some missing": pd.DataFrame({"a": [1.0] * 4, "when": [None, *[date(2024, 1, 1)] * 3]}),
    **{
        f"polars {type(value).__name__}": pl.DataFrame(
            {"a": [1.0] * 4, "when": [value] * 4}
        )
        for value in (date(2024, 1, 1), datetime(2024, 1, 1), timedelta(1), time(1))
    },
}
Y = np.arange(4.0)


@pytest.mark.parametrize("kind", FRAMES)
def test_a_column_of_times_is_refused_by_its_name(kind):
    X = FRAMES[kind]
    message = r"X must have numbers.*times in column 'when'.*say so.*time='when'"
    for call in (
        SlidingWindowTransformer().fit,
        SequenceReshaper().fit,
        lambda X: sliding_windows(X, window_length=1),
        lambda X: LSTMRegressor().fit(X, Y),
        lambda X: LSTMClassifier().fit(X, Y > 1),
        LSTMRegressor(max_epochs=1).fit(np.zeros((4, 2)), Y).predict,
        lambda X: LSTMRegressor(max_epochs=1).fit(np.zeros((4, 2)), Y, X_val=X, y_val=Y),
    ):
        with pytest.raises(ValueError, match=message.replace("X must", "X(_val)? must")):
            call(X)
    with pytest.raises(ValueError, match=message.replace("X must", "y must")):
        future_targets(X[["when"]], 1)


@pytest.mark.parametrize(
    "X",
    [
        np.array(["2024-01-01", "2024-01-02"], dtype="datetime64[D]").reshape(2, 1),
        np.array([[1, 2], [3, 4]], dtype="timedelta64[h]"),
        np.array([[1.0, date(2024, 1, 1)], [2.0, date(2024, 1, 2)]], dtype=object),
        [[1.0, pd.Timestamp("2024-01-01")], [2.0, pd.Timestamp("2024-01-02")]],
        [[pd.Period("2024-01")], [pd.Period("2024-02")]],
    ],
    ids=["datetimes", "timedeltas", "dates", "Timestamps", "Periods"],
)
def test_times_in_arrays_and_lists_are_refused_by_their_place(X):
    place = np.shape(X)[1] - 1 if np.asarray(X).dtype.kind == "O" else 0
    message = f"X must have numbers.*times in column {place} "
    for call in (
        SlidingWindowTransformer().fit,
        SequenceReshaper().fit,
        lambda X: sliding_windows(X, window_length=1),
        lambda X: LSTMRegressor().fit(X, [0.0, 1.0]),
    ):
        with pytest.raises(ValueError, match=message):
            call(X)


def test_a_series_of_times_is_refused():
    with pytest.raises(ValueError, match="times in column"):
        sliding_windows(pd.Series(TIMES["datetimes"](range(4)), name="when"))
    with pytest.raises(ValueError, match="times in column"):
        sliding_windows(list(TIMES["datetimes"](range(4))))


def test_numbers_and_categories_of_numbers_are_features():
    X = pd.DataFrame(
        {
            "a": pd.Categorical([1, 2, 3]),
            "b": [True, False, True],
            "c": pd.array([1, 2, 3], dtype="Int64"),
            "d": pd.array([1, 2, 3], dtype="float64[pyarrow]"),
            "e": np.array([1, 2.0, 3], dtype=object),
        }
    )
    windows = SlidingWindowTransformer(1).fit_transform(X)
    np.testing.assert_array_equal(np.asarray(windows)[:, 0, 2], [1, 2, 3])


# Masked arrays


@pytest.mark.parametrize("dtype", ["f4", "f8", "i8", "?"])
def test_masked_is_missing(dtype):
    X = np.ma.masked_array(np.arange(12).reshape(6, 2) % 5 + 1, dtype=dtype)
    X[2, 1] = np.ma.masked
    X[4] = np.ma.masked
    plain = X.astype(dtype if dtype[0] == "f" else "f8").filled(np.nan)
    wanted = SlidingWindowTransformer(2).fit_transform(plain)
    found = SlidingWindowTransformer(2).fit_transform(X)
    assert found.dtype == wanted.dtype == (dtype if dtype == "f4" else "f8")
    np.testing.assert_array_equal(found, wanted)
    assert np.isnan(np.asarray(found)[4, 1]).all()
    for masked, array in zip(
        sliding_windows(X, X[:, 0], window_length=2),
        sliding_windows(plain, plain[:, 0], window_length=2),
        strict=True,
    ):
        np.testing.assert_array_equal(masked, array)
    targets = future_targets(X[:, 1], 2)
    np.testing.assert_array_equal(targets, future_targets(plain[:, 1], 2))
    assert np.isnan(targets[1, 0])
    reshaped = SequenceReshaper().fit_transform(X)
    np.testing.assert_array_equal(reshaped[:, :, 0], plain)


def test_masked_is_missing_to_the_estimators():
    rows = np.random.default_rng(0).normal(size=(40, 5, 2))
    X = np.ma.masked_where(rows > 1.5, rows)
    plain = np.where(rows > 1.5, np.nan, rows)
    model = LSTMRegressor(hidden_size=4, max_epochs=2, random_state=0)
    for masked, array in ((X, plain), (X[:, :, 0], plain[:, :, 0])):
        y = np.arange(40.0)
        wanted = model.fit(array, y).predict(array)
        np.testing.assert_array_equal(model.fit(masked, y).predict(masked), wanted)
