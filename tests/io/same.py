"""Whether two values are the same: of one type, and with the same bits."""

import math

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator


def is_same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype != other.dtype or one.shape != other.shape:
            return False
        if one.dtype == object:
            return all(map(is_same, one.flat, other.flat))
        return one.tobytes() == other.tobytes()
    if isinstance(one, pd.Index):
        return one.identical(other) and getattr(one, "freq", 0) == getattr(other, "freq", 0)
    if isinstance(one, pd.DataFrame):
        return one.equals(other) and is_same(one.index, other.index)
    if isinstance(one, dict):
        return is_same(list(one), list(other)) and is_same(
            list(one.values()), list(other.values())
        )
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float | np.floating) and math.isnan(one):
        return math.isnan(other)
    if one is pd.NaT or one is pd.NA:
        return one is other
    if isinstance(one, np.random.RandomState):
        return is_same(one.get_state(), other.get_state())
    if isinstance(one, BaseEstimator):
        return is_same(one.get_params(deep=False), other.get_params(deep=False))
    return one == other
