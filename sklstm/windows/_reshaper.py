"""Flat columns that hold several features, read as sequences."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Literal

from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from .._callback_support import CallbackSupportMixin, fit_task


class SequenceReshaper(CallbackSupportMixin, TransformerMixin, BaseEstimator):
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
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "layout": [StrOptions({"time-major", "feature-major"})],
        "newest_first": ["boolean"],
    }

    def __init__(
        self,
        n_features: int = 1,
        *,
        layout: Literal["time-major", "feature-major"] = "time-major",
        newest_first: bool = False,
    ) -> None:
        self.n_features = n_features
        self.layout = layout
        self.newest_first = newest_first

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
        with fit_task(self, X, y):
            n_columns = self._read(X, reset=True).shape[1]
            if n_columns % self.n_features:
                raise ValueError(
                    f"X must have a multiple of n_features={self.n_features} columns. Got"
                    f" {n_columns} columns instead."
                )
            self.n_timesteps_ = n_columns // self.n_features
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
        X = self._read(X, reset=False)
        if self.layout == "time-major":
            sequences = X.reshape(len(X), self.n_timesteps_, self.n_features)
        else:
            flat = X.reshape(len(X), self.n_features, self.n_timesteps_)
            sequences = flat.transpose(0, 2, 1)
        return sequences[:, ::-1] if self.newest_first else sequences

    def _read(self, X: ArrayLike, *, reset: bool) -> NDArray[Any]:
        return validate_data(
            self, X, reset=reset, dtype="numeric", ensure_all_finite="allow-nan"
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
