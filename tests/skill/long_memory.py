"""Tasks that nothing but a long memory solves, after Hochreiter and Schmidhuber (1997)."""

import numpy as np

# Symbols to be copied, and how many kinds of them there are.
N_SYMBOLS, N_KINDS = 5, 4


def adding(n_samples, n_steps, seed):
    """Random values of which two are marked, one in each half; their sum."""
    rng = np.random.default_rng(seed)
    values = rng.uniform(size=(n_samples, n_steps))
    marks = np.zeros_like(values)
    half = n_steps // 2
    places = rng.integers([0, half], [half, n_steps], size=(n_samples, 2))
    np.put_along_axis(marks, places, 1, axis=1)
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1)


def copying(n_samples, n_steps, seed):
    """Symbols, then blank steps; the symbols, each as a row of zeros and a one."""
    rng = np.random.default_rng(seed)
    symbols = rng.integers(N_KINDS, size=(n_samples, N_SYMBOLS))
    one_hot = np.eye(N_KINDS)[symbols]
    X = np.zeros((n_samples, N_SYMBOLS + n_steps, N_KINDS))
    X[:, :N_SYMBOLS] = one_hot
    return X, one_hot.reshape(n_samples, -1)


def share_explained(y_true, y_pred):
    """Share of the variance of the sum that is explained."""
    return 1 - np.mean((y_true - y_pred) ** 2) / y_true.var()


def share_copied(y_true, y_pred):
    """Share of the symbols that are right, beyond what guessing gets."""
    shape = (-1, N_SYMBOLS, N_KINDS)
    right = y_true.reshape(shape).argmax(2) == y_pred.reshape(shape).argmax(2)
    return (right.mean() - 1 / N_KINDS) / (1 - 1 / N_KINDS)
