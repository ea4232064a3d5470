"""The size of sequences that show none: what follows windows of zeros."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..samples._samples import Samples
from ..samples._scaling import Scaling
from ..windows._windows import Windows

Array = NDArray[Any]


def sizes_after_zeros(
    samples: Samples,
    scaling: Scaling,
    relative: Sequence[int],
    features_of_outputs: Sequence[int],
) -> tuple[float, ...]:
    """Give sequences of zeros a size: the median of what has followed such ones, but zeros.

    Demand that comes rarely leaves windows in which there was none. Without a size of their
    own they would be forecast as zero, for certain.

    Parameters
    ----------
    samples : Samples
        To train on.
    scaling : Scaling
        Of the features.
    relative : sequence of int
        Features that are divided by the size of each sequence.
    features_of_outputs : sequence of int of length n_outputs
        The feature that each output forecasts.

    Returns
    -------
    sizes : tuple of float of the length of `relative`
        In the units of `scaling`; 0 where nothing but zeros has followed.
    """
    outputs = np.asarray(features_of_outputs)
    sizes = []
    for feature in relative:
        zeros = np.flatnonzero(_are_zeros(samples.windows, feature))
        if not len(zeros):
            sizes.append(0.0)
            continue
        after = np.abs(_targets(samples.target, zeros)[:, outputs == feature])
        after = after[after > 0]  # which NaN is not
        size = np.median(after) if after.size else 0.0
        sizes.append(float(size / scaling.scale[feature]))
    return tuple(sizes)


def _are_zeros(windows: Windows, feature: int) -> NDArray[np.bool_]:
    """Tell which windows have zeros alone, and at least one, of a feature."""
    values = windows.table[:, feature]
    if not (values == 0).any():
        return np.zeros(len(windows), dtype=bool)
    outside = np.nan if windows.padding == "edge" else windows.padding
    values = np.append(values, outside)
    some, all_zero = np.zeros(len(windows), bool), np.ones(len(windows), bool)
    for rows in windows.steps():
        step = values[rows]
        some |= step == 0
        all_zero &= (step == 0) | np.isnan(step)
    return some & all_zero


def _targets(target: Any, chosen: Array) -> Array:
    """Give some targets, be they rows of a table, of shape (n_chosen, n_outputs)."""
    if isinstance(target, Windows):
        return np.asarray(target.take(chosen), dtype=np.float64).reshape(len(chosen), -1)
    return np.asarray(target[chosen], dtype=np.float64)
