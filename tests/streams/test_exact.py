"""A stream says of each row what `predict` says of it, whatever the model is."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder, StandardScaler

from sklstm import ConformalClassifier, ConformalRegressor, StreamPredictor, sliding_windows
from sklstm.inspection import summary
from tests.streams.models import (
    LABELS,
    N_FIT,
    ROWS,
    Y,
    alone,
    classifier,
    each,
    frame,
    is_near,
    is_same,
    pipeline,
    regressor,
)

DAYS = pd.date_range("2024-01-01", periods=len(ROWS), freq="D")
HOLES = np.delete(np.arange(200), np.r_[20:25, 90:93, 100, 130])[: len(ROWS)]
STORES = np.array(["a", "b", "c"])[np.arange(len(ROWS)) % 3]

WINDOWS = {
    "plain": {"window_length": 5},
    "one row": {"window_length": 1},
    "lags": {"lags": [1, 3, 7]},
    "lags with the row": {"lags": [0, 4]},
    "edge": {"window_length": 5, "padding": "edge"},
    "zeros": {"window_length": 5, "padding": 0.0},
    "context": {"window_length": 5, "context": "fit"},
    "long context": {"window_length": 20, "context": "fit"},
    "lags of the context": {"lags": [2, 30], "context": "fit", "padding": "edge"},
}


def assert_streams(model, X, **given):
    """All rows at once, each window alone, and one row after the other."""
    stream = StreamPredictor(model)
    names = list(given)
    keys = [dict(zip(names, key, strict=True)) for key in zip(*given.values(), strict=True)]
    keys = keys or [{}] * len(X)
    said = [
        stream.observe_predict(row, **key) for row, key in zip(each(X), keys, strict=True)
    ]
    if not given:
        assert is_same(np.array(said), alone(model, X))
        assert is_near(said, model.predict(X))
    return np.array(said)


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_windows(windows, dtype):
    X = ROWS.astype(dtype)
    model = pipeline(windows, regressor()).fit(X[:N_FIT], Y[:N_FIT])
    assert_streams(model, X[N_FIT:])


MISSING = ROWS.copy()
MISSING[[3, 10, 11, 12, 13, 14, 15, 16, 60, 85, 100]] = np.nan
MISSING[5:9, 0] = MISSING[90:100, 1] = np.nan


@pytest.mark.parametrize("windows", WINDOWS.values(), ids=WINDOWS)
@pytest.mark.parametrize("options", [{}, {"instance_norm": "last", "target_features": 0}],
                         ids=str)  # fmt: skip
def test_rows_that_are_missing(windows, options):
    model = pipeline(windows, regressor(**options)).fit(MISSING[:N_FIT], Y[:N_FIT])
    assert_streams(model, MISSING[N_FIT:])
    assert_streams(model, MISSING[:30] if "context" not in windows else MISSING[85:])


NETWORKS = [
    {"instance_norm": "standard", "target_features": 0},
    {"instance_norm": "last", "target_features": ()},
    {"instance_scale": True, "target_features": 0},
    {"season_length": 4, "season": "additive", "target_features": 0},
    {"season_length": 4, "season": "skip", "target_features": 0},
    {"patch_length": 3},
    {"convolution": "before", "conv_filters": (3,), "conv_kernel_sizes": (2,)},
    {"convolution": "beside", "conv_filters": (3,), "conv_kernel_sizes": (2,)},
    {"pooling": "attention", "bidirectional": True},
    {"cell": "gru", "num_layers": 2, "head_sizes": (5,)},
    {"cell": "peephole", "layer_norm": True},
    {"loss": "quantile", "quantile": (0.1, 0.5, 0.9)},
    {"loss": "gaussian"},
    {"loss": "mixture", "n_mixtures": 2},
    {"standardize": False},
    {"dtype": "float64"},
    {"horizon": 1},
]


@pytest.mark.parametrize("options", NETWORKS, ids=str)
def test_networks(options):
    model = pipeline({"window_length": 12}, regressor(**options))
    model.fit(ROWS[:N_FIT], Y[:N_FIT])
    assert summary(model) is not None
    assert_streams(model, ROWS)


def test_several_outputs():
    y = np.stack([Y, np.roll(Y, -1), -Y], axis=1)
    model = pipeline({"window_length": 6}, regressor(horizon=3))
    model.fit(ROWS[:N_FIT], y[:N_FIT])
    assert assert_streams(model, ROWS[N_FIT:]).shape == (40, 3)


def test_methods_of_the_regressor():
    model = pipeline({"window_length": 6}, regressor(loss="student_t")).fit(ROWS, Y)
    stream = StreamPredictor(model)
    windows = model[0].transform(ROWS)
    for i, row in enumerate(ROWS[:20]):
        stream.observe(row)
        one = windows[i : i + 1]
        assert is_same(stream.predict(), model[1].predict(one)[0])
        mean, std = stream.predict(return_std=True)
        assert (mean, std) == tuple(part[0] for part in model[1].predict(one, True))
        for method, params in [
            ("predict_interval", {"coverage": 0.8}),
            ("predict_quantiles", {"quantiles": [0.1, 0.6]}),
            ("transform", {}),
        ]:
            said = stream.predict(method, **params)
            assert is_same(said, getattr(model[1], method)(one, **params)[0])


@pytest.mark.parametrize("categorical", [{}, {"categorical_features": [1]}], ids=str)
def test_classes(categorical):
    X = ROWS.copy()
    X[:, 1] = np.arange(len(X)) % 4
    X[100:, 1] += 1
    model = pipeline({"window_length": 6}, classifier(**categorical))
    model.fit(X[:N_FIT], LABELS[:N_FIT])
    assert_streams(model, X[N_FIT:])
    stream = StreamPredictor(model)
    said = [stream.observe_predict(row, method="predict_proba") for row in X[N_FIT:]]
    assert is_same(np.array(said), alone(model, X[N_FIT:], "predict_proba"))


TIMES = {
    "days": (DAYS, {}),
    "days of a place": (DAYS.tz_localize("Europe/Berlin"), {}),
    "days with gaps": (DAYS[0] + pd.to_timedelta(HOLES, unit="D"), {}),
    "gaps that are none": (DAYS[0] + pd.to_timedelta(HOLES, unit="D"), {"gaps": "ignore"}),
    "a step that is said": (DAYS[0] + pd.to_timedelta(HOLES, unit="D"), {"freq": "D"}),
    "every second day": (
        DAYS[0] + 2 * pd.to_timedelta(HOLES, unit="D"), {"freq": "2D"},
    ),
    "business days": (pd.bdate_range("2024-01-01", periods=220)[HOLES], {"freq": "B"}),
    "business days from the index": (pd.bdate_range("2024-01-06", periods=120), {}),
    "months": (pd.date_range("2010-01-01", periods=220, freq="MS")[HOLES], {"freq": "MS"}),
    "months unasked": (pd.date_range("2010-01-01", periods=220, freq="MS")[HOLES], {}),
    "every second month": (
        pd.date_range("1970-01-01", periods=220, freq="2MS")[HOLES], {"freq": "2MS"},
    ),
    "periods": (pd.period_range("2010-01", periods=220, freq="M")[HOLES], {}),
    "elapsed": (pd.to_timedelta(HOLES, unit="h"), {}),
    "elapsed with a step": (pd.to_timedelta(HOLES, unit="h"), {"freq": "h"}),
    "integers": (HOLES, {}),
}  # fmt: skip


@pytest.mark.parametrize("context", [None, "fit"])
@pytest.mark.parametrize("name", TIMES)
def test_times(name, context):
    time, options = TIMES[name]
    X = frame(time)
    options = {"window_length": 6, "context": context, **options}
    if name == "integers":
        options["time"] = "at"
    model = pipeline(options, regressor()).fit(X[:N_FIT], Y[:N_FIT])
    assert_streams(model, X[N_FIT:])


@pytest.mark.filterwarnings("ignore:context='fit' gives no history")
@pytest.mark.parametrize("begin", [40, N_FIT + 5])
def test_rows_that_do_not_follow_the_fitted_ones(begin):
    X = frame(DAYS)
    model = pipeline({"window_length": 6, "context": "fit"}, regressor())
    model.fit(X[:N_FIT], Y[:N_FIT])
    assert_streams(model, X[begin:])


@pytest.mark.parametrize("context", [None, "fit"])
@pytest.mark.parametrize("lags", [{"window_length": 4}, {"lags": [0, 5]}], ids=str)
def test_series_and_times_by_name(context, lags):
    X = frame(store=STORES, day=DAYS[0] + pd.to_timedelta(HOLES // 3, unit="D"))
    X.loc[100:, "store"] = X.loc[100:, "store"].replace({"c": "new"})
    options = {"groups": "store", "time": "day", "context": context, **lags}
    model = pipeline(options, regressor()).fit(X[:N_FIT], Y[:N_FIT])
    assert_streams(model, X[N_FIT:])


@pytest.mark.parametrize("context", [None, "fit"])
def test_series_of_two_columns(context):
    X = frame(region=STORES, shop=np.arange(len(ROWS)) // 3 % 2)
    options = {"groups": ["region", "shop"], "window_length": 4, "context": context}
    model = pipeline(options, regressor()).fit(X[:N_FIT], Y[:N_FIT])
    assert_streams(model, X[N_FIT:])


@pytest.mark.parametrize("context", [None, "fit"])
def test_a_multi_index(context):
    days = DAYS[0] + pd.to_timedelta(np.arange(len(ROWS)) // 3, unit="D")
    X = frame().set_index(pd.MultiIndex.from_arrays([STORES, days], names=["store", "day"]))
    model = pipeline({"window_length": 4, "context": context}, regressor())
    model.fit(X[:N_FIT], Y[:N_FIT])
    assert_streams(model, X[N_FIT:])


@pytest.mark.parametrize("context", [None, "fit"])
def test_series_and_times_beside_the_rows(context):
    days = HOLES // 3
    windows = {"window_length": 4, "context": context}
    model = pipeline(windows, regressor())
    told = model[0].fit_transform(ROWS[:N_FIT], None, STORES[:N_FIT], days[:N_FIT])
    model[1].fit(told, Y[:N_FIT])
    X, groups, time = ROWS[N_FIT:], STORES[N_FIT:], days[N_FIT:]
    said = assert_streams(model, X, groups=groups, time=time)
    assert is_near(said, model[1].predict(model[0].transform(X, groups, time)))


def logs(X):
    return np.sign(X) * np.log1p(np.abs(X))


STEPS = {
    "scaled": [StandardScaler()],
    "components": [SimpleImputer(), StandardScaler(), PCA(2)],
    "a function": [FunctionTransformer(logs)],
    "frames": [StandardScaler().set_output(transform="pandas")],
    "columns": [
        ColumnTransformer([("a", StandardScaler(), [0])], remainder="passthrough"),
    ],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("named", [False, True])
def test_steps_before_the_windows(steps, named):
    X = frame() if named else ROWS
    model = pipeline({"window_length": 5, "context": "fit"}, regressor(), *steps)
    model.fit(X[:N_FIT], Y[:N_FIT])
    said = assert_streams_nearly(model, X[N_FIT:])
    if named:
        stream = StreamPredictor(model)
        of_dicts = [stream.observe_predict(dict(row)) for _, row in X[N_FIT:].iterrows()]
        assert is_same(np.array(of_dicts), said)


def assert_streams_nearly(model, X):
    """A matrix product of one row rounds otherwise."""
    stream = StreamPredictor(model)
    said = np.array([stream.observe_predict(row) for row in each(X)])
    assert is_near(said, model.predict(X))
    return said


def test_categories_of_text_before_the_windows():
    X = frame(shop=np.array(["x", "y"])[np.arange(len(ROWS)) % 2])
    encode = ColumnTransformer([("shop", OrdinalEncoder(), ["shop"])],
                               remainder="passthrough")  # fmt: skip
    model = pipeline({"window_length": 5}, regressor(categorical_features=[0]), encode)
    model.fit(X[:N_FIT], Y[:N_FIT])
    assert_streams_nearly(model, X[N_FIT:])


def test_a_step_between_windows_and_network():
    model = make_pipeline(*pipeline({"window_length": 5}, FunctionTransformer(logs)),
                          regressor())  # fmt: skip
    model.fit(ROWS[:N_FIT], Y[:N_FIT])
    assert_streams(model, ROWS[N_FIT:])


@pytest.mark.parametrize("container", ["default", "pandas"])
def test_any_regressor_of_columns(container):
    model = pipeline({"window_length": 5, "output": "2d", "padding": "edge"}, Ridge())
    model[0].set_output(transform=container)
    X = frame()
    model.fit(X[:N_FIT], Y[:N_FIT])
    assert_streams_nearly(model, X[N_FIT:])


@pytest.mark.parametrize("flat", [False, True])
def test_a_network_by_itself(flat):
    X = ROWS[:, :1] if flat else ROWS
    windows, y = sliding_windows(X, Y, window_length=6)
    given = np.asarray(windows)[:, :, 0] if flat else windows
    model = regressor().fit(given, y)
    stream = StreamPredictor(model, window_length=None if flat else 6)
    said = np.array([stream.observe_predict(row) for row in X])
    assert is_near(said[5:-1], model.predict(given))


AROUND = {
    "frozen": FrozenEstimator,
    "a search": lambda model: GridSearchCV(
        model, {"lstmregressor__hidden_size": [3]}, cv=TimeSeriesSplit(2)
    ),
    "transformed": lambda model: TransformedTargetRegressor(
        model, func=np.arcsinh, inverse_func=np.sinh
    ),
    "conformal": lambda model: ConformalRegressor(model, coverage=0.8),
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_what_stands_around_a_pipeline(around):
    model = pipeline({"window_length": 5}, regressor()).fit(ROWS[:N_FIT], Y[:N_FIT])
    model = around(model).fit(ROWS[:N_FIT], Y[:N_FIT])
    assert_streams_nearly(model, ROWS)
    if hasattr(model, "predict_interval"):
        stream = StreamPredictor(model)
        said = [stream.observe_predict(row, method="predict_interval") for row in ROWS]
        assert is_near(said, model.predict_interval(ROWS))


def test_sets_of_classes():
    model = ConformalClassifier(pipeline({"window_length": 5}, classifier()), coverage=0.8)
    model.fit(ROWS[:N_FIT], LABELS[:N_FIT])
    stream = StreamPredictor(model)
    said = [stream.observe_predict(row, method="predict_set") for row in ROWS]
    assert is_same(np.array(said), model.predict_set(ROWS))
