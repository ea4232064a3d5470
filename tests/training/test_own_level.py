"""The level of a sequence read by the head, where outputs forecast no feature."""

import numpy as np
import pytest
import torch

from sklstm import LSTMRegressor
from sklstm.network import InstanceNorm
from sklstm.training._linear_start import believed_slopes


def sequences(rng, n=200, scale=1.0):
    """Sequences of two features, with gaps; each has a level and a spread."""
    level, spread = rng.normal(size=(n, 1, 2)), rng.uniform(0.5, 2, (n, 1, 2))
    X = scale * (5 + level + spread * rng.normal(size=(n, 20, 2)))
    X[rng.random((n, 20)) < 0.1] = np.nan
    return X


@pytest.mark.parametrize("method", ["last", "standard"])
@pytest.mark.parametrize("weighted", [True, False])
def test_levels_are_described_as_by_plain_numpy(method, weighted):
    rng = np.random.default_rng(0)
    X = rng.normal(3, 2, size=(30, 8, 2)) * rng.uniform(0.5, 3, size=(30, 1, 1))
    weight = rng.uniform(size=30) if weighted else None
    norm = InstanceNorm(method, 2, [], [], torch.float64, describes=True)
    x, w = torch.from_numpy(X), None if weight is None else torch.from_numpy(weight)
    parts = [slice(0, 7), slice(7, 30)]
    norm.learn((x[p], None, x[p, 0, :1], None if w is None else w[p]) for p in parts)
    center = X[:, -1] if method == "last" else X.mean(axis=1)
    spread = np.ones_like(center) if method == "last" else X.std(axis=1)
    z = np.stack([center, np.log(spread)], axis=1)
    mean = np.average(z, axis=0, weights=weight)
    deviation = np.sqrt(np.average((z - mean) ** 2, axis=0, weights=weight))
    deviation[deviation == 0] = 1
    expected = ((z - mean) / deviation).clip(-4, 4).reshape(30, -1)
    np.testing.assert_allclose(norm.described(norm.level(x, None)), expected, atol=1e-12)
    assert norm.n_described == 4


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_nothing_of_the_level_is_lost(scale):
    rng = np.random.default_rng(0)
    X = sequences(rng, scale=scale)
    y = np.nanmean(X[:, :, 0], axis=1) - np.nanmean(X[:, :, 1], axis=1)
    model = LSTMRegressor(
        instance_norm="standard", target_features=(), max_epochs=60, random_state=0
    ).fit(X[:150], y[:150])
    assert model.score(X[150:], y[150:]) > 0.99


@pytest.mark.parametrize("n", [3, 4, 30])
def test_slopes_are_believed_as_far_as_they_are_more_than_chance(n):
    rng = np.random.default_rng(n)
    x, weight = rng.normal(size=(n, 2)), rng.uniform(size=n)
    y = np.c_[3 * x[:, 0] - x[:, 1] + rng.normal(size=n), rng.normal(size=n)]
    y[n // 2 :: 7, 1] = np.nan
    found = believed_slopes(*(torch.from_numpy(a) for a in (x, y, weight)))
    for j in range(2):
        seen = ~np.isnan(y[:, j])
        m, w = seen.sum(), weight[seen] / weight[seen].sum()
        if m <= 3:
            np.testing.assert_array_equal(found[j], 0)
            continue
        A = np.c_[np.ones(m), x[seen]]
        beta = np.linalg.solve(A.T @ (w[:, None] * A), A.T @ (w * y[seen, j]))
        rest = w @ (y[seen, j] - A @ beta) ** 2
        total = w @ (y[seen, j] - w @ y[seen, j]) ** 2
        F = ((total - rest) / 2) / (rest / (m - 3))
        np.testing.assert_allclose(found[j], max(0, 1 - 1 / F) * beta[1:], atol=1e-10)


def test_the_head_begins_with_what_levels_tell():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 9)) + rng.normal(size=(100, 1))
    y = 7 * X.mean(axis=1)
    for loss in ("squared_error", "quantile", "student_t"):
        model = LSTMRegressor(
            instance_norm="standard",
            target_features=(),
            loss=loss,
            quantile=[0.1, 0.5, 0.9] if loss == "quantile" else 0.5,
            max_epochs=1,
            learning_rate=1e-30,
            random_state=0,
        ).fit(X, y)
        assert np.corrcoef(model.predict(X), y)[0, 1] > 0.95


def test_what_a_sequence_does_is_learnt_whatever_its_level():
    """Levels a thousand times the changes: seen as they are, these are nothing."""
    rng = np.random.default_rng(0)
    level = 1000 * rng.normal(size=(300, 1))
    wave = rng.uniform(-1, 1, 300)[:, None]
    X = level + wave * np.sin(np.arange(16)) + 0.1 * rng.normal(size=(300, 16))
    y = wave[:, 0]
    options = {"max_epochs": 30, "random_state": 0}
    plain = LSTMRegressor(**options).fit(X[:200], y[:200])
    model = LSTMRegressor(**options, instance_norm="standard", target_features=[])
    model.fit(X[:200], y[:200])
    assert plain.score(X[200:], y[200:]) < 0.5
    assert model.score(X[200:], y[200:]) > 0.8


def test_a_far_level_is_not_believed():
    rng = np.random.default_rng(0)
    X = sequences(rng)
    y = np.nanmean(X[:, :, 0], axis=1)
    model = LSTMRegressor(
        instance_norm="standard", target_features=(), max_epochs=5, random_state=0
    ).fit(X, y)
    odd = np.stack([X[0] + 1e6, np.zeros_like(X[0]), np.full_like(X[0], np.nan)])
    predicted = model.predict(odd)
    assert np.abs(predicted - y.mean()).max() < 10 * y.std()


def test_categories_have_no_level():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 8, 2))
    X[:, :, 1] = rng.integers(3, size=(60, 8))
    model = LSTMRegressor(
        instance_norm="standard",
        target_features=(),
        categorical_features=1,
        max_epochs=2,
        random_state=0,
    ).fit(X, X[:, :, 0].mean(axis=1))
    assert model.module_.normaliser.n_described == 2


@pytest.mark.parametrize(
    "options", [{"instance_scale": True}, {"season_length": 4}], ids=str
)
def test_what_is_given_back_needs_a_feature(options):
    (name,) = options
    model = LSTMRegressor(target_features=(), **options)
    with pytest.raises(ValueError, match=f"target_features must name .* with {name}"):
        model.fit(np.zeros((9, 8)), np.arange(9.0))
