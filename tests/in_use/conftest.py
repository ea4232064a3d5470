import numpy as np
import pytest


@pytest.fixture
def series():
    """Rows of two features; the target needs this row and the one before."""
    X = np.random.default_rng(0).normal(size=(90, 2))
    y = 3 + 2 * X[:, 0] + np.r_[0, X[:-1, 0]]
    return X, y


@pytest.fixture
def sequences():
    """Independent sequences of two classes."""
    X = np.random.default_rng(1).normal(size=(90, 6))
    return X, np.where(X[:, -2:].sum(axis=1) > 0, "up", "down")
