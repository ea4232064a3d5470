"""Sliding windows as a scikit-learn transformer: rows in, as many windows out."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_is_fitted,
    validate_data,
)

from ..fitting._callbacks import CallbackSupportMixin, fit_task
from ..fitting._one_step import as_it_stands, in_one_step
from ..fitting._pickling import VersionedPickle
from ._context import Context
from ._mapped import stays_in_file
from ._rows import Rows
from ._segments import Gaps, Segments, find_segments
from ._time import check_freq, learn_step
from ._windows import Padding, Windows


def _makes_columns(transformer: SlidingWindowTransformer) -> bool:
    return transformer.output == "2d"


class SlidingWindowTransformer(CallbackSupportMixin, TransformerMixin, VersionedPickle):
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
        array, else `~sklstm.windows.Windows`, which gathers when it is indexed; so too for
        a memory-mapped file of 64 MiB or more, which is not copied. "2d" gives
        flat columns ``price_lag_2, volume_lag_2, price_lag_1, ...`` for any regressor.
    padding : {"nan", "edge"} or float, default="nan"
        What stands before the start of a series: NaN (a float NaN is one too), which the
        estimators of this package read as unobserved; the series' first row; or a
        constant.
    context : "fit" or None, default=None
        "fit" lets rows that follow the fitted ones see the last of those as history.
        With a time index it is checked that they do follow, without a gap unless `gaps`
        is "ignore". Without one it is taken on trust, unless two rows or more show that
        they begin with the first fitted rows or run over the last ones: then they have no
        history.
    gaps : {"split", "ignore"}, default="split"
        With a `DatetimeIndex`, `PeriodIndex` or `TimedeltaIndex`, whether a missing time
        stamp ends a window's series. "ignore" takes neighbouring rows as neighbouring
        steps: right for trading days, whose calendar has holidays.
    freq : str, pandas offset or None, default=None
        Step of the time index, on which each time stamp must lie. None takes, of a single
        series, the index's own for the time stamps that lie on it; failing that, a step of
        more than one and a half times the median of the group in fit is a gap.

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
            np.nan,
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
            Series of each row: a window never crosses from one into another. None takes
            the levels of a MultiIndex before a last one of times.

        Returns
        -------
        self : SlidingWindowTransformer

        Raises
        ------
        ValueError
            If time runs backwards within a series, or an argument is out of range. The
            transformer stays as it was.

        Warns
        -----
        UserWarning
            If gaps in the time index cut more than half of all windows short.
        """
        with in_one_step(self) as draft, fit_task(self, X, y):
            draft.lags_ = check_lags(self.window_length, self.lags)
            check_freq(self.freq)
            rows = draft._read(X, groups, reset=True)
            oldest = int(draft.lags_[0])
            draft._step = learn_step(rows.time, rows.groups, self.freq)
            segments = draft._segments(rows.groups, rows.time, len(rows))
            segments.warn_of_gaps(oldest, self.freq)
            draft._context = Context.of(rows, oldest) if self.context == "fit" else None
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
        return as_it_stands(self)._transform(X, groups)

    def _transform(self, X: ArrayLike, groups: ArrayLike | None) -> NDArray[Any] | Windows:
        rows = self._read(X, groups, reset=False)
        context = rows[:0] if self._context is None else self._context.before(rows)
        return self._window(context, rows)

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
        rows = self._read(X, groups, reset=False)
        return self._window(rows[:0], rows)

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

    def _read(self, X: Any, groups: Any, *, reset: bool) -> Rows:
        values = validate_data(
            self,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
        )
        return Rows.read(X, values, groups)

    def _segments(self, groups: Any, time: Any, n_rows: int) -> Segments:
        step = self._step
        if step is None:
            step = learn_step(time, groups, self.freq)
        return find_segments(n_rows, groups, time, step=step, gaps=self.gaps)

    def _window(self, context: Rows, rows: Rows) -> NDArray[Any] | Windows:
        """Give the windows of some rows, which see others as history."""
        n_context, n_rows = len(context), len(context) + len(rows)
        segments = self._segments(*context.followed_by(rows), n_rows)
        place, oldest = segments.positions, int(self.lags_[0])
        padding: Padding = "edge" if self.padding == "edge" else float(self.padding)
        if stays_in_file(rows.values) and segments.in_order and not n_context:
            # A file is read where it is needed, and only there.
            return self._output(rows.values, place, segments.starts, padding)
        whole = len(self.lags_) == oldest + 1 and self.output == "3d"
        if whole and segments.in_order and segments.n_segments == 1:
            table = _place(context.values, rows.values, oldest + place)
            table[:oldest] = table[oldest] if padding == "edge" else padding
            windows = sliding_window_view(table, oldest + 1, axis=0)
            return windows.transpose(0, 2, 1)[n_context:]
        table = _place(context.values, rows.values, place)
        return self._output(table, place, segments.starts, padding)[n_context:]

    def _output(self, table: Any, ends: Any, starts: Any, padding: Padding) -> Any:
        windows = Windows(table, ends, starts, self.lags_, padding)
        if self.output == "3d":
            return windows
        return np.asarray(windows).reshape(len(windows), -1)

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


def _place(
    context: NDArray[Any], rows: NDArray[Any], place: NDArray[np.intp]
) -> NDArray[Any]:
    """Copy rows to their places: what becomes of X later must not reach the windows."""
    shape = int(place.max()) + 1, rows.shape[1]
    table = np.empty(shape, dtype=np.result_type(context, rows))
    table[place[: len(context)]] = context
    table[place[len(context) :]] = rows
    return table
