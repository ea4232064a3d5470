"""Heat maps over the steps of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._axes import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

# Told apart without colour vision, and in grey: one for shares, one for both signs.
SHARES, SIGNED = "cividis", "PuOr"
# Of so few rows each has a tick.
FEW_ROWS = 10


def draw_steps(
    ax: Axes,
    values: NDArray[Any],
    *,
    signed: bool,
    style: dict[str, Any] | None,
    **limits: float,
) -> AxesImage:
    """Draw rows of values over steps, with their scale beside them.

    Steps are counted as `step_numbers` does: the last one is 0.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    values : ndarray of shape (n_rows, n_timesteps)
        NaN stays blank.
    signed : bool
        Whether values lie on both sides of 0, which is then the middle of the colours.
    style : dict or None
        For `matplotlib.axes.Axes.imshow`.
    **limits : float
        Ends of the colours, `vmin` and `vmax`; by default those of the values.

    Returns
    -------
    image : matplotlib.image.AxesImage
    """
    from matplotlib.image import AxesImage

    n_rows, n_timesteps = values.shape
    if signed and not limits:
        most = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
        limits = {"vmin": -most, "vmax": most}
    defaults = {
        "cmap": SIGNED if signed else SHARES,
        "aspect": "auto",
        "interpolation": "nearest",
        "extent": (0.5 - n_timesteps, 0.5, n_rows - 0.5, -0.5),
        **limits,
    }
    given = styled(AxesImage, style)
    if "norm" in given:  # which has ends of its own
        defaults = {k: v for k, v in defaults.items() if k not in ("vmin", "vmax")}
    image = ax.imshow(values, **{**defaults, **given})
    if n_rows < FEW_ROWS:
        ax.set_yticks(range(n_rows))
    ax.figure.colorbar(image, ax=ax, pad=0.01, fraction=0.05)
    return image
