"""Fits that set all that they have learnt in one step, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


def as_it_stands(estimator: T) -> T:
    """Give a shallow copy, which stays as it is whatever another thread fits meanwhile.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    snapshot : estimator
        Shares its parameters and what it has learnt with the estimator.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> scaler = StandardScaler().fit([[0.0], [2.0]])
    >>> before = as_it_stands(scaler)
    >>> scaler.fit([[5.0]]).mean_, before.mean_
    (array([5.]), array([1.]))
    """
    snapshot: T = object.__new__(type(estimator))
    vars(snapshot).update(vars(estimator))
    return snapshot


@contextmanager
def in_one_step(estimator: T) -> Iterator[T]:
    """Let a fit learn on a draft, from which the estimator takes all over at its end.

    If the fit fails, or is interrupted, the estimator is as it was.

    Parameters
    ----------
    estimator : estimator

    Yields
    ------
    draft : estimator
        A shallow copy. What is set on it becomes the estimator's.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> scaler = StandardScaler()
    >>> with in_one_step(scaler) as draft:
    ...     draft.mean_ = 1.0
    ...     hasattr(scaler, "mean_")
    False
    >>> scaler.mean_
    1.0
    """
    draft = as_it_stands(estimator)
    before, learnt = vars(draft).copy(), vars(draft)
    yield draft
    gone = before.keys() - learnt.keys()
    same = {name for name in before if learnt.get(name, before) is before[name]}
    new = {name: value for name, value in learnt.items() if name not in same}
    kept = {name: value for name, value in vars(estimator).items() if name not in gone}
    # Another dictionary rather than other values: whoever looks finds the one or the other.
    estimator.__dict__ = kept | new
