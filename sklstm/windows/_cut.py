"""Recordings cut into sequences without overlap, and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _get_feature_names

from ._features import is_frame
from ._order import check_same_order
from ._segments import Gaps
from ._series import check_counts, read_series
from ._windows import Windows

Array = NDArray[Any]


class CutSequences(NamedTuple):
    """Sequences of rows, and where each step of them stood.

    Attributes
    ----------
    X : Windows of shape (n_sequences, n_timesteps, n_features)
    y : ndarray of shape (n_sequences, n_timesteps[, n_outputs]) or None
    rows : ndarray of int of shape (n_sequences, n_timesteps)
        Row of each step; -1 where a sequence is shorter.
    """

    X: Windows
    y: Array | None
    rows: NDArray[np.intp]


def cut_sequences(
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    length: int | None = None,
    groups: str | list[str] | ArrayLike | None = None,
    time: str | ArrayLike | None = None,
    gaps: Gaps = "split",
    freq: Any = None,
) -> CutSequences:
    """Cut recordings into sequences that do not overlap, for an output at each step.

    A recording is one series of rows, such as one wearer of a sensor. Each of its rows
    stands in one sequence. Where a sequence is shorter than the others, as the last of a
    recording may be, steps before its start are unobserved.

    Parameters
    ----------
    X : array-like of shape (n_rows,) or (n_rows, n_features)
        The rows of one recording, or of many.
    y : array-like of shape (n_rows,) or (n_rows, n_outputs) or None, default=None
        Numbers or labels of the rows. A masked array stays one.
    length : int or None, default=None
        Most steps of a sequence; None takes each recording as a whole.
    groups : str, list of str, array-like of shape (n_rows,) or None, default=None
        Recording of each row, or the names of X's columns or index levels that say it.
    time : str, array-like of shape (n_rows,) or None, default=None
        Time of each row, or the name of the column or index level that says it.
    gaps : {"split", "ignore"}, default="split"
        Whether a missing time stamp ends a sequence.
    freq : str, pandas offset or None, default=None
        Step of the times.

    Returns
    -------
    sequences : CutSequences
        A tuple of the sequences `X`, their targets `y` (None if none were given), and the
        row of each step, `rows`, by which `join_sequences` finds back.

    Raises
    ------
    ValueError
        If it cannot be told to which recording a row belongs, or an argument is out of
        range.

    See Also
    --------
    sliding_windows : Windows that overlap, with one target each.

    Examples
    --------
    >>> from sklstm import cut_sequences, join_sequences
    >>> walker = ["ann", "ann", "ann", "bob", "bob"]
    >>> state = ["sit", "go", "go", "sit", "go"]
    >>> X, y, rows = cut_sequences([1, 2, 3, 10, 20], state, length=2, groups=walker)
    >>> X[:, :, 0]
    array([[ 1.,  2.],
           [nan,  3.],
           [10., 20.]])
    >>> y
    array([['sit', 'go'],
           [None, 'go'],
           ['sit', 'go']], dtype=object)
    >>> join_sequences(y, rows)
    array(['sit', 'go', 'go', 'sit', 'go'], dtype=object)
    """
    if length is not None:
        check_counts(length=length)
    features, read, segments = read_series(X, groups, time, gaps, freq)
    check_same_order(X, y, "y")
    n_rows = len(read.values)
    table = read.values if segments.in_order else read.values[segments.order]
    starts = segments.starts[segments.order]
    place = np.arange(n_rows)
    begins = starts if length is None else place - (place - starts) % length
    first = np.flatnonzero(begins == place)
    ends = np.append(first[1:], n_rows) - 1
    longest = int((ends - first).max(initial=0)) + 1
    windows = Windows(
        table,
        ends,
        first,
        np.arange(longest - 1, -1, -1),
        series=segments.series[segments.order][ends],
        names=_get_feature_names(features),
    )
    at = ends[:, None] - windows.lags
    rows = np.where(at >= first[:, None], segments.order[np.maximum(at, 0)], -1)
    return CutSequences(windows, None if y is None else _at_rows(y, rows, n_rows), rows)


def join_sequences(values: ArrayLike, rows: NDArray[np.intp]) -> Array:
    """Put what is known of the steps of sequences back where their rows stood.

    Parameters
    ----------
    values : array-like of shape (n_sequences, n_timesteps, ...)
        Predictions, probabilities, ...
    rows : array-like of int of shape (n_sequences, n_timesteps)
        As `cut_sequences` gives them.

    Returns
    -------
    values : ndarray of shape (n_rows, ...)
        Of the type of `values`.

    Raises
    ------
    ValueError
        If there is not one row for each step.

    Examples
    --------
    >>> from sklstm import join_sequences
    >>> join_sequences([[0.5, 1.5], [float("nan"), 2.5]], [[1, 2], [-1, 0]])
    array([2.5, 0.5, 1.5])
    """
    of_steps, rows = np.asarray(values), np.asarray(rows)
    if of_steps.shape[:2] != rows.shape:
        raise ValueError(
            f"values must have the sequences and steps of rows, {rows.shape}. Got"
            f" {of_steps.shape[:2]}."
        )
    stands = rows >= 0
    joined: Array = np.empty(
        (rows.max(initial=-1) + 1, *of_steps.shape[2:]), of_steps.dtype
    )
    joined[rows[stands]] = of_steps[stands]
    return joined


def pad_sequences(sequences: Sequence[Any]) -> Windows | Array:
    """Make an array of sequences of unequal length; the shorter begin later.

    Parameters
    ----------
    sequences : sequence of array-like of shape (n_timesteps,) or (n_timesteps, n_features)
        Oldest step first; frames with the same columns, too.

    Returns
    -------
    padded : Windows of shape (n_sequences, n_timesteps, n_features), or ndarray
        Sequences of one dimension, of numbers or labels, give an array of shape
        (n_sequences, n_timesteps). Steps before a sequence begins are NaN, of labels None.

    Raises
    ------
    ValueError
        If sequences differ in more than their length.

    Examples
    --------
    >>> from sklstm import pad_sequences
    >>> pad_sequences([[1, 2, 3], [4]])
    array([[ 1.,  2.,  3.],
           [nan, nan,  4.]])
    >>> pad_sequences([["noun", "verb"], ["noun"]])
    array([['noun', 'verb'],
           [None, 'noun']], dtype=object)
    >>> pad_sequences([[[1, 10], [2, 20]], [[3, 30]]]).shape
    (2, 2, 2)
    """
    parts: list[Any] = [part if is_frame(part) else np.asarray(part) for part in sequences]
    if not parts:
        raise ValueError("sequences must have at least one. Got none.")
    shapes = {np.shape(part)[1:] for part in parts}
    names = {None if not is_frame(part) else tuple(part.columns) for part in parts}
    if len(shapes) > 1 or len(next(iter(shapes))) > 1 or len(names) > 1:
        told = names if len(shapes) == 1 and len(names) > 1 else shapes
        raise ValueError(
            "sequences must have the shape (n_timesteps,) or (n_timesteps, n_features), and"
            f" the same features in all. Got {sorted(map(str, told))}."
        )
    number = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    if len(np.unique(number)) < len(parts):
        raise ValueError("sequences must have at least one step each. Got one without.")
    rows = np.concatenate([np.asarray(part) for part in parts])
    if rows.ndim == 1:
        places = cut_sequences(np.zeros(len(rows)), groups=number).rows
        return _at_rows(rows, places, len(rows))
    cut = cut_sequences(rows, groups=number).X
    if is_frame(parts[0]):
        cut = cut._with(names=_get_feature_names(parts[0]))
    return cut


def _at_rows(y: Any, rows: NDArray[np.intp], n_rows: int) -> Array:
    """Give what belongs to the rows of sequences; NaN or None where there is no row."""
    values = y if isinstance(y, np.ndarray) else np.asarray(y)
    if not values.ndim or len(values) != n_rows:
        raise ValueError(
            f"y must have one row for each of the {n_rows} rows of X. Got"
            f" {len(values) if values.ndim else y!r}."
        )
    chosen: Array = values[np.maximum(rows, 0)]
    missing = rows < 0
    if missing.any():
        numbers = values.dtype.kind in "iuf"
        chosen = chosen.astype(np.float64 if numbers else np.object_)
        chosen[missing] = np.nan if numbers else None
    return chosen
