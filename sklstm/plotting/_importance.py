"""How much worse a score becomes without a feature, a step or a block of steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..inspection import sequence_permutation_importance
from ._axes import BLACK, ORANGE, line_style, one_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

# Of so many steps each has a tick; names of more letters would run into each other.
MOST_TICKS, MOST_LETTERS = 16, 60
# What is exchanged as one, on an axis.
PARTS = {
    "feature": "Feature",
    "step": "Step (0 is the last)",
    "block": "Steps (0 is the last)",
}


class ImportanceDisplay:
    """Box plots of importances: the score that is lost where a part is exchanged.

    A box holds the middle half of the repeats, its line is their median, and its whiskers
    reach the farthest of them within one and a half times its length. What lies on 0 is
    not relied on.

    It is recommended to use `from_estimator` or `from_importances`. All parameters are
    stored as attributes.

    Parameters
    ----------
    importances : ndarray of shape (n_parts, n_repeats)
        Score, less the score after an exchange.
    names : sequence of str of shape (n_parts,)
        Of the features, steps or blocks, in the order in which they are drawn, from the
        left on.
    part_name : str, default="Feature"
        What a part is, for the axis.

    Attributes
    ----------
    boxes_ : dict of str to list of artist
        As `matplotlib.axes.Axes.boxplot` gives them: "boxes", "medians", "whiskers",
        "caps" and "fliers".
    zero_line_ : matplotlib.lines.Line2D
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    See Also
    --------
    sklstm.inspection.sequence_permutation_importance : What is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.plotting import ImportanceDisplay
    >>> importances = np.array([[0.1, 0.2, 0.3], [0.0, 0.0, 0.0]])
    >>> display = ImportanceDisplay(importances=importances, names=["price", "noise"])
    >>> display.plot().boxes_["medians"][0].get_ydata()
    array([0.2, 0.2])
    """

    boxes_: dict[str, list[Any]]
    zero_line_: Any
    ax_: Axes
    figure_: FigureBase

    def __init__(
        self,
        *,
        importances: NDArray[Any],
        names: Sequence[str],
        part_name: str = "Feature",
    ) -> None:
        self.importances = importances
        self.names = names
        self.part_name = part_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any = None,
        *,
        by: Literal["feature", "step", "block"] = "feature",
        block_length: int = 1,
        scoring: Any = None,
        n_repeats: int = 10,
        n_jobs: int | None = None,
        random_state: Any = None,
        sample_weight: ArrayLike | None = None,
        names: Sequence[str] | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> ImportanceDisplay:
        """Draw the importances of a fitted estimator.

        Parameters
        ----------
        estimator, X, y, by, block_length, scoring, n_jobs, random_state, sample_weight
            As in `sklstm.inspection.sequence_permutation_importance`.
        n_repeats : int, default=10
            Exchanges of each part: a box of fewer says little.
        names : sequence of str or None, default=None
            As in `from_importances`.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : ImportanceDisplay

        Examples
        --------
        >>> import numpy as np
        >>> from sklstm import LSTMRegressor
        >>> from sklstm.plotting import ImportanceDisplay
        >>> X = np.random.default_rng(0).normal(size=(60, 4, 2))
        >>> model = LSTMRegressor(max_epochs=2, random_state=0).fit(X, X[:, -1, 0])
        >>> display = ImportanceDisplay.from_estimator(model, X, X[:, -1, 0], by="step")
        >>> display.names
        ['-3', '-2', '-1', '0']
        """
        importances = sequence_permutation_importance(
            estimator,
            X,
            y,
            by=by,
            block_length=block_length,
            scoring=scoring,
            n_repeats=n_repeats,
            n_jobs=n_jobs,
            random_state=random_state,
            sample_weight=sample_weight,
        )
        return cls.from_importances(importances, names=names, ax=ax, **plot_kwargs)

    @classmethod
    def from_importances(
        cls,
        importances: Mapping[str, Any],
        *,
        names: Sequence[str] | None = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> ImportanceDisplay:
        """Draw importances that are known.

        Parameters
        ----------
        importances : Bunch
            As `sklstm.inspection.sequence_permutation_importance` gives them, or
            `sklearn.inspection.permutation_importance`. Features are drawn from the most
            important on, steps and blocks in time.
        names : sequence of str of shape (n_parts,) or None, default=None
            Of its `parts`. None takes those that it has.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : ImportanceDisplay

        Raises
        ------
        ValueError
            If there is not one name for each part.
        """
        values = np.asarray(importances["importances"])
        by = importances.get("by", "feature")
        given = importances.get("names", range(len(values))) if names is None else names
        if len(given) != len(values):
            raise ValueError(
                f"names must have one for each of the {len(values)} parts. Got"
                f" {len(given)}."
            )
        order = list(range(len(values)))
        if by == "feature":
            order = np.argsort(-values.mean(axis=1), kind="stable").tolist()
        display = cls(
            importances=values[order],
            names=[str(given[i]) for i in order],
            part_name=PARTS[by],
        )
        return display.plot(ax, **plot_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        box_kwargs: dict[str, Any] | None = None,
        median_kwargs: dict[str, Any] | None = None,
    ) -> ImportanceDisplay:
        """Draw one box for each part.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        box_kwargs, median_kwargs : dict or None, default=None
            For the boxes and for the lines of their medians, as matplotlib takes them.

        Returns
        -------
        display : ImportanceDisplay

        Raises
        ------
        ValueError
            If there is not one name for each part.
        """
        values = np.asarray(self.importances, np.float64)
        if values.ndim != 2 or len(self.names) != len(values):
            raise ValueError(
                f"importances must be of shape ({len(self.names)}, n_repeats), one row for"
                f" each name. Got shape {values.shape}."
            )
        self.ax_ = ax = one_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = ax.figure
        self.zero_line_ = ax.axhline(0, color=BLACK, linestyle="--", linewidth=0.8)
        places = np.arange(len(values))
        self.boxes_ = ax.boxplot(
            list(values),
            positions=places,
            widths=0.6,
            manage_ticks=False,
            boxprops=line_style(box_kwargs, color=BLACK),
            medianprops=line_style(median_kwargs, color=ORANGE, linewidth=1.8),
            flierprops={"markersize": 3},
        )
        is_time = self.part_name != PARTS["feature"]
        every = -(-len(values) // MOST_TICKS) if is_time else 1
        shown = places[::-1][:: max(1, every)]  # the last step is among them
        ax.set_xticks(shown, [self.names[i] for i in shown])
        if sum(len(str(name)) for name in self.names[:MOST_TICKS]) > MOST_LETTERS:
            ax.tick_params(axis="x", rotation=45)
        ax.set(xlabel=self.part_name, ylabel="Score that is lost")
        ax.set_xlim(-0.6, len(values) - 0.4)
        tidy(ax)
        return self
