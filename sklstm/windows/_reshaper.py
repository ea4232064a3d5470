"""Flat columns that hold several features, read as sequences."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from ..fitting._callbacks import CallbackSupportMixin, fit_task
from ..fitting._numbers import integer
from ..fitting._one_step import as_it_stands, in_one_step
from ..fitting._pickling import VersionedPickle
from ._columns import column_numbers
from ._features import refuse_times, unmasked


class SequenceReshaper(CallbackSupportMixin, TransformerMixin, VersionedPickle):
    """Turn 2-D columns that hold several features into 3-D sequences, in a pipeline.

    Parameters
    ----------
    n_features : int, default=1
        Number of features, the last axis of the output.
    layout : {"time-major", "feature-major"}, default="time-major"
        Order of the columns: all features of a step together (``a1 b1 a2 b2 a3 b3``), or
        all steps of a feature together (``a1 a2 a3 b1 b2 b3``).
    newest_first : bool, default=False
        Whether time runs backwards in the columns. The output's never does.
    static : int, str, array-like of int, str or bool, or None, default=None
        Columns that hold one value for a whole sequence, such as what is known of the step
        to forecast: by position (negative from the end), by name, or as a mask with one
        bool per column. They become features of their own, after the others and in the
        order given, and stand at each step.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the columns, if X had names that are all strings.
    n_timesteps_ : int
        Number of steps of the output.

    Examples
    --------
    >>> from sklstm import SequenceReshaper
    >>> X = [[1, 2, 3, 10, 20, 30]]
    >>> SequenceReshaper(n_features=2, layout="feature-major").fit_transform(X)
    array([[[ 1, 10],
            [ 2, 20],
            [ 3, 30]]])
    >>> SequenceReshaper(n_features=2, newest_first=True).fit_transform(X)
    array([[[20, 30],
            [ 3, 10],
            [ 1,  2]]])
    >>> SequenceReshaper(newest_first=True, static=[-1]).fit_transform([[3, 2, 1, 50]])
    array([[[ 1, 50],
            [ 2, 50],
            [ 3, 50]]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_features": [integer(1)],
        "layout": [StrOptions({"time-major", "feature-major"})],
        "newest_first": ["boolean"],
        "static": [integer(), str, "array-like", None],
    }

    def __init__(
        self,
        n_features: int = 1,
        *,
        layout: Literal["time-major", "feature-major"] = "time-major",
        newest_first: bool = False,
        static: Any = None,
    ) -> None:
        self.n_features = n_features
        self.layout = layout
        self.newest_first = newest_first
        self.static = static

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> SequenceReshaper:
        """Check that the columns divide into features.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps * n_features)
            Flat sequences.
        y : None
            Ignored.

        Returns
        -------
        self : SequenceReshaper

        Raises
        ------
        ValueError
            If the number of columns is no multiple of `n_features`.
        """
        with in_one_step(self) as draft, fit_task(self, X, y):
            columns = np.arange(draft._read(X, reset=True).shape[1])
            static = draft._static_columns(columns)
            n_columns = len(columns) - len(static)
            if not n_columns or n_columns % self.n_features:
                besides = f" besides {len(static)} static ones" if len(static) else ""
                raise ValueError(
                    f"X must have a multiple of n_features={self.n_features} columns"
                    f"{besides}. Got {len(columns)} columns instead."
                )
            draft.n_timesteps_ = n_columns // self.n_features
            draft._static = static
            draft._dynamic = np.setdiff1d(columns, static)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Reshape the columns; a view where the memory allows it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps * n_features)
            Flat sequences.

        Returns
        -------
        sequences : ndarray of shape (n_samples, n_timesteps, n_features)
        """
        check_is_fitted(self)
        return as_it_stands(self)._reshape(X)

    def _reshape(self, X: ArrayLike) -> NDArray[Any]:
        X = self._read(X, reset=False)
        shape = (len(X), self.n_timesteps_, self.n_features)
        steps = X[:, self._dynamic] if len(self._static) else X
        if self.layout == "time-major":
            sequences = steps.reshape(shape)
        else:
            sequences = steps.reshape(len(X), *shape[:0:-1]).transpose(0, 2, 1)
        if self.newest_first:
            sequences = sequences[:, ::-1]
        if not len(self._static):
            return sequences
        static = np.broadcast_to(X[:, None, self._static], (*shape[:2], len(self._static)))
        return np.concatenate([sequences, static], axis=2)

    def _static_columns(self, columns: NDArray[np.intp]) -> NDArray[np.intp]:
        """Find the columns that `static` names."""
        found = column_numbers(
            self.static,
            len(columns),
            getattr(self, "feature_names_in_", None),
            parameter="static",
            from_end=True,
        )
        if len(set(found)) < len(found):
            raise ValueError(f"static must name each column once. Got {self.static}.")
        return np.array(found, dtype=np.intp)

    def _read(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        refuse_times(X)
        X = unmasked(X)
        return validate_data(
            self, X, reset=reset, dtype="numeric", ensure_all_finite="allow-nan"
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
