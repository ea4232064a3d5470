"""Windows over a table of rows, gathered only when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ._array_like import ArrayLike
from ._packed import Packed, pack, unpack
from ._reach import cut, spans

# Parts of windows that are numbers of rows or of series.
PACKED = ("ends", "starts", "lags", "series")

Padding = Literal["edge"] | float

# Values handled at once where a loop bounds the size of its temporaries.
CHUNK = 1 << 19


@dataclass(frozen=True)
class KnownFuture:
    """What is known, at the end of a window, of the rows that follow it.

    Attributes
    ----------
    leads : ndarray of int of shape (n_leads,)
        How many rows after lag 0 each known row lies.
    columns : ndarray of int of shape (n_known,)
        Columns of the table that are known there: a calendar, a price set in advance.
    """

    leads: NDArray[np.intp]
    columns: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows ahead and of columns."""
        return len(self.leads), len(self.columns)


class Windows(ArrayLike):
    """Windows that are stored as rows, and gathered when they are asked for.

    Behaves as a read-only array of shape ``(n_windows, n_timesteps, n_features)``:
    ``numpy.asarray``, arithmetic, NumPy's functions and methods such as ``mean`` gather the
    values and give plain arrays; but what is computed value by value, as ``numpy.log1p`` or
    a product with a number, gives `Windows`, over rows computed once. Step ``j`` of window
    ``i`` is the row ``table[ends[i] - lags[j]]``, unless that lies before ``starts[i]``,
    where the series of window ``i`` begins: then it is the padding. Indexing the first axis
    with a slice, a mask or an index array gives `Windows` again; anything else gives
    values. A pickle holds of each series the rows from the first to the last that the
    windows reach.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_features)
        The rows of one or many series, each series in one piece, oldest row first.
    ends : ndarray of int of shape (n_windows,)
        For each window the row of lag 0.
    starts : ndarray of int of shape (n_windows,)
        For each window the first row of its series.
    lags : ndarray of int of shape (n_timesteps,)
        How many rows before lag 0 each step lies, oldest (largest) first.
    padding : "edge" or float, default=nan
        What stands before the start of a series: its first row, or a constant. NaN marks
        the step as unobserved.
    known : KnownFuture or None, default=None
        What a network may read of the rows after a window. They must be in the table, and
        are no part of the array.
    series : ndarray of int of shape (n_windows,) or None, default=None
        Number of the series of each window; None is one series. A gap in time parts none.
    ahead : int, default=0
        Rows after each window that were known when the windows were cut.
    names : ndarray of str of shape (n_features,) or None, default=None
        Names of the features, where the rows have them.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.arange(4.0).reshape(4, 1)
    >>> windows = Windows(
    ...     table, ends=np.arange(4), starts=np.zeros(4, int), lags=np.array([2, 1, 0])
    ... )
    >>> windows.shape
    (4, 3, 1)
    >>> windows[1, :, 0]
    array([nan,  0.,  1.])
    >>> len(windows[2:])
    2
    >>> np.nansum(2 * windows[1])
    np.float64(2.0)
    """

    ndim = 3

    def __init__(
        self,
        table: NDArray[Any],
        ends: NDArray[np.intp],
        starts: NDArray[np.intp],
        lags: NDArray[np.intp],
        padding: Padding = float("nan"),
        known: KnownFuture | None = None,
        series: NDArray[np.intp] | None = None,
        ahead: int = 0,
        names: NDArray[Any] | None = None,
    ) -> None:
        self.table = table
        self.ends = ends
        self.starts = starts
        self.lags = lags
        self.padding = padding
        self.known = known
        self.series = series
        self.ahead = ahead
        self.names = names

    @classmethod
    def from_array(cls, X: NDArray[Any] | Windows) -> Windows:
        """Read a 2-D or 3-D array of sequences as windows, without a copy where it can.

        A strided view of overlapping windows becomes the rows under it; a dense array
        becomes its rows one after the other.

        Parameters
        ----------
        X : ndarray of shape (n_windows, n_timesteps[, n_features]) or Windows
            Without a third axis each column is one time step of a single feature.

        Returns
        -------
        windows : Windows
        """
        if isinstance(X, Windows):
            return X
        X = X if X.ndim == 3 else X[:, :, None]
        n_windows, n_timesteps, n_features = X.shape
        lags = np.arange(n_timesteps - 1, -1, -1)
        hop = _hop_of_view(X)
        if hop:
            n_rows = (n_windows - 1) * hop + n_timesteps
            table = np.lib.stride_tricks.as_strided(
                X, (n_rows, n_features), X.strides[1:], writeable=False
            )
        else:
            hop = n_timesteps
            table = X.reshape(-1, n_features)
        first = np.arange(n_windows) * hop
        return cls(table, ends=first + n_timesteps - 1, starts=first, lags=lags)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of windows, of time steps and of features."""
        return len(self.ends), len(self.lags), self.table.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.table.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of the rows: what the windows take in memory."""
        return int(self.table.nbytes)

    def __sizeof__(self) -> int:
        # Dask sends what is large once to each worker, and counts what they hold by this.
        parts = (self.ends, self.starts, self.lags, self.series)
        indexes = sum(int(part.nbytes) for part in parts if part is not None)
        return object.__sizeof__(self) + self.nbytes + indexes

    @property
    def size(self) -> int:
        """Number of values, were they stored."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Windows(shape={self.shape}, dtype={self.dtype}, rows={len(self.table)})"

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]  # scikit-learn chooses samples by array[index, ...]
        first, *rest = key if isinstance(key, tuple) and key else (key,)
        if isinstance(first, slice) and not rest:
            return self.take(first).trimmed()
        several = not isinstance(first, slice | int | np.integer) and np.ndim(first) != 1
        if several or any(np.ndim(k) for k in rest if not isinstance(k, slice)):
            # Ellipsis, a new axis, or arrays whose axes NumPy would combine.
            return np.asarray(self)[key]
        if isinstance(first, int | np.integer):
            return np.asarray(self.take(np.array([first])))[(0, *rest)]
        chosen = self.take(first)
        if rest and isinstance(rest[0], int | np.integer | slice):
            # Only the steps that are asked for are gathered.
            step: Any = rest[0] if isinstance(rest[0], slice) else [rest[0]]
            lags = self.lags[step]
            if len(lags):
                chosen = chosen._with(lags=lags)
                rest[0] = slice(None) if isinstance(rest[0], slice) else 0
        return np.asarray(chosen)[(slice(None), *rest)] if rest else chosen

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("Windows are gathered on demand: an array needs a copy.")
        values = np.empty(self.shape, dtype=dtype or self.dtype)
        step = max(1, CHUNK // max(1, self.shape[1] * self.shape[2]))
        for i in range(0, len(self), step):
            chunk = slice(i, i + step)
            rows = self.rows(chunk)
            padded = rows == len(self.table)
            values[chunk] = self.table[np.where(padded, 0, rows)]
            if padded.any():
                values[chunk][padded] = self.padding
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        series = self.starts if self.series is None else self.series
        reach = self._spans()
        table, ends, starts = cut(self.table, self.ends, self.starts, series, *reach)
        parts = {**vars(self), "table": table, "ends": ends, "starts": starts}
        packed = {
            name: pack(part) if name in PACKED and part is not None else part
            for name, part in parts.items()
        }
        return _unpickled, (type(self), packed)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Cast the values; to a type of floats, as rows.

        Parameters
        ----------
        dtype : dtype
        copy : bool, default=True
            Whether rows that are of this type already are copied.

        Returns
        -------
        windows : Windows or ndarray
        """
        if np.dtype(dtype).kind != "f":
            return np.asarray(self).astype(dtype)
        return self.over(self.table.astype(dtype, copy=copy))

    def _by_rows(self, ufunc: Any, inputs: tuple[Any, ...]) -> Windows | None:
        # So a logarithm, say, between windows and network loses neither series nor time.
        if any(part is not self and np.ndim(part) for part in inputs):
            return None

        def of(values: Any) -> Any:
            return ufunc(*(values if part is self else part for part in inputs))

        table = of(self.table)
        if table.dtype.kind != "f":
            return None
        padding = self.padding if self.padding == "edge" else float(of(self.padding))
        return self._with(table=table, padding=padding)

    def take(self, index: Any) -> Windows:
        """Choose windows; no values are gathered.

        Parameters
        ----------
        index : slice, mask or array of int
            Which windows.

        Returns
        -------
        windows : Windows
        """
        series = None if self.series is None else self.series[index]
        return self._with(ends=self.ends[index], starts=self.starts[index], series=series)

    def _with(self, **parts: Any) -> Windows:
        """Give the same windows but for some parts."""
        return Windows(**{**vars(self), **parts})

    def reading(
        self,
        ends: NDArray[np.intp],
        lags: NDArray[np.intp],
        known: KnownFuture | None,
    ) -> Windows:
        """Give windows of the same series that read other rows.

        Parameters
        ----------
        ends : ndarray of int of shape (n_windows,)
            One that lies before the start of its series makes a window of padding alone.
        lags : ndarray of int of shape (n_steps,)
            In any order.
        known : KnownFuture or None

        Returns
        -------
        windows : Windows of shape (n_windows, n_steps, n_features)
        """
        return self._with(ends=ends, lags=lags, known=known)

    def over(self, table: NDArray[Any]) -> Windows:
        """Give the same windows of another table.

        Parameters
        ----------
        table : ndarray of shape (n_rows, n_columns)

        Returns
        -------
        windows : Windows
        """
        return self if table is self.table else self._with(table=table)

    def parts(self, n_windows: int) -> Iterator[Windows]:
        """Cut into runs of windows, each over no more of the table than it reaches.

        Parameters
        ----------
        n_windows : int
            Windows in a part, at most.

        Yields
        ------
        part : Windows
        """
        if len(self) <= n_windows and self.table.size <= CHUNK:
            yield self
            return
        for i in range(0, len(self), n_windows):
            yield self.take(slice(i, i + n_windows)).trimmed()

    def trimmed(self) -> Windows:
        """Give the same windows over the part of the table from first row to last.

        Returns
        -------
        windows : Windows
            Over a view of the table.
        """
        if not len(self):
            return self
        first, last = self._spans()
        begin, stop = int(first.min()), int(last.max()) + 1
        if begin == 0 and stop == len(self.table):
            return self
        table = self.table[begin:stop]
        return self._with(table=table, ends=self.ends - begin, starts=self.starts - begin)

    def _spans(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        ahead = 0 if self.known is None else int(self.known.leads.max(initial=0))
        return spans(self.ends, self.starts, self.lags, ahead, len(self.table))

    def rows(self, index: Any = slice(None)) -> NDArray[np.intp]:
        """Rows of the table that stand in some windows.

        Parameters
        ----------
        index : slice, mask or array of int, default=all
            Which windows.

        Returns
        -------
        rows : ndarray of int of shape (n_chosen, n_timesteps)
            The padding counts as the row after the last of the table.
        """
        rows = self.ends[index, None] - self.lags
        first = self.starts[index, None]
        outside = first if self.padding == "edge" else len(self.table)
        return np.where(rows < first, outside, rows)

    def steps(self) -> Iterator[NDArray[np.intp]]:
        """Yield the rows of all windows, one time step after the other.

        Yields
        ------
        rows : ndarray of int of shape (n_windows,)
            As `rows` gives them, for one lag.
        """
        outside = self.starts if self.padding == "edge" else len(self.table)
        for lag in self.lags:
            rows = self.ends - lag
            yield np.where(rows < self.starts, outside, rows)

    def used_rows(self) -> NDArray[np.bool_]:
        """Tell which rows of the table stand in a window, of shape (n_rows,)."""
        used = np.zeros(len(self.table) + 1, dtype=bool)
        for rows in self.steps():
            used[rows] = True
        return used[:-1]


def stacked(parts: Sequence[Windows]) -> Windows:
    """Put windows one after the other.

    Parameters
    ----------
    parts : sequence of Windows
        At least one; all with the same lags and the same columns known ahead.

    Returns
    -------
    windows : Windows
    """
    begin = np.cumsum([0, *(len(part.table) for part in parts[:-1])])
    pairs = list(zip(parts, begin, strict=True))
    table = np.concatenate([part.table for part in parts])
    ends = np.concatenate([part.ends + at for part, at in pairs])
    starts = np.concatenate([part.starts + at for part, at in pairs])
    return Windows(table, ends, starts, parts[0].lags, known=parts[0].known)


def _unpickled(kind: type[Windows], packed: dict[str, Any]) -> Windows:
    """Put together what a pickle holds of windows."""
    parts: dict[str, Any] = {
        name: unpack(part) if isinstance(part, Packed) else part
        for name, part in packed.items()
    }
    return kind(**parts)


def row_chunks(table: NDArray[Any]) -> Iterator[slice]:
    """Cut the rows of a table into runs of a bounded number of values.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)

    Yields
    ------
    rows : slice
    """
    step = max(1, CHUNK // max(1, table.shape[1]))
    for i in range(0, len(table), step):
        yield slice(i, min(i + step, len(table)))


def _hop_of_view(X: NDArray[Any]) -> int:
    """Rows between the starts of two windows of a strided view; 0 for dense arrays."""
    window, row, _ = X.strides
    overlaps = len(X) > 1 and row > 0 and 0 < window < X.shape[1] * row
    return window // row if overlaps and window % row == 0 else 0
