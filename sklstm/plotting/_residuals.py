"""What forecasts leave: in time, lag by lag, and step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ._autocorrelation import autocorrelation_of, check_lags
from ._axes import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    bar_style,
    line_style,
    patch_style,
    several_axes,
    tidy,
    whole_numbers,
)
from ._lines import axis_times
from ._time_axis import label_times

if TYPE_CHECKING:
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.container import BarContainer
    from matplotlib.figure import FigureBase
    from matplotlib.lines import Line2D

Array = NDArray[Any]

# Of the autocorrelations of white noise 95 % lie within this many standard errors.
NORMAL_95 = 1.96


class ResidualDisplay:
    """Residuals in time, their autocorrelation, and the error by step ahead.

    A residual is the true value minus the prediction. Where y has several columns, column
    k is k + 1 steps ahead; the first two panels show the first step alone. Its residuals
    are white noise if the forecast leaves nothing to be learnt from the past. Those of
    later steps never are: forecasts of overlapping steps miss alike.

    It is recommended to use `from_estimator` or `from_predictions`. All parameters are
    stored as attributes.

    Parameters
    ----------
    residuals : ndarray of shape (n_samples,) or (n_samples, n_steps)
        In the order of time, in the unit of y. NaN is not known, and counts nothing.
    autocorrelation : ndarray of shape (n_lags,)
        Of the first step, at the lags from 1 on.
    n_known : int
        Residuals of the first step that are known.
    error_by_step : ndarray of shape (n_steps,) or None, default=None
        Mean absolute residual of each step; None where there is one step.
    times : Index, or array-like of shape (n_samples,), or None, default=None
        Of the rows; None counts them.

    Attributes
    ----------
    line_ : matplotlib.lines.Line2D
        The residuals in time.
    stems_ : matplotlib.collections.LineCollection
        The autocorrelation at each lag.
    band_ : matplotlib.collections.PolyCollection
        Where 95 % of the autocorrelations of white noise lie, plus and minus
        ``1.96 / sqrt(n_known)``.
    bars_ : matplotlib.container.BarContainer or None
        The error by step.
    axes_ : ndarray of Axes of shape (2,) or (3,)
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklearn.metrics.PredictionErrorDisplay : Residuals by the value that is predicted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.plotting import ResidualDisplay
    >>> rng = np.random.default_rng(0)
    >>> display = ResidualDisplay.from_predictions(rng.normal(size=200), np.zeros(200))
    >>> display.n_known, len(display.axes_)
    (200, 2)
    """

    line_: Line2D
    stems_: LineCollection
    band_: PolyCollection
    bars_: BarContainer | None
    axes_: Array
    figure_: FigureBase

    def __init__(
        self,
        *,
        residuals: Array,
        autocorrelation: Array,
        n_known: int,
        error_by_step: Array | None = None,
        times: Any = None,
    ) -> None:
        self.residuals = residuals
        self.autocorrelation = autocorrelation
        self.n_known = n_known
        self.error_by_step = error_by_step
        self.times = times

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        n_lags: int | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> ResidualDisplay:
        """Draw what a fitted regressor leaves.

        Parameters
        ----------
        estimator : regressor
            Fitted; any of scikit-learn's kind.
        X : array-like of shape (n_samples, ...)
            In the order of time, as its `predict` takes it.
        y : array-like of shape (n_samples,) or (n_samples, n_steps)
            True values; NaN is not known. Its index, or else that of X, is on the axis if
            it holds times or numbers.
        n_lags : int or None, default=None
            As in `from_predictions`.
        ax : array-like of Axes, or None, default=None
            One for each panel; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : ResidualDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is a classifier.
        """
        if is_classifier(estimator):
            raise TypeError(
                f"estimator must be a regressor. Got a classifier, {estimator!r}."
            )
        check_is_fitted(estimator)
        index = getattr(y, "index", None)
        times = getattr(X, "index", None) if index is None or callable(index) else index
        return cls.from_predictions(
            y,
            estimator.predict(X),
            times=None if callable(times) else times,
            n_lags=n_lags,
            ax=ax,
            **plot_kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_pred: Any,
        *,
        times: Any = None,
        n_lags: int | None = None,
        ax: Any = None,
        **plot_kwargs: Any,
    ) -> ResidualDisplay:
        """Draw what predictions leave.

        Parameters
        ----------
        y_true, y_pred : array-like of shape (n_samples,) or (n_samples, n_steps)
            In the order of time. NaN is not known.
        times : Index, or array-like of shape (n_samples,), or None, default=None
            Of the rows; None takes the index of `y_true`, or else counts rows.
        n_lags : int or None, default=None
            Lags of the autocorrelation; None is ``10 * log10(n_samples)``, and no more
            than half of the samples.
        ax : array-like of Axes, or None, default=None
            One for each panel; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : ResidualDisplay

        Raises
        ------
        ValueError
            If both are not of one shape, fewer than 3 residuals of the first step are
            known, or `n_lags` is out of range.
        """
        index = getattr(y_true, "index", None)
        if times is None and not callable(index):
            times = index
        _check_same_rows(y_true, y_pred)
        truth, said = (np.asarray(values, dtype=np.float64) for values in (y_true, y_pred))
        if truth.ndim == 2 and truth.shape[1] == 1 and said.ndim == 1:
            truth = truth[:, 0]
        if truth.shape != said.shape or truth.ndim not in (1, 2):
            raise ValueError(
                "y_pred must have the shape of y_true, (n_samples,) or (n_samples,"
                f" n_steps). Got {said.shape}, and {truth.shape} of y_true."
            )
        residuals = truth - said
        first = residuals if residuals.ndim == 1 else residuals[:, 0]
        n_known = int((~np.isnan(first)).sum())
        if n_known < 3:
            raise ValueError(
                f"y_true must have at least 3 values that are known. Got {n_known}."
            )
        several = residuals.ndim == 2 and residuals.shape[1] > 1
        display = cls(
            residuals=residuals,
            autocorrelation=autocorrelation_of(first, check_lags(n_lags, len(first))),
            n_known=n_known,
            error_by_step=_mean_of_known(np.abs(residuals)) if several else None,
            times=times,
        )
        return display.plot(ax, **plot_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        line_kwargs: dict[str, Any] | None = None,
        stem_kwargs: dict[str, Any] | None = None,
        band_kwargs: dict[str, Any] | None = None,
        bar_kwargs: dict[str, Any] | None = None,
    ) -> ResidualDisplay:
        """Draw the panels: two, and a third where there are several steps.

        Parameters
        ----------
        ax : array-like of Axes of shape (2,) or (3,), or None, default=None
            One for each panel; None is a new figure.
        line_kwargs, stem_kwargs, band_kwargs, bar_kwargs : dict or None, default=None
            For the artists, as matplotlib takes them.

        Returns
        -------
        display : ResidualDisplay
        """
        n_panels = 2 if self.error_by_step is None else 3
        first = self.residuals if n_panels == 2 else self.residuals[:, 0]
        times = self._axis_times(len(first))
        self.axes_ = several_axes(ax, n_panels, f"{type(self).__name__}.plot")
        self.figure_ = self.axes_[0].figure
        of_first = "" if n_panels == 2 else ", one step ahead"
        self._draw_residuals(times, first, of_first, line_kwargs)
        self._draw_autocorrelation(stem_kwargs, band_kwargs)
        self.bars_ = None
        if self.error_by_step is not None:
            self._draw_steps(self.error_by_step, bar_kwargs)
        for panel in self.axes_:
            tidy(panel)
        return self

    def _axis_times(self, n_samples: int) -> Array:
        times = self.times
        if times is not None and not hasattr(times, "nlevels"):
            times = np.asarray(times)
        else:
            times = axis_times(times, "times")
        if times is None:
            return np.arange(n_samples)
        if len(times) != n_samples:
            raise ValueError(
                f"times must have {n_samples} values, one per row. Got {len(times)}."
            )
        return times  # type: ignore[no-any-return]

    def _draw_residuals(
        self, times: Array, first: Array, of_first: str, given: dict[str, Any] | None
    ) -> None:
        ax = self.axes_[0]
        ax.axhline(0, color=BLACK, linewidth=0.8)
        style = line_style(given, color=ORANGE, linewidth=0.9)
        (self.line_,) = ax.plot(times, np.ravel(first), **style)
        ax.set(ylabel="True minus predicted" + of_first.replace(" ", "\n", 1))
        label_times(ax, times, self.times, "Row")

    def _draw_autocorrelation(
        self,
        stem_kwargs: dict[str, Any] | None,
        band_kwargs: dict[str, Any] | None,
    ) -> None:
        ax, lags = self.axes_[1], np.arange(1, len(self.autocorrelation) + 1)
        half = NORMAL_95 / np.sqrt(self.n_known)
        label = "95 % of white noise"
        style = patch_style(
            band_kwargs, facecolor=GREY, alpha=0.3, linewidth=0, label=label
        )
        ends = [0.5, len(lags) + 0.5]
        self.band_ = ax.fill_between(ends, -half, half, **style)
        ax.axhline(0, color=BLACK, linewidth=0.8)
        style = line_style(stem_kwargs, color=BLUE, linewidth=1.5)
        self.stems_ = ax.vlines(lags, 0, self.autocorrelation, **style)
        most = max(1.3 * np.abs(self.autocorrelation).max(), 1.6 * half)
        ax.set(xlabel="Lag (rows)", ylabel="Autocorrelation", ylim=(-most, most))
        whole_numbers(ax.xaxis)
        ax.legend(loc="upper right", frameon=False)

    def _draw_steps(self, error: Array, given: dict[str, Any] | None) -> None:
        ax, steps = self.axes_[2], np.arange(1, len(error) + 1)
        style = bar_style(given, color=BLUE)
        self.bars_ = ax.bar(steps, error, **style)
        ax.set(xlabel="Step ahead", ylabel="Mean absolute error")
        whole_numbers(ax.xaxis)


def _mean_of_known(values: Array) -> Array:
    """Give the mean of each column; NaN where none is known."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _check_same_rows(y_true: Any, y_pred: Any) -> None:
    """Refuse values of pandas whose rows are not the same: they are read by position."""
    indices: list[Any] = [getattr(values, "index", None) for values in (y_true, y_pred)]
    truth, said = indices
    if not (hasattr(truth, "nlevels") and hasattr(said, "nlevels")):
        return
    counts = any(type(index).__name__ == "RangeIndex" for index in (truth, said))
    if not counts and len(truth) == len(said) and not truth.equals(said):
        place = int((truth != said).argmax())
        raise ValueError(
            "y_pred must have the rows of y_true, in their order. Got"
            f" {said[place]!r} where y_true has {truth[place]!r}, in row {place}."
        )
