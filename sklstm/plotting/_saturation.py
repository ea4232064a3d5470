"""How often the units of each gate are nearly shut, and how often nearly open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..inspection import gate_activations, saturation
from ..inspection._gates import GATES
from ._axes import BLUE, GREY, check_matplotlib, line_style, several_axes, tidy

if TYPE_CHECKING:
    from matplotlib.figure import FigureBase
    from matplotlib.lines import Line2D


class SaturationDisplay:
    """Units of each gate by how often they are nearly shut, and nearly open.

    As Karpathy et al. (2015) draw it: one panel for each gate, one point for each unit. A
    unit far up is nearly always open; one far to the right is nearly always shut; one near
    the corner in between is neither, and works in between. All lie below the diagonal.

    It is recommended to use `from_estimator` or `from_activations`. All parameters are
    stored as attributes.

    Parameters
    ----------
    shares : mapping of str to array-like of shape (hidden_size, 2)
        Of each gate: the share of steps at which a unit is nearly shut, and nearly open.

    Attributes
    ----------
    points_ : dict of str to matplotlib.lines.Line2D
        By the name of the gate.
    diagonals_ : dict of str to matplotlib.lines.Line2D
        Where a unit is always the one or the other.
    axes_ : ndarray of matplotlib.axes.Axes of shape (n_gates,)
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklstm.inspection.saturation : The shares.
    GateDisplay : The gates of one sequence, step by step.

    Examples
    --------
    >>> from sklstm.plotting import SaturationDisplay
    >>> forget = [[[0.95, 0.5], [0.99, 0.05]]]
    >>> display = SaturationDisplay.from_activations({"forget": forget})
    >>> display.points_["forget"].get_xydata().tolist()
    [[0.0, 1.0], [0.5, 0.0]]
    """

    points_: dict[str, Line2D]
    diagonals_: dict[str, Line2D]
    axes_: NDArray[Any]
    figure_: FigureBase

    def __init__(self, *, shares: Mapping[str, ArrayLike]) -> None:
        self.shares = shares

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        layer: int = -1,
        direction: Any = "forwards",
        low: float = 0.1,
        high: float = 0.9,
        ax: Any = None,
        point_kwargs: dict[str, Any] | None = None,
    ) -> SaturationDisplay:
        """Draw how saturated the gates of a fitted estimator are.

        Parameters
        ----------
        estimator, X, layer, direction
            As in `sklstm.inspection.gate_activations`.
        low, high : float, default=0.1 and 0.9
            As in `sklstm.inspection.saturation`.
        ax : array-like of matplotlib.axes.Axes or None, default=None
            One for each gate; None is a new figure.
        point_kwargs : dict or None, default=None
            For the points, as `matplotlib.axes.Axes.plot` takes them.

        Returns
        -------
        display : SaturationDisplay

        Raises
        ------
        ValueError
            If there is no such layer or direction, or the layer has no gates.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> from sklstm.plotting import SaturationDisplay
        >>> X = np.random.default_rng(0).normal(size=(30, 6, 2))
        >>> model = LSTMRegressor(hidden_size=3, max_epochs=1).fit(X, X[:, 0, 0])
        >>> display = SaturationDisplay.from_estimator(model, X)
        >>> list(display.points_)
        ['input', 'forget', 'output']
        """
        activations = gate_activations(estimator, X, layer=layer, direction=direction)
        return cls.from_activations(
            activations, low=low, high=high, ax=ax, point_kwargs=point_kwargs
        )

    @classmethod
    def from_activations(
        cls,
        activations: Mapping[str, ArrayLike],
        *,
        low: float = 0.1,
        high: float = 0.9,
        ax: Any = None,
        point_kwargs: dict[str, Any] | None = None,
    ) -> SaturationDisplay:
        """Draw how saturated gates are.

        Parameters
        ----------
        activations : mapping of str to array-like of shape (n_samples, n_timesteps, \
                hidden_size)
            As `sklstm.inspection.gate_activations` gives them; what is no gate is left out.
        low, high : float, default=0.1 and 0.9
            As in `sklstm.inspection.saturation`.
        ax : array-like of matplotlib.axes.Axes or None, default=None
            One for each gate; None is a new figure.
        point_kwargs : dict or None, default=None
            For the points, as `matplotlib.axes.Axes.plot` takes them.

        Returns
        -------
        display : SaturationDisplay

        Raises
        ------
        ValueError
            If there is no gate.
        """
        shares = {
            name: np.column_stack(saturation(values, low=low, high=high))
            for name, values in activations.items()
            if name in GATES
        }
        if not shares:
            raise ValueError(
                f"activations must have a gate, one of {list(GATES)}. Got"
                f" {list(activations)}: a plain RNN has none."
            )
        return cls(shares=shares).plot(ax, point_kwargs=point_kwargs)

    def plot(
        self, ax: Any = None, *, point_kwargs: dict[str, Any] | None = None
    ) -> SaturationDisplay:
        """Draw one panel for each gate.

        Parameters
        ----------
        ax : array-like of matplotlib.axes.Axes or None, default=None
            One for each gate; None is a new figure.
        point_kwargs : dict or None, default=None
            For the points, as `matplotlib.axes.Axes.plot` takes them.

        Returns
        -------
        display : SaturationDisplay

        Raises
        ------
        ValueError
            If a gate does not have two shares for each unit.
        """
        panels = {name: _checked(name, shares) for name, shares in self.shares.items()}
        caller = f"{type(self).__name__}.plot"
        check_matplotlib(caller)
        if ax is None:
            import matplotlib.pyplot as plt

            size = (2.7 * len(panels), 3.0)
            _, ax = plt.subplots(1, len(panels), figsize=size, layout="constrained")
        self.axes_ = several_axes(ax, len(panels), caller)
        self.figure_ = self.axes_[0].figure
        self.points_, self.diagonals_ = {}, {}
        # Units that never saturate lie in the corner, half of them outside the axes.
        style = line_style(
            point_kwargs, color=BLUE, marker="o", linestyle="", alpha=0.6, clip_on=False
        )
        for one, (name, shares) in zip(self.axes_, panels.items(), strict=True):
            (self.diagonals_[name],) = one.plot([0, 1], [1, 0], color=GREY, linewidth=0.8)
            (self.points_[name],) = one.plot(*shares.T, **style)
            one.set(
                title=f"{name.capitalize()} gate",
                xlabel="Share of steps nearly shut",
                ylabel="Share of steps nearly open",
                xlim=(0, 1),
                ylim=(0, 1),
                xticks=(0, 0.5, 1),
                yticks=(0, 0.5, 1),
                aspect="equal",
            )
            tidy(one)
        return self


def _checked(name: str, shares: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(shares, np.float64)
    if values.ndim != 2 or values.shape[1] != 2:
        raise ValueError(
            f"shares[{name!r}] must be of shape (hidden_size, 2). Got shape {values.shape}."
        )
    return values
