"""What a prediction rests on, drawn over the steps of its sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier

from ..fitting._numbers import is_integer
from ..inspection import attributions
from ..inspection._inside import inside
from ..inspection._times import step_times
from ._axes import one_axes
from ._gates import _names_of, _only
from ._heat_map import draw_steps
from ._steps import label_steps

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.image import AxesImage


class AttributionDisplay:
    """Attributions of features (rows) and steps (columns), in the units of the target.

    It is recommended to use `from_estimator`. All parameters are stored as attributes.

    Parameters
    ----------
    attributions : array-like of shape (n_timesteps, n_features) or \
            (n_samples, n_timesteps, n_features)
        Of one prediction; or of many, of which the mean absolute value is drawn.
    feature_names : sequence of str or None, default=None
    prediction, baseline_prediction : float or None, default=None
        Of one sequence and of the baseline: the title tells what is shared out.
    unit : str, default="the target"
        What attributions are measured in.
    times : Index, array-like of shape (n_timesteps,), or None, default=None
        Of the steps of one sequence; NaT is not known. None counts steps back from the
        last, which is 0.

    Attributes
    ----------
    image_ : matplotlib.image.AxesImage
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklstm.inspection.attributions : What is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.plotting import AttributionDisplay
    >>> display = AttributionDisplay(np.eye(4)[:, :2]).plot()
    >>> display.image_.get_array().shape
    (2, 4)
    """

    image_: AxesImage
    ax_: Axes
    figure_: FigureBase

    def __init__(
        self,
        attributions: ArrayLike,
        *,
        feature_names: Sequence[str] | None = None,
        prediction: float | None = None,
        baseline_prediction: float | None = None,
        unit: str = "the target",
        times: Any = None,
    ) -> None:
        self.attributions = attributions
        self.feature_names = feature_names
        self.prediction = prediction
        self.baseline_prediction = baseline_prediction
        self.unit = unit
        self.times = times

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sample: int | None = None,
        method: Any = "integrated_gradients",
        target: Any = None,
        baseline: ArrayLike | None = None,
        n_points: int = 50,
        ax: Axes | None = None,
        image_kwargs: dict[str, Any] | None = None,
    ) -> AttributionDisplay:
        """Draw the attributions of a fitted estimator.

        Parameters
        ----------
        estimator, X, method, target, baseline, n_points
            As in `sklstm.inspection.attributions`. The times of the rows of X are on the
            axis of one sequence, as in `GateDisplay`.
        sample : int or None, default=None
            Number of the sequence; None draws the mean absolute values of all.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        image_kwargs : dict or None, default=None
            As `matplotlib.axes.Axes.imshow` takes them.

        Returns
        -------
        display : AttributionDisplay

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> X = np.random.default_rng(0).normal(size=(30, 6, 2))
        >>> model = LSTMRegressor(hidden_size=3, max_epochs=1).fit(X, X[:, 0, 0])
        >>> display = AttributionDisplay.from_estimator(model, X, sample=3)
        >>> display.attributions.shape
        (6, 2)
        """
        lstm, sequences = inside(estimator, X)
        n, times = len(sequences), None
        if sample is not None and (not is_integer(sample) or not -n <= sample < n):
            raise ValueError(
                f"sample must be the number of one of the {n} sequences, or None. Got"
                f" {sample!r}."
            )
        if sample is not None:
            times = step_times(estimator, X, sequences, int(sample) % n)
        if sample is not None and isinstance(estimator, type(lstm)):
            # One sequence is attributed a hundred times sooner than a hundred.
            X = _only(sequences, sample % n)
            if baseline is not None and np.shape(baseline)[:1] == (n,) != (1,):
                baseline = np.asarray(baseline)[[sample]]
            sample = 0
        found = attributions(
            estimator, X, method=method, target=target, baseline=baseline, n_points=n_points
        )
        values = found.attributions if sample is None else found.attributions[sample]
        display = cls(
            values,
            feature_names=_names_of(lstm),
            prediction=None if sample is None else float(found.predictions[sample]),
            baseline_prediction=(
                None if sample is None else float(found.baseline_predictions[sample])
            ),
            unit="a probability" if is_classifier(lstm) else "the target",
            times=times,
        )
        return display.plot(ax, image_kwargs=image_kwargs)

    def plot(
        self, ax: Axes | None = None, *, image_kwargs: dict[str, Any] | None = None
    ) -> AttributionDisplay:
        """Draw the attributions.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        image_kwargs : dict or None, default=None
            As `matplotlib.axes.Axes.imshow` takes them.

        Returns
        -------
        display : AttributionDisplay

        Raises
        ------
        ValueError
            If the attributions have neither two dimensions nor three, or the names are too
            few or too many.
        """
        values = np.asarray(self.attributions, np.float64)
        if values.ndim not in (2, 3):
            raise ValueError(
                "attributions must be of shape ([n_samples, ]n_timesteps, n_features). Got"
                f" shape {values.shape}."
            )
        is_mean = values.ndim == 3
        rows = (np.abs(values).mean(axis=0) if is_mean else values).T
        names = self.feature_names
        if names is not None and len(names) != len(rows):
            raise ValueError(
                f"feature_names must have one name for each of the {len(rows)} features."
                f" Got {len(names)}."
            )
        self.ax_ = ax = one_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = ax.figure
        limits = {"vmin": 0.0} if is_mean else {}
        self.image_ = draw_steps(ax, rows, signed=not is_mean, style=image_kwargs, **limits)
        title = "Mean absolute attribution" if is_mean else "Attribution"
        title = f"{title}, in units of {self.unit}"
        if self.prediction is not None and self.baseline_prediction is not None:
            moved = self.prediction - self.baseline_prediction
            title += (
                f"\n{self.prediction:.4g} = {self.baseline_prediction:.4g} {moved:+.4g}"
            )
        ax.set(title=title, ylabel="Feature")
        label_steps([ax], rows.shape[1], self.times)
        if names is not None:
            ax.set_yticks(range(len(names)), list(names))
            ax.set_ylabel("")
        return self
