"""Estimators predict the same bits after a file, whatever their parameters."""

import os
import re

import numpy as np
import pandas as pd
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from skorch.callbacks import EpochScoring

from sklstm import (
    ConformalClassifier,
    ConformalRegressor,
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
)
from sklstm.io import load, save
from sklstm.io._classes import KNOWN
from tests.io.same import is_same
from tests.test_every_value import BOTH, CLASSIFICATION, IN_ORDER, REGRESSION

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 8))
Y = X[:, -1] + 0.1 * rng.normal(size=40)
SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}
CATEGORIES = np.stack([X, rng.integers(0, 4, X.shape)], axis=2)


@pytest.fixture
def through_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write_and_read(model, **options):
        save(model, tmp_path / "model.safetensors", **options)
        assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]
        return load(tmp_path / "model.safetensors")

    return write_and_read


# ---------------------------------------------------------------------- every value

MORE = [
    {"dtype": "float64"},
    {"device": torch.device("cpu")},
    {"early_stopping": True, "validation_split": "last"},
    {"max_steps": 3, "validation_steps": 1},
    {"optimizer": "adam", "weight_decay": np.float32(0.01)},
    {"learning_rate": np.float64(0.02), "hidden_size": np.int64(3)},
    {"random_state": np.random.RandomState(3)},
    {"head_sizes": [np.int64(4), 2]},
    {"verbose": False, "warm_start": True, "callbacks": []},
    {"convolution": "beside", "conv_filters": [3], "conv_kernel_sizes": [2]},
    {"convolution": "beside", "conv_filters": (32,), "conv_kernel_sizes": (2,),
     "squeeze_excite": True},
    {"cell": "gru", "num_layers": 2, "bidirectional": True, "dropout": 0.5},
    {"instance_norm": "level"},
]  # fmt: skip
MORE_REGRESSION = [
    {"loss": "negative_binomial"},
    {"season_length": 4, "season": "additive", "instance_norm": "last"},
    {"season_length": 4, "season": "skip"},
    {"season_length": [2, 4]},
    {"target_features": [0], "instance_norm": "last"},
    {"horizon": np.int64(2)},
    {"refit_head": True, "early_stopping": True},
]


def test_every_parameter_of_the_estimators_has_a_value_that_is_not_its_default():
    tried = set().union(*BOTH, *MORE, *REGRESSION, *MORE_REGRESSION, *CLASSIFICATION)
    tried |= {"hidden_size", "max_epochs", "batch_size", "validation_fraction"}
    tried |= {"n_epochs_no_change", "categorical_features", "embedding_size", "horizon"}
    tried |= {"return_sequences"}
    names = set(LSTMRegressor().get_params()) | set(LSTMClassifier().get_params())
    assert names <= tried


def named(value):
    """The value as text, without where it lies in this process."""
    return re.sub(r" at 0x\w+", "", str(value))


@pytest.mark.parametrize(
    "options", BOTH + MORE + REGRESSION + MORE_REGRESSION + IN_ORDER, ids=named
)
def test_a_regressor_predicts_the_same_bits(options, through_a_file):
    y = np.round(np.exp(Y)) if options.get("loss") == "negative_binomial" else Y
    model = LSTMRegressor(**SMALL | options).fit(X, y)
    loaded = through_a_file(model)
    assert is_same(loaded.get_params(), model.get_params() | {"checkpoint": None})
    assert is_same(loaded.predict(X), model.predict(X))
    assert is_same(loaded.transform(X), model.transform(X))
    if hasattr(model, "predict_quantiles"):
        assert is_same(loaded.predict_quantiles(X), model.predict_quantiles(X))
        assert is_same(loaded.sample_y(X), model.sample_y(X))
    for name in ("loss_curve_", "validation_loss_curve_", "n_epochs_", "season_"):
        assert is_same(getattr(loaded, name), getattr(model, name))


@pytest.mark.parametrize("options", BOTH + MORE + CLASSIFICATION, ids=named)
def test_a_classifier_predicts_the_same_bits(options, through_a_file):
    model = LSTMClassifier(**SMALL | options).fit(X, np.where(Y > 0, "up", "down"))
    loaded = through_a_file(model)
    assert is_same(loaded.get_params(), model.get_params() | {"checkpoint": None})
    assert is_same(loaded.predict_proba(X), model.predict_proba(X))
    assert is_same(loaded.predict(X), model.predict(X))


