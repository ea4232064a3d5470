"""Samples held out to decide when training has gone far enough."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..windows._windows import Windows

HoldoutMethod = Literal["auto", "last", "random"]
Index = NDArray[np.intp]


def hold_out(
    windows: Windows,
    fraction: float,
    method: HoldoutMethod,
    *,
    labels: NDArray[Any] | None = None,
    horizon: int = 1,
    in_order: bool = False,
    seed: int = 0,
) -> tuple[Index, Index]:
    """Split samples into those to train on and those to validate on.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    fraction : float
        Share of the samples to hold out, in (0, 1); at least one.
    method : {"auto", "last", "random"}
        "last" holds out the last samples: of each series, where there are several windows
        of several series; whole series where each is too short to be parted. Between them
        and the training samples those are left out that share a row with a validation
        window. "random" holds out any, class by class where there are labels. "auto" is
        "random" for labelled sequences that are independent of each other, and "last"
        otherwise.
    labels : ndarray of shape (n_samples,) or None, default=None
        Classes.
    horizon : int, default=1
        Rows after a window that its target may reach: targets overlap as well.
    in_order : bool, default=False
        Whether the samples are known to be rows of series, in order of time.
    seed : int, default=0
        Seed of "random".

    Returns
    -------
    train, valid : ndarray of int
        Numbers of the samples.

    Raises
    ------
    ValueError
        If too few samples are left on either side.
    """
    n_samples = len(windows)
    n_valid = max(1, int(np.ceil(fraction * n_samples)))
    independent = labels is not None and not in_order
    independent &= not (shares_rows(windows) or are_of_one_series(windows))
    if method == "random" or (method == "auto" and independent):
        train, valid = _random(n_samples, n_valid, labels, seed)
    else:
        train, valid = hold_out_last(windows, fraction, horizon, in_order)
    if not len(train):
        raise ValueError(
            f"X must have more rows than the validation split needs: early_stopping=True"
            f" with validation_fraction={fraction} holds out {n_valid} of"
            f" n_samples={n_samples} and leaves none to train on whose window does not"
            " overlap with those."
        )
    return train, valid


def hold_out_last(
    windows: Windows, fraction: float, horizon: int, in_order: bool
) -> tuple[Index, Index]:
    series = _series(windows)
    held_out = _last_of_each(series, windows.ends, fraction)
    train, valid = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    if len(train) and (in_order or shares_rows(windows)):
        train = train[~_overlaps(windows, train, valid, horizon)]
    n_series = int(series.max()) + 1
    if not len(train) and n_series > 1:
        # Each series is too short to be parted.
        held_out = series >= n_series - np.ceil(fraction * n_series)
        train, valid = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    return train, valid


def _series(windows: Windows) -> Index:
    """Give each window the number of its series; independent sequences count as one."""
    if are_of_one_series(windows):
        known: Any = windows.series
        return np.asarray(np.unique(known, return_inverse=True)[1], dtype=np.intp)
    series = np.zeros(len(windows), dtype=int)
    if _linked_in_table(windows):
        order, linked = _neighbours(windows)
        series[order] = np.r_[0, np.cumsum(~linked)]
    return series


def _last_of_each(series: Index, ends: Index, fraction: float) -> NDArray[np.bool_]:
    """Choose the last samples of each series, none of a series of one sample."""
    count = np.bincount(series)
    n_held_out = np.ceil(fraction * count).astype(int)
    if len(count) > 1:
        n_held_out[count == 1] = 0
    by_series = np.lexsort((ends, series))
    place = np.empty(len(series), dtype=int)
    place[by_series] = np.arange(len(series)) - np.repeat(np.cumsum(count) - count, count)
    return place >= (count - n_held_out)[series]


def shares_rows(windows: Windows) -> bool:
    """Tell whether neighbouring samples are windows of one series.

    Either they are gathered from the rows of one series, or they were stored: then each
    repeats the end of the one before.

    Parameters
    ----------
    windows : Windows

    Returns
    -------
    dependent : bool
    """
    return _linked_in_table(windows) or _stored_reach(windows) > 1


def are_of_one_series(windows: Windows) -> bool:
    """Tell whether series are known, and one has several samples that share no row.

    Parameters
    ----------
    windows : Windows

    Returns
    -------
    are : bool
    """
    if windows.series is None or shares_rows(windows):
        return False
    return bool(len(np.unique(windows.series)) < len(windows))


def _spans(windows: Windows) -> tuple[Index, Index]:
    """First and last row of each window."""
    oldest = np.maximum(windows.ends - windows.lags[0], windows.starts)
    return oldest, windows.ends - windows.lags[-1]


def _linked_in_table(windows: Windows) -> bool:
    order, linked = _neighbours(windows)
    # A sequence that was drawn twice depends on itself alone.
    return bool((linked & (np.diff(windows.ends[order]) > 0)).any())


def _neighbours(windows: Windows) -> tuple[Index, NDArray[np.bool_]]:
    """Order windows by their place in the table; tell which are of the next's series."""
    order = np.argsort(windows.ends, kind="stable")
    oldest, newest = _spans(windows)
    overlap = oldest[order[1:]] <= newest[order[:-1]]
    return order, overlap | (np.diff(windows.starts[order]) == 0)


