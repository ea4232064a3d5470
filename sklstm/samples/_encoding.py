"""How sequences come in, and how they are brought to the network's units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..windows._windows import Windows
from ._categories import find_categories
from ._scaling import Scaling

Array = NDArray[Any]


@dataclass(frozen=True)
class Layout:
    """What X looks like to scikit-learn.

    Attributes
    ----------
    n_dims : int
        2 or 3.
    n_features_in : int
        Columns of a 2-D X, or features (the last axis) of a 3-D X.
    feature_names_in : ndarray of str of shape (n_features_in,) or None
        Names of the columns, if they have any.
    """

    n_dims: int
    n_features_in: int
    feature_names_in: Array | None = None


@dataclass(frozen=True)
class Season:
    """A season of each sequence: taken out of it, or begun from (`is_skip`).

    Attributes
    ----------
    length : int
        Steps of a period.
    method : {"additive", "multiplicative", "skip"}
    leads : tuple of int of length n_outputs
        How many steps after the end of a sequence each output lies.
    """

    length: int
    method: str
    leads: tuple[int, ...]

    @property
    def is_skip(self) -> bool:
        """Whether the network begins from it, and learns what to make of it."""
        return self.method == "skip"


@dataclass(frozen=True)
class Encoding:
    """What a fit has learnt of its sequences.

    Attributes
    ----------
    layout : Layout
    scaling : Scaling
        Of the features.
    categories : dict of int to ndarray of int
        Known categories of each categorical feature, by its number; sorted.
    relative : tuple of int, default=()
        Features that are divided by their own mean absolute value, sequence by sequence.
    season : Season or None, default=None
        Of the features that are forecast.
    zero_sizes : tuple of float, default=()
        What these are divided by in a sequence of zeros; empty, or 0, is by nothing.
    known_last : tuple of int, default=()
        Features that were known at the last step of each sequence, with targets ahead.
    """

    layout: Layout
    scaling: Scaling
    categories: dict[int, NDArray[np.intp]]
    relative: tuple[int, ...] = ()
    season: Season | None = None
    zero_sizes: tuple[float, ...] = ()
    known_last: tuple[int, ...] = ()

    @classmethod
    def learn(
        cls,
        layout: Layout,
        windows: Windows,
        weight: NDArray[np.float64] | None,
        *,
        standardize: bool,
        categorical: list[int],
        relative: Sequence[int] = (),
        uncentred: Sequence[int] = (),
    ) -> Encoding:
        """Learn the scaling and the categories of training sequences.

        Parameters
        ----------
        layout : Layout
        windows : Windows of shape (n_samples, n_timesteps, n_features)
        weight : ndarray of shape (n_samples,) or None
        standardize : bool
            Whether to standardise at all.
        categorical : list of int
            Features that are categories, and not standardised.
        relative : sequence of int, default=()
            Features that are divided by the size of each sequence, and not centred.
        uncentred : sequence of int, default=()
            Others that are not centred.

        Returns
        -------
        encoding : Encoding

        Raises
        ------
        ValueError
            If a category is no whole number, or the statistics overflow.
        """
        categories = find_categories(windows, categorical)
        if standardize:
            scaling = Scaling.of_windows(windows, weight)
        else:
            scaling = Scaling.identity(windows.shape[2])
        scaling = scaling.leaving(categorical).about_zero([*relative, *uncentred])
        scaling.check_finite("X")
        return cls(layout, scaling, categories, tuple(relative))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Encoding:
        """Make one of plain values, as `dataclasses.asdict` gives them."""
        layout, scaling = Layout(**state["layout"]), Scaling(**state["scaling"])
        season = state.get("season")
        if season is not None:
            season = Season(season["length"], season["method"], tuple(season["leads"]))
        relative, zero_sizes = (tuple(state.get(n, ())) for n in ("relative", "zero_sizes"))
        known_last = tuple(int(i) for i in state.get("known_last", ()))
        categories = state["categories"]
        return cls(layout, scaling, categories, relative, season, zero_sizes, known_last)
