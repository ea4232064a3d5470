"""Columns of categories as numbers: texts, and whatever has the dtype `category`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from ..samples._categories import LIMIT

# What pandas calls the kinds of values that a column may hold.
NUMBERS = ("integer", "floating", "mixed-integer-float", "boolean", "decimal", "empty")
TIMES = ("datetime64", "datetime", "date", "time", "timedelta64", "timedelta", "period")


@dataclass(frozen=True)
class Labels:
    """The categories of columns of X, numbered in the order in which they stand.

    Attributes
    ----------
    of : dict of column name to list
        The labels of each column that holds no numbers.
    """

    of: dict[Any, list[Any]] = field(default_factory=dict)

    @classmethod
    def learn(cls, X: pd.DataFrame | None) -> Labels:
        """Find the columns of categories, and their labels.

        Parameters
        ----------
        X : pandas.DataFrame or None

        Returns
        -------
        labels : Labels

        Raises
        ------
        TypeError
            If a column holds times.

        Examples
        --------
        >>> X = pd.DataFrame({"shop": ["b", "a", "b"], "price": [1.0, 2.0, 3.0]})
        >>> Labels.learn(X)
        Labels(of={'shop': ['a', 'b']})
        """
        columns = {} if X is None else dict(X.items())
        return cls({n: _labels(c) for n, c in columns.items() if not _holds_numbers(c)})

    def encode(self, X: pd.DataFrame) -> pd.DataFrame:
        """Give columns of categories as numbers.

        Parameters
        ----------
        X : pandas.DataFrame

        Returns
        -------
        X : pandas.DataFrame of numbers
            NaN where a value is missing. A label that is not known has a number behind the
            others, which a network takes for an unknown category.

        Raises
        ------
        TypeError
            If a column of numbers has become one of labels, or one of times.

        Examples
        --------
        >>> labels = Labels({"shop": ["a", "b"]})
        >>> labels.encode(pd.DataFrame({"shop": ["b", "z", None]}))["shop"].tolist()
        [1.0, 2.0, nan]
        """
        others = [n for n, c in X.items() if n not in self.of and not _holds_numbers(c)]
        if others:
            raise TypeError(
                f"X must have numbers in the columns that had numbers in fit. Got"
                f" {X[others[0]].dtype} in {others[0]!r}."
            )
        columns = {n: _numbers(c, self.of[n]) if n in self.of else c for n, c in X.items()}
        return pd.DataFrame(columns, X.index) if self.of else X


def check_numbered(X: pd.DataFrame, columns: list[Any]) -> None:
    """Refuse categories that are numbers, but not from 0.

    Parameters
    ----------
    X : pandas.DataFrame
    columns : list of column names
        Columns of numbers that are categories.

    Raises
    ------
    ValueError
        If a value is no integer from 0 to 2 ** 24 - 1.
    """
    for name in columns:
        values = X[name].to_numpy(np.float64, na_value=np.nan)
        values = values[~np.isnan(values)]
        bad = values[(values < 0) | (values >= LIMIT) | (values % 1 != 0)]
        if len(bad):
            raise ValueError(
                f"X must have integers from 0 to {LIMIT - 1} in its categorical_features."
                f" Got {bad[0]:g} in column {name!r}; give the column the dtype 'category',"
                " which takes any values."
            )


def _holds_numbers(column: pd.Series) -> bool:
    """Tell numbers from labels; times are neither."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    kind = infer_dtype(column, skipna=True)
    if kind in TIMES:
        raise TypeError(
            f"X must have numbers or categories. Got times in column {column.name!r}; make"
            " features of them, such as the month."
        )
    return kind in NUMBERS


def _labels(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    labels = column.dropna().unique().tolist()
    # Sorted, so that it does not matter which row comes first; as text where kinds differ.
    return sorted(labels, key=lambda label: (type(label).__name__, label))


def _numbers(column: pd.Series, labels: list[Any]) -> pd.Series:
    values = column.astype(object)
    place = pd.Index(labels, dtype=object).get_indexer(pd.Index(values, dtype=object))
    numbers = np.where(place < 0, len(labels), place).astype(np.float64)
    return pd.Series(np.where(column.isna(), np.nan, numbers), column.index)
