"""Numbers of whole series: the last layer is solved anew by default."""

import numpy as np
from sktime.datasets import load_tecator

from sklstm.sktime import LSTMTimeSeriesRegressor


def test_series_of_other_numbers_have_it_by_default():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2, 15))
    y = 3 * X[:, 0, -4] + X[:, 1].max(axis=1)
    options = {"max_epochs": 5, "random_state": 0}
    solved = LSTMTimeSeriesRegressor(**options).fit(X, y)
    trained = LSTMTimeSeriesRegressor(**options, refit_head=False).fit(X, y)
    assert np.isfinite(solved.head_penalties_).all()
    assert solved.score(X, y) > trained.score(X, y)


def test_series_unlike_those_of_training_are_not_told_nonsense():
    """A network that has hardly learnt tells targets by differences of a thousandth."""
    X, y = load_tecator(split="train", return_X_y=True, return_type="numpy3D")
    y = np.asarray(y, float)
    plain = {"convolution": None, "dropout": 0.0, "hidden_size": 32, "max_epochs": 20}
    for seed in range(3):
        model = LSTMTimeSeriesRegressor(**plain, random_state=seed).fit(X, y)
        unseen = X[:5].copy()
        unseen[0], unseen[1, :, 50:], unseen[2, :, :50] = np.nan, np.nan, np.nan
        assert np.abs(model.predict(unseen) - y.mean()).max() < 4 * y.std()
