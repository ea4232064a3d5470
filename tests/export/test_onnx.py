"""Graphs of ONNX, run by onnxruntime, beside what `predict` gives."""

import json
import pickle
import sys
from itertools import product

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
    sliding_windows,
)
from sklstm.estimators._parameters import NETWORK
from sklstm.export import to_onnx
from sklstm.inspection._inside import lstm_of
from sklstm.losses import DistributionLoss

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="runs the graphs")

N_TRAINED, N_STEPS = 40, 11
RNG = np.random.default_rng(0)
# Sequences about levels of their own, the first feature positive.
LEVELS = RNG.uniform(20, 60, (160, 1, 3))
X = (LEVELS + RNG.normal(size=(160, N_STEPS, 3)).cumsum(axis=1)).astype("float32")
X[:, :, 0] = np.abs(X[:, :, 0]) + 1
Y = X[:, -1, [0, 2]] + RNG.normal(size=(160, 2))
LABELS = np.array(["down", "still", "up"])[np.digitize(Y[:, 0], [30, 45])]
# Not seen in training.
ROWS = X[N_TRAINED:]
SHORT = {"hidden_size": 5, "learning_rate": 0.05, "max_epochs": 1, "random_state": 0}
CELLS = ("lstm", "gru", "rnn", "peephole")
POOLINGS = ("last", "mean", "max", "attention")
CONVOLUTIONS = {"conv_filters": [18, 4, 3], "conv_kernel_sizes": [4, 3, 2]}


def regressor(y=Y[:, 0], X=X, **options):
    return LSTMRegressor(**SHORT | options).fit(X[:N_TRAINED], y[:N_TRAINED])


def classifier(X=X, **options):
    return LSTMClassifier(**SHORT | options).fit(X[:N_TRAINED], LABELS[:N_TRAINED])


def started(model):
    """The graph of a model, checked, ready to run on sequences as `predict` takes them."""
    written = to_onnx(model)
    onnx.checker.check_model(written, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(written.SerializeToString(), options)
    names = [output.name for output in session.get_outputs()]
    return lambda X: dict(zip(names, session.run(None, inputs(X)), strict=True))


def inputs(X):
    """Observed steps first, and their number; behind them what must not be read."""
    X = np.asarray(X, np.float32)
    X = X[:, :, None] if X.ndim == 2 else X
    missing = np.isnan(X).all(axis=2)
    order = np.argsort(missing, axis=1, kind="stable")
    x = np.take_along_axis(X, order[:, :, None], axis=1)
    lengths = (~missing).sum(axis=1)
    behind = np.arange(X.shape[1]) >= lengths[:, None]
    x[behind] = np.resize(np.array([np.nan, 1e30, -7], np.float32), (behind.sum(), 1))
    return {"x": x, "lengths": lengths}


def gapped(X, seed=0):
    """Steps and values that are missing, a sequence of one step and one of none."""
    rng = np.random.default_rng(seed)
    X = X.copy()
    X[rng.random(X.shape[:2]) < 0.3] = np.nan
    X[::2][rng.random(X[::2].shape) < 0.2] = np.nan
    X[1, 1:] = X[2] = np.nan
    X[4, :, 0] = X[5, 4:, -1] = np.nan
    return X


def assert_agrees(model, X=ROWS, missing=True):
    """The graph gives what the model predicts, for any number of samples and steps."""
    run = started(model)
    cases = [X[:1], X[:7], X[:64], X[:7, :5], np.tile(X[:7], (1, 3, 1))]
    if missing:
        cases += [gapped(X[:7]), gapped(X[:64]), gapped(X[64:90], 1)]
    for case in cases:
        found = run(case)
        if hasattr(model, "predict_proba"):
            expected = model.predict_proba(case)
            assert found["probabilities"].dtype == expected.dtype
            np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)
            np.testing.assert_array_equal(
                model.classes_[found["label"]], model.predict(case)
            )
            continue
        expected = model.predict(case)
        assert found["prediction"].dtype == expected.dtype
        assert found["prediction"].shape == expected.shape
        spread = Y[:N_TRAINED].std(axis=0).min()
        np.testing.assert_allclose(
            found["prediction"] / spread, expected / spread, rtol=0, atol=1e-5
        )


