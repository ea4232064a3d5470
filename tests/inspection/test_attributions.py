"""Attributions beside captum, by their axioms, and on tasks whose truth is known."""

import numpy as np
import pytest
import torch
from captum.attr import FeatureAblation, IntegratedGradients
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer
from sklstm.inspection import _paths, attributions
from sklstm.losses import DistributionLoss

N, T, F = 12, 7, 2


class Laplace(DistributionLoss):
    roles = ("location", "scale")

    def distribution(self, parameters):
        return torch.distributions.Laplace(*parameters.unbind(-1))


def sequences(*, missing=False, n=N, seed=0):
    X = 5 + 3 * np.random.default_rng(seed).normal(size=(n, T, F))
    if missing:
        X[0, :3] = np.nan
        X[1, [2, 5]] = np.nan
        X[2] = np.nan
        X[3, 2, 1] = np.nan
    return X


def fitted(estimator=LSTMRegressor, *, missing=False, **options):
    X = sequences(missing=missing)
    y = np.arange(N) % 3 if estimator is LSTMClassifier else np.arange(N) * 10.0
    options = {"hidden_size": 4, "max_epochs": 5, "random_state": 0} | options
    return estimator(**options).fit(X, y), X


class AsPredicted(torch.nn.Module):
    """A regressor from standardised sequences to the units of the target."""

    def __init__(self, model):
        super().__init__()
        self.network = model.module_
        self.scaling = model._model.targets.scaling

    def forward(self, z):
        output = self.network(z)[:, 0]
        return output * float(self.scaling.scale[0]) + float(self.scaling.mean[0])


def standardised(model, X):
    scaling = model._model.encoding.scaling
    return torch.tensor((X - scaling.mean) / scaling.scale, dtype=model.module_.dtype)


PARTS = [
    {},
    {"cell": "gru", "num_layers": 2, "bidirectional": True},
    {"patch_length": 3, "pooling": "attention", "head_sizes": [5]},
    {"convolution": "beside", "conv_filters": [3], "conv_kernel_sizes": [3]},
    {"layer_norm": True},
]


# Of normalised gates captum's points are too few.
@pytest.mark.parametrize("options", PARTS[:-1])
def test_integrated_gradients_are_those_of_captum(options):
    model, X = fitted(dtype="float64", **options)
    z = standardised(model, X)
    theirs = IntegratedGradients(AsPredicted(model)).attribute(z, n_steps=50)
    ours = attributions(model, X).attributions
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("options", PARTS)
def test_occlusion_is_captums_ablation(options):
    model, X = fitted(dtype="float64", **options)
    with torch.no_grad():
        theirs = FeatureAblation(AsPredicted(model)).attribute(standardised(model, X))
    ours = attributions(model, X, method="occlusion").attributions
    np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-5, atol=1e-5)


FRAMES = [
    {"instance_norm": "last", "target_features": 0},
    {"instance_norm": "standard", "target_features": 1},
    {"instance_norm": "affine", "target_features": 0},
    {"instance_norm": "standard", "target_features": ()},
    {"instance_scale": True, "target_features": 0},
    {
        "season_length": 3,
        "season": "additive",
        "instance_norm": "level",
        "target_features": 0,
    },
    {"season_length": 3, "season": "skip", "instance_norm": "level", "target_features": 0},
    {"categorical_features": 1},
    {"loss": "quantile", "quantile": [0.1, 0.4, 0.8]},
    {"loss": "gaussian"},
    {"loss": "student_t"},
    {"loss": "mixture", "n_mixtures": 2},
    {"loss": Laplace()},
    {"standardize": False},
]


@pytest.mark.parametrize("options", FRAMES)
def test_attributions_add_up_to_the_prediction(options):
    X = sequences(missing=True)
    if "categorical_features" in options:
        X = np.abs(X).round()
    model = LSTMRegressor(hidden_size=4, max_epochs=5, dtype="float64", random_state=0)
    model.set_params(**options).fit(X, np.arange(N) * 10.0)
    found = attributions(model, X)
    assert found.attributions.shape == X.shape
    np.testing.assert_allclose(found.predictions, model.predict(X), rtol=1e-9)
    span = np.ptp(found.predictions)
    assert np.abs(found.completeness_error).max() < 1e-4 * span
    assert (found.attributions[np.isnan(X).all(axis=2)] == 0).all()
    assert np.abs(found.attributions).max() > 0


def test_the_truth_of_a_known_task_is_found():
    X = np.random.default_rng(0).normal(size=(1500, 20, 2))
    y = X[:, 16, 0] + X[:, 15:20, 1].sum(axis=1)
    model = LSTMRegressor(max_epochs=40, learning_rate=0.01, random_state=0).fit(X, y)
    assert model.score(X, y) > 0.97
    truth = {(16, 0), *((t, 1) for t in range(15, 20))}
    for method in ("integrated_gradients", "occlusion"):
        size = np.abs(attributions(model, X[:200], method=method).attributions).mean(axis=0)
        order = np.argsort(size.ravel())[::-1][:6]
        assert {divmod(int(i), 2) for i in order} == truth


def test_a_level_that_is_put_back_is_attributed_to_no_step():
    walk = np.cumsum(np.random.default_rng(0).normal(size=400))
    X = np.lib.stride_tricks.sliding_window_view(walk, 10)[:-1]
    y = walk[10:]
    model = LSTMRegressor(instance_norm="last", max_epochs=5, random_state=0).fit(X, y)
    found = attributions(model, X)
    # Without a change to see the forecast is near the last value; only what differs counts.
    assert np.abs(found.baseline_predictions - X[:, -1]).max() < 1
    moved = found.predictions - found.baseline_predictions
    np.testing.assert_allclose(found.attributions.sum(axis=(1, 2)), moved, atol=1e-4)
    # The last step is the level itself: relative to it there is nothing to tell.
    assert (found.attributions[:, -1] == 0).all()


