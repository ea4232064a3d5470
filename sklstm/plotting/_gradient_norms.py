"""How much of the gradient arrives at each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..inspection._gradient_norms import gradient_norms
from ._axes import CYCLE, line_style, one_axes, tidy, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.lines import Line2D


class GradientNormDisplay:
    """Norm of the gradient of the loss with respect to the state after each step.

    A network learns from a step what arrives there of the gradient. Where the curve falls
    by ten orders of magnitude towards the first steps, these teach it nothing.

    It is recommended to use `from_estimator` or `from_norms`. All parameters are stored as
    attributes.

    Parameters
    ----------
    norms : mapping of str to array-like of shape (n_timesteps,)
        Norms at each step, oldest first, by the name of the network.

    Attributes
    ----------
    lines_ : dict of str to matplotlib.lines.Line2D
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklstm.inspection.gradient_norms : The norms of an estimator.

    Examples
    --------
    >>> from sklstm.plotting import GradientNormDisplay
    >>> display = GradientNormDisplay.from_norms({"RNN": [1e-6, 1e-3, 1.0]})
    >>> display.ax_.get_yscale()
    'log'
    """

    lines_: dict[str, Line2D]
    ax_: Axes
    figure_: FigureBase

    def __init__(self, *, norms: Mapping[str, ArrayLike]) -> None:
        self.norms = norms

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        name: str | None = None,
        ax: Axes | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> GradientNormDisplay:
        """Draw the norms of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            As `sklstm.inspection.gradient_norms` takes it.
        X : array-like
            As the `predict` of `estimator` takes it.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        name : str or None, default=None
            For the legend; None is the name of the class.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        line_kwargs : dict or None, default=None
            For the line, as `matplotlib.axes.Axes.plot` takes them.

        Returns
        -------
        display : GradientNormDisplay
        """
        norms = gradient_norms(estimator, X, y)
        named = {type(estimator).__name__ if name is None else name: norms}
        return cls.from_norms(named, ax=ax, line_kwargs=line_kwargs)

    @classmethod
    def from_norms(
        cls,
        norms: Mapping[str, ArrayLike],
        *,
        ax: Axes | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> GradientNormDisplay:
        """Draw norms that are known.

        Parameters
        ----------
        norms : mapping of str to array-like of shape (n_timesteps,)
            By the name of the network.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        line_kwargs : dict or None, default=None
            For all lines, as `matplotlib.axes.Axes.plot` takes them.

        Returns
        -------
        display : GradientNormDisplay

        Raises
        ------
        ValueError
            If norms have several dimensions or are negative.
        """
        return cls(norms=norms).plot(ax, line_kwargs=line_kwargs)

    def plot(
        self, ax: Axes | None = None, *, line_kwargs: dict[str, Any] | None = None
    ) -> GradientNormDisplay:
        """Draw the norms, on a logarithmic axis: one of 0 is left out.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        line_kwargs : dict or None, default=None
            For all lines, as `matplotlib.axes.Axes.plot` takes them.

        Returns
        -------
        display : GradientNormDisplay
        """
        curves = {name: _checked(values) for name, values in self.norms.items()}
        self.ax_ = ax = one_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = ax.figure
        self.lines_ = {}
        for i, (name, values) in enumerate(curves.items()):
            style = line_style(line_kwargs, color=CYCLE[i % len(CYCLE)], label=name)
            steps = np.arange(1, len(values) + 1)
            shown = np.where(values > 0, values, np.nan)
            (self.lines_[name],) = ax.plot(steps, shown, **style)
        ax.set(xlabel="Step", ylabel="Norm of the gradient", yscale="log")
        whole_numbers(ax.xaxis)
        tidy(ax)
        ax.legend(frameon=False)
        return self


def _checked(norms: ArrayLike) -> Any:
    values = np.asarray(norms, dtype=np.float64)
    if values.ndim != 1 or (values < 0).any():
        raise ValueError(
            "norms must be one number of at least 0 per step, of shape (n_timesteps,). Got"
            f" {norms!r:.80}."
        )
    return values
