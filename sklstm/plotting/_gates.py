"""The gates and the states of a recurrent layer over the steps of one sequence."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..fitting._numbers import is_integer
from ..inspection import gate_activations
from ..inspection._gates import GATES
from ..inspection._inside import inside
from ..inspection._times import step_times
from ._axes import CYCLE, legend_above, line_style, several_axes, tidy, whole_numbers
from ._heat_map import FEW_ROWS, draw_steps
from ._steps import label_steps, step_numbers

if TYPE_CHECKING:
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D


class GateDisplay:
    """Gates and states of a recurrent layer, one panel each, over the steps of a sequence.

    A row of a panel is a unit, a column a step. It is recommended to use `from_estimator`.
    All parameters are stored as attributes.

    Parameters
    ----------
    activations : mapping of str to array-like of shape (n_timesteps, hidden_size)
        By the name of the gate or state; NaN is an unobserved step.
    sequence : array-like of shape (n_timesteps, n_features) or None, default=None
        What was read.
    feature_names : sequence of str or None, default=None
        Of the features of `sequence`.
    times : Index, array-like of shape (n_timesteps,), or None, default=None
        Of the steps; NaT is not known. None counts steps back from the last, which is 0.

    Attributes
    ----------
    lines_ : list of matplotlib.lines.Line2D
        Features of the sequence, in the first panel; empty without it.
    images_ : dict of str to matplotlib.image.AxesImage
        By the name of the gate or state.
    axes_ : ndarray of matplotlib.axes.Axes of shape (n_panels,)
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklstm.inspection.gate_activations : What is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.plotting import GateDisplay
    >>> display = GateDisplay({"forget": np.full((5, 2), 0.9)}).plot()
    >>> display.images_["forget"].get_array().shape
    (2, 5)
    """

    lines_: list[Line2D]
    images_: dict[str, AxesImage]

    def __init__(
        self,
        activations: Mapping[str, ArrayLike],
        *,
        sequence: ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> None:
        self.activations = activations
        self.sequence = sequence
        self.feature_names = feature_names
        self.times = times

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        sample: int = -1,
        gates: Sequence[str] | None = None,
        layer: int = -1,
        direction: Any = "forwards",
        ax: Any = None,
        image_kwargs: dict[str, Any] | None = None,
    ) -> GateDisplay:
        """Draw the gates of a fitted estimator for one sequence.

        Parameters
        ----------
        estimator : estimator
            As in `sklstm.inspection.gate_activations`.
        X : array-like
            What the estimator predicts from. The times of its rows are on the axis, where
            windows are cut from them inside of a pipeline or of `LSTMForecaster`.
        sample : int, default=-1
            Number of the sequence; -1 is the last.
        gates : sequence of str or None, default=None
            Which gates and states to draw, in this order; None is all.
        layer : int, default=-1
            Number of the recurrent layer.
        direction : {"forwards", "backwards"}, default="forwards"
        ax : array-like of matplotlib.axes.Axes or None, default=None
            One for the sequence and for each gate; None is a new figure.
        image_kwargs : dict or None, default=None
            For all panels, as `matplotlib.axes.Axes.imshow` takes them.

        Returns
        -------
        display : GateDisplay

        Raises
        ------
        ValueError
            If there is no such sample, layer, direction or gate.

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> X = np.random.default_rng(0).normal(size=(30, 6, 2))
        >>> model = LSTMRegressor(hidden_size=3, max_epochs=1).fit(X, X[:, 0, 0])
        >>> display = GateDisplay.from_estimator(model, X, gates=["forget", "cell"])
        >>> list(display.images_)
        ['forget', 'cell']
        """
        lstm, sequences = inside(estimator, X)
        n = len(sequences)
        if not is_integer(sample) or not -n <= sample < n:
            raise ValueError(
                f"sample must be the number of one of the {n} sequences. Got {sample!r}."
            )
        one = _only(sequences, int(sample) % n)
        found = gate_activations(lstm, one, layer=layer, direction=direction)
        names = list(found) if gates is None else np.atleast_1d(np.array(gates)).tolist()
        unknown = [name for name in names if name not in found]
        if unknown:
            raise ValueError(
                f"gates must be among {list(found)}, which the layer has. Got"
                f" {unknown[0]!r}."
            )
        values = np.asarray(one, np.float64)[0]
        display = cls(
            {name: found[name][0] for name in names},
            sequence=values.reshape(len(values), -1),
            feature_names=_names_of(lstm),
            times=step_times(estimator, X, sequences, int(sample) % n),
        )
        return display.plot(ax, image_kwargs=image_kwargs)

    def plot(
        self,
        ax: Any = None,
        *,
        image_kwargs: dict[str, Any] | None = None,
        line_kwargs: dict[str, Any] | None = None,
    ) -> GateDisplay:
        """Draw the sequence, and below it the gates.

        Parameters
        ----------
        ax : array-like of matplotlib.axes.Axes or None, default=None
            One for the sequence, if there is one, and for each gate; None is a new figure.
        image_kwargs, line_kwargs : dict or None, default=None
            For the panels and for the sequence's lines, as matplotlib takes them.

        Returns
        -------
        display : GateDisplay

        Raises
        ------
        ValueError
            If an activation is not of two dimensions, or there is not one time per step.
        """
        panels = {name: _as_panel(name, value) for name, value in self.activations.items()}
        has_sequence = self.sequence is not None
        caller = f"{type(self).__name__}.plot"
        self.axes_ = axes = several_axes(ax, len(panels) + has_sequence, caller)
        self.figure_ = axes[0].figure
        self.lines_ = self._draw_sequence(axes[0], line_kwargs) if has_sequence else []
        self.images_ = {}
        for one, (name, values) in zip(axes[has_sequence:], panels.items(), strict=True):
            limits = {"vmin": 0.0, "vmax": 1.0} if name in GATES else {}
            self.images_[name] = draw_steps(
                one, values.T, signed=name not in GATES, style=image_kwargs, **limits
            )
            one.set(title=_title(name), ylabel="Unit")
            if values.shape[1] >= FEW_ROWS:
                whole_numbers(one.yaxis)
        steps: Any = next(iter(panels.values()), self.sequence)
        label_steps(list(axes), len(steps), self.times)
        return self

    def _draw_sequence(self, ax: Any, line_kwargs: dict[str, Any] | None) -> list[Line2D]:
        values = np.asarray(self.sequence, np.float64)
        names = self.feature_names
        if names is None:
            names = [f"Feature {i}" for i in range(values.shape[1])]
        if len(names) != values.shape[1]:
            raise ValueError(
                f"feature_names must have one name for each of the {values.shape[1]}"
                f" features. Got {len(names)}."
            )
        if len(names) > 1:
            # Prices and volumes have no axis in common.
            with np.errstate(invalid="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # a feature of NaN alone
                spread = np.nanstd(values, axis=0)
                values = values - np.nanmean(values, axis=0)
                values = values / np.where(spread > 0, spread, 1.0)
        steps = step_numbers(len(values))
        # A value between two that are missing would not be seen on a line.
        style = line_style(line_kwargs, marker=".", linewidth=1)
        lines = [
            ax.plot(
                steps, column, **{"label": name, "color": CYCLE[i % len(CYCLE)]} | style
            )[0]
            for i, (name, column) in enumerate(zip(names, values.T, strict=True))
        ]
        what = "Sequence" if len(names) == 1 else "Sequence,\nstandardised"
        ax.set(ylabel=what, xlim=(steps[0] - 0.5, 0.5))
        tidy(ax)
        legend_above(ax, 4)
        return lines


def _only(sequences: Any, sample: int) -> Any:
    """Give one of some sequences, in the dress of all."""
    if hasattr(sequences, "iloc"):
        return sequences.iloc[[sample]]
    return sequences[sample : sample + 1]


def _as_panel(name: str, values: ArrayLike) -> NDArray[np.float64]:
    panel = np.asarray(values, np.float64)
    if panel.ndim != 2:
        raise ValueError(
            f"activations[{name!r}] must be of shape (n_timesteps, hidden_size), those of"
            f" one sequence. Got shape {panel.shape}."
        )
    return panel


def _title(name: str) -> str:
    kinds = {"candidate": "Candidate", "cell": "Cell state", "hidden": "Hidden state"}
    return kinds.get(name, f"{name.capitalize()} gate")


def _names_of(lstm: Any) -> list[str] | None:
    """Give the names of the features of 3-D sequences, if they have any."""
    layout = lstm._model.encoding.layout
    if layout.n_dims != 3 or layout.feature_names_in is None:
        return None
    return [str(name) for name in layout.feature_names_in]
