"""Scores of a detector beside the series that it judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_outlier_detector
from sklearn.pipeline import Pipeline

from ._axes import BLACK, BLUE, GREY, ORANGE, line_style, several_axes, tidy
from ._lines import as_line
from ._time_axis import label_times

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase
    from matplotlib.lines import Line2D


class AnomalyDisplay:
    """A series with its alarms, and below it the scores that raised them.

    It is recommended to use `from_estimator` or `from_predictions`. All parameters are
    stored as attributes.

    Parameters
    ----------
    series : Series, DataFrame of one column, or array-like of shape (n_rows,)
    scores : array-like of shape (n_rows,)
        The higher, the odder; NaN is not known.
    alarms : array-like of int of shape (n_alarms,)
        Numbers of the rows.
    threshold : float or None, default=None
        Score from which a row is an alarm.
    truth : sequence of tuple of int (first, last) or None, default=None
        Rows between which, both included, something was wrong.
    score_name : str, default="Score"
        What the scores are, for the axis.

    Attributes
    ----------
    series_line_, scores_line_ : matplotlib.lines.Line2D
    alarm_line_ : matplotlib.lines.Line2D
        A mark at each alarm.
    threshold_line_ : matplotlib.lines.Line2D or None
    truth_areas_ : list of artist
        One for each stretch of `truth`, in the first panel.
    axes_ : ndarray of matplotlib.axes.Axes of shape (2,)
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> from sklstm.plotting import AnomalyDisplay
    >>> display = AnomalyDisplay.from_predictions(
    ...     [1.0, 1.1, 5.0, 0.9], scores=[0.1, 0.2, 3.0, 0.3], alarms=[2], threshold=1.0
    ... )
    >>> display.alarm_line_.get_xdata(), display.alarm_line_.get_ydata()
    (array([2]), array([5.]))
    """

    series_line_: Line2D
    scores_line_: Line2D
    alarm_line_: Line2D
    threshold_line_: Line2D | None
    truth_areas_: list[Any]
    axes_: NDArray[Any]
    figure_: FigureBase

    def __init__(
        self,
        series: Any,
        *,
        scores: ArrayLike,
        alarms: ArrayLike,
        threshold: float | None = None,
        truth: Sequence[tuple[int, int]] | None = None,
        score_name: str = "Score",
    ) -> None:
        self.series = series
        self.scores = scores
        self.alarms = alarms
        self.threshold = threshold
        self.truth = truth
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        detector: Any,
        X: Any,
        *,
        truth: Sequence[tuple[int, int]] | None = None,
        ax: Any = None,
    ) -> AnomalyDisplay:
        """Draw what a fitted detector says of a series.

        Parameters
        ----------
        detector : estimator
            A detector of outliers of scikit-learn's kind, such as a pipeline of
            `SlidingWindowTransformer` and `LSTMOutlierDetector`; or a detector of points of
            sktime, such as `LSTMDetector`.
        X : Series, DataFrame of one column, or array-like of shape (n_rows, 1)
            Rows of one series.
        truth : sequence of tuple of int (first, last) or None, default=None
            Rows between which something was wrong.
        ax : array-like of two matplotlib.axes.Axes, or None, default=None
            For the series and the scores; None is a new figure.

        Returns
        -------
        display : AnomalyDisplay

        Raises
        ------
        TypeError
            If it is no detector of either kind.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklstm import LSTMOutlierDetector, SlidingWindowTransformer
        >>> wave = np.sin(np.arange(300) / 5)[:, None]
        >>> model = make_pipeline(
        ...     SlidingWindowTransformer(12), LSTMOutlierDetector(max_epochs=2)
        ... ).fit(wave)
        >>> display = AnomalyDisplay.from_estimator(model, wave)
        >>> display.score_name
        'Score, the higher the odder'
        """
        if hasattr(detector, "transform_scores"):
            scores = np.asarray(detector.transform_scores(X), np.float64)[:, 0]
            alarms = np.asarray(detector.predict(X)["ilocs"])
            threshold = getattr(detector, "threshold_", None)
            is_likelihood = bool(getattr(detector, "likelihood", False))
            name = "Likelihood of a change" if is_likelihood else "Score"
        elif is_outlier_detector(detector):
            last = detector[-1] if isinstance(detector, Pipeline) else detector
            scores = -detector.score_samples(X)
            alarms = np.flatnonzero(detector.predict(X) == -1)
            threshold, name = -float(last.offset_), "Score, the higher the odder"
        else:
            raise TypeError(
                "detector must find outliers, as scikit-learn's or sktime's do. Got"
                f" {type(detector).__name__}."
            )
        display = cls(
            X,
            scores=scores,
            alarms=alarms,
            threshold=threshold,
            truth=truth,
            score_name=name,
        )
        return display.plot(ax)

    @classmethod
    def from_predictions(
        cls,
        series: Any,
        *,
        scores: ArrayLike,
        alarms: ArrayLike,
        threshold: float | None = None,
        truth: Sequence[tuple[int, int]] | None = None,
        score_name: str = "Score",
        ax: Any = None,
    ) -> AnomalyDisplay:
        """Draw scores and alarms that are known.

        Parameters
        ----------
        series, scores, alarms, threshold, truth, score_name
            As the class takes them.
        ax : array-like of two matplotlib.axes.Axes, or None, default=None

        Returns
        -------
        display : AnomalyDisplay
        """
        display = cls(
            series,
            scores=scores,
            alarms=alarms,
            threshold=threshold,
            truth=truth,
            score_name=score_name,
        )
        return display.plot(ax)

    def plot(
        self,
        ax: Any = None,
        *,
        series_kwargs: dict[str, Any] | None = None,
        scores_kwargs: dict[str, Any] | None = None,
        alarm_kwargs: dict[str, Any] | None = None,
    ) -> AnomalyDisplay:
        """Draw the series and the scores.

        Parameters
        ----------
        ax : array-like of two matplotlib.axes.Axes, or None, default=None
            For the series and the scores; None is a new figure.
        series_kwargs, scores_kwargs, alarm_kwargs : dict or None, default=None
            For the lines, as matplotlib takes them.

        Returns
        -------
        display : AnomalyDisplay

        Raises
        ------
        ValueError
            If there is not one score for each row, or an alarm at none of them.
        """
        line = as_line(self.series, "series")
        scores = as_line(np.asarray(self.scores), "scores", times=line.times).values
        alarms = np.asarray(self.alarms, dtype=np.intp)
        if alarms.size and not 0 <= alarms.min() <= alarms.max() < len(scores):
            raise ValueError(
                f"alarms must be numbers of the {len(scores)} rows. Got {alarms.max()}."
            )
        self.axes_ = upper, lower = several_axes(ax, 2, f"{type(self).__name__}.plot")
        self.figure_ = upper.figure
        self.truth_areas_ = [
            upper.axvspan(line.times[first], line.times[last], color=GREY, alpha=0.3, lw=0)
            for first, last in self.truth or ()
        ]
        style = line_style(series_kwargs, color=BLUE, linewidth=0.9)
        (self.series_line_,) = upper.plot(*line, **style)
        style = line_style(
            alarm_kwargs, color=ORANGE, marker="v", linestyle="", label="Alarm"
        )
        (self.alarm_line_,) = upper.plot(line.times[alarms], line.values[alarms], **style)
        style = line_style(scores_kwargs, color=BLACK, linewidth=0.9)
        (self.scores_line_,) = lower.plot(line.times, scores, **style)
        self.threshold_line_ = None
        if self.threshold is not None:
            self.threshold_line_ = lower.axhline(
                self.threshold, color=ORANGE, linestyle="--"
            )
        upper.set(ylabel="Series")
        lower.set(ylabel=self.score_name)
        lower.sharex(upper)
        for one in (upper, lower):
            tidy(one)
        label_times(lower, line.times, getattr(self.series, "index", None), "Row")
        if alarms.size:
            upper.legend(frameon=False)
        return self