# ---------------------------------------------------------------------- parts


@pytest.mark.parametrize(
    ("cell", "bidirectional", "num_layers"), list(product(CELLS, [False, True], [1, 2]))
)
def test_cells_directions_and_layers(cell, bidirectional, num_layers):
    for pooling in POOLINGS:
        core = {"cell": cell, "bidirectional": bidirectional, "num_layers": num_layers}
        assert_agrees(regressor(pooling=pooling, dropout=0.2, **core))


@pytest.mark.parametrize("method", ["last", "level", "standard", "affine"])
@pytest.mark.parametrize("target_features", [(), 0, [0, 2]])
def test_levels_are_taken_out_and_put_back(method, target_features):
    y = Y if target_features == [0, 2] else Y[:, 0]
    options = {"instance_norm": method, "target_features": target_features}
    model = regressor(y, **options)
    assert_agrees(model)
    assert_agrees(regressor(y, standardize=False, max_grad_norm=0.1, **options))


@pytest.mark.parametrize("method", ["last", "level", "standard", "affine"])
def test_levels_of_classes(method):
    assert_agrees(classifier(instance_norm=method))


def test_a_level_that_is_the_last_step():
    model = regressor(instance_norm="level", target_features=0)
    model.module_.normaliser.decay = 0.0
    assert_agrees(model)


@pytest.mark.parametrize("convolution", ["before", "beside"])
@pytest.mark.parametrize("patch_length", [1, 4])
@pytest.mark.parametrize("pooling", ["last", "attention"])
def test_convolutions_and_patches(convolution, patch_length, pooling):
    model = classifier(
        convolution=convolution, patch_length=patch_length, pooling=pooling, **CONVOLUTIONS
    )
    assert_agrees(model)


@pytest.mark.parametrize("squeeze_excite", [False, True])
def test_convolutions_beside_are_normalised_as_after_training(squeeze_excite):
    options = {"convolution": "beside", "squeeze_excite": squeeze_excite, "max_epochs": 4}
    assert_agrees(regressor(**options, **CONVOLUTIONS))


@pytest.mark.parametrize(("patch_length", "cell"), list(product([3, 11, 20], CELLS)))
def test_patches_end_at_the_last_observed_step(patch_length, cell):
    assert_agrees(
        regressor(patch_length=patch_length, cell=cell, pooling="mean", bidirectional=True)
    )


@pytest.mark.parametrize("head_sizes", [(), (4,), (6, 3)])
def test_heads(head_sizes):
    assert_agrees(regressor(Y, head_sizes=head_sizes))
    assert_agrees(classifier(head_sizes=head_sizes))


# ---------------------------------------------------------------------- categories


def tokens(X, seed=0):
    """The second feature is a category, far from the next one."""
    X = X.copy()
    X[:, :, 1] = np.random.default_rng(seed).choice([0, 3, 7, 70_000], X.shape[:2])
    return X


@pytest.mark.parametrize(
    "options",
    [{}, {"instance_norm": "affine", "target_features": 0}, {"embedding_size": 3}],
    ids=str,
)
def test_categories_known_unknown_and_missing(options):
    model = regressor(X=tokens(X), categorical_features=1, **options)
    unknown = tokens(ROWS)
    unknown[:, ::3, 1] = 5
    unknown[:, 2, 1] = 3.5
    unknown[0, :, 1] = 1e9
    assert_agrees(model, unknown)
    changed = unknown.copy()
    changed[changed[:, :, 1] == 5, 1] = 7
    assert not np.allclose(model.predict(unknown), model.predict(changed))


def test_sequences_of_categories_alone():
    words = tokens(X)[:, :, 1:2]
    model = classifier(words, categorical_features=0)
    assert_agrees(model, words[N_TRAINED:])


