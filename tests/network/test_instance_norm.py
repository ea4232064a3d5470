"""Levels taken out and put back, against plain NumPy."""

import numpy as np
import pytest
import torch

from sklstm import LSTMClassifier, LSTMRegressor, sliding_windows
from sklstm.network import InstanceNorm


def levels(method, x):
    """Center and spread of the observed steps of one feature."""
    if method == "last":
        return x[-1], 1.0
    if method == "level":
        weights = 0.5 ** np.arange(len(x) - 1, -1, -1)
        return weights @ x / weights.sum(), 1.0
    return x.mean(), x.std()


@pytest.mark.parametrize("method", ["last", "level", "standard"])
def test_normalised_and_restored_equal_the_equations(method):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 8, 3)) * 10 + 3
    lengths = np.array([8, 3, 5, 1, 8])
    norm = InstanceNorm(method, 3, [], [0, 2] * 2, torch.float64)
    norm.input_scale.copy_(torch.tensor([2.0, 1.0, 3.0]))
    norm.output_scale.copy_(torch.tensor([5.0, 6.0, 5.0, 6.0]))
    z, level = norm(torch.from_numpy(x), torch.from_numpy(lengths))
    output = rng.normal(size=(5, 4))
    restored = norm.restore(torch.from_numpy(output), level).numpy()
    for i, n in enumerate(lengths):
        for feature, scale in ((0, 2.0), (2, 3.0)):
            center, spread = levels(method, x[i, :n, feature])
            if n > 1 or method != "standard":
                expected = (x[i, :n, feature] - center) / (spread * scale)
                np.testing.assert_allclose(z[i, :n, feature], expected, rtol=1e-6)
        np.testing.assert_array_equal(z[i, :, 1], x[i, :, 1])
        for j, feature in enumerate([0, 2, 0, 2]):
            center, spread = levels(method, x[i, :n, feature])
            expected = center + spread * norm.output_scale[j].item() * output[i, j]
            np.testing.assert_allclose(restored[i, j], expected, rtol=1e-4)


@pytest.mark.parametrize("method", ["last", "level", "standard"])
def test_learnt_constants_make_inputs_and_changes_of_size_one(method):
    rng = np.random.default_rng(0)
    walk = rng.normal(size=(400, 2)).cumsum(axis=0) * [0.01, 5]
    x = np.lib.stride_tricks.sliding_window_view(walk, 10, axis=0)[:-2].swapaxes(1, 2)
    y = np.concatenate([walk[10:-1], walk[11:]], axis=1)
    y[::7, 1] = np.nan
    norm = InstanceNorm(method, 2, [], [0, 1, 0, 1], torch.float64)
    tensors = [torch.from_numpy(np.ascontiguousarray(a)) for a in (x, y)]
    halves = [(tensors[0][i::2], None, tensors[1][i::2], None) for i in (0, 1)]
    norm.learn(halves)
    z, level = norm(tensors[0], None)
    weight = (level.spread**2)[:, None]
    size = ((z**2 * weight).mean(dim=(0, 1)) / weight.mean(dim=(0, 1))).sqrt()
    torch.testing.assert_close(size, torch.ones(2, dtype=torch.float64))
    for feature in range(2):
        columns = [feature, feature + 2]
        change = y[:, columns] - level.center[:, [feature]].numpy()
        spread = np.where(np.isnan(change), np.nan, level.spread[:, [feature]].numpy())
        expected = np.sqrt(np.nansum(change**2) / np.nansum(spread**2))
        np.testing.assert_allclose(norm.output_scale[columns], expected)


def test_a_sequence_of_no_step_and_a_constant_one_stay_finite():
    norm = InstanceNorm("standard", 1, [], [0], torch.float32)
    x = torch.full((2, 4, 1), 7.0)
    z, level = norm(x, torch.tensor([0, 4]))
    assert level.center[:, 0].tolist() == [0.0, 7.0]
    assert torch.isfinite(z[1]).all()
    assert (z[1] == 0).all()


@pytest.mark.parametrize("instance_norm", ["last", "standard"])
@pytest.mark.parametrize("standardize", [True, False])
def test_a_trend_goes_on_where_it_was_never_seen(instance_norm, standardize):
    series = np.arange(300.0) + 5 * np.sin(np.arange(300.0) / 3)
    X, y = sliding_windows(series, window_length=20, horizon=2)
    model = LSTMRegressor(
        instance_norm=instance_norm, standardize=standardize, random_state=0
    )
    model.fit(X[:200], y[:200])
    error = np.abs(model.predict(X[240:]) - y[240:]).max()
    without = LSTMRegressor(random_state=0).fit(X[:200], y[:200])
    assert error < 1.5
    assert np.abs(without.predict(X[240:]) - y[240:]).max() > 10 * error


