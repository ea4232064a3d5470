"""Rows that two tables share by their labels have to come in one order."""

from __future__ import annotations

from typing import Any


def check_same_order(X: Any, other: Any, name: str) -> None:
    """Refuse what has the labels of X's rows in another order: it is read by position.

    Parameters
    ----------
    X : object
        Rows, or the argument that has them.
    other : object
        What stands beside them, such as their targets.
    name : str
        Its argument, for the message.

    Raises
    ------
    ValueError
        If both are of pandas, and the index of one is a permutation of the other's. An
        index that merely counts the rows says nothing of their order.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"sold": [1.0, 2.0]}, index=["mon", "tue"])
    >>> check_same_order(X, pd.Series([2.0, 3.0], index=["tue", "mon"]), "y")
    Traceback (most recent call last):
    ValueError: y must have its rows in the order of X, as they are read by position. ...
    """
    index: Any = getattr(X, "index", None)
    beside: Any = getattr(other, "index", None)
    if not (_names_rows(index) and _names_rows(beside)) or len(index) != len(beside):
        return
    if index.equals(beside) or not index.is_unique or not beside.is_unique:
        return
    if index.isin(beside).all():
        place = int((index != beside).argmax())
        raise ValueError(
            f"{name} must have its rows in the order of X, as they are read by position."
            f" Got {beside[place]!r} where X has {index[place]!r}, in row {place}: use"
            f" {name}.loc[X.index]."
        )


def _names_rows(index: Any) -> bool:
    """Tell whether something is an index of pandas that does more than count."""
    if not hasattr(index, "nlevels"):
        return False
    return type(index).__name__ != "RangeIndex" or index.start != 0 or index.step != 1
