"""What lets an object that can be made an array stand where one is asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray
from sklearn.utils._array_api import get_namespace

# What NumPy asks of an array that is told without gathering its values.
_TOLD: dict[Any, Callable[[Any], Any]] = {
    np.shape: lambda array: array.shape,
    np.ndim: lambda array: array.ndim,
    np.size: lambda array: array.size,
}

# Methods of an array that read it.
_METHODS = (
    *("all", "any", "argmax", "argmin", "argsort", "clip", "copy", "cumsum", "flatten"),
    *("max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "reshape", "round"),
    *("squeeze", "std", "sum", "swapaxes", "tolist", "transpose", "var"),
)


class ArrayLike(NDArrayOperatorsMixin, ABC):
    """Arithmetic, comparisons, NumPy's functions and an array's methods, by ``__array__``.

    All give plain arrays, and gather the values to compute them, but for what a class can
    compute value by value. Nothing can be written to: an operation in place, as ``+=``, and
    ``out=`` are refused.
    """

    # Equality is that of arrays, element by element.
    __hash__ = None  # type: ignore[assignment]

    @abstractmethod
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Gather the values."""

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        # scikit-learn's own name for NumPy, so that it takes these and arrays together.
        return get_namespace(np.empty(0))[0]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        out = kwargs.get("out", ())
        if any(isinstance(array, ArrayLike) for array in out):
            raise TypeError(
                f"{type(self).__name__} cannot be written to: make an array of them,"
                " numpy.asarray(windows)."
            )
        if method == "__call__" and ufunc.nout == 1 and not kwargs:
            of_rows = self._by_rows(ufunc, inputs)
            if of_rows is not None:
                return of_rows
        return getattr(ufunc, method)(*_gathered(inputs), **_gathered(kwargs))

    def _by_rows(self, ufunc: Any, inputs: tuple[Any, ...]) -> Any:
        """Compute value by value without gathering, if that can be; else give None."""
        return None

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in _TOLD and len(args) == 1 and not kwargs:
            return _TOLD[function](args[0])
        return function(*_gathered(args), **_gathered(kwargs))

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            # Whoever only asks whether there is such a method need not wait for values.
            return partial(_call, self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def _call(array: ArrayLike, method: str, *args: Any, **kwargs: Any) -> Any:
    return getattr(np.asarray(array), method)(*args, **kwargs)


def _gathered(value: Any) -> Any:
    """Replace array-likes by arrays, in arguments however nested."""
    if isinstance(value, ArrayLike):
        array = np.asarray(value)
        # What a function wrote to it, as `numpy.copyto` does, would be lost.
        array.flags.writeable = False
        return array
    if isinstance(value, tuple | list) and type(value) in (tuple, list):
        return type(value)(_gathered(item) for item in value)
    if isinstance(value, dict):
        return {key: _gathered(item) for key, item in value.items()}
    return value