def test_outputs_follow_the_features_they_forecast():
    rng = np.random.default_rng(0)
    series = np.c_[np.arange(200.0), rng.normal(size=200), -3 * np.arange(200.0) + 1000]
    X, y = sliding_windows(series, series[:, [0, 2]], window_length=5, horizon=1)
    model = LSTMRegressor(instance_norm="last", target_features=[0, 2], random_state=0)
    shifted = X + np.array([500.0, 0.0, -900.0])
    model.fit(X, y)
    np.testing.assert_allclose(
        model.predict(shifted) - model.predict(X), np.tile([500.0, -900.0], (len(X), 1)),
        atol=1e-2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("target_features", "message"),
    [
        (None, "target_features must tell which .* Got None, with 2 features"),
        (2, "target_features must be features of X, from 0 to 1"),
        ([0, 1], "number divides that of the outputs, 3"),
        (["a"], "target_features must be features of X"),
    ],
)
def test_features_that_do_not_fit_are_named(target_features, message):
    model = LSTMRegressor(instance_norm="last", target_features=target_features)
    X, y = np.zeros((10, 4, 2)), np.zeros((10, 3))
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert not hasattr(model, "net_")


def test_a_warm_start_keeps_the_normalisation():
    X, y = sliding_windows(np.arange(50.0), window_length=5)
    model = LSTMRegressor(instance_norm="last", warm_start=True, max_epochs=1).fit(X, y)
    with pytest.raises(ValueError, match="instance_norm must stay"):
        model.set_params(instance_norm=None).fit(X, y)


def test_an_affine_norm_is_trained_and_taken_back():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, 8, 2)) * 10 + 3
    norm = InstanceNorm("affine", 2, [], [0, 0], torch.float64)
    with torch.no_grad():
        norm.log_weight.copy_(torch.tensor([2.0, 3.0]).log())
        norm.bias.copy_(torch.tensor([0.5, 4.0]))
        norm.output_scale.copy_(torch.tensor([5.0, 5.0]))
        z, level = norm(torch.from_numpy(x), None)
        output = rng.normal(size=(5, 2))
        restored = norm.restore(torch.from_numpy(output), level).numpy()
    for i in range(5):
        center, spread = levels("standard", x[i, :, 0])
        expected = 2 * (x[i, :, 0] - center) / spread + 0.5
        np.testing.assert_allclose(z[i, :, 0], expected, rtol=1e-6)
        np.testing.assert_array_equal(z[i, :, 1], x[i, :, 1])
        expected = center + spread * 5 * (output[i] - 0.5) / 2
        np.testing.assert_allclose(restored[i], expected, rtol=1e-6)


def test_an_affine_norm_learns_beside_missing_values():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(5, 8, 2)))
    x[0, 0, 0] = x[1, :, 0] = x[2, :3, 1] = torch.nan
    norm = InstanceNorm("affine", 2, [], [], torch.float64)
    norm(x, None)[0].nan_to_num(0.0).square().sum().backward()
    for weight in norm.parameters():
        assert weight.grad.isfinite().all()
        assert (weight.grad != 0).all()
    model = LSTMRegressor(
        hidden_size=3, max_epochs=2, instance_norm="affine", target_features=1
    )
    y = x[:, -1, 1].numpy()
    assert np.isfinite(model.fit(x.numpy(), y).predict(x.numpy())).all()


@pytest.mark.parametrize("method", ["last", "standard", "affine"])
def test_a_classifier_sees_no_level(method):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 12, 2))
    y = X[:, -1, 0] > X[:, 0, 0]
    model = LSTMClassifier(instance_norm=method, max_epochs=60, random_state=0).fit(X, y)
    shifted = X + rng.normal(scale=100, size=(60, 1, 2))
    np.testing.assert_allclose(
        model.predict_proba(shifted), model.predict_proba(X), atol=1e-3
    )
    assert model.score(X, y) > 0.8


def test_categories_have_no_level():
    rng = np.random.default_rng(0)
    X = np.stack([rng.normal(size=(60, 12)), rng.integers(3, size=(60, 12))], axis=2)
    y = X[:, 5, 1] == 2
    model = LSTMClassifier(
        instance_norm="standard", categorical_features=1, max_epochs=2, random_state=0
    ).fit(X, y)
    assert model.module_.normaliser.has_level.tolist() == [True, False]
