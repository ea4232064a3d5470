"""Sliding windows as a scikit-learn transformer: rows in, as many windows out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_array,
    check_is_fitted,
    validate_data,
)

from ..fitting._callbacks import CallbackSupportMixin, fit_task
from ..fitting._numbers import integer, real
from ..fitting._one_step import as_it_stands, in_one_step
from ..fitting._pickling import VersionedPickle
from ._context import Context
from ._features import refuse_times, unmasked
from ._keys import find_keys, without
from ._lags import check_lags
from ._mapped import stays_in_file
from ._order import check_same_order
from ._rows import Rows
from ._segments import Gaps, Segments, find_segments
from ._time import check_freq, check_freq_has_effect, learn_step
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
        "3d" gives `~sklstm.windows.Windows` of shape ``(n_rows, n_timesteps,
        n_features)``, oldest step first: an array that stores rows and gathers windows
        when they are asked for. A memory-mapped file of 64 MiB or more is not copied.
        "2d" gives flat columns ``price_lag_2, volume_lag_2, price_lag_1, ...`` for any
        regressor.
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
        Where X has times, whether a missing time stamp ends a window's series. "ignore"
        takes neighbouring rows as neighbouring steps: right for trading days, whose
        calendar has holidays.
    freq : str, pandas offset or None, default=None
        Step of the times of X, on which each time stamp must lie. None takes, of a single
        series, the index's own for the time stamps that lie on it; failing that, a step of
        more than one and a half times the median of the group in fit is a gap.
    groups : str, list of str or None, default=None
        Names of the columns or index levels of X, a frame of pandas or polars, that say to
        which series a row belongs. Such columns are no features. A window never crosses
        from one series into another. None takes the labels given to `fit` and `transform`;
        failing that, of a `MultiIndex` all levels but that of time.
    time : str or None, default=None
        Name of the column or index level of X that says when each row was: datetimes,
        dates, periods, elapsed times or integers. Such a column is no feature. None takes
        the times given to `fit` and `transform`; failing that, the index of X, if it holds
        times, or its level that does; of a `MultiIndex` without any, its level of integers,
        the last one if there are several.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in fit, those of groups and time included.
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

    Two stores, and their sales day by day:

    >>> import pandas as pd
    >>> sales = pd.DataFrame(
    ...     {
    ...         "store": ["a", "b", "a", "b"],
    ...         "day": pd.date_range("2024-05-01", periods=2).repeat(2),
    ...         "sold": [1.0, 10.0, 2.0, 20.0],
    ...     }
    ... )
    >>> by_store = SlidingWindowTransformer(window_length=2, groups="store", time="day")
    >>> by_store.fit_transform(sales)[:, :, 0]
    array([[nan,  1.],
           [nan, 10.],
           [ 1.,  2.],
           [10., 20.]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "window_length": [integer(1)],
        "lags": ["array-like", None],
        "output": [StrOptions({"3d", "2d"})],
        "padding": [
            StrOptions({"nan", "edge"}),
            real(None, None, closed="neither"),
            np.nan,
        ],
        "context": [StrOptions({"fit"}), None],
        "gaps": [StrOptions({"split", "ignore"})],
        "freq": "no_validation",
        "groups": [str, list, tuple, None],
        "time": [str, None],
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
        groups: str | list[str] | None = None,
        time: str | None = None,
    ) -> None:
        self.window_length = window_length
        self.lags = lags
        self.output = output
        self.padding = padding
        self.context = context
        self.gaps = gaps
        self.freq = freq
        self.groups = groups
        self.time = time

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: Any = None,
        groups: ArrayLike | None = None,
        time: ArrayLike | None = None,
    ) -> SlidingWindowTransformer:
        """Check the rows; with ``context="fit"``, remember the last of them.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of one or many series, oldest first within each. NaN and masked values
            are missing.
        y : object
            Not used, but for a check: where X and y are of pandas, they must have
            their rows in one order.
        groups : array-like of shape (n_rows,) or None, default=None
            Series of each row, where the parameter `groups` names none. Labels that are
            given here must be given to `transform` too, and scikit-learn's scorers pass
            none on.
        time : array-like of shape (n_rows,) or None, default=None
            Time of each row, where the parameter `time` names none.

        Returns
        -------
        self : SlidingWindowTransformer

        Raises
        ------
        ValueError
            If time runs backwards within a series, if it cannot be told for certain which
            level of a MultiIndex is the time, if a column holds times that are named
            nowhere, or if an argument is out of range. The transformer stays as it was.

        Warns
        -----
        UserWarning
            If gaps in time cut more than half of all windows short.
        """
        with in_one_step(self) as draft, fit_task(self, X, y):
            draft.lags_ = check_lags(self.window_length, self.lags)
            check_freq(self.freq)
            check_same_order(X, y, "y")
            rows = draft._read(X, groups, time, reset=True)
            check_freq_has_effect(self.freq, rows.time)
            oldest = int(draft.lags_[0])
            # A slice would be a view, which keeps all rows in memory.
            draft._fitted = rows[np.empty(0, dtype=np.intp)]
            draft._step = learn_step(rows.time, rows.groups, self.freq)
            segments = draft._segments(rows.groups, rows.time, len(rows))
            segments.warn_of_gaps(oldest, self.freq)
            draft._context = Context.of(rows, oldest) if self.context == "fit" else None
        return self

    def transform(
        self,
        X: ArrayLike,
        groups: ArrayLike | None = None,
        time: ArrayLike | None = None,
    ) -> NDArray[Any] | Windows:
        """Give the window that ends at each row.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of one or many series, oldest first within each. Their series and time
            must be told as in `fit`.
        groups : array-like of shape (n_rows,) or None, default=None
            Series of each row, if `fit` was given them.
        time : array-like of shape (n_rows,) or None, default=None
            Time of each row, if `fit` was given it.

        Returns
        -------
        windows : Windows of shape (n_rows, n_timesteps, n_features), or ndarray of shape \
                (n_rows, n_timesteps * n_features) with ``output="2d"``

        Raises
        ------
        ValueError
            If groups or time were given in `fit` and are missing now, or the reverse.

        Warns
        -----
        UserWarning
            If ``context="fit"`` gives no history, because the rows of a series begin among
            the fitted ones, or come after a gap in time.
        """
        check_is_fitted(self)
        return as_it_stands(self)._transform(X, groups, time)

    def _transform(self, X: Any, groups: Any, time: Any) -> NDArray[Any] | Windows:
        rows = self._read(X, groups, time, reset=False).told_as(self._fitted)
        context = rows[:0] if self._context is None else self._context.before(rows)
        return self._window(context, rows)

    def fit_transform(
        self,
        X: ArrayLike,
        y: Any = None,
        groups: ArrayLike | None = None,
        time: ArrayLike | None = None,
    ) -> NDArray[Any] | Windows:
        """Fit, then give the window that ends at each fitted row, without context.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)
            Rows of one or many series, oldest first within each.
        y : object
            Not used, but for a check: where X and y are of pandas, they must have
            their rows in one order.
        groups : array-like of shape (n_rows,) or None, default=None
            Series of each row.
        time : array-like of shape (n_rows,) or None, default=None
            Time of each row.

        Returns
        -------
        windows : Windows or ndarray, as `transform` gives them
        """
        fitted = as_it_stands(self.fit(X, y, groups=groups, time=time))
        rows = fitted._read(X, groups, time, reset=False)
        return fitted._window(rows[:0], rows)

    def get_feature_names_out(
        self, input_features: ArrayLike | None = None
    ) -> NDArray[Any]:
        """Name the features of the windows, or the columns of ``output="2d"``.

        Columns are named step by step, oldest first: ``price_lag_1``. Windows have a name
        for each place of their last axis, so that a pipeline that goes on from them can
        tell the names of its own output.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the input's columns; None takes those seen in fit. The columns of
            groups and time are left out of the result.

        Returns
        -------
        names : ndarray of str of shape (n_features,), or (n_timesteps * n_features,) with \
                ``output="2d"``
        """
        check_is_fitted(self)
        names = np.delete(_check_feature_names_in(self, input_features), self._keys)
        if self.output == "3d":
            return names
        return np.array(
            [f"{name}_lag_{lag}" for lag in self.lags_ for name in names], dtype=object
        )

    @available_if(_makes_columns)
    def set_output(self, *, transform: str | None = None) -> SlidingWindowTransformer:
        """Set the container of the columns of ``output="2d"``.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            As in scikit-learn; None leaves it as it is.

        Returns
        -------
        self : SlidingWindowTransformer
        """
        return super().set_output(transform=transform)  # type: ignore[no-any-return]

    @property
    def _sklearn_output_config(self) -> dict[str, str]:
        # scikit-learn makes a table of whatever has names, also where the user asks for
        # tables everywhere; windows have names and are none.
        if not _makes_columns(self):
            return {"transform": "default"}
        try:
            return self.__dict__["_sklearn_output_config"]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError("The container of the output is not set.") from None

    @_sklearn_output_config.setter
    def _sklearn_output_config(self, config: dict[str, str]) -> None:
        if _makes_columns(self):
            self.__dict__["_sklearn_output_config"] = config

    def _read(self, X: Any, groups: Any, time: Any, *, reset: bool) -> Rows:
        X = unmasked(X)
        keys = find_keys(X, self.groups, self.time, groups, time)
        features = without(X, keys.columns) if keys.columns else X
        refuse_times(features)
        options: dict[str, Any] = {
            "dtype": [np.float64, np.float32],
            "ensure_all_finite": "allow-nan",
        }
        if keys.columns:
            validate_data(self, X, reset=reset, skip_check_array=True)
            values = check_array(features, estimator=self, input_name="X", **options)
        else:
            values = validate_data(self, X, reset=reset, **options)
        if reset:
            self._keys = list(keys.columns)
        check_padding(self.padding, values.dtype)
        return Rows.read(values, keys)

    def _feature_names(self) -> NDArray[Any] | None:
        """Give the names of the features, where the columns have any."""
        names = getattr(self, "feature_names_in_", None)
        return None if names is None else np.delete(names, self._keys)

    def _segments(self, groups: Any, time: Any, n_rows: int) -> Segments:
        step = self._step
        if step is None:
            step = learn_step(time, groups, self.freq)
        return find_segments(n_rows, groups, time, step=step, gaps=self.gaps)

    def _window(self, context: Rows, rows: Rows) -> NDArray[Any] | Windows:
        """Give the windows of some rows, which see others as history."""
        n_context, n_rows = len(context), len(context) + len(rows)
        groups, time = context.followed_by(rows)
        segments = self._segments(groups, time, n_rows)
        segments.warn_of_unused(n_context, time, int(self.lags_[0]))
        place, table = segments.positions, rows.values
        # A file is read where it is needed, and only there.
        if not (stays_in_file(table) and segments.in_order and not n_context):
            table = _place(context.values, rows.values, place)
        padding: Padding = "edge" if self.padding == "edge" else float(self.padding)
        windows = Windows(
            table,
            place[n_context:],
            segments.starts[n_context:],
            self.lags_,
            padding,
            series=segments.series[n_context:],
            names=self._feature_names(),
        )
        if self.output == "3d":
            return windows
        return np.asarray(windows).reshape(len(windows), -1)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def check_padding(padding: Any, dtype: np.dtype[Any]) -> None:
    """Refuse a padding that the type of the rows cannot hold.

    Parameters
    ----------
    padding : str or float
    dtype : dtype of float

    Raises
    ------
    ValueError
        If it became infinite.
    """
    if isinstance(padding, str):
        return
    largest = float(np.finfo(dtype).max)
    if abs(padding) > largest:
        raise ValueError(
            f"padding must fit into {dtype}, the type of X, which ends at {largest:.3g}."
            f" Got {padding!r} instead."
        )


def _place(
    context: NDArray[Any], rows: NDArray[Any], place: NDArray[np.intp]
) -> NDArray[Any]:
    """Copy rows to their places: what becomes of X later must not reach the windows."""
    shape = int(place.max()) + 1, rows.shape[1]
    table = np.empty(shape, dtype=np.result_type(context, rows))
    table[place[: len(context)]] = context
    table[place[len(context) :]] = rows
    return table