@pytest.mark.parametrize(
    "classes",
    [
        [False, True],
        [3, 1],
        [2.0, -1.0],
        ["größer", ""],
        np.array(["a", "b"], dtype=object),
        np.array([1, 0], dtype=np.int8),
        np.array(["2024-05-01", "2024-05-02"], "M8[D]").astype(str),
    ],
    ids=named,
)
def test_classes_keep_their_type(classes, through_a_file):
    y = np.asarray(classes)[np.arange(40) % 2]
    weight = {label: 1.0 + i for i, label in enumerate(np.unique(y))}
    model = LSTMClassifier(**SMALL, class_weight=weight).fit(X, y)
    loaded = through_a_file(model)
    assert is_same(loaded.classes_, model.classes_)
    assert is_same(loaded.predict(X), model.predict(X))
    assert is_same(loaded.class_weight, weight)


@pytest.mark.parametrize("embedding_size", [None, 2])
def test_categories_and_many_outputs(embedding_size, through_a_file):
    options = {"categorical_features": [False, True], "embedding_size": embedding_size}
    model = LSTMRegressor(**SMALL, **options).fit(CATEGORIES, np.c_[Y, -Y])
    loaded = through_a_file(model)
    assert is_same(loaded.predict(CATEGORIES), model.predict(CATEGORIES))


def test_names_of_columns_come_back(through_a_file):
    frame = pd.DataFrame(X).add_prefix("step ")
    model = LSTMRegressor(**SMALL).fit(frame, Y)
    loaded = through_a_file(model)
    assert is_same(loaded.feature_names_in_, model.feature_names_in_)
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame.rename(columns={"step 0": "other"}))


@pytest.mark.parametrize("method", ["forecast", "reconstruction"])
def test_a_detector_scores_the_same_bits(method, through_a_file):
    model = LSTMOutlierDetector(**SMALL, method=method).fit(pd.DataFrame(X).add_prefix("x"))
    loaded = through_a_file(model)
    rows = pd.DataFrame(X).add_prefix("x")
    assert is_same(loaded.score_samples(rows), model.score_samples(rows))
    assert is_same(loaded.predict(rows), model.predict(rows))
    assert is_same(loaded.feature_names_in_, model.feature_names_in_)


# ---------------------------------------------------------------------- training goes on


@pytest.mark.parametrize(
    "options",
    [{}, {"dropout": 0.3}, {"optimizer": "sgd"}, {"weight_averaging": 0.9},
     {"loss": "gaussian"}, {"early_stopping": True}, {"optimizer": "adamw"}],
    ids=named,
)  # fmt: skip
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_training_goes_on_as_if_it_had_never_stopped(method, options, through_a_file):
    model = LSTMRegressor(**SMALL | options, warm_start=True)
    getattr(model, method)(X, Y)
    loaded = through_a_file(model, training_state=True)
    for _ in range(2):
        getattr(model, method)(X, -Y)
        getattr(loaded, method)(X, -Y)
    assert is_same(loaded.predict(X), model.predict(X))
    assert is_same(loaded.loss_curve_, model.loss_curve_)
    assert loaded.net_.history[:, "train_loss"] == model.net_.history[:, "train_loss"]


@pytest.mark.parametrize("model", [LSTMRegressor, LSTMClassifier])
def test_without_its_state_training_does_not_go_on(model, through_a_file):
    loaded = through_a_file(model(**SMALL, warm_start=True).fit(X, Y > 0))
    before, proba = vars(loaded).copy(), loaded.predict(X)
    for train in (loaded.fit, loaded.partial_fit):
        with pytest.raises(ValueError, match=r"training state.*training_state=True"):
            train(X, Y > 0)
    with pytest.raises(AttributeError, match=r"training_state=True"):
        loaded.net_  # noqa: B018
    assert not hasattr(loaded, "net_")
    assert vars(loaded) == before
    assert is_same(loaded.predict(X), proba)
    anew = loaded.set_params(warm_start=False).fit(X, Y > 0)
    assert is_same(anew.predict(X), model(**SMALL).fit(X, Y > 0).predict(X))
    # What came from a file without its state can be saved again, without it.
    assert is_same(through_a_file(clone(loaded).fit(X, Y > 0)).predict(X), proba)