# ---------------------------------------------------------------------- what is predicted


@pytest.mark.parametrize(
    "loss", ["huber", "gaussian", "student_t", "negative_binomial", "mixture"]
)
@pytest.mark.parametrize("options", [{}, {"instance_norm": "standard"}], ids=str)
def test_losses_give_their_mean(loss, options):
    if options:
        options = {**options, "target_features": [0, 2]}
    y = np.abs(Y).round() if loss == "negative_binomial" else Y
    model = regressor(y, loss=loss, n_mixtures=2, max_epochs=3, **options)
    assert_agrees(model)
    assert_agrees(regressor(y[:, 0], loss=loss, n_mixtures=2, target_features=0))


@pytest.mark.parametrize("levels", [[0.1, 0.5, 0.9], [0.05, 0.2, 0.7], [0.3, 0.6]])
@pytest.mark.parametrize("target", [Y, Y[:, 0]], ids=["two", "flat"])
def test_quantiles_ascend(levels, target):
    model = regressor(target, loss="quantile", quantile=levels, max_epochs=2)
    # Where they cross: without a bias all are spread about 0.
    model.module_.head.linear.bias.data.zero_()
    assert_agrees(model)
    found = started(model)(ROWS)["quantiles"]
    expected = model.predict_quantiles(ROWS)
    assert (np.diff(found, axis=-1) >= 0).all()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert json.loads(metadata(model)["levels"]) == levels


def test_a_single_quantile():
    assert_agrees(regressor(loss="quantile", quantile=0.9))


@pytest.mark.parametrize("n_classes", [1, 2, 3])
def test_probabilities_of_any_number_of_classes(n_classes):
    y = np.arange(N_TRAINED) % n_classes * 10
    model = LSTMClassifier(**SHORT).fit(X[:N_TRAINED], y)
    assert_agrees(model)
    assert json.loads(metadata(model)["classes"]) == model.classes_.tolist()


def test_sequences_in_units_of_their_own_size():
    options = {"instance_scale": True, "target_features": [0, 2]}
    large = X * np.geomspace(1e-3, 1e3, len(X), dtype="float32")[:, None, None]
    large[-3:, :, 0] = 0.0
    y = large[:, -1, [0, 2]]
    model = regressor(y, large, **options)
    found, rows = started(model), large[N_TRAINED:]
    for case in (rows, gapped(rows)):
        expected = model.predict(case)
        size = np.abs(expected).clip(1e-3)
        given = found(case)["prediction"]
        np.testing.assert_allclose(given / size, expected / size, rtol=0, atol=1e-5)
    assert (expected[-3:, 0] == 0).all()
    large[:9, :, 0] = 0.0  # after which values have come
    found = started(regressor(y, large, **options))
    model = regressor(y, large, **options)
    assert model._model.encoding.zero_sizes[0] > 0
    expected, given = model.predict(large[-5:]), found(large[-5:])["prediction"]
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)
    counts = {"loss": "negative_binomial", "instance_norm": "last"}
    assert_agrees(regressor(np.abs(Y).round(), **counts, **options))


def test_targets_ahead_of_the_windows_of_several_series():
    rows = np.concatenate([X[i, :, :1] for i in range(60)])
    groups = np.repeat(np.arange(60), N_STEPS)
    windows = SlidingWindowTransformer(4).fit_transform(rows, groups=groups)
    y = np.roll(rows[:, 0], -1).astype(float)
    model = LSTMRegressor(horizon=1, instance_norm="last", **SHORT).fit(windows, y)
    assert model._model.encoding.relative
    assert_agrees(model, np.asarray(windows)[N_STEPS:], missing=False)


# ---------------------------------------------------------------------- units and types


def test_small_changes_of_large_values_are_kept():
    large = X + np.float32(2**20)
    y = large[:, -1, 0].astype(float)
    assert_agrees(regressor(y, large), large[N_TRAINED:])


def test_without_standardisation():
    assert_agrees(regressor(Y, standardize=False))


