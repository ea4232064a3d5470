"""Samples held out to decide when training has gone far enough."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ..windows._windows import Windows

HoldoutMethod = Literal["auto", "last", "random"]
Index = NDArray[np.intp]


def hold_out(
    windows: Windows,
    fraction: float,
    method: HoldoutMethod,
    *,
    labels: NDArray[Any] | None = None,
    n_outputs: int = 1,
    seed: int = 0,
) -> tuple[Index, Index]:
    """Split samples into those to train on and those to validate on.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    fraction : float
        Share of the samples to hold out, in (0, 1); at least one.
    method : {"auto", "last", "random"}
        "last" holds out the last samples. Between them and the training samples those are
        left out that share a row with a validation window. "random" holds out any, class
        by class where there are labels. "auto" is "random" for labelled sequences that
        are independent of each other, and "last" otherwise.
    labels : ndarray of shape (n_samples,) or None, default=None
        Classes.
    n_outputs : int, default=1
        Length of the forecast: targets of neighbouring windows overlap as well.
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
    dependent = shares_rows(windows)
    if method == "random" or (method == "auto" and labels is not None and not dependent):
        return _random(n_samples, n_valid, labels, seed)
    n_before = n_samples - n_valid
    train = np.arange(max(0, n_before))
    valid = np.arange(n_before, n_samples)
    if dependent and len(train):
        train = train[~_overlaps(windows, train, valid, n_outputs)]
    if not len(train):
        raise ValueError(
            f"X must have more rows than the validation split needs: early_stopping=True"
            f" with validation_fraction={fraction} holds out {n_valid} of {n_samples} and"
            f" leaves none to train on whose window does not overlap with those."
        )
    return train, valid


def shares_rows(windows: Windows) -> bool:
    """Tell whether neighbouring samples are windows of one series.

    Either they are gathered from the same rows, or they were stored: then each repeats
    the end of the one before.

    Parameters
    ----------
    windows : Windows

    Returns
    -------
    dependent : bool
    """
    return _overlap_in_table(windows) or _stored_reach(windows) > 1


def _spans(windows: Windows) -> tuple[Index, Index]:
    """First and last row of each window."""
    oldest = np.maximum(windows.ends - windows.lags[0], windows.starts)
    return oldest, windows.ends - windows.lags[-1]


def _overlap_in_table(windows: Windows) -> bool:
    oldest, newest = _spans(windows)
    return bool((oldest[1:] <= newest[:-1]).any())


def _stored_reach(windows: Windows) -> int:
    """Samples after which stored windows share no row; 1 for independent sequences."""
    n_timesteps = len(windows.lags)
    last = np.asarray(windows[-32:])
    if len(last) > 1:
        for hop in range(1, n_timesteps):
            if np.array_equal(last[1:, :-hop], last[:-1, hop:], equal_nan=True):
                return -(-n_timesteps // hop)
    return 1


def _overlaps(
    windows: Windows, train: Index, valid: Index, n_outputs: int
) -> NDArray[np.bool_]:
    """Tell which training samples share an input or a target row with a validation one."""
    if not _overlap_in_table(windows):
        return train > valid[0] - max(_stored_reach(windows), n_outputs)
    oldest, newest = _spans(windows)
    # Windows that lie as far apart as the longer of input and target share neither.
    stop = np.maximum(newest + 1, oldest + n_outputs)
    change = np.zeros(len(windows.table) + n_outputs + 1, dtype=np.intp)
    np.add.at(change, oldest[valid], 1)
    np.add.at(change, stop[valid], -1)
    used = np.r_[0, np.cumsum(np.cumsum(change) > 0)]
    return used[stop[train]] > used[oldest[train]]


def _random(
    n_samples: int, n_valid: int, labels: NDArray[Any] | None, seed: int
) -> tuple[Index, Index]:
    try:
        train, valid = train_test_split(
            np.arange(n_samples), test_size=n_valid, stratify=labels, random_state=seed
        )
    except ValueError as error:
        raise ValueError(
            f"X must have more rows than the validation split needs: early_stopping=True"
            f" holds out {n_valid} of {n_samples}. {error}"
        ) from error
    return np.sort(train), np.sort(valid)