def test_a_model_without_its_state_is_saved_again(through_a_file):
    model = LSTMRegressor(**SMALL).fit(X, Y)
    twice = through_a_file(through_a_file(model), training_state=True)
    assert is_same(twice.predict(X), model.predict(X))
    with pytest.raises(ValueError, match="training_state=True"):
        twice.partial_fit(X, Y)


# ---------------------------------------------------------------------- around it

hours = pd.date_range("2024-05-01", periods=40, freq="h", name="time")
ROWS = pd.DataFrame(X[:, :2], hours, ["price", "volume"])
STORES = ROWS.reset_index().assign(store=np.repeat(["a", "b"], 20))
MIXED = ROWS.assign(kind=list("xyzz") * 10, gap=np.where(Y > 1, np.nan, Y))
WINDOWS = [
    (SlidingWindowTransformer(3), X),
    (SlidingWindowTransformer(3, context="fit"), X),
    (SlidingWindowTransformer(lags=[1, 2, 5], context="fit", output="2d"), ROWS),
    (SlidingWindowTransformer(3, padding=-1.0, freq="h", context="fit"), ROWS),
    (SlidingWindowTransformer(3, freq=pd.offsets.Hour(1), padding=float("nan")), ROWS),
    (
        SlidingWindowTransformer(3, groups=["store"], time="time", context="fit"),
        STORES.sort_values(["store", "time"]),
    ),
    (
        SlidingWindowTransformer(2, context="fit"),
        STORES.sort_values(["store", "time"]).set_index(["store", "time"]),
    ),
    (SlidingWindowTransformer(2, context="fit"), ROWS.set_axis(hours.to_period())),
    (SlidingWindowTransformer(2, context="fit"), ROWS.tz_localize("Europe/Berlin")),
]


@pytest.mark.parametrize("case", range(len(WINDOWS)))
def test_windows_are_the_same(case, through_a_file):
    windows, rows = WINDOWS[case]
    fitted = clone(windows).fit(rows[:15])
    loaded = through_a_file(fitted)
    expected, later = (np.asarray(one.transform(rows[15:])) for one in (fitted, loaded))
    assert is_same(later, expected)
    assert is_same(loaded.get_params(), windows.get_params())


def test_a_reshaper_is_the_same(through_a_file):
    fitted = SequenceReshaper(2, static=[-1, -2], newest_first=True).fit(X)
    assert is_same(through_a_file(fitted).transform(X), fitted.transform(X))


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False, with_std=False),
        MinMaxScaler((0, 2), clip=True),
        MaxAbsScaler(),
        RobustScaler(unit_variance=True),
        Normalizer("max"),
        PowerTransformer(),
        QuantileTransformer(n_quantiles=7, random_state=0),
        SimpleImputer(add_indicator=True),
        SimpleImputer(strategy="constant", fill_value=-1.0),
        FunctionTransformer(),
        FunctionTransformer(np.arcsinh, np.sinh),
        FeatureUnion([("a", StandardScaler()), ("b", "passthrough"), ("c", "drop")]),
        make_union(MaxAbsScaler(), PowerTransformer()),
    ],
    ids=named,
)
def test_a_scaler_of_scikit_learn_is_the_same(scaler, through_a_file):
    rows = MIXED[["price", "volume", "gap"]]
    model = make_pipeline(SimpleImputer(), clone(scaler), LSTMRegressor(**SMALL))
    assert is_same(through_a_file(model).get_params(deep=False)["steps"][1][1], model[1])
    model.fit(rows, Y)
    loaded = through_a_file(model)
    assert is_same(loaded.predict(rows), model.predict(rows))
    step, other = (m[:-1].transform(rows) for m in (model, loaded))
    assert type(step) is type(other)
    assert is_same(np.asarray(step), np.asarray(other))
    assert is_same(list(vars(loaded[1])), list(vars(model[1])))


