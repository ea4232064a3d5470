"""Rows in any form, and what is refused."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import (
    LSTMOutlierDetector,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
    StreamPredictor,
    sliding_windows,
)
from tests.streams.models import LABELS, ROWS, Y, classifier, frame, pipeline, regressor

DAYS = pd.date_range("2024-01-01", periods=len(ROWS))


@pytest.fixture(scope="module")
def plain():
    return pipeline({"window_length": 4}, regressor()).fit(ROWS, Y)


@pytest.fixture(scope="module")
def named():
    return pipeline({"window_length": 4}, regressor()).fit(frame(), Y)


@pytest.fixture(scope="module")
def dated():
    X = frame(store="a", day=DAYS)
    windows = {"window_length": 4, "groups": "store", "time": "day"}
    return pipeline(windows, regressor()).fit(X, Y)


def says(model, rows, **keys):
    stream = StreamPredictor(model)
    return [stream.observe_predict(row, **keys) for row in rows]


def test_forms_of_a_row(plain, named):
    expected = says(plain, ROWS[:9])
    for rows in (ROWS[:9].tolist(), ROWS[:9, None], [tuple(row) for row in ROWS[:9]]):
        assert says(plain, rows) == expected
    X = frame()[:9]
    forms = {
        "arrays": X.to_numpy(),
        "dictionaries": X.to_dict("records"),
        "in another order": X[["heat", "load"]].to_dict("records"),
        "series": [row for _, row in X.iterrows()],
        "frames": [X[i : i + 1] for i in range(9)],
        "frames of polars": [pl.from_pandas(X[i : i + 1]) for i in range(9)],
    }
    for name, rows in forms.items():
        assert says(named, rows) == expected, name


def test_forms_of_a_row_with_series_and_time(dated):
    X = frame(store="a", day=DAYS)[:9]
    rows = X.to_dict("records")
    expected = says(dated, rows)
    forms = {
        "series": [row for _, row in X.iterrows()],
        "frames": [X[i : i + 1] for i in range(9)],
        "lists": X.to_numpy().tolist(),
        "texts of dates": [{**row, "day": row["day"].to_pydatetime()} for row in rows],
        "dates": [{**row, "day": row["day"].date()} for row in rows],
    }
    for name, given in forms.items():
        assert says(dated, given) == expected, name


def test_levels_of_the_index_in_a_dictionary():
    X = frame(store="a", day=DAYS).set_index(["store", "day"])
    windows = {"window_length": 4, "groups": "store", "time": "day", "context": "fit"}
    for steps in ((), (StandardScaler().set_output(transform="pandas"),)):
        model = pipeline(windows, regressor(), *steps).fit(X[:80], Y[:80])
        rows = X[80:].reset_index().to_dict("records")
        by_frame = [X[i : i + 1] for i in range(80, 120)]
        assert says(model, rows) == says(model, by_frame)
        assert np.allclose(says(model, rows), model.predict(X[80:]), rtol=1e-5)


def test_a_series_is_named_by_its_time():
    X = frame(DAYS)
    model = pipeline({"window_length": 4, "time": "at"}, regressor()).fit(X, Y)
    by_frame = says(model, [X[i : i + 1] for i in range(9)])
    assert says(model, [row for _, row in X[:9].iterrows()]) == by_frame


def test_masked_values_are_missing(plain):
    rows = np.ma.masked_array(ROWS[:9], mask=ROWS[:9] > 1)
    assert rows.mask.any()
    assert says(plain, rows) == says(plain, rows.filled(np.nan))


WRONG = {
    "too few values": ([1.0], r"row must have the 2 columns of fit. Got the shape \(1,\)"),
    "a table": (ROWS[:2], r"row must have the 2 columns of fit. Got the shape \(2, 2\)"),
    "a number": (1.0, r"row must have the 2 columns of fit. Got the shape \(1,\)"),
    "nothing": (None, r"row must have the 2 columns of fit. Got the shape \(1,\)"),
    "names": ({"load": 1.0, "heat": 2.0}, r"its 2 values in order.*Got names"),
    "text": (["a", 1.0], r"row must have numbers. Got \['a', 1.0\]"),
    "infinity": ([np.inf, 1.0], "row must be finite, or NaN where missing"),
}


@pytest.mark.parametrize(("row", "message"), WRONG.values(), ids=WRONG)
def test_rows_that_are_refused(plain, row, message):
    with pytest.raises(ValueError, match=message):
        StreamPredictor(plain).observe(row)


def test_names_that_are_refused(named, dated):
    stream = StreamPredictor(named)
    for row in ({"load": 1.0}, {"load": 1.0, "heat": 2.0, "cold": 3.0}):
        with pytest.raises(ValueError, match=re.escape("columns of fit, ['load', 'heat']")):
            stream.observe(row)
    with pytest.raises(ValueError, match=r"row must be a single row\. Got 2"):
        stream.observe(frame()[:2])
    with pytest.raises(ValueError, match="groups must be given to both"):
        stream.observe(ROWS[0], groups="a")
    with pytest.raises(ValueError, match="columns of fit"):
        StreamPredictor(dated).observe({"load": 1.0, "heat": 2.0, "store": "a"})


def test_time_goes_forward(dated):
    stream = StreamPredictor(dated)
    rows = frame(store="a", day=DAYS).to_dict("records")
    stream.observe(rows[5])
    for row in (rows[5], rows[4]):
        with pytest.raises(
            ValueError, match=r"time must go forward within a series.*after"
        ):
            stream.observe(row)
    stream.observe({**rows[4], "store": "another"})
    with pytest.raises(ValueError, match=r"(NaT|missing)"):
        stream.observe({**rows[6], "day": pd.NaT})
    with pytest.raises(ValueError, match="time must be a datetime"):
        stream.observe({**rows[6], "day": "2024-05-01"})
    assert len(stream._flow.panel.journal) == 2


def test_nothing_is_predicted_from_nothing(plain):
    stream = StreamPredictor(plain)
    with pytest.raises(ValueError, match="predict must come after a row is observed"):
        stream.predict()
    stream.observe(ROWS[0])
    with pytest.raises(AttributeError, match="predict_proba"):
        stream.predict("predict_proba")
    with pytest.raises(AttributeError, match="method='likelihood' needs a detector"):
        stream.predict("likelihood")


# ---------------------------------------------------------------------- models


def test_models_that_are_refused(plain):
    for model in (pipeline({}, regressor()), LSTMRegressor()):
        with pytest.raises(NotFittedError):
            StreamPredictor(model)
    for model in ("lstm", LSTMRegressor, None):
        with pytest.raises(TypeError, match="model must be a fitted estimator of sklstm"):
            StreamPredictor(model)
    flat = make_pipeline(SequenceReshaper(), regressor()).fit(ROWS, Y)
    for model in (Ridge().fit(ROWS, Y), flat):
        with pytest.raises(TypeError, match="must have a SlidingWindowTransformer"):
            StreamPredictor(model)
    twice = make_pipeline(SlidingWindowTransformer(2, output="2d", padding=0.0),
                          SlidingWindowTransformer(3), regressor())  # fmt: skip
    with pytest.raises(ValueError, match="model must make windows once"):
        StreamPredictor(twice.fit(ROWS, Y))


def test_a_step_of_time_that_is_not_known():
    X = frame(DAYS)
    model = pipeline({"window_length": 4}, regressor())
    model[0].fit(X[:1])
    model[1].fit(model[0].transform(X), Y)
    with pytest.raises(ValueError, match="model must know the step of its times"):
        StreamPredictor(model)


PARAMETERS = {
    "learn_every must be an int of at least 1": {"learn_every": 0},
    "learn_every must be an int of at least 1, or None. Got 1.5": {"learn_every": 1.5},
    "max_rewind must be an int of at least 1": {"max_rewind": 0},
    "likelihood must be a bool or a TailLikelihood": {"likelihood": 0.5},
    "window_length must be None for a model with Sliding": {"window_length": 4},
}


@pytest.mark.parametrize("message", PARAMETERS)
def test_parameters_that_are_refused(plain, message):
    with pytest.raises(ValueError, match=message):
        StreamPredictor(plain, **PARAMETERS[message])


def test_window_lengths_of_a_network_by_itself():
    windows, y = sliding_windows(ROWS, Y, window_length=4)
    model = regressor().fit(windows, y)
    with pytest.raises(ValueError, match="window_length must be the number of steps"):
        StreamPredictor(model)
    detector = LSTMOutlierDetector(hidden_size=3, max_epochs=1).fit(windows)
    with pytest.raises(ValueError, match="window_length must be 4, as in fit, or None"):
        StreamPredictor(detector, window_length=5)


def test_what_cannot_learn():
    model = pipeline({"window_length": 4, "output": "2d", "padding": 0.0}, Ridge())
    with pytest.raises(ValueError, match="learn_every must be None for a model without"):
        StreamPredictor(model.fit(ROWS, Y), learn_every=4)


def test_targets_that_are_refused(plain):
    stream = StreamPredictor(plain, learn_every=4)
    for y in ("up", [1.0, 2.0]):
        with pytest.raises(ValueError, match="y must be a number, the target of one row"):
            stream.observe(ROWS[0], y)
    with pytest.raises(ValueError, match=r"y must be finite, or not known.* Got inf\."):
        stream.observe(ROWS[0], np.inf)
    with pytest.raises(ValueError, match="predict must come after a row is observed"):
        stream.predict()
    model = pipeline({"window_length": 4}, classifier()).fit(ROWS, LABELS)
    with pytest.raises(ValueError, match="y must be one of the classes"):
        StreamPredictor(model, learn_every=4).observe(ROWS[0], "sideways")


def test_targets_of_several_outputs_and_of_counts_that_are_refused():
    both = np.column_stack([Y, Y])
    model = pipeline({"window_length": 4}, regressor()).fit(ROWS, both)
    stream = StreamPredictor(model, learn_every=4)
    with pytest.raises(ValueError, match="y must be finite, or not known at all"):
        stream.observe(ROWS[0], [1.0, np.nan])
    stream.observe(ROWS[0], [np.nan, np.nan])
    counts = regressor(loss="negative_binomial")
    model = pipeline({"window_length": 4}, counts).fit(ROWS, np.arange(120) % 5)
    stream = StreamPredictor(model, learn_every=4)
    with pytest.raises(ValueError, match="y must have counts, whole numbers from 0 on"):
        stream.observe(ROWS[0], -1.0)
    stream.observe(ROWS[0], 3.0)


def test_several_steps_ahead_may_be_known_in_part():
    ahead = np.column_stack([Y, np.roll(Y, -1)])
    model = pipeline({"window_length": 4}, regressor(horizon=2)).fit(ROWS, ahead)
    stream = StreamPredictor(model, learn_every=2)
    before = stream.observe_predict(ROWS[0], [1.0, np.nan])
    stream.observe(ROWS[1], [1.0, 2.0]).rewind()
    assert not np.array_equal(stream.predict(), before)


@pytest.mark.parametrize("context", [None, "fit"])
@pytest.mark.parametrize("label", ["1", np.str_("1"), ("1", 1)], ids=repr)
def test_labels_of_another_kind_are_refused(context, label):
    X = frame(store=np.arange(120) % 3)
    windows = {"window_length": 4, "groups": "store", "context": context}
    model = pipeline(windows, regressor()).fit(X[:90], Y[:90])
    stream = StreamPredictor(model)
    stream.observe({"load": 1.0, "heat": 2.0, "store": 1})
    with pytest.raises(ValueError, match="groups must have labels of one kind"):
        stream.observe({"load": 1.0, "heat": 2.0, "store": label})
    stream.observe({"load": 1.0, "heat": 2.0, "store": np.int8(7)})


def test_steps_of_targets_have_no_stream_either():
    model = pipeline({"window_length": 4}, regressor(return_sequences=True))
    by_step = np.column_stack([np.roll(Y, i) for i in range(3, -1, -1)])
    model.fit(ROWS, by_step)
    with pytest.raises(ValueError, match="return_sequences must be False in a stream"):
        StreamPredictor(model)


# ---------------------------------------------------------------------- other rows


def rolling(X):
    return X.rolling(3, min_periods=1).mean()


def over_time(X):
    return np.cumsum(X, axis=0)


def differences(X):
    return np.diff(X, axis=0, prepend=X[:1])


def of_text(X):
    return over_time(X[["load", "heat"]].to_numpy()) * (X[["shop"]] == "x").to_numpy()


def centred(windows):
    values = np.asarray(windows)
    return values - values.mean(axis=0)


EACH = "model must transform each row, and each window, by itself"
OTHERS = {"cumsum": over_time, "diff": differences}


@pytest.mark.parametrize("function", OTHERS.values(), ids=OTHERS)
def test_steps_that_look_at_other_rows(function):
    model = pipeline({"window_length": 4}, regressor(), FunctionTransformer(function))
    model.fit(ROWS, Y)
    with pytest.raises(ValueError, match=f"{EACH}.*'functiontransformer'"):
        StreamPredictor(model)


def test_targets_that_are_transformed_back_by_others():
    def around(inverse, model):
        transformer = FunctionTransformer(inverse_func=inverse, check_inverse=False)
        return TransformedTargetRegressor(
            model, transformer=transformer, check_inverse=False
        )

    model = pipeline({"window_length": 4}, regressor())
    inside = pipeline({"window_length": 4}, around(over_time, regressor()))
    for one in (around(over_time, model), inside):
        with pytest.raises(ValueError, match=f"{EACH}.*'transformer', FunctionTransformer"):
            StreamPredictor(one.fit(ROWS, Y))
    StreamPredictor(around(np.sinh, model).fit(ROWS, Y))


def test_a_rolling_mean_of_frames():
    model = pipeline({"window_length": 4}, regressor(), FunctionTransformer(rolling))
    with pytest.raises(ValueError, match=EACH):
        StreamPredictor(model.fit(frame(), Y))


def test_a_step_that_looks_at_other_windows():
    step = FunctionTransformer(centred)
    for output in ("2d", "3d"):
        windows = SlidingWindowTransformer(4, output=output, padding="edge")
        model = make_pipeline(windows, step, regressor()).fit(ROWS, Y)
        with pytest.raises(ValueError, match=EACH):
            StreamPredictor(model)


def test_what_made_up_rows_do_not_tell_the_first_rows_do():
    X = frame(shop=np.array(["x", "y"])[np.arange(120) % 2])
    model = pipeline({"window_length": 4}, regressor(), FunctionTransformer(of_text))
    stream = StreamPredictor(model.fit(X, Y))
    rows = X.to_dict("records")
    stream.observe(rows[0]).observe(rows[1])
    with pytest.raises(ValueError, match=EACH):
        stream.observe(rows[2])
