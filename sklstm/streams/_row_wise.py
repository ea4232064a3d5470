"""Steps of a pipeline that look at other rows than the one that they transform."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

# The first rows, which are also transformed together with those before them.
N_PROBED = 32
# How far the same row may lie apart, alone and among others: products of matrices of
# another size round otherwise.
TOLERANCE = 1e-5


def is_trusted(step: Any) -> bool:
    """Tell whether a step is known to transform each row by itself.

    Parameters
    ----------
    step : transformer or str
        scikit-learn's own do so, but for functions of the user's; so do steps that are made
        of such.

    Returns
    -------
    is_trusted : bool

    Examples
    --------
    >>> from sklearn.preprocessing import FunctionTransformer, StandardScaler
    >>> is_trusted(StandardScaler()), is_trusted(FunctionTransformer(np.cumsum))
    (True, False)
    """
    if isinstance(step, str) or step is None:
        return True
    if isinstance(step, FrozenEstimator):
        return is_trusted(step.estimator)
    if isinstance(step, Pipeline):
        return all(is_trusted(part) for _, part in step.steps)
    if isinstance(step, FeatureUnion):
        return all(is_trusted(part) for _, part in step.transformer_list)
    if isinstance(step, ColumnTransformer):
        return all(is_trusted(part) for _, part, _ in step.transformers_)
    if isinstance(step, FunctionTransformer):
        return step.func is None and step.inverse_func is None
    return type(step).__module__.startswith("sklearn.")


class RowWise:
    """A check that a step transforms each row by itself.

    It runs the step on made-up rows, and on the first rows of the stream: alone and
    together with the rows before. What a step does with other rows than these, it cannot
    know.

    Parameters
    ----------
    name : str
        Of the step, for messages.
    step : transformer
        Fitted.
    method : str, default="transform"
        Or "inverse_transform", of a transformer of targets.
    """

    def __init__(self, name: str, step: Any, method: str = "transform") -> None:
        self.name = name
        self.step = step
        self.transform = getattr(step, method)
        # The first rows, and what the step has made of each.
        self.seen: list[Any] = []
        self.alone: list[NDArray[Any]] = []

    def on_made_up_rows(self) -> None:
        """Look at rows of random numbers, if the step takes such.

        Raises
        ------
        ValueError
            If it looks at other rows.
        """
        n_features = getattr(self.step, "n_features_in_", None)
        if n_features is None:
            return
        rows = np.random.default_rng(0).normal(size=(N_PROBED, n_features)).cumsum(axis=0)
        table: Any = rows
        names = getattr(self.step, "feature_names_in_", None)
        if names is not None:
            import pandas as pd

            table = pd.DataFrame(rows, columns=names)
        self.on_table(table)

    def on_table(self, table: Any) -> None:
        """Look at rows, or windows, all together and each alone; if the step takes such.

        Parameters
        ----------
        table : array-like of shape (n_rows, ...)

        Raises
        ------
        ValueError
            If it looks at other rows.
        """
        pieces = [table[i : i + 1] for i in range(len(table))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                together = as_values(self.transform(table))
                alone = [as_values(self.transform(piece)) for piece in pieces]
            except Exception:  # it wants others; a stream has some
                return
        self._compare(alone, together)

    def on_row(self, row: Any, transformed: Any) -> None:
        """Look at one of the first rows of the stream.

        Parameters
        ----------
        row : array-like of shape (1, n_columns)
            As the step takes it.
        transformed : array-like of shape (1, n_features)
            What it made of it.

        Raises
        ------
        ValueError
            If it makes something else of it after other rows.
        """
        if len(self.alone) == N_PROBED:
            self.seen.clear()
            return
        self.seen.append(row)
        self.alone.append(as_values(transformed))
        self._compare(self.alone, as_values(self.transform(stacked(self.seen))))

    def _compare(self, alone: list[NDArray[Any]], together: NDArray[Any]) -> None:
        if all(len(row) == 1 for row in alone) and is_near(np.concatenate(alone), together):
            return
        raise ValueError(
            f"model must transform each row, and each window, by itself. Got the step"
            f" {self.name!r}, {type(self.step).__name__}, which gives something else for"
            " one alone than after others. Compute such features before the stream, and"
            " give them as columns of its rows."
        )


def as_values(X: Any) -> NDArray[Any]:
    """Give what a step has made as an array."""
    return np.asarray(X.toarray() if hasattr(X, "toarray") else X)


def stacked(rows: list[Any]) -> Any:
    """Put rows one under the other.

    Parameters
    ----------
    rows : list of array-like of shape (1, n_columns)
        All of one kind.

    Returns
    -------
    table : array-like of shape (n_rows, n_columns)
    """
    if hasattr(rows[0], "iloc"):
        import pandas as pd

        return pd.concat(rows)
    if hasattr(rows[0], "columns"):
        import polars as pl

        return pl.concat(rows)
    if hasattr(rows[0], "toarray"):
        return np.concatenate([row.toarray() for row in rows])
    return np.concatenate(rows)


def is_near(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Tell whether two tables hold the same but for rounding.

    Parameters
    ----------
    one, other : ndarray of shape (n_rows, n_columns)

    Returns
    -------
    is_near : bool
    """
    if one.shape != other.shape:
        return False
    try:
        a, b = one.astype(np.float64), other.astype(np.float64)
    except (TypeError, ValueError):
        return bool((one == other).all())
    with np.errstate(invalid="ignore"):
        size = np.nanmax(np.abs(b), initial=0.0)
    return bool(np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE * size, equal_nan=True))