def test_a_network_of_float64_is_written_in_float32():
    assert_agrees(regressor(dtype="float64"))


def test_columns_are_steps_of_one_feature():
    model = LSTMRegressor(**SHORT).fit(X[:N_TRAINED, :, 0], Y[:N_TRAINED, 0])
    run, rows = started(model), ROWS[:64, :, 0]
    for case in (rows, np.where(RNG.random(rows.shape) < 0.3, np.nan, rows)):
        found = run(case)["prediction"]
        np.testing.assert_allclose(found, model.predict(case), rtol=1e-6)


def test_a_constant_and_a_column_never_observed():
    odd = X.copy()
    odd[:, :, 1] = 5.0
    odd[:, :, 2] = np.nan
    for method in (None, "standard", "affine"):
        model = regressor(X=odd, instance_norm=method, target_features=())
        assert_agrees(model, odd[N_TRAINED:])
        assert_agrees(model)


@pytest.mark.parametrize("seed", range(24))
def test_parts_together(seed):
    rng = np.random.default_rng(seed)
    choices = {
        "cell": CELLS,
        "bidirectional": [False, True],
        "num_layers": [1, 2, 3],
        "pooling": POOLINGS,
        "patch_length": [1, 2, 5],
        "convolution": [None, "before", "beside"],
        "squeeze_excite": [False, True],
        "head_sizes": [(), (4,)],
        "instance_norm": [None, "last", "level", "standard", "affine"],
        "standardize": [True, False],
        "embedding_size": [None, 2],
        "categorical_features": [None, 1],
    }
    options = {name: rng.permutation(len(v))[0] for name, v in choices.items()}
    options = {name: choices[name][i] for name, i in options.items()}
    loss = ["squared_error", "gaussian", "quantile", "mixture"][seed % 4]
    targets = [(), 0][seed % 2]
    model = regressor(
        X=tokens(X), loss=loss, quantile=[0.2, 0.5, 0.8], target_features=targets,
        **options, **CONVOLUTIONS,
    )  # fmt: skip
    assert_agrees(model, tokens(ROWS, 1))
    assert_agrees(classifier(tokens(X), **options, **CONVOLUTIONS), tokens(ROWS, 1))


def test_a_model_from_a_pickle_and_one_that_is_set_anew():
    model = regressor(loss="gaussian", pooling="mean")
    model.set_params(pooling="last", layer_norm=True)
    assert_agrees(pickle.loads(pickle.dumps(model)))


# ---------------------------------------------------------------------- the message


def metadata(model):
    return {entry.key: entry.value for entry in to_onnx(model).metadata_props}


def test_axes_have_names_and_the_file_is_the_message(tmp_path):
    model = classifier()
    path = tmp_path / "model.onnx"
    written = to_onnx(model, path)
    assert path.read_bytes() == written.SerializeToString()
    graph = onnx.load(path).graph
    shapes = {
        value.name: [axis.dim_param or axis.dim_value for axis in dims(value)]
        for value in (*graph.input, *graph.output)
    }
    assert shapes == {
        "x": ["n_samples", "n_timesteps", 3],
        "lengths": ["n_samples"],
        "probabilities": ["n_samples", 3],
        "label": ["n_samples"],
    }
    assert written.producer_name == "sklstm"
    assert {opset.domain for opset in written.opset_import} == {"", "ai.onnx.ml"}


def dims(value):
    return value.type.tensor_type.shape.dim


def test_the_same_model_gives_the_same_bytes():
    model = regressor(cell="gru", pooling="attention")
    first, second = (to_onnx(model).SerializeToString() for _ in range(2))
    assert first == second


def test_names_of_features_are_kept():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X[0], columns=["price", "volume", "days"])
    pipe = make_pipeline(SlidingWindowTransformer(4), LSTMRegressor(**SHORT))
    pipe.fit(frame, frame["price"])
    assert json.loads(metadata(pipe)["feature_names"]) == ["price", "volume", "days"]