def _stored_reach(windows: Windows) -> int:
    """Count the samples after which stored windows share no row; 1: independent."""
    n_timesteps = len(windows.lags)
    if len(windows) < 3:
        return 1
    index = np.unique(np.linspace(0, len(windows) - 2, 64).astype(int))
    sample, neighbour = (np.asarray(windows[i]) for i in (index, index + 1))
    # Equal samples tell nothing: a constant or rare signal repeats itself.
    tells = ~_equal(sample, neighbour)
    sample, neighbour = sample[tells], neighbour[tells]
    stranger = np.roll(neighbour, len(neighbour) // 2, axis=0)
    for hop in range(1, n_timesteps) if len(sample) else ():
        end = sample[:, hop:]
        repeated = _equal(end, neighbour[:, :-hop]).mean()
        by_chance = _equal(end, stranger[:, :-hop]).mean() if len(sample) > 1 else 0.0
        # Most, not all: between two groups, or where rows were left out, it breaks.
        if repeated - by_chance > 0.5:
            return -(-n_timesteps // hop)
    return 1


def _equal(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which samples are the same in all steps and features; NaN equals NaN."""
    return ((a == b) | (np.isnan(a) & np.isnan(b))).all(axis=(1, 2))


def _overlaps(
    windows: Windows, train: Index, valid: Index, horizon: int
) -> NDArray[np.bool_]:
    """Tell which training samples share an input or a target row with a validation one."""
    if not _linked_in_table(windows):
        return train > valid[0] - max(_stored_reach(windows), horizon)
    oldest, newest = _spans(windows)
    # Windows that lie as far apart as the longer of input and target share neither.
    stop = np.maximum(newest + 1, oldest + horizon)
    change = np.zeros(len(windows.table) + horizon + 1, dtype=np.intp)
    np.add.at(change, oldest[valid], 1)
    np.add.at(change, stop[valid], -1)
    used = np.r_[0, np.cumsum(np.cumsum(change) > 0)]
    return used[stop[train]] > used[oldest[train]]


def _random(
    n_samples: int, n_valid: int, labels: NDArray[Any] | None, seed: int
) -> tuple[Index, Index]:
    """Choose at random, from each class in proportion to its size."""
    order = np.random.default_rng(seed).permutation(n_samples)
    if labels is not None:
        # Each sample's place within its class, as a share of the class: the first shares
        # of all classes together are a stratified sample.
        codes = np.unique(labels[order], return_inverse=True)[1]
        by_class = np.argsort(codes, kind="stable")
        count = np.bincount(codes)
        place = np.empty(n_samples)
        place[by_class] = np.concatenate([(np.arange(n) + 0.5) / n for n in count])
        order = order[np.argsort(place, kind="stable")]
    return np.sort(order[n_valid:]), np.sort(order[:n_valid])
