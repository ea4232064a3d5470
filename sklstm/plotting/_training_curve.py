"""Loss and validation loss by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..estimators._lstm import LSTMEstimator
from ..inspection._inside import Inspectable, lstm_of
from ._axes import BLACK, BLUE, GREY, ORANGE, line_style, one_axes, tidy, whole_numbers
from ._baseline import baseline_of, loss_name_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.lines import Line2D


class TrainingCurveDisplay:
    """Loss and validation loss by epoch, and what has to be beaten.

    It is recommended to use `from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    loss_curve : sequence of float of shape (n_epochs,)
        Mean training loss of each epoch.
    validation_loss_curve : sequence of float of shape (n_epochs,) or None, default=None
        Mean loss of the samples that validate; NaN where an epoch had none.
    best_epoch : int or None, default=None
        Epoch whose weights are kept, counted from 1.
    baseline : float or None, default=None
        Loss of the best constant answer, on the training samples.
    baseline_name : str, default="Always the mean"
        What is always answered.
    loss_name : str, default="Loss"
        What the loss is, for the axis.
    first_epoch : int, default=1
        Number of the first epoch of the curves.

    Attributes
    ----------
    line_ : matplotlib.lines.Line2D
        The training loss.
    validation_line_ : matplotlib.lines.Line2D or None
        The validation loss.
    best_epoch_line_ : matplotlib.lines.Line2D or None
        Marks the best epoch.
    baseline_line_ : matplotlib.lines.Line2D or None
        The loss of the best constant answer.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores by the number of samples.

    Examples
    --------
    >>> from sklstm.plotting import TrainingCurveDisplay
    >>> display = TrainingCurveDisplay(loss_curve=[0.9, 0.5, 0.4], baseline=1.0)
    >>> display.plot().line_.get_xdata()
    array([1, 2, 3])
    """

    line_: Line2D
    validation_line_: Line2D | None
    best_epoch_line_: Line2D | None
    baseline_line_: Line2D | None
    ax_: Axes
    figure_: FigureBase

    def __init__(
        self,
        *,
        loss_curve: Sequence[float],
        validation_loss_curve: Sequence[float] | None = None,
        best_epoch: int | None = None,
        baseline: float | None = None,
        baseline_name: str = "Always the mean",
        loss_name: str = "Loss",
        first_epoch: int = 1,
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.best_epoch = best_epoch
        self.baseline = baseline
        self.baseline_name = baseline_name
        self.loss_name = loss_name
        self.first_epoch = first_epoch

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        relative: bool = False,
        ax: Axes | None = None,
        line_kwargs: dict[str, Any] | None = None,
        validation_kwargs: dict[str, Any] | None = None,
    ) -> TrainingCurveDisplay:
        """Draw the curves of a fitted estimator.

        The baseline is the loss of the constant that is best on the training samples. It
        is known, and drawn, for two losses: the squared error of standardised targets,
        where it is 1, and the cross-entropy without `class_weight`, where it is the
        entropy of the shares of the classes in y. It is not known after `warm_start` or
        `partial_fit`, nor where outputs forecast features of X and are scaled like these.

        Parameters
        ----------
        estimator : estimator
            An LSTM, a pipeline or a search that ends in one, or one of `sklstm.sktime`;
            of `PretrainedLSTMForecaster` how fine-tuning went.
        relative : bool, default=False
            Whether to divide by the baseline.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        line_kwargs, validation_kwargs : dict or None, default=None
            For the two lines, as `matplotlib.axes.Axes.plot` takes them.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        AttributeError
            If a forecaster is pretrained, and was not trained further.
        TypeError
            If there is no LSTM in it.
        ValueError
            If the loss is to be relative and the baseline is not known, or no epoch is.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> from sklstm.plotting import TrainingCurveDisplay
        >>> X = np.random.default_rng(0).normal(size=(60, 5))
        >>> model = LSTMRegressor(max_epochs=3, random_state=0).fit(X, X[:, -1])
        >>> display = TrainingCurveDisplay.from_estimator(model)
        >>> display.baseline, display.loss_name
        (1.0, 'Squared error of standardised targets')
        """
        display = cls(**_tuning_of(estimator) or _training_of(lstm_of(estimator)))
        return display.plot(
            ax,
            relative=relative,
            line_kwargs=line_kwargs,
            validation_kwargs=validation_kwargs,
        )

    def plot(
        self,
        ax: Axes | None = None,
        *,
        relative: bool = False,
        line_kwargs: dict[str, Any] | None = None,
        validation_kwargs: dict[str, Any] | None = None,
        best_epoch_kwargs: dict[str, Any] | None = None,
        baseline_kwargs: dict[str, Any] | None = None,
    ) -> TrainingCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        relative : bool, default=False
            Whether to divide by the baseline.
        line_kwargs, validation_kwargs, best_epoch_kwargs, baseline_kwargs : dict or None, \
                default=None
            For the lines, as matplotlib takes them.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        ValueError
            If the loss is to be relative and there is no positive baseline, there is no
            epoch, or the curves are not of one length.
        """
        unit = self._unit(relative)
        if not len(self.loss_curve):
            raise ValueError(
                "loss_curve must have at least one epoch. Got none: nothing was trained."
            )
        curves = [self._scaled("loss_curve", self.loss_curve, unit)]
        if self.validation_loss_curve is not None:
            name = "validation_loss_curve"
            curves.append(self._scaled(name, self.validation_loss_curve, unit))
        self.ax_ = ax = one_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = ax.figure
        epochs = np.arange(self.first_epoch, self.first_epoch + len(curves[0]))
        styles = [
            line_style(line_kwargs, color=BLUE, label="Training"),
            line_style(validation_kwargs, color=ORANGE, label="Validation"),
        ]
        # A line of one point is none.
        marker = "o" if len(epochs) == 1 else None
        lines = [
            ax.plot(epochs, curve, **{"marker": marker} | style)[0]
            for curve, style in zip(curves, styles, strict=False)
        ]
        self.line_ = lines[0]
        self.validation_line_ = lines[1] if len(lines) > 1 else None
        self._mark(unit, best_epoch_kwargs, baseline_kwargs)
        name = f"Loss relative to “{self.baseline_name.lower()}”"
        ax.set(xlabel="Epoch", ylabel=name if relative else self.loss_name)
        if ax.dataLim.y0 >= 0:
            # Limits that are set would stay where a user turns to a logarithmic axis.
            ax.update_datalim([(epochs[0], 0.0)])
            self.line_.sticky_edges.y.append(0.0)
            ax.autoscale_view()
        whole_numbers(ax.xaxis)
        tidy(ax)
        ax.legend(frameon=False)
        return self

    def _mark(self, unit: float, best_epoch_kwargs: Any, baseline_kwargs: Any) -> None:
        """Draw the best epoch and the baseline."""
        self.best_epoch_line_ = self.baseline_line_ = None
        if self.best_epoch is not None and self.validation_loss_curve is not None:
            label = f"Best epoch, {self.best_epoch}"
            style = line_style(best_epoch_kwargs, color=BLACK, linestyle=":", label=label)
            self.best_epoch_line_ = self.ax_.axvline(self.best_epoch, **style)
        if self.baseline is not None:
            name = self.baseline_name
            style = line_style(baseline_kwargs, color=GREY, linestyle="--", label=name)
            self.baseline_line_ = self.ax_.axhline(self.baseline / unit, **style)

    def _unit(self, relative: bool) -> float:
        """Give what losses are divided by."""
        if not relative:
            return 1.0
        if self.baseline is None or self.baseline <= 0:
            raise ValueError(
                "relative must be False where the loss of the best constant answer is not"
                f" known, or not above 0. Got relative={relative}, and a baseline of"
                f" {self.baseline}."
            )
        return self.baseline

    def _scaled(self, name: str, curve: Sequence[float], unit: float) -> Any:
        values = np.asarray(curve, dtype=np.float64)
        if values.shape != (len(self.loss_curve),):
            raise ValueError(
                f"{name} must have one value per epoch, of shape"
                f" ({len(self.loss_curve)},). Got {values.shape}."
            )
        return values / unit


def _training_of(lstm: LSTMEstimator) -> dict[str, Any]:
    """Give what a display holds of the training of an LSTM."""
    curve, baseline = lstm.loss_curve_, baseline_of(lstm)
    said = {}
    if baseline is not None:
        said = {"baseline": baseline.loss, "baseline_name": baseline.name}
    return {
        "loss_curve": curve,
        "validation_loss_curve": lstm.validation_loss_curve_ or None,
        "best_epoch": lstm.best_epoch_,
        "loss_name": loss_name_of(lstm),
        "first_epoch": lstm.n_epochs_ - len(curve) + 1,
        **said,
    }


def _tuning_of(estimator: Any) -> dict[str, Any] | None:
    """Give what a display holds of fine-tuning; None where there is an LSTM to look at."""
    shows = hasattr(type(estimator), "loss_curve_")
    if not shows or isinstance(estimator, LSTMEstimator | Inspectable):
        return None
    return {
        "loss_curve": estimator.loss_curve_,
        "validation_loss_curve": estimator.validation_loss_curve_ or None,
        "best_epoch": estimator.best_epoch_ or None,
        "loss_name": getattr(estimator, "_loss_name", "Loss"),
    }