def test_a_wrong_number_of_features_is_refused_by_the_runtime():
    run = started(regressor())
    with pytest.raises(Exception, match=r"Got: 2 Expected: 3"):
        run(X[:2, :, :2])


# ---------------------------------------------------------------------- pipelines


def test_a_pipeline_of_windows_is_written_as_its_lstm():
    rows = X[0].astype(float)
    pipe = make_pipeline(SlidingWindowTransformer(4), LSTMRegressor(**SHORT))
    pipe.fit(rows, rows[:, 0])
    windows = pipe[0].transform(rows)
    found = started(pipe)(windows)["prediction"]
    np.testing.assert_allclose(found, pipe.predict(rows), rtol=1e-6)


def test_a_pipeline_of_flat_columns_is_written_as_its_lstm():
    flat = X.reshape(len(X), -1)
    pipe = make_pipeline(SequenceReshaper(n_features=3), "passthrough")
    pipe.steps.append(("lstm", LSTMRegressor(**SHORT)))
    pipe.fit(flat[:N_TRAINED], Y[:N_TRAINED])
    found = started(pipe)(X)["prediction"]
    np.testing.assert_allclose(found, pipe.predict(flat), rtol=1e-6)


def test_a_step_that_changes_numbers_is_refused():
    pipe = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(4), LSTMRegressor(**SHORT)
    ).fit(X[0], X[0, :, 0])
    with pytest.raises(
        NotImplementedError, match=r"StandardScaler in its step 'standardsc"
    ):
        to_onnx(pipe)


# ---------------------------------------------------------------------- every step

STEPS = {"return_sequences": True}
Y_STEPS = np.cumsum(X[:, :, 0], axis=1) / 100
LABELS_STEPS = np.array(["down", "still", "up"])[np.digitize(Y_STEPS, [1, 3])]


def assert_steps_agree(model):
    """The graph gives what the model predicts at each step, observed steps first."""
    run = started(model)
    cases = [ROWS[:1], ROWS[:7], ROWS[:64], ROWS[:7, :5], np.tile(ROWS[:7], (1, 3, 1))]
    cases += [gapped(ROWS[:7]), gapped(ROWS[:64]), gapped(ROWS[64:90], 1)]
    for case in cases:
        found = run(case)
        missing = np.isnan(case).all(axis=2)
        order = np.argsort(missing, axis=1, kind="stable")
        behind = np.take_along_axis(missing, order, axis=1)

        def placed(values, order=order):
            index = order.reshape(*order.shape, *[1] * (values.ndim - 2))
            return np.take_along_axis(values, index, axis=1)

        if "label" in found:
            expected = placed(model.predict_proba(case))
            assert found["probabilities"].shape == expected.shape
            np.testing.assert_allclose(found["probabilities"], expected, atol=1e-5)
            np.testing.assert_array_equal(found["label"] == -1, behind)
            labels = model.classes_[found["label"]][~behind]
            np.testing.assert_array_equal(labels, placed(model.predict(case))[~behind])
            continue
        expected = placed(model.predict(case))
        assert found["prediction"].dtype == expected.dtype
        assert found["prediction"].shape == expected.shape
        spread = Y_STEPS[:N_TRAINED].std()
        np.testing.assert_allclose(
            found["prediction"] / spread, expected / spread, rtol=0, atol=1e-5
        )
        if "quantiles" in found:
            expected = placed(model.predict_quantiles(case))
            np.testing.assert_allclose(found["quantiles"], expected, atol=1e-5 * spread)