def test_output_stays_a_frame(through_a_file):
    model = make_pipeline(StandardScaler(), MinMaxScaler()).set_output(transform="pandas")
    loaded = through_a_file(model.fit(ROWS))
    assert is_same(loaded.transform(ROWS), model.transform(ROWS))


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(sparse_output=False),
        OneHotEncoder(sparse_output=False, dtype=np.float32, drop="first"),
        OneHotEncoder(sparse_output=False, min_frequency=11,
                      handle_unknown="infrequent_if_exist"),
        OneHotEncoder(categories=[["z", "y", "x"]], sparse_output=False),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        OrdinalEncoder(max_categories=2, dtype=np.float32),
    ],
    ids=named,
)  # fmt: skip
@pytest.mark.parametrize("rest", ["passthrough", "drop", MinMaxScaler()], ids=repr)
def test_columns_of_many_kinds(encoder, rest, through_a_file):
    model = make_pipeline(
        make_column_transformer(
            (encoder, ["kind"]),
            (StandardScaler(), make_column_selector("price|vol", dtype_include=np.number)),
            (SimpleImputer(), slice(3, 4)),
            remainder=rest,
        ),
        SlidingWindowTransformer(3),
        LSTMRegressor(**SMALL),
    ).fit(MIXED, Y)
    loaded = through_a_file(model)
    assert is_same(loaded.predict(MIXED), model.predict(MIXED))
    assert is_same(loaded[0].get_feature_names_out(), model[0].get_feature_names_out())
    again = clone(loaded).fit(MIXED, Y)
    assert is_same(again.predict(MIXED), model.predict(MIXED))


@pytest.mark.parametrize(
    "options",
    [
        {"transformer": MinMaxScaler()},
        {"func": np.arcsinh, "inverse_func": np.sinh, "check_inverse": False},
        {},
    ],
    ids=named,
)
def test_transformed_targets(options, through_a_file):
    model = TransformedTargetRegressor(LSTMRegressor(**SMALL), **options).fit(X, Y)
    assert is_same(through_a_file(model).predict(X), model.predict(X))


def test_requests_of_metadata_come_back(through_a_file):
    with sklearn.config_context(enable_metadata_routing=True):
        model = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            LSTMRegressor(**SMALL).set_fit_request(sample_weight=True, X_val="other"),
        )
        loaded = through_a_file(model)
        weight = np.abs(X[:, 0])
        for one in (model, loaded):
            one.fit(X, Y, sample_weight=weight)
        assert is_same(loaded.predict(X), model.predict(X))
        routed = loaded[-1].get_metadata_routing().fit.requests
        assert routed == model[-1].get_metadata_routing().fit.requests


# ---------------------------------------------------------------------- conformal


@pytest.mark.parametrize("loss", ["squared_error", "gaussian"])
@pytest.mark.parametrize("rows", [X, pd.DataFrame(X, hours)], ids=["array", "frame"])
def test_intervals_are_the_same_and_adapt_alike(loss, rows, through_a_file):
    lstm = LSTMRegressor(**SMALL, loss=loss)
    model = ConformalRegressor(lstm, coverage=0.6, adaptation=0.05).fit(rows[:30], Y[:30])
    loaded = through_a_file(model)
    for part in (slice(30, 35), slice(35, 40)):
        told = [one.update_predict(rows[part], Y[part]) for one in (model, loaded)]
        assert is_same(*told)
        loaded = through_a_file(loaded)
    for name in ("coverage_", "level_", "scores_"):
        assert is_same(getattr(loaded, name), getattr(model, name))
    with pytest.raises(ValueError, match="a second time"):
        loaded.update(rows[30:35], Y[30:35])


def test_sets_are_the_same_and_a_frozen_estimator_stays_one(through_a_file):
    frozen = FrozenEstimator(LSTMClassifier(**SMALL).fit(X, Y > 0))
    model = ConformalClassifier(frozen, coverage=0.6).fit(X[:30], Y[:30] > 0)
    loaded = through_a_file(model)
    assert loaded.estimator_ is loaded.estimator
    for one in (model, loaded):
        one.update(X[30:], Y[30:] > 0)
    assert is_same(loaded.predict_set(X), model.predict_set(X))


