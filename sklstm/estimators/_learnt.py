"""Fitted attributes: views of the one trained model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..training import TrainedModel


class Learnt:
    """An attribute that an estimator has once it is fitted.

    Parameters
    ----------
    look : callable (TrainedModel) -> object
        Where the model has it.
    may_be_none : bool, default=False
        Whether None is a value; else it is no such attribute.
    """

    def __init__(
        self, look: Callable[[TrainedModel], Any], *, may_be_none: bool = False
    ) -> None:
        self.look = look
        self.may_be_none = may_be_none

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        if estimator is None:
            return self
        model = vars(estimator).get("_model")
        value = None if model is None else self.look(model)
        if model is None or (value is None and not self.may_be_none):
            when = "before fit is called" if model is None else "from this fit"
            kind = type(estimator).__name__
            raise AttributeError(f"{kind} has no {self.name} {when}.")
        return value

    def __set__(self, estimator: Any, value: Any) -> None:
        raise AttributeError(f"{self.name} is what fit has learnt, and cannot be set.")