@pytest.mark.parametrize(
    "options",
    [
        *({"cell": c, "bidirectional": both} for c in CELLS for both in (False, True)),
        {"num_layers": 2, "head_sizes": (4,)},
        {"convolution": "before", **CONVOLUTIONS},
        {"pooling": "attention"},
        {"pooling": "attention", "bidirectional": True},
        {"categorical_features": 1},
        {"loss": "gaussian"},
        {"loss": "mixture", "n_mixtures": 2},
        {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
    ],
    ids=str,
)
def test_numbers_at_each_step(options):
    rows = X
    if "categorical_features" in options:
        rows = X.copy()
        rows[:, :, 1] = RNG.integers(0, 3, rows.shape[:2])
    assert_steps_agree(regressor(Y_STEPS, rows, **STEPS, **options))


def test_several_numbers_at_each_step():
    both = np.stack([Y_STEPS, -Y_STEPS], axis=2)
    assert_steps_agree(regressor(both, **STEPS))
    levels = {"loss": "quantile", "quantile": [0.1, 0.9]}
    assert_steps_agree(regressor(both, **STEPS, **levels))


@pytest.mark.parametrize("options", [{}, {"pooling": "attention"}, {"cell": "gru"}])
def test_labels_at_each_step(options):
    model = LSTMClassifier(**SHORT, **STEPS, **options)
    assert_steps_agree(model.fit(X[:N_TRAINED], LABELS_STEPS[:N_TRAINED]))


# ---------------------------------------------------------------------- what is refused


class Laplace(DistributionLoss):
    roles = ("location", "scale")

    def distribution(self, parameters):
        return torch.distributions.Laplace(*parameters.unbind(-1))


SEASONAL = {"season_length": 4, "target_features": 0, "instance_norm": "last"}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"layer_norm": True}, r"layer_norm must be False, .* Got True\."),
        ({**SEASONAL, "season": "additive"}, r"season_length .* Got 4, .*'additive'\."),
        ({**SEASONAL, "season": "multiplicative"}, r"season_length .*'multiplicative'\."),
        ({**SEASONAL, "season": "skip"}, r"season_length must be None.*'skip'\."),
        ({"loss": Laplace()}, r"loss must be one that has a name.* Got Laplace"),
    ],
)
def test_parameters_without_operators_are_named(options, match):
    with pytest.raises(NotImplementedError, match=match):
        to_onnx(regressor(**options))


def test_what_is_no_fitted_lstm_is_refused():
    with pytest.raises(TypeError, match=r"model must be an LSTMRegressor.* Got str\."):
        to_onnx("model")
    pipe = make_pipeline(SlidingWindowTransformer(4), LinearRegression())
    with pytest.raises(TypeError, match=r"Got LinearRegression at its end\."):
        to_onnx(pipe)
    with pytest.raises(NotFittedError):
        to_onnx(LSTMRegressor())


def test_windows_with_values_known_ahead_are_refused():
    pytest.importorskip("sktime", reason="the extra sktime is not installed")
    from sktime.datasets import load_airline

    from sklstm.sktime import LSTMForecaster

    y = load_airline()
    beside = y.to_frame("same")
    forecaster = LSTMForecaster(
        max_epochs=1, window_length=12, season_length=None, strategy="seq2seq"
    )
    forecaster.fit(y, X=beside, fh=[1, 2])
    with pytest.raises(TypeError, match=r"Got LSTMForecaster\."):
        to_onnx(forecaster)
    with pytest.raises(NotImplementedError, match=r"X must have nothing known ahead"):
        to_onnx(lstm_of(forecaster))


def test_every_parameter_of_the_network_is_written_or_refused():
    written = {
        "hidden_size", "num_layers", "bidirectional", "cell", "instance_norm",
        "patch_length", "convolution", "conv_filters", "conv_kernel_sizes",
        "squeeze_excite", "embedding_size", "pooling", "head_sizes",
    }  # fmt: skip
    of_training = {"dropout", "memory_length"}
    assert set(NETWORK) == written | of_training | {"layer_norm"}


def test_onnx_is_named_where_it_is_missing(monkeypatch):
    model = regressor()
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ImportError, match=r"to_onnx needs onnx\. .*sklstm\[onnx\]"):
        to_onnx(model)


def test_windows_of_a_function_are_sequences_too():
    windows, y = sliding_windows(X[0], X[0, :, 0], window_length=3)
    model = LSTMRegressor(**SHORT).fit(windows, y)
    found = started(model)(np.asarray(windows))["prediction"]
    np.testing.assert_allclose(found, model.predict(windows), rtol=1e-6)
