"""Methods that an estimator has only where its parameters give them a meaning."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any


class available_where:
    """A method that is there where a check passes.

    As `sklearn.utils.metaestimators.available_if`, but the error of the check is the one
    that users read.

    Parameters
    ----------
    check : callable (estimator) -> object
        Raises AttributeError where the method has no meaning.

    Examples
    --------
    >>> class Model:
    ...     def _check(self):
    ...         raise AttributeError("score needs a loss.")
    ...
    ...     @available_where(_check)
    ...     def score(self):
    ...         return 1.0
    >>> hasattr(Model(), "score")
    False
    >>> Model().score()
    Traceback (most recent call last):
    AttributeError: score needs a loss.
    """

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self.check = check

    def __call__(self, method: Callable[..., Any]) -> Any:
        return _Method(method, self.check)


class _Method:
    def __init__(self, method: Callable[..., Any], check: Callable[[Any], Any]) -> None:
        functools.update_wrapper(self, method)  # type: ignore[arg-type]
        self.method = method
        self.check = check

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:
            return self.method
        self.check(estimator)
        return MethodType(self.method, estimator)
