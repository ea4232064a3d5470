"""Recordings cut into sequences without overlap, and put together again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import _get_feature_names

from ._features import is_frame
from ._groups import as_labels
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
        Of the type that it had; a masked array where a sequence is shorter.
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
    >>> print(y)
    [['sit' 'go']
     [-- 'go']
     ['sit' 'go']]
    >>> join_sequences(y, rows)
    array(['sit', 'go', 'go', 'sit', 'go'], dtype='<U3')
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


def join_sequences(
    values: ArrayLike, rows: NDArray[np.intp], n_rows: int | None = None
) -> Array:
    """Put what is known of the steps of sequences back where their rows stood.

    Parameters
    ----------
    values : array-like of shape (n_sequences, n_timesteps, ...)
        Predictions, probabilities, ...
    rows : array-like of int of shape (n_sequences, n_timesteps)
        As `cut_sequences` gives them, of the same sequences.
    n_rows : int or None, default=None
        Rows of the table; None ends with the last that has a step.

    Returns
    -------
    values : ndarray of shape (n_rows, ...)
        Rows without a step, as those of the training part where a test part was predicted,
        are NaN among numbers and None among others.

    Raises
    ------
    ValueError
        If there is not one row for each step, or a row has several steps.

    Examples
    --------
    >>> from sklstm import join_sequences
    >>> join_sequences([[0.5, 1.5], [float("nan"), 2.5]], [[1, 2], [-1, 0]], n_rows=4)
    array([2.5, 0.5, 1.5, nan])
    """
    of_steps, rows = np.asanyarray(values), np.asarray(rows)
    if rows.dtype.kind not in "iu" or of_steps.shape[:2] != rows.shape:
        raise ValueError(
            "rows must be the row of each step, whole numbers of shape"
            f" {of_steps.shape[:2]}. Got {rows.dtype} of shape {rows.shape}."
        )
    stands = rows >= 0
    at, least = rows[stands], int(rows.max(initial=-1)) + 1
    if len(np.unique(at)) < len(at):
        raise ValueError("rows must name each row once. Got one more than once.")
    n_rows = least if n_rows is None else n_rows
    if n_rows < least:
        raise ValueError(f"n_rows must be at least {least}, as rows say. Got {n_rows}.")
    place = np.full(n_rows, -1)
    place[at] = np.arange(len(at))
    joined: Array = _with_gaps(of_steps[stands], place)
    # A step may have been masked, but that is no matter of rows any more.
    return np.ma.filled(joined, _missing_of(joined)) if np.ma.isMA(joined) else joined


def pad_sequences(sequences: Sequence[Any], y: Sequence[Any] | None = None) -> Any:
    """Make sequences of unequal length an array; the shorter begin later.

    Parameters
    ----------
    sequences : sequence of array-like of shape (n_timesteps,) or (n_timesteps, n_features)
        Numbers, oldest step first; frames with the same columns, too.
    y : sequence of array-like of shape (n_timesteps,) or (n_timesteps, n_outputs), or None
        Numbers or labels of the steps of each sequence.

    Returns
    -------
    X : Windows of shape (n_sequences, n_timesteps, n_features)
        Steps before a sequence begins are unobserved.
    y : ndarray of shape (n_sequences, n_timesteps[, n_outputs])
        Only if y is given, and of the type that it has; a masked array where there is no
        step.

    Raises
    ------
    ValueError
        If sequences differ in more than their length, or from their targets in that.

    Examples
    --------
    >>> from sklstm import pad_sequences
    >>> X, y = pad_sequences([[1, 2, 3], [4]], [["a", "b", "a"], ["b"]])
    >>> X[:, :, 0]
    array([[ 1.,  2.,  3.],
           [nan, nan,  4.]])
    >>> print(y)
    [['a' 'b' 'a']
     [-- -- 'b']]
    """
    parts = _alike(sequences, "sequences")
    lengths = [len(part) for part in parts]
    number = np.repeat(np.arange(len(parts)), lengths)
    cut = cut_sequences(np.ma.concatenate(parts), groups=number)
    X = cut.X._with(names=_get_feature_names(sequences[0]))
    if y is None:
        return X
    targets = _alike(y, "y")
    of_targets = [len(part) for part in targets]
    if of_targets != lengths:
        both = zip(lengths, of_targets, strict=False)
        differing = [i for i, (n, m) in enumerate(both) if n != m]
        first = differing[0] if differing else min(len(lengths), len(of_targets))
        raise ValueError(
            f"y must have a target for each step of each of the {len(lengths)} sequences."
            f" Got {len(targets)}, which differ from sequence {first} on."
        )
    joined = np.ma.concatenate if any(map(np.ma.isMA, targets)) else np.concatenate
    return X, _at_rows(joined(targets), cut.rows, len(number))


def _alike(sequences: Any, name: str) -> list[Array]:
    """Give sequences as arrays, which differ in their length alone."""
    if isinstance(sequences, dict) or is_frame(sequences) or np.isscalar(sequences):
        raise ValueError(
            f"{name} must be a list of sequences. Got {type(sequences).__name__}: a long"
            " table is cut by sklstm.cut_sequences."
        )
    parts: list[Array] = [as_labels(part) for part in sequences]
    if not parts or not all(part.ndim and part.size for part in parts):
        raise ValueError(
            f"{name} must be sequences of at least one step each. Got none, or one without."
            f"{' One label for each sequence is for fit, as it is.' if name == 'y' else ''}"
        )
    kinds = {tuple(part.columns) if is_frame(part) else None for part in sequences}
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1 or parts[0].ndim > 2 or len(kinds) > 1:
        told = kinds if len(shapes) == 1 and len(kinds) > 1 else {p.shape for p in parts}
        raise ValueError(
            f"{name} must have the shape (n_timesteps,) or (n_timesteps, n_columns), with"
            f" the same columns in all. Got {', '.join(sorted(map(str, told))[:3])}."
        )
    return parts


def _at_rows(y: Any, rows: NDArray[np.intp], n_rows: int) -> Array:
    """Give what belongs to the rows of sequences; masked where there is no row."""
    values = as_labels(y)
    if not values.ndim or len(values) != n_rows:
        raise ValueError(
            f"y must have one row for each of the {n_rows} rows of X. Got"
            f" {len(values) if values.ndim else y!r}."
        )
    chosen: Array = values[np.maximum(rows, 0)]
    missing = rows < 0
    if not missing.any():
        return chosen
    masked = np.ma.getmaskarray(chosen)
    missing = missing.reshape(*missing.shape, *(1,) * (chosen.ndim - missing.ndim))
    return np.ma.array(np.ma.getdata(chosen), mask=masked | missing)


def _with_gaps(values: Array, place: NDArray[np.intp]) -> Array:
    """Give values in their places; NaN or None where there is none, -1."""
    if len(values) == len(place):
        return values[place]
    given = values.astype(np.float64 if values.dtype.kind in "iuf" else np.object_)
    spread = np.empty((len(place), *values.shape[1:]), given.dtype)
    spread[:] = _missing_of(given)
    spread[place >= 0] = given[place[place >= 0]]
    return spread


def _missing_of(values: Array) -> Any:
    return np.nan if values.dtype.kind == "f" else None
