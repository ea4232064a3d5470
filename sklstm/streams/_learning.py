"""What a stream learns of targets: the weights of a network, or what calibrates."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from ..estimators import ConformalClassifier, ConformalRegressor, LSTMRegressor
from ..fitting._numbers import is_integer
from ..windows._windows import Windows
from ._parts import last_step
from ._window_reader import WindowReader


class Learner(Protocol):
    """What takes windows with their targets."""

    def check(self, y: Any) -> None:
        """Refuse a target of another kind than those of fit."""

    def add(self, rows: NDArray[Any], label: Hashable, number: int, y: Any) -> None:
        """Take the rows of a window, its series, the number of its last row, its target."""

    def take_back(self, label: Hashable, n_left: int) -> None:
        """Forget what has not been learnt yet of rows that have been taken back."""

    def reset(self) -> None:
        """Forget what has not been learnt yet."""


class Example(NamedTuple):
    """A window with its target.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
    label : hashable
        Of its series.
    number : int
        Of its last row in that series.
    y : float, label or ndarray of shape (n_outputs,)
    """

    rows: NDArray[Any]
    label: Hashable
    number: int
    y: Any


class Batches:
    """Targets that a network learns, so many at a time.

    Parameters
    ----------
    reader : WindowReader
    learn_every : int
    """

    def __init__(self, reader: WindowReader, learn_every: int) -> None:
        self.reader = reader
        self.learn_every = learn_every
        self.examples: list[Example] = []

    def check(self, y: Any) -> None:
        """Refuse a target of another shape, or an unknown label."""
        check_target(last_step(self.reader.tail), y)

    def add(self, rows: NDArray[Any], label: Hashable, number: int, y: Any) -> None:
        """Take a window and its target; train once there are enough."""
        self.examples.append(Example(rows.copy(), label, number, y))
        if len(self.examples) == self.learn_every:
            examples, self.examples = self.examples, []
            self._learn(examples)

    def take_back(self, label: Hashable, n_left: int) -> None:
        """Forget the targets of rows of a series from a number on."""
        self.examples = [e for e in self.examples if e.label != label or e.number < n_left]

    def reset(self) -> None:
        """Forget what has not been learnt yet."""
        self.examples = []

    def _learn(self, examples: list[Example]) -> None:
        X = self.reader.as_read(self._windows(examples))
        tail = self.reader.tail
        if isinstance(tail, Pipeline):
            X = tail[:-1].transform(X)
        last_step(tail).partial_fit(X, np.array([example.y for example in examples]))

    def _windows(self, examples: list[Example]) -> Windows:
        sizes = np.array([len(example.rows) for example in examples])
        ends = np.cumsum(sizes) - 1
        numbers: dict[Hashable, int] = {}
        series = [numbers.setdefault(e.label, len(numbers)) for e in examples]
        like = self.reader.window(examples[0].rows)
        # All targets are known, however far ahead they lie.
        horizon = getattr(last_step(self.reader.tail), "horizon", None)
        return Windows(
            np.concatenate([example.rows for example in examples]),
            ends,
            ends - sizes + 1,
            like.lags,
            like.padding,
            series=np.array(series),
            ahead=int(horizon or 0),
            names=like.names,
        )


class Calibration:
    """Targets from which a conformal estimator learns what its intervals have to be.

    Parameters
    ----------
    reader : WindowReader
        Its tail is the conformal estimator.
    """

    def __init__(self, reader: WindowReader) -> None:
        self.reader = reader
        vars(reader.tail)["_seen"] = _EachIsNew()

    def check(self, y: Any) -> None:
        """Refuse a target of another shape, or an unknown label."""
        check_target(self.reader.tail, y)

    def add(self, rows: NDArray[Any], label: Hashable, number: int, y: Any) -> None:
        """Take a window and its target in."""
        X = self.reader.as_read(self.reader.window(rows))
        self.reader.tail.update(X, np.array([y]))

    def take_back(self, label: Hashable, n_left: int) -> None:
        """Keep all: it has been learnt."""

    def reset(self) -> None:
        """Keep all: it has been learnt."""


class _EachIsNew:
    """Rows of a stream come once: nothing has to be remembered of them."""

    def new(self, X: Any, truth: NDArray[Any]) -> NDArray[np.bool_]:
        return ~np.isnan(truth)

    def add(self, X: Any, truth: NDArray[Any]) -> None:
        pass

    def copy(self) -> _EachIsNew:
        return self


def learner_of(reader: WindowReader, learn_every: Any) -> Learner | None:
    """Find out what a model can learn from targets.

    Parameters
    ----------
    reader : WindowReader
    learn_every : int or None

    Returns
    -------
    learner : Learner or None

    Raises
    ------
    ValueError
        If `learn_every` is out of range, or the model has no `partial_fit`.
    """
    is_conformal = isinstance(reader.tail, ConformalRegressor | ConformalClassifier)
    if learn_every is None:
        return Calibration(reader) if is_conformal else None
    if not is_integer(learn_every, least=1):
        raise ValueError(
            f"learn_every must be an int of at least 1, or None. Got {learn_every!r}."
        )
    last = last_step(reader.tail)
    if not hasattr(last, "partial_fit"):
        raise ValueError(
            "learn_every must be None for a model without partial_fit. Got"
            f" {learn_every!r}, and {type(last).__name__}."
        )
    return Batches(reader, int(learn_every))


def is_known(y: Any) -> bool:
    """Tell whether a target is there: None, NaN and nothing but NaN are not yet known."""
    if y is None:
        return False
    values = np.asarray(y)
    return not (values.dtype.kind == "f" and np.isnan(values).all())


def check_target(estimator: Any, y: Any) -> None:
    """Refuse a target of another kind than those of fit.

    Parameters
    ----------
    estimator : estimator
    y : object

    Raises
    ------
    ValueError
        If it is a label that is not known, has another number of outputs, or is no target
        of the loss: infinity, NaN beside numbers, a negative count.
    """
    shape = np.shape(y)
    if is_classifier(estimator):
        classes = list(getattr(estimator, "classes_", [y]))
        if shape or y not in classes:
            raise ValueError(f"y must be one of the classes, {classes}. Got {y!r:.80}.")
        return
    outputs = getattr(estimator, "n_outputs_", None)
    wanted = shape if outputs is None else () if outputs == 1 else (outputs,)
    if np.asarray(y).dtype.kind not in "fiub" or (shape != wanted and shape != (outputs,)):
        raise ValueError(
            f"y must be {'a number' if not wanted else f'{outputs} numbers'}, the target of"
            f" one row. Got {y!r:.80}."
        )
    values = np.asarray(y, dtype=np.float64).reshape(1, -1)
    may_miss = getattr(estimator, "horizon", None) is not None
    if np.isinf(values).any() or (np.isnan(values).any() and not may_miss):
        raise ValueError(f"y must be finite, or not known at all. Got {y!r:.80}.")
    if isinstance(estimator, LSTMRegressor):
        estimator._check_targets(values)