def test_a_class_is_explained_by_its_probability():
    model, X = fitted(LSTMClassifier)
    probability = model.predict_proba(X)
    found = attributions(model, X, target=2)
    np.testing.assert_allclose(found.predictions, probability[:, 2], rtol=1e-5)
    assert np.abs(found.completeness_error).max() < 1e-4
    np.testing.assert_allclose(
        attributions(model, X).predictions, probability.max(axis=1), rtol=1e-5
    )


def test_one_of_several_outputs_is_explained():
    X = sequences()
    y = np.column_stack([X[:, -1, 0], 100 * X[:, 0, 1]])
    model = LSTMRegressor(max_epochs=5, random_state=0).fit(X, y)
    for target in (0, 1):
        found = attributions(model, X, target=target)
        np.testing.assert_allclose(
            found.predictions, model.predict(X)[:, target], rtol=1e-5
        )
    with pytest.raises(
        ValueError, match=r"target must be the number of one of the 2.*None"
    ):
        attributions(model, X)


def test_a_baseline_is_a_sequence_to_compare_with():
    model, X = fitted(missing=True, dtype="float64")
    other = sequences(seed=1)[:1]
    found = attributions(model, X, baseline=other)
    complete = ~np.isnan(X).any(axis=(1, 2))
    np.testing.assert_allclose(
        found.baseline_predictions[complete], model.predict(other)[0], rtol=1e-9
    )
    assert np.abs(found.completeness_error).max() < 1e-4
    mean = model._model.encoding.scaling.mean
    np.testing.assert_allclose(
        attributions(model, X, baseline=mean).attributions,
        attributions(model, X).attributions,
        atol=1e-9,
    )
    assert not attributions(model, X[4:6], baseline=X[4:6]).attributions.any()


def test_flat_sequences_and_rows_are_explained():
    flat = sequences()[:, :, 0]
    model = LSTMRegressor(max_epochs=2, random_state=0).fit(flat, flat[:, 0])
    assert attributions(model, flat, baseline=flat[0]).attributions.shape == (N, T, 1)
    rows = np.random.default_rng(0).normal(size=(300, 2))
    pipeline = make_pipeline(
        SlidingWindowTransformer(window_length=4),
        LSTMRegressor(max_epochs=2, random_state=0),
    ).fit(rows, rows[:, 0])
    found = attributions(pipeline, rows)
    assert found.attributions.shape == (300, 4, 2)
    np.testing.assert_allclose(found.predictions, pipeline.predict(rows), rtol=1e-5)
    assert (found.attributions[0, :3] == 0).all()


def test_gradients_flow_whatever_the_caller_has_set():
    model, X = fitted()
    model.module_.zero_grad()
    expected = attributions(model, X).attributions
    with torch.no_grad():
        np.testing.assert_array_equal(attributions(model, X).attributions, expected)
    with torch.inference_mode():
        np.testing.assert_array_equal(attributions(model, X).attributions, expected)
    assert all(parameter.grad is None for parameter in model.module_.parameters())


def test_gradients_that_change_fast_are_followed_in_steps():
    # Normalised gates turn sharply near the baseline: 50 points miss more than all of it.
    model, X = fitted(layer_norm=True, dtype="float64")
    found = attributions(model, X)
    most = np.abs(found.predictions - found.baseline_predictions).max()
    assert np.abs(found.completeness_error).max() < 0.01 * most
    # Finer steps come to the same.
    again = attributions(model, X, n_points=200)
    np.testing.assert_allclose(again.attributions, found.attributions, atol=0.02 * most)


def test_attributions_that_do_not_add_up_are_told(monkeypatch):
    monkeypatch.setattr(_paths, "MOST_STEPS", 0)
    model, X = fitted(layer_norm=True, dtype="float64")
    with pytest.warns(UserWarning, match=r"Attributions are off by .* n_points=50\. Raise"):
        attributions(model, X)


def test_bad_arguments_are_told():
    model, X = fitted()
    flat = X[:, :, 0]
    logarithmic = TransformedTargetRegressor(
        LSTMRegressor(max_epochs=1), func=np.log, inverse_func=np.exp
    ).fit(flat, np.arange(1.0, N + 1))
    with pytest.raises(
        TypeError, match="estimator must say its target as the network does"
    ):
        attributions(logarithmic, flat)
    with pytest.raises(ValueError, match=r"method must be .* Got 'lime'"):
        attributions(model, X, method="lime")
    with pytest.raises(ValueError, match=r"n_points must be an int of at least 1\. Got 0"):
        attributions(model, X, n_points=0)
    for target in (1, -1, "price", 0.0, True):
        with pytest.raises(ValueError, match="target must be the number of one of the 1"):
            attributions(model, X, target=target)
    with pytest.raises(ValueError, match=r"baseline must broadcast to .* Got shape \(5,\)"):
        attributions(model, X, baseline=np.zeros(5))
    with pytest.raises(ValueError, match="baseline must be finite where X is observed"):
        attributions(model, X, baseline=np.full(X.shape, np.nan))
    classifier, X = fitted(LSTMClassifier)
    with pytest.raises(ValueError, match=r"target must be one of the classes, \[0, 1, 2\]"):
        attributions(classifier, X, target=7)
