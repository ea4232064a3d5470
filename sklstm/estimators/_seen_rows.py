"""Rows whose true values have been taken in."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import _safe_indexing

Array = NDArray[Any]

# True values of so many rows are remembered, so that none is taken in twice.
REMEMBERED = 10_000
# Bytes of what tells two rows without labels apart.
DIGEST_SIZE = 16


class SeenRows:
    """Rows whose true values have been taken in, so that none is taken in twice.

    Rows are known by the labels of an index that has each once. Without, they may be alike
    by chance: a call is one that came before if its rows and their true values are those of
    a stretch that did.
    """

    def __init__(self) -> None:
        self.truth: dict[Hashable, Array] = {}
        self.place: dict[Hashable, int] = {}
        self.n_rows = 0
        self.by_label = False

    def copy(self) -> SeenRows:
        """Give another, which goes on by itself."""
        other = SeenRows()
        vars(other).update(vars(self))
        other.truth, other.place = dict(self.truth), dict(self.place)
        return other

    def add(self, X: Any, truth: Array) -> None:
        """Remember true values.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
        truth : ndarray of shape (n_samples, n_outputs)
            NaN is not yet known.
        """
        if not self.n_rows:
            self.by_label = _has_labels(X)
        later = slice(max(0, len(truth) - REMEMBERED), None)
        keys = _keys(_safe_indexing(X, np.arange(len(truth))[later]), self.by_label)
        values: Any
        for key, values in zip(keys, truth[later], strict=True):
            before = self.truth.pop(key, None)
            if before is not None and self._is_known_by(before, values):
                values = np.where(np.isnan(values), before, values)
            self.truth[key] = values
            self.place[key] = self.n_rows = self.n_rows + 1
        for key in list(islice(self.truth, max(0, len(self.truth) - REMEMBERED))):
            del self.truth[key], self.place[key]

    def new(self, X: Any, truth: Array) -> NDArray[np.bool_]:
        """Tell which true values are new.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
        truth : ndarray of shape (n_samples, n_outputs)
            NaN is not yet known.

        Returns
        -------
        new : ndarray of bool of shape (n_samples, n_outputs)

        Raises
        ------
        ValueError
            If rows bring nothing new.
        """
        keys, known = _keys(X, self.by_label), np.asarray(~np.isnan(truth))
        new = known.copy()
        for row, key in enumerate(keys):
            before = self.truth.get(key)
            if before is not None and self._is_known_by(before, truth[row]):
                new[row] &= np.isnan(before)
        brings = np.asarray(known.any(axis=1))
        again = np.asarray(brings & ~new.any(axis=1))
        if again.any() and (self.by_label or self._is_a_stretch(keys, again, brings)):
            row = int(again.argmax())
            raise ValueError(
                "X must have rows whose true values are new, in order of time. Got row"
                f" {row} a second time: if it is there as history of the others, give NaN"
                " as its y."
            )
        return np.where(again[:, None], known, new)

    def __getstate__(self) -> dict[str, Any]:
        """Give arrays, for digests of rows: one for each row would be many small parts."""
        keys: Any = list(self.truth)
        if keys and not self.by_label:
            keys = np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), DIGEST_SIZE)
        return {
            "keys": keys,
            "truth": np.array(list(self.truth.values())),
            "place": np.array([self.place[key] for key in self.truth], dtype=np.int64),
            "n_rows": self.n_rows,
            "by_label": self.by_label,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        keys = state["keys"]
        if isinstance(keys, np.ndarray):
            keys = [row.tobytes() for row in keys]
        self.truth = dict(zip(keys, state["truth"], strict=True))
        self.place = dict(zip(keys, state["place"].tolist(), strict=True))
        self.n_rows, self.by_label = state["n_rows"], state["by_label"]

    def _is_known_by(self, before: Array, values: Array) -> bool:
        """Tell whether a row with the same key is the same row."""
        either = np.isnan(before) | np.isnan(values)
        return self.by_label or bool((either | (before == values)).all())

    def _is_a_stretch(
        self, keys: list[Hashable], again: NDArray[np.bool_], brings: NDArray[np.bool_]
    ) -> bool:
        """Tell whether all rows with a true value came before, one after the other."""
        places = np.array([self.place[keys[row]] for row in np.flatnonzero(again)])
        all_again = bool((again == brings).all()) and len(places) > 1
        # Some may have come once more in between, by chance.
        return all_again and bool((np.diff(places) == 1).mean() > 0.5)


def _has_labels(X: Any) -> bool:
    index: Any = getattr(X, "index", None)
    is_index = hasattr(index, "nlevels") and type(index).__name__ != "RangeIndex"
    return is_index and bool(index.is_unique)


def _keys(X: Any, by_label: bool) -> list[Hashable]:
    """Give what tells rows apart: their label, or a digest of their values."""
    if by_label and hasattr(getattr(X, "index", None), "nlevels"):
        return list(X.index)
    values = X.to_numpy() if hasattr(X, "to_numpy") else np.asarray(X)
    rows = np.ascontiguousarray(values).reshape(len(values), -1)
    return [_digest(row) for row in rows]


def _digest(row: Array) -> bytes:
    return hashlib.blake2b(row.tobytes(), digest_size=DIGEST_SIZE).digest()
