"""Labels that say to which series a row belongs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


def read_groups(groups: ArrayLike | None, n_rows: int) -> NDArray[Any] | None:
    """Check the labels of the rows of X.

    Parameters
    ----------
    groups : array-like of shape (n_rows,) or None
    n_rows : int
        Number of rows of X.

    Returns
    -------
    labels : ndarray of shape (n_rows,) or None

    Raises
    ------
    ValueError
        If there is not one label a row, one is missing, or they cannot be put in order.

    Examples
    --------
    >>> read_groups(["a", "b", "a"], 3)
    array(['a', 'b', 'a'], dtype='<U1')
    >>> read_groups(["a", "b"], 3)
    Traceback (most recent call last):
    ValueError: groups must have one label for each of the 3 rows of X. Got 2.
    """
    if groups is None:
        return None
    labels = np.asarray(groups)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    expected = f"groups must have one label for each of the {n_rows} rows of X."
    if labels.ndim != 1:
        raise ValueError(f"{expected} Got an array of shape {labels.shape}.")
    if len(labels) != n_rows:
        raise ValueError(f"{expected} Got {len(labels)}.")
    if isinstance(groups, np.ma.MaskedArray) and np.ma.is_masked(groups):
        row = int(np.argmax(np.ma.getmaskarray(groups)))
        raise ValueError(
            f"groups must have no missing values. Got a masked one in row {row}."
        )
    check_none_missing(labels, "groups")
    try:
        if labels.dtype.kind not in "biufmMUS":
            np.unique(labels)  # what has no order says so
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in labels})
        raise ValueError(
            f"groups must have labels of one kind. Got {', '.join(kinds)}."
        ) from error
    return labels


def check_none_missing(labels: NDArray[Any], name: str) -> None:
    """Refuse None, NaN, NaT and NA among labels.

    Parameters
    ----------
    labels : ndarray
    name : str
        What the message calls them.

    Raises
    ------
    ValueError
        Naming the first row without a label.
    """
    missing = are_missing(labels.ravel())
    if missing.any():
        first = int(np.argmax(missing))
        row = np.unravel_index(first, labels.shape)[0]
        raise ValueError(
            f"{name} must have no missing values. Got {labels.flat[first]} in row {row}."
        )


def as_labels(y: Any) -> NDArray[Any]:
    """Give labels as an array, masked if it is; what is missing among text is no text.

    Parameters
    ----------
    y : array-like

    Returns
    -------
    labels : ndarray

    Examples
    --------
    >>> as_labels(["a", float("nan")])
    array(['a', nan], dtype=object)
    """
    labels: NDArray[Any] = y if isinstance(y, np.ndarray) else np.asarray(y)
    if labels.dtype.kind not in "US" or isinstance(y, np.ndarray):
        return labels
    objects = np.asarray(y, dtype=object)
    return objects if are_missing(objects.reshape(-1)).any() else labels


def is_missing(label: Any) -> bool:
    """Tell whether a label is None, NaN, NaT or NA."""
    try:
        return label is None or bool(label != label)
    except TypeError:  # pandas.NA is neither equal nor unequal
        return True


def are_missing(labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which labels, of shape (n,), are None, NaN or the like."""
    if labels.dtype.kind != "O":
        return np.asarray(labels != labels)
    return np.fromiter(map(is_missing, labels), bool, len(labels))


def by_group(
    n_rows: int, groups: NDArray[Any] | None
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Order that puts each group in one piece, and where in it a group begins.

    Parameters
    ----------
    n_rows : int
    groups : ndarray of shape (n_rows,) or None

    Returns
    -------
    order : ndarray of int of shape (n_rows,)
    new : ndarray of bool of shape (n_rows,)
    """
    if groups is None:
        order = np.arange(n_rows)
        new = np.zeros(n_rows, dtype=bool)
    elif groups.dtype.kind != "O" and bool((groups[1:] >= groups[:-1]).all()):
        # Sorted already: the rows of many series need no more room than they take.
        order = np.arange(n_rows)
        new = np.r_[False, groups[1:] != groups[:-1]][:n_rows]
    else:
        codes = np.unique(groups, return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        new = np.r_[False, np.diff(codes[order]) != 0]
    new[:1] = True
    return order, new


def places_of(groups: NDArray[Any], known: NDArray[Any]) -> NDArray[np.intp]:
    """Find each label among known ones.

    Parameters
    ----------
    groups : ndarray of shape (n_rows,)
    known : ndarray of shape (n_groups,)
        Each label once.

    Returns
    -------
    places : ndarray of int of shape (n_rows,)
        The label's place in `known`, or -1.

    Raises
    ------
    ValueError
        If labels of one and the other cannot be compared.
    """
    try:
        codes = np.unique(np.concatenate([known, groups]), return_inverse=True)[1]
    except TypeError as error:
        raise ValueError(
            "groups must have labels of one kind at fit and transform. Got"
            f" {type(known[0]).__name__} and {type(groups[0]).__name__}."
        ) from error
    place = np.full(len(codes), -1)
    place[codes[: len(known)]] = np.arange(len(known))
    return place[codes[len(known) :]]
