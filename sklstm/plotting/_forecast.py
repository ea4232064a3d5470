"""Forecasts beside what is known of the past and what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..losses import check_coverage
from ._axes import BLACK, CYCLE, GREY, SKY, line_style, one_axes, patch_style, tidy
from ._lines import Array, Line, are_alike, as_line
from ._of_forecaster import by_coverage, intervals_of, seen_by
from ._time_axis import label_times

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import FigureBase
    from matplotlib.lines import Line2D


class ForecastDisplay:
    """Forecasts of one series beside its past, what came, and persistence.

    Persistence, that everything stays as it is, is the forecast that has to be beaten.

    It is recommended to use `from_estimator` or `from_predictions`. All parameters are
    stored as attributes.

    Parameters
    ----------
    context : Series, DataFrame of one column, or array-like of shape (n_context,)
        What was known when the forecast was made, or the end of it. The index holds times
        of any class, or numbers; an array counts its rows.
    forecast : Series, DataFrame, or array-like of shape (n_steps,)
        Each column of a DataFrame is a forecast by its name. Without an index it follows
        the context.
    truth : Series, DataFrame of one column, array-like of shape (n_true,), or None, \
            default=None
        What came. Without an index it has the times of the forecast.
    intervals : mapping of float to array-like of shape (n_steps, 2), or None, default=None
        Lower and upper ends by their coverage, of a single forecast.
    persistence : bool or array-like of shape (n_steps,), default=True
        Whether the last value of the context is drawn as a forecast; or what persistence
        says at each step, where each step was forecast from another origin.
    name : str or None, default=None
        Of a single forecast, for the legend; None is "Forecast".

    Attributes
    ----------
    context_line_ : matplotlib.lines.Line2D
    forecast_lines_ : dict of str to matplotlib.lines.Line2D
        By the name of the forecast.
    truth_line_, persistence_line_ : matplotlib.lines.Line2D or None
    origin_line_ : matplotlib.lines.Line2D
        Marks the last time that was known.
    interval_areas_ : dict of float to matplotlib.collections.PolyCollection
        By their coverage.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    ResidualDisplay : What forecasts leave.
    IntervalCalibrationDisplay : Whether intervals keep their promise.

    Examples
    --------
    >>> from sklstm.plotting import ForecastDisplay
    >>> display = ForecastDisplay.from_predictions([1.0, 2.0, 4.0], [5.0, 6.0])
    >>> display.forecast_lines_["Forecast"].get_xdata()
    array([3, 4])
    >>> display.persistence_line_.get_ydata()
    array([4., 4.])
    """

    context_line_: Line2D
    forecast_lines_: dict[str, Line2D]
    truth_line_: Line2D | None
    persistence_line_: Line2D | None
    origin_line_: Line2D
    interval_areas_: dict[float, PolyCollection]
    ax_: Axes
    figure_: FigureBase

    def __init__(
        self,
        *,
        context: Any,
        forecast: Any,
        truth: Any = None,
        intervals: Mapping[float, Any] | None = None,
        persistence: Any = True,
        name: str | None = None,
    ) -> None:
        self.context = context
        self.forecast = forecast
        self.truth = truth
        self.intervals = intervals
        self.persistence = persistence
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        forecaster: Any,
        y_train: Any = None,
        *,
        fh: Any = None,
        X: Any = None,
        coverage: float | Sequence[float] | None = (0.5, 0.9),
        y_true: Any = None,
        n_context: int | None = None,
        persistence: Any = True,
        name: str | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> ForecastDisplay:
        """Draw what a fitted forecaster of sktime says of one series.

        Parameters
        ----------
        forecaster : forecaster of sktime
            Fitted; any, not only those of `sklstm.sktime`.
        y_train : Series, DataFrame of one column, or None, default=None
            What it has seen. None asks the forecaster, which may have kept it.
        fh : ForecastingHorizon, array-like or None, default=None
            Steps or times to forecast; None is the horizon of fit.
        X : DataFrame or None, default=None
            What `predict` wants to know of the steps to come.
        coverage : float, sequence of float or None, default=(0.5, 0.9)
            Of the intervals, which are left out where the forecaster has none.
        y_true : Series, DataFrame of one column, or None, default=None
            What came.
        n_context : int or None, default=None
            Last rows of the past that are drawn; None is all.
        persistence : bool or array-like, default=True
            As in the class.
        name : str or None, default=None
            For the legend; None is the name of the class.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        NotFittedError
            If the forecaster is not fitted.
        TypeError
            If it is none.
        ValueError
            If `y_train` is None and the forecaster has not kept what it has seen; if it
            does not end before the forecast begins; or there are several series.

        Examples
        --------
        >>> from sktime.datasets import load_airline
        >>> from sklstm.plotting import ForecastDisplay
        >>> from sklstm.sktime import LSTMForecaster
        >>> y = load_airline()
        >>> forecaster = LSTMForecaster(max_epochs=1).fit(y, fh=[1, 2, 3])
        >>> display = ForecastDisplay.from_estimator(forecaster, y, n_context=24)
        >>> sorted(display.interval_areas_)
        [0.5, 0.9]
        """
        context = seen_by(forecaster, y_train)
        intervals = intervals_of(forecaster, fh, X, coverage)
        return cls.from_predictions(
            context,
            forecaster.predict(fh=fh, X=X),
            y_true=y_true,
            intervals=intervals,
            n_context=n_context,
            persistence=persistence,
            name=type(forecaster).__name__ if name is None else name,
            ax=ax,
            **plot_kwargs,
        )

    @classmethod
    def from_predictions(
        cls,
        y_train: Any,
        y_pred: Any,
        *,
        y_true: Any = None,
        intervals: Any = None,
        persistence: Any = True,
        n_context: int | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> ForecastDisplay:
        """Draw forecasts that are known.

        Parameters
        ----------
        y_train : Series, DataFrame of one column, or array-like of shape (n_rows,)
            What was known.
        y_pred : Series, DataFrame, or array-like of shape (n_steps,)
            Each column of a DataFrame is a forecast by its name.
        y_true : Series, DataFrame of one column, array-like or None, default=None
            What came.
        intervals : mapping of float to array-like of shape (n_steps, 2), DataFrame or \
                None, default=None
            By their coverage; or as `predict_interval` of sktime gives them.
        persistence : bool or array-like of shape (n_steps,), default=True
            As in the class.
        n_context : int or None, default=None
            Last rows of `y_train` that are drawn; None is all.
        name : str or None, default=None
            For the legend, of a single forecast.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        ValueError
            If there are several series, times that cannot share an axis, a past that does
            not end before the forecast begins, or intervals beside several forecasts.
        """
        if n_context is not None:
            if n_context < 1:
                raise ValueError(f"n_context must be at least 1. Got {n_context}.")
            y_train = y_train[-n_context:]
        display = cls(
            context=y_train,
            forecast=y_pred,
            truth=y_true,
            intervals=by_coverage(intervals),
            persistence=persistence,
            name=name,
        )
        return display.plot(ax, **plot_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        context_kwargs: dict[str, Any] | None = None,
        forecast_kwargs: dict[str, Any] | None = None,
        truth_kwargs: dict[str, Any] | None = None,
        persistence_kwargs: dict[str, Any] | None = None,
        interval_kwargs: dict[str, Any] | None = None,
    ) -> ForecastDisplay:
        """Draw the forecasts.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        context_kwargs, forecast_kwargs, truth_kwargs, persistence_kwargs : dict or None, \
                default=None
            For the lines, as `matplotlib.axes.Axes.plot` takes them.
        interval_kwargs : dict or None, default=None
            For the areas, as `matplotlib.axes.Axes.fill_between` takes them.

        Returns
        -------
        display : ForecastDisplay

        Raises
        ------
        ValueError
            If the context does not end before the forecast begins, or the parts cannot
            share an axis.
        """
        context = as_line(self.context, "context")
        start = len(context.values)
        if not start:
            raise ValueError("context must have at least one value. Got none.")
        forecasts = _columns(self.forecast, self.name or "Forecast", start)
        first = next(iter(forecasts.values()))
        said = [("context", context), ("forecast", first)]
        truth = None
        if self.truth is not None:
            truth = as_line(self.truth, "truth", times=first.times)
            said.append(("truth", truth))
        are_alike(said)
        _check_follows(self, context, first)
        intervals = self._intervals(first, len(forecasts))
        stays = self._persistence(context, first)
        self.ax_ = ax = one_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = ax.figure

        self._draw_intervals(first, intervals, interval_kwargs)
        style = line_style(context_kwargs, color=GREY, linewidth=1.2, label="Past")
        (self.context_line_,) = ax.plot(*context, **style)
        self.forecast_lines_ = {}
        for i, (name, line) in enumerate(forecasts.items()):
            style = line_style(
                forecast_kwargs, color=CYCLE[i % len(CYCLE)], linewidth=1.8, label=name
            )
            (self.forecast_lines_[name],) = ax.plot(*line, **_visible(line, style))
        self.truth_line_ = self.persistence_line_ = None
        if truth is not None:
            style = line_style(truth_kwargs, color=BLACK, linewidth=1.2, label="True value")
            (self.truth_line_,) = ax.plot(*truth, **_visible(truth, style))
        if stays is not None:
            style = line_style(
                persistence_kwargs, color=SKY, linestyle="--", label="Persistence"
            )
            (self.persistence_line_,) = ax.plot(*stays, **_visible(stays, style))
        self.origin_line_ = ax.axvline(
            context.times[-1], color=BLACK, linestyle=":", linewidth=1
        )
        self._label(context)
        return self

    def _label(self, context: Line) -> None:
        name = getattr(self.context, "name", None)
        if isinstance(name, str) and not self.ax_.get_ylabel():
            self.ax_.set_ylabel(name)
        label_times(self.ax_, context.times, getattr(self.context, "index", None), "Step")
        tidy(self.ax_)
        self.ax_.legend(frameon=False)

    def _draw_intervals(
        self, line: Line, intervals: dict[float, Array], given: Any
    ) -> None:
        """Draw the wide ones first, and lighter."""
        self.interval_areas_ = {}
        for i, (coverage, ends) in enumerate(sorted(intervals.items(), reverse=True)):
            style = patch_style(
                given,
                facecolor=CYCLE[0],
                linewidth=0,
                alpha=min(0.6, 0.15 * (i + 1)),
                label=f"{100 * coverage:g} % interval",
            )
            area = self.ax_.fill_between(line.times, *ends.T, **style)
            self.interval_areas_[coverage] = area

    def _intervals(self, line: Line, n_forecasts: int) -> dict[float, Array]:
        """Give the checked intervals."""
        given = self.intervals or {}
        if given and n_forecasts > 1:
            raise ValueError(
                f"intervals must be None beside several forecasts. Got {n_forecasts}"
                " forecasts."
            )
        checked = {}
        for coverage, ends in given.items():
            values = np.asarray(ends, dtype=np.float64)
            if values.shape != (len(line.values), 2):
                raise ValueError(
                    "intervals must have two ends for each step of the forecast, of shape"
                    f" ({len(line.values)}, 2). Got {values.shape}."
                )
            checked[check_coverage(coverage)] = values
        return checked

    def _persistence(self, context: Line, forecast: Line) -> Line | None:
        """Give what persistence says at the times of the forecast."""
        if self.persistence is None or self.persistence is False:
            return None
        if self.persistence is True:
            observed = context.values[~np.isnan(context.values)]
            last = observed[-1] if len(observed) else np.nan
            return Line(forecast.times, np.full(len(forecast.times), last))
        line = as_line(self.persistence, "persistence", times=forecast.times)
        are_alike([("forecast", forecast), ("persistence", line)])
        return line


def _check_follows(display: ForecastDisplay, context: Line, forecast: Line) -> None:
    """Refuse a context of which some was not known when the forecast was made."""
    if not (forecast.times <= context.times.max()).any():
        return
    ends = _label_of(display.context, context.times, int(context.times.argmax()))
    begins = _label_of(display.forecast, forecast.times, int(forecast.times.argmin()))
    raise ValueError(
        f"context must end before the forecast begins, at {begins}. Got one that ends at"
        f" {ends}: give what came later as the truth (y_true)."
    )


def _label_of(series: Any, times: Array, place: int) -> Any:
    """Give a time as the index of the user says it."""
    index = getattr(series, "index", None)
    return times[place] if index is None or callable(index) else index[place]


def _visible(line: Line, style: dict[str, Any]) -> dict[str, Any]:
    """Mark a line of one step, which would not be seen."""
    return ({"marker": "o"} if len(line.values) == 1 else {}) | style


def _columns(forecast: Any, name: str, start: int) -> dict[str, Line]:
    """Give each column of a frame by its name; anything else is one forecast."""
    columns = getattr(forecast, "columns", None)
    if columns is None or len(columns) == 1:
        return {name: as_line(forecast, "forecast", start=start)}
    return {str(each): as_line(forecast[each], "forecast", start=start) for each in columns}
