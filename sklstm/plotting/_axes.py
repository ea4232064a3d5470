"""What all displays share: axes, colours, and styles that a user may change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours that can be told apart without colour vision (Okabe and Ito, 2008).
BLACK, GREY, LIGHT_GREY = "#222222", "#888888", "#cccccc"
BLUE, ORANGE, GREEN, SKY = "#0072b2", "#d55e00", "#009e73", "#56b4e9"
CYCLE = (ORANGE, BLUE, GREEN, "#cc79a7", "#e69f00")


def check_matplotlib(caller: str) -> None:
    """Refuse to draw without matplotlib.

    Parameters
    ----------
    caller : str
        Who draws, for the message.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib. Install it with `pip install matplotlib`."
        ) from error


def one_axes(ax: Any, caller: str) -> Axes:
    """Give the axes to draw on: those of the user, or a new figure's.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
    caller : str
        Who draws, for messages.

    Returns
    -------
    ax : matplotlib.axes.Axes

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If `ax` is something else.
    """
    check_matplotlib(caller)
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(layout="constrained")
    return _as_axes(ax, "ax must be one matplotlib Axes")


def several_axes(ax: Any, n_panels: int, caller: str) -> NDArray[Any]:
    """Give the axes of some panels: those of the user, or of a new figure.

    Parameters
    ----------
    ax : array-like of matplotlib.axes.Axes, or None
        One for each panel.
    n_panels : int
    caller : str

    Returns
    -------
    axes : ndarray of Axes of shape (n_panels,)

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    TypeError
        If there is something else among them.
    ValueError
        If there are more or fewer.
    """
    check_matplotlib(caller)
    if ax is None:
        import matplotlib.pyplot as plt

        size = (6.4, 2.6 * n_panels)
        _, ax = plt.subplots(n_panels, 1, figsize=size, layout="constrained")
    axes = np.asarray(ax, dtype=object).ravel()
    wanted = f"ax must be an array of {n_panels} matplotlib Axes, one for each panel"
    if len(axes) != n_panels:
        raise ValueError(f"{wanted}. Got {len(axes)}.")
    for one in axes:
        _as_axes(one, wanted)
    return axes


def _as_axes(ax: Any, wanted: str) -> Axes:
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise TypeError(f"{wanted}. Got {type(ax).__name__}.")
    return ax


def styled(artist: type, given: dict[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """Give keyword arguments of an artist: those of the user before the defaults.

    Parameters
    ----------
    artist : type
        Class of the artist, which knows the short names ("c" is "color").
    given : dict or None
    **defaults : object
        By their long names.

    Returns
    -------
    style : dict
    """
    from matplotlib.cbook import normalize_kwargs

    return defaults | normalize_kwargs(given or {}, artist)


def line_style(given: dict[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """Give keyword arguments of a line, as `styled` does."""
    from matplotlib.lines import Line2D

    return styled(Line2D, given, **defaults)


def patch_style(given: dict[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """Give keyword arguments of an area, as `styled` does."""
    from matplotlib.collections import PolyCollection

    return styled(PolyCollection, given, **defaults)


def bar_style(given: dict[str, Any] | None, **defaults: Any) -> dict[str, Any]:
    """Give keyword arguments of bars, as `styled` does."""
    from matplotlib.patches import Rectangle

    return styled(Rectangle, given, **defaults)


def tidy(ax: Axes) -> None:
    """Leave of the frame what is read off, and draw a light grid behind the data."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(alpha=0.25)
    ax.set_axisbelow(True)


def whole_numbers(axis: Any) -> None:
    """Let an axis have ticks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10]))


def legend_above(ax: Axes, n_columns: int) -> None:
    """Put the legend above the axes, where data fills them."""
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=n_columns,
        frameon=False,
        borderaxespad=0.2,
        columnspacing=1.2,
        handlelength=1.5,
    )
