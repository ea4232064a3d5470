"""Sliding windows as a scikit-learn transformer: rows in, as many windows out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from .._callback_support import CallbackSupportMixin, fit_task
from ._segments import Gaps, find_segments, learn_step, time_index_of
from ._windows import Padding, Windows


@dataclass(frozen=True)
class _Rows:
    """Rows with what is known of their series and time."""

    values: NDArray[Any]
    groups: NDArray[Any] | None
    time: Any

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: Any) -> _Rows:
        groups = None if self.groups is None else self.groups[index]
        time = None if self.time is None else self.time[index]
        return _Rows(self.values[index], groups, time)

    def followed_by(self, later: _Rows) -> _Rows:
        groups = None
        if self.groups is not None and later.groups is not None:
            groups = np.concatenate([self.groups, later.groups])
        both_timed = self.time is not None and later.time is not None
        time = self.time.append(later.time) if both_timed else later.time
        return _Rows(np.concatenate([self.values, later.values]), groups, time)

    def tail(self, n: int) -> _Rows:
        """Give the last `n` rows of each group."""
        if self.groups is None:
            return self[max(0, len(self) - n) :]
        keep = np.zeros(len(self), dtype=bool)
        for label in np.unique(self.groups):
            members = np.flatnonzero(self.groups == label)
            keep[members[max(0, len(members) - n) :]] = True
        return self[keep]

    def before(self, later: _Rows, n: int) -> _Rows:
        """Keep of these tails of `n` rows those that may stand before `later`."""
        if not len(self):
            return self
        if later.time is None:
            fitted = np.array_equal(later.tail(n).values, self.values, equal_nan=True)
            return self[:0] if fitted else self
        if self.time is None or type(self.time) is not type(later.time):
            raise ValueError(
                "X must have the same kind of index at fit and transform when"
                f" context='fit': expected {type(self.time).__name__}, got"
                f" {type(later.time).__name__}."
            )
        if self.groups is None or later.groups is None:
            return self if self.time[-1] < later.time.min() else self[:0]
        keep = np.ones(len(self), dtype=bool)
        for label in np.unique(self.groups):
            here, there = self.groups == label, later.groups == label
            if there.any() and self.time[here].max() >= later.time[there].min():
                keep[here] = False
        return self[keep]


def _makes_columns(transformer: SlidingWindowTransformer) -> bool:
    return transformer.output == "2d"


class SlidingWindowTransformer(CallbackSupportMixin, TransformerMixin, BaseEstimator):
    """Turn rows of a time series into the windows that end at each row.

    Row ``i`` of the output holds rows ``i - window_length + 1`` to ``i`` of the input and
    nothing later, so that no future leaks into it. There are as many rows out as in: the
    output stays aligned with ``y`` in a plain `Pipeline`, its scorers and
    `cross_val_predict`.

    Parameters
    ----------
    window_length : int, default=10
        Number of rows in a window, the current one included. Not used if `lags` is given.
    lags : sequence of int or None, default=None
        Chosen lags in place of a whole window: 0 is the current row, 1 the one before.
        They are put in order, oldest first, whatever order they come in.
    output : {"3d", "2d"}, default="3d"
        "3d" gives shape ``(n_rows, n_timesteps, n_features)``, oldest step first, without
        storing the windows: for one series and a whole window a read-only view of an
        array, else `~sklstm.windows.Windows`, which gathers when it is indexed. "2d" gives
        flat columns ``price_lag_2, volume_lag_2, price_lag_1, ...`` for any regressor.
    padding : {"nan", "edge"} or float, default="nan"
        What stands before the start of a series: NaN, which the estimators of this
        package read as unobserved; the series' first row; or a constant.
    context : "fit" or None, default=None
        "fit" lets rows that follow the fitted ones see the last of those as history.
        With a time index it is checked that they do follow, without a gap unless `gaps`
        is "ignore"; without one it is taken on trust, but for the fitted rows themselves,
        which have no history.
    gaps : {"split", "ignore"}, default="split"
        With a `DatetimeIndex` or `PeriodIndex`, whether a missing time stamp ends a
        window's series. "ignore" takes neighbouring rows as neighbouring steps: right for
        trading days, whose calendar has holidays.
    freq : str, pandas offset or None, default=None
        Step of the time index. None takes, of a single series, the index's own; failing
        that, a step of more than one and a half times the median in fit is a gap.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the columns, if X had names that are all strings.
    lags_ : ndarray of int of shape (n_timesteps,)
        Lags of the output's steps, oldest first.

    See Also
    --------
    sliding_windows : The same with a horizon and a stride, outside pipelines.
    SequenceReshaper : Reads flat columns as sequences.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import SlidingWindowTransformer
    >>> X = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> SlidingWindowTransformer(window_length=3).fit_transform(X)[:, :, 0]
    array([[nan, nan,  1.],
           [nan,  1.,  2.],
           [ 1.,  2.,  3.],
           [ 2.,  3.,  4.]])
    >>> flat = SlidingWindowTransformer(lags=[0, 2], output="2d", padding="edge")
    >>> flat.fit_transform(X)
    array([[1., 1.],
           [1., 2.],
           [1., 3.],
           [2., 4.]])
    >>> flat.get_feature_names_out(["price"])
    array(['price_lag_2', 'price_lag_0'], dtype=object)
    >>> later = SlidingWindowTransformer(window_length=3, context="fit").fit(X)
    >>> later.transform([[5.0]])[:, :, 0]
    array([[3., 4., 5.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "window_length": [Interval(Integral, 1, None, closed="left")],
        "lags": ["array-like", None],
        "output": [StrOptions({"3d", "2d"})],
        "padding": [
            StrOptions({"nan", "edge"}),
            Interval(Real, None, None, closed="neither"),
        ],
        "context": [StrOptions({"fit"}), None],
        "gaps": [StrOptions({"split", "ignore"})],
        "freq": "no_validation",
    }

    def __init__(
        self,
        window_length: int = 10,
        *,
        lags: Sequence[int] | None = None,
        output: str = "3d",
        padding: str | float = "nan",
        context: str | None = None,
        gaps: Gaps = "split",
        freq: Any = None,
    ) -> None:
        self.window_length = window_length
        self.lags = lags
        self.output = output
        self.padding = padding
        self.context = context
        self.gaps = gaps
        self.freq = freq

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: Any = None, groups: ArrayLike | None = None
    ) -> SlidingWindowTransformer:
        """Check the rows; with ``context="fit"``, remember the last of them.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of one or many series, oldest first within each. NaN is allowed.
        y : None
            Ignored.
        groups : array-like of shape (n_rows,) or None, default=None
            Series of each row: a window never crosses from one into another.

        Returns
        -------
        self : SlidingWindowTransformer
        """
        with fit_task(self, X, y):
            lags = check_lags(self.window_length, self.lags)
            rows = self._read(X, groups, reset=True)
            self._step = learn_step(rows.time, rows.groups, self.freq)
            self._segments(rows)
            self.lags_ = lags
            self._tail = rows.tail(int(lags[0])) if self.context == "fit" else None
        return self

    def transform(
        self, X: ArrayLike, groups: ArrayLike | None = None
    ) -> NDArray[Any] | Windows:
        """Give the window that ends at each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of one or many series, oldest first within each.
        groups : array-like of shape (n_rows,) or None, default=None
            Series of each row.

        Returns
        -------
        windows : array of shape (n_rows, n_timesteps, n_features), or \
                (n_rows, n_timesteps * n_features) with ``output="2d"``
        """
        check_is_fitted(self)
        rows = self._read(X, groups, reset=False)
        if self._tail is None:
            return self._window(rows, n_context=0)
        if (self._tail.groups is None) != (rows.groups is None):
            raise ValueError(
                "groups must be given to both fit and transform, or to neither, when"
                " context='fit'."
            )
        context = self._tail.before(rows, int(self.lags_[0]))
        return self._window(context.followed_by(rows), n_context=len(context))

    def fit_transform(
        self, X: ArrayLike, y: Any = None, groups: ArrayLike | None = None
    ) -> NDArray[Any] | Windows:
        """Fit, then give the window that ends at each fitted row, without context.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of one or many series, oldest first within each.
        y : None
            Ignored.
        groups : array-like of shape (n_rows,) or None, default=None
            Series of each row.

        Returns
        -------
        windows : array, as `transform` gives it
        """
        self.fit(X, y, groups=groups)
        return self._window(self._read(X, groups, reset=False), n_context=0)

    @available_if(_makes_columns)
    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Name the columns of ``output="2d"``: step by step, oldest first.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the input's columns; None takes those seen in fit.

        Returns
        -------
        names : ndarray of str of shape (n_timesteps * n_features,)
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array(
            [f"{name}_lag_{lag}" for lag in self.lags_ for name in names], dtype=object
        )

    def _read(self, X: Any, groups: Any, *, reset: bool) -> _Rows:
        time = time_index_of(X)
        values = validate_data(
            self,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
        )
        if groups is not None:
            groups = column_or_1d(groups)
            check_consistent_length(X, groups)
        return _Rows(values, groups, time)

    def _segments(self, rows: _Rows) -> Any:
        step = self._step
        if step is None:
            step = learn_step(rows.time, rows.groups, self.freq)
        return find_segments(len(rows), rows.groups, rows.time, step=step, gaps=self.gaps)

    def _window(self, rows: _Rows, n_context: int) -> NDArray[Any] | Windows:
        """Give the windows of all rows but the first `n_context`."""
        segments = self._segments(rows)
        in_order = segments.in_order
        windows = Windows(
            rows.values if in_order else rows.values[segments.order],
            segments.positions,
            segments.starts,
            self.lags_,
            _padding_value(self.padding),
        )[n_context:]
        if self.output == "2d":
            return np.asarray(windows).reshape(len(windows), -1)
        whole = len(self.lags_) == self.lags_[0] + 1
        if whole and in_order and segments.n_segments == 1:
            return _view(rows.values, len(self.lags_), windows.padding)[n_context:]
        return windows

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def check_lags(window_length: int, lags: Any) -> NDArray[np.intp]:
    """Give the lags of a window, oldest first.

    Parameters
    ----------
    window_length : int
        Length of a whole window, used if `lags` is None.
    lags : array-like of int or None
        Chosen lags.

    Returns
    -------
    lags : ndarray of int of shape (n_timesteps,)

    Raises
    ------
    ValueError
        If a lag is negative (it would be the future), stands twice or is no integer.

    Examples
    --------
    >>> check_lags(3, None)
    array([2, 1, 0])
    >>> check_lags(3, [1, 24])
    array([24,  1])
    """
    if lags is None:
        return np.arange(window_length - 1, -1, -1)
    chosen = np.asarray(lags)
    whole = chosen.ndim == 1 and chosen.size and np.issubdtype(chosen.dtype, np.integer)
    if not whole or (chosen < 0).any() or len(np.unique(chosen)) < len(chosen):
        raise ValueError(
            "lags must be a list of different integers of at least 0 (a negative lag would"
            f" be the future). Got {lags!r} instead."
        )
    return np.sort(chosen)[::-1].astype(np.intp)


def _padding_value(padding: str | float) -> Padding:
    return padding if padding == "edge" else float(padding)  # type: ignore[return-value]


def _view(values: NDArray[Any], n_timesteps: int, padding: Padding) -> NDArray[Any]:
    """View one series as windows; the only copy is that of the rows, to pad them."""
    fill = values[:1] if padding == "edge" else padding
    n_rows, n_features = values.shape
    padded = np.empty((n_timesteps - 1 + n_rows, n_features), dtype=values.dtype)
    padded[: n_timesteps - 1] = fill
    padded[n_timesteps - 1 :] = values
    windows = np.lib.stride_tricks.sliding_window_view(padded, n_timesteps, axis=0)
    return windows.transpose(0, 2, 1)
