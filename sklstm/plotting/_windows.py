"""What a splitter and a window do to rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from ..fitting._numbers import is_integer
from ._axes import (
    BLACK,
    BLUE,
    GREEN,
    LIGHT_GREY,
    ORANGE,
    legend_above,
    one_axes,
    patch_style,
    tidy,
)
from ._rows import ascending, row_edges, runs_of
from ._time_axis import concise_dates, is_elapsed, label_elapsed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.figure import FigureBase

Array = NDArray[Any]
Runs = list[tuple[int, int]]

# Where a fold has its rows, and below them its two windows: top and height.
ROWS, WINDOWS = (-0.38, 0.38), ((0.04, 0.13), (0.21, 0.13))


class WindowDisplay:
    """Rows of each fold that train and test, and the windows where they meet.

    One window is drawn at the last training row, one at the first test row: from the rows
    that it holds to the rows that its targets lie ahead. Targets of the first that reach
    into the test rows, and rows of the second that lie in the training rows, are seen at
    once.

    It is recommended to use `from_splitter`. All parameters are stored as attributes.

    Parameters
    ----------
    train_indices, test_indices : sequence of array-like of int, one for each fold
        Numbers of the rows.
    n_rows : int
        Rows in all.
    window_length : int, default=1
        Rows in a window; the last of them is its own row.
    horizon : int, default=0
        Rows that its targets lie ahead; 0 draws none.
    times : Index or None, default=None
        Times of the rows, in their order, for the axis; None counts rows.

    Attributes
    ----------
    train_bars_, test_bars_, gap_bars_ : list of matplotlib.collections.PolyCollection
        One for each fold that has some. The gap is what neither trains nor tests between
        both.
    window_bars_, target_bars_ : list of matplotlib.collections.PolyCollection
        Two for each fold: at the last training row, and at the first test row. There are
        no targets where `horizon` is 0 or no row comes after.
    ax_ : matplotlib.axes.Axes
    figure_ : matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklstm.plotting import WindowDisplay
    >>> display = WindowDisplay.from_splitter(
    ...     TimeSeriesSplit(n_splits=2, gap=1), np.zeros((9, 1)), window_length=2
    ... )
    >>> [train.tolist() for train in display.train_indices]
    [[0, 1], [0, 1, 2, 3, 4]]
    """

    train_bars_: list[PolyCollection]
    test_bars_: list[PolyCollection]
    gap_bars_: list[PolyCollection]
    window_bars_: list[PolyCollection]
    target_bars_: list[PolyCollection]
    ax_: Axes
    figure_: FigureBase

    def __init__(
        self,
        *,
        train_indices: Sequence[Any],
        test_indices: Sequence[Any],
        n_rows: int,
        window_length: int = 1,
        horizon: int = 0,
        times: Any = None,
    ) -> None:
        self.train_indices = train_indices
        self.test_indices = test_indices
        self.n_rows = n_rows
        self.window_length = window_length
        self.horizon = horizon
        self.times = times

    @classmethod
    def from_splitter(
        cls,
        cv: Any,
        X: Any,
        *,
        window_length: int = 1,
        horizon: int = 0,
        y: Any = None,
        groups: Any = None,
        ax: Axes | None = None,
        **plot_kwargs: Any,
    ) -> WindowDisplay:
        """Draw the folds of a splitter.

        Parameters
        ----------
        cv : splitter of scikit-learn, int, or iterable of (train, test)
            As `sklearn.model_selection.check_cv` takes it.
        X : array-like of shape (n_rows, ...)
            The rows that are split. Times of its index are on the axis if they ascend.
        window_length : int, default=1
            Rows in a window.
        horizon : int, default=0
            Rows that the targets of a window lie ahead; 0 draws none.
        y, groups : array-like of shape (n_rows,) or None, default=None
            For splitters that look at them.
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        **plot_kwargs : dict
            For the artists, as `plot` takes them.

        Returns
        -------
        display : WindowDisplay

        Raises
        ------
        ValueError
            If `window_length` is below 1, `horizon` below 0, or there is no fold.
        """
        folds = list(check_cv(cv).split(X, y, groups))
        display = cls(
            train_indices=[np.asarray(train) for train, _ in folds],
            test_indices=[np.asarray(test) for _, test in folds],
            n_rows=X.shape[0] if hasattr(X, "shape") else len(X),
            window_length=window_length,
            horizon=horizon,
            times=ascending(getattr(X, "index", None)),
        )
        return display.plot(ax, **plot_kwargs)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        train_kwargs: dict[str, Any] | None = None,
        test_kwargs: dict[str, Any] | None = None,
        gap_kwargs: dict[str, Any] | None = None,
        window_kwargs: dict[str, Any] | None = None,
        target_kwargs: dict[str, Any] | None = None,
    ) -> WindowDisplay:
        """Draw the folds, the first on top.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or None, default=None
            Where to draw; None is a new figure.
        train_kwargs, test_kwargs, gap_kwargs, window_kwargs, target_kwargs : dict or \
                None, default=None
            For the bars, as `matplotlib.axes.Axes.broken_barh` takes them.

        Returns
        -------
        display : WindowDisplay
        """
        self._check()
        self.ax_ = ax = one_axes(ax, f"{type(self).__name__}.plot")
        self.figure_ = ax.figure
        edges, has_dates = row_edges(self.times, self.n_rows)
        styles = {
            "train": patch_style(train_kwargs, facecolor=BLUE, label="Training rows"),
            "gap": patch_style(gap_kwargs, facecolor=LIGHT_GREY, label="Gap"),
            "test": patch_style(test_kwargs, facecolor=ORANGE, label="Test rows"),
            "window": patch_style(window_kwargs, facecolor=BLACK, label="Window"),
            "target": patch_style(
                target_kwargs,
                facecolor="white",
                edgecolor=GREEN,
                hatch="////",
                label="Its targets",
            ),
        }
        bars: dict[str, list[PolyCollection]] = {name: [] for name in styles}
        for i in range(len(self.train_indices)):
            for name, runs, (top, height) in self._bars(i):
                # The legend has one entry for each kind that there is.
                again = {"label": "_"} if bars[name] else {}
                spans = [(edges[a], edges[b] - edges[a]) for a, b in runs]
                place = (i + 1 + top, height)
                bars[name].append(ax.broken_barh(spans, place, **styles[name] | again))
        for name, artists in bars.items():
            setattr(self, f"{name}_bars_", artists)
        self._label(edges, has_dates, sum(map(bool, bars.values())))
        return self

    def _label(self, edges: Array, has_dates: bool, n_entries: int) -> None:
        n_folds = len(self.train_indices)
        self.ax_.set(ylabel="Fold", ylim=(n_folds + 0.6, 0.4), xlim=(edges[0], edges[-1]))
        if n_folds <= 20:
            self.ax_.set_yticks(range(1, n_folds + 1))
        if has_dates:
            self.ax_.xaxis_date()
            concise_dates(self.ax_)
        elif is_elapsed(self.times):
            label_elapsed(self.ax_, edges)
        else:
            self.ax_.set_xlabel("Row")
        tidy(self.ax_)
        legend_above(self.ax_, 3 if n_entries > 4 else n_entries)

    def _check(self) -> None:
        for name, least in (("window_length", 1), ("horizon", 0)):
            value = getattr(self, name)
            if not is_integer(value) or value < least:
                raise ValueError(
                    f"{name} must be an integer of at least {least}. Got {value!r}."
                )
        if not len(self.train_indices):
            raise ValueError("cv must give at least one fold. Got none.")

    def _bars(self, fold: int) -> Iterator[tuple[str, Runs, tuple[float, float]]]:
        """Give what is drawn of a fold: its kind, runs of rows, and its top and height."""
        train = np.unique(self.train_indices[fold])
        test = np.unique(self.test_indices[fold])
        yield "train", runs_of(train), ROWS
        yield "test", runs_of(test), ROWS
        if not len(train) or not len(test):
            return
        low, high = min(train[0], test[0]), max(train[-1], test[-1])
        between = np.setdiff1d(np.arange(low, high), np.union1d(train, test))
        if len(between):
            yield "gap", runs_of(between), ROWS
        for row, place in zip((int(train[-1]), int(test[0])), WINDOWS, strict=True):
            yield "window", [(max(0, row - self.window_length + 1), row + 1)], place
            end = min(self.n_rows, row + 1 + self.horizon)
            if end > row + 1:
                yield "target", [(row + 1, end)], place
