"""Whether intervals hold as many true values as they promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..estimators import ConformalRegressor
from ..fitting._inside import method_of, unwrapped
from ..losses import check_levels
from ..metrics import coverage as measured_coverage
from ._axes import BLACK, GREY, ORANGE, line_style, one_axes, patch_style, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import FigureBase
    from matplotlib.lines import Line2D

Array = NDArray[Any]

COVERAGES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


class IntervalCalibrationDisplay:
    """Measured coverage of intervals against the coverage that they promise.

    On the diagonal they keep their promise; below it, they are too sure. The band holds
    95 % of what intervals that keep it would measure, by the binomial distribution of
    `n_rows` independent hits. Hits of one series follow each other, and outputs of one row
    miss together: then the band is too narrow rather than too wide.

    It is recommended to use `from_estimator` or `from_predictions`. All parameters are
    stored as attributes.

    Parameters
    ----------
    coverages : ndarray of shape (n_coverages,)
        That were promised.
    measured : ndarray of shape (n_coverages,)
        Share of the true values that lay in their intervals.
    n_rows : int
        Rows with a true value that is known.
    name : str or None, default=None
        For the legend.

    Attributes
    ----------
    line_ : matplotlib.lines.Line2D
        Measured against promised.
    diagonal_ : matplotlib.lines.Line2D
    band_ : matplotlib.collections.PolyCollection
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same for the probability of a class.
    sklstm.metrics.coverage : The share that is measured.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy import stats
    >>> from sklstm.plotting import IntervalCalibrationDisplay
    >>> y, coverages = np.random.default_rng(0).normal(size=1000), [0.5, 0.9]
    >>> ends = np.transpose(stats.norm.interval(coverages))
    >>> intervals = [np.tile(pair, (1000, 1)) for pair in ends]
    >>> display = IntervalCalibrationDisplay.from_predictions(y, intervals, coverages)
    >>> display.measured.round(1)
    array([0.5, 0.9])
    """

    line_: Line2D
    diagonal_: Line2D
    band_: PolyCollection
    ax_: Axes
    figure_: FigureBase

    def __init__(
        self, *, coverages: Array, measured: Array, n_rows: int, name: str | None = None
    ) -> None:
        self.coverages = coverages
        self.measured = measured
        self.n_rows = n_rows
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike,
        *,
        coverages: Sequence[float] | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> IntervalCalibrationDisplay:
        """Draw the coverage of the intervals that an estimator predicts.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `predict_interval`: `LSTMRegressor` with a loss that says more than
            a point, or `ConformalRegressor`; or a pipeline or a search that ends in one.
        X : array-like of shape (n_samples, ...)
            As its `predict` takes it; not seen in fit.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True values; NaN is not known.
        coverages : sequence of float or None, default=None
            Ascending, in (0, 1). None is .1, .2, ..., .9 and .95; for a
            `ConformalRegressor`, which promises one coverage, its own.
        name : str or None, default=None
            For the legend; None is the name of the class.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : IntervalCalibrationDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        AttributeError
            If it predicts no intervals.
        ValueError
            If `coverages` are not those of a `ConformalRegressor`.
        """
        check_is_fitted(estimator)
        ask = method_of(estimator, "predict_interval")
        if ask is None:
            raise AttributeError(
                "estimator must have predict_interval, as ConformalRegressor has, or"
                " LSTMRegressor with loss='gaussian' or several quantiles. Got"
                f" {estimator!r}."
            )
        last = _last_of(estimator)
        if isinstance(last, ConformalRegressor):
            wanted = _of_conformal(last, coverages)
            intervals = [ask(X)]
        else:
            wanted = check_levels(
                COVERAGES if coverages is None else coverages, "coverages"
            )
            intervals = [ask(X, each) for each in wanted.tolist()]
        name = type(last).__name__ if name is None else name
        return cls.from_predictions(y, intervals, wanted, name=name, ax=ax, **plot_kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike,
        intervals: Sequence[ArrayLike],
        coverages: Any,
        *,
        name: str | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> IntervalCalibrationDisplay:
        """Draw the coverage of intervals that are known.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, n_outputs)
            NaN is not known, and counts nothing.
        intervals : sequence of array-like of shape (n_samples[, n_outputs], 2)
            Lower and upper ends, for each coverage.
        coverages : sequence of float of shape (n_coverages,)
            That they promise, ascending, in (0, 1).
        name : str or None, default=None
            For the legend.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : IntervalCalibrationDisplay

        Raises
        ------
        ValueError
            If there is not one array for each coverage, or one is not of its shape.
        """
        wanted = check_levels(coverages, "coverages")
        if len(intervals) != len(wanted):
            raise ValueError(
                f"intervals must have one array for each of the {len(wanted)} coverages."
                f" Got {len(intervals)}."
            )
        known = ~np.isnan(np.asarray(y_true, dtype=np.float64))
        display = cls(
            coverages=wanted,
            measured=np.array([measured_coverage(y_true, ends) for ends in intervals]),
            n_rows=int(known.reshape(len(known), -1).any(axis=1).sum()),
            name=name,
        )
        return display.plot(ax, **plot_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        line_kwargs: dict[str, Any] | None = None,
        diagonal_kwargs: dict[str, Any] | None = None,
        band_kwargs: dict[str, Any] | None = None,
    ) -> IntervalCalibrationDisplay:
        """Draw measured against promised coverage.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        line_kwargs, diagonal_kwargs, band_kwargs : dict or None, default=None
            For the artists, as matplotlib takes them.

        Returns
        -------
        display : IntervalCalibrationDisplay
        """
        self.ax_ = ax = one_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = ax.figure
        promised = np.linspace(0, 1, 201)
        low, high = binomial_band(promised, self.n_rows)
        label = f"95 % band of {self.n_rows} rows"
        style = patch_style(
            band_kwargs, facecolor=GREY, alpha=0.3, linewidth=0, label=label
        )
        self.band_ = ax.fill_between(promised, low, high, **style)
        style = line_style(diagonal_kwargs, color=BLACK, linestyle="--", linewidth=1)
        (self.diagonal_,) = ax.plot([0, 1], [0, 1], **style)
        style = line_style(
            line_kwargs,
            color=ORANGE,
            marker="o",
            markersize=4,
            label=self.name or "Measured",
        )
        (self.line_,) = ax.plot(self.coverages, self.measured, **style)
        ax.set(
            xlabel="Coverage that is promised",
            ylabel="Share of true values inside",
            xlim=(0, 1),
            ylim=(0, 1),
            aspect="equal",
        )
        tidy(ax)
        ax.legend(loc="upper left", frameon=False)
        return self


def binomial_band(share: Array, n: int) -> tuple[Array, Array]:
    """Give between which measured shares 95 % of all samples lie.

    Parameters
    ----------
    share : ndarray
        The true one.
    n : int
        Independent rows of a sample.

    Returns
    -------
    low, high : ndarray

    Examples
    --------
    >>> low, high = binomial_band(np.array([0.5]), 100)
    >>> low.tolist(), high.tolist()
    ([0.4], [0.6])
    """
    low, high = stats.binom.interval(0.95, n, share)
    return np.clip(low / n, 0, 1), np.clip(high / n, 0, 1)


def _last_of(estimator: Any) -> Any:
    """Give the estimator at the end of pipelines and searches."""
    estimator = unwrapped(estimator)
    return _last_of(estimator[-1]) if isinstance(estimator, Pipeline) else estimator


def _of_conformal(conformal: ConformalRegressor, coverages: Any) -> Array:
    own = np.array([conformal.coverage], dtype=np.float64)
    given = own if coverages is None else check_levels(coverages, "coverages")
    if not np.array_equal(given, own):
        raise ValueError(
            "coverages must be the one that ConformalRegressor promises,"
            f" [{conformal.coverage}]. Got {coverages!r}."
        )
    return own