def test_intervals_of_many_outputs_around_a_pipeline(through_a_file):
    pipe = make_pipeline(SlidingWindowTransformer(3, context="fit"), LSTMRegressor(**SMALL))
    model = ConformalRegressor(pipe, coverage=0.5).fit(ROWS, np.c_[Y, -Y])
    loaded = through_a_file(model)
    assert is_same(loaded.predict_interval(ROWS), model.predict_interval(ROWS))
    assert loaded.coverage_.shape == (2,)


# ---------------------------------------------------------------------- refused


def own_loss(output, target):
    return (output - target) ** 2


class Own(LSTMRegressor):
    pass


REFUSED = {
    "a loss": (
        LSTMRegressor(loss=own_loss),
        r"LSTMRegressor\.loss must be data.*own_loss.*losses that have a name",
    ),
    "callbacks": (
        make_pipeline(LSTMRegressor(callbacks=[EpochScoring("r2")])),
        r"LSTMRegressor\.callbacks\[0\] must be data.*set_params\(callbacks=None\)",
    ),
    "an optimiser": (
        LSTMRegressor(optimizer=torch.optim.RAdam),
        r"LSTMRegressor\.optimizer must.*RAdam.*set_params\(optimizer='adam'\)",
    ),
    "a schedule": (
        LSTMClassifier(learning_rate_schedule=torch.optim.lr_scheduler.ExponentialLR),
        r"LSTMClassifier\.learning_rate_schedule must.*='cosine'\)",
    ),
    "a function": (
        make_pipeline(FunctionTransformer(own_loss), LSTMRegressor()),
        r"FunctionTransformer\.func must be data",
    ),
    "a cache": (
        Pipeline([("lstm", LSTMRegressor())], memory="cache"),
        r"Pipeline\.memory must.*'cache'.*memory=None",
    ),
    "columns by a function": (
        ColumnTransformer([("a", StandardScaler(), lambda X: [0])]),
        r"ColumnTransformer\.transformers\[0\]\[2\] must be data",
    ),
    "another step": (
        ConformalRegressor(Ridge()),
        r"ConformalRegressor\.estimator must be data.*Ridge",
    ),
    "a subclass": (Own(), "model must be an estimator of sklstm.*Got Own"),
    "another estimator": (Ridge(), "model must be an estimator of sklstm.*Got Ridge"),
    "a search": (
        GridSearchCV(LSTMRegressor(), {}),
        r"Got GridSearchCV\. Save its best_estimator_",
    ),
    "no estimator": ({"a": 1}, "model must be an estimator.*Got dict"),
    "a class": (LSTMRegressor, "model must be an estimator.*Got ABCMeta"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_code_and_strangers_are_refused_by_name(case, tmp_path):
    model, message = REFUSED[case]
    with pytest.raises(TypeError, match=message):
        save(model, tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_loss_of_ones_own_is_remembered(tmp_path):
    model = LSTMRegressor(**SMALL, loss=own_loss).fit(X, Y).set_params(loss="huber")
    with pytest.raises(TypeError, match=r"LSTMRegressor\._model must have been trained"):
        save(model, tmp_path / "model")


def test_an_attribute_that_is_not_known_is_refused(tmp_path):
    model = LSTMRegressor()
    model.note = "mine"
    with pytest.raises(TypeError, match=r"LSTMRegressor must have.*Got note = 'mine'"):
        save(model, tmp_path / "model")


def test_a_failed_save_leaves_the_file_before(tmp_path):
    save(LSTMRegressor(hidden_size=5), tmp_path / "model")
    with pytest.raises(TypeError):
        save(LSTMRegressor(loss=own_loss), tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert load(tmp_path / "model").hidden_size == 5


# ---------------------------------------------------------------------- the table


@pytest.mark.parametrize("name", KNOWN)
def test_all_classes_of_the_table_are_there(name):
    kind = KNOWN[name].find()
    assert kind.__name__ == name
    for names in (KNOWN[name].arguments or {}, KNOWN[name].attributes):
        assert "" not in names


def test_a_small_model_makes_a_small_file(tmp_path):
    model = LSTMRegressor(hidden_size=8, random_state=0).fit(X, Y)
    save(model, tmp_path / "model")
    assert os.path.getsize(tmp_path / "model") < 7_000
