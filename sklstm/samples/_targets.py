"""What the targets are: numbers, classes, or rows to come; how the network sees them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ..windows._windows import Windows
from ._scaling import Scaling

Array = NDArray[Any]


class Targets(Protocol):
    """What a fit has learnt of y.

    Attributes
    ----------
    kind : str
        Name of the class in a pickle or a file.
    n_outputs : int
        Number of targets.
    n_values : int
        Values that the network gives for a sequence.
    """

    kind: ClassVar[str]

    @property
    def n_outputs(self) -> int: ...

    @property
    def n_values(self) -> int: ...

    def encode(self, y: Any, name: str = "y") -> Any:
        """Check y against what was learnt and encode it."""

    def scaled(self, target: Any) -> Any:
        """Give encoded targets as the network sees them."""

    def decode(self, values: Array) -> Array:
        """Turn what the network says into predictions."""


@dataclass(frozen=True)
class Numbers:
    """Targets that are numbers.

    Attributes
    ----------
    n_outputs : int
    is_flat : bool
        Whether y came as a flat array, and predictions go out as one.
    scaling : Scaling or None, default=None
        Of the columns; None leaves them as they are.
    """

    kind: ClassVar[str] = "numbers"

    n_outputs: int
    is_flat: bool
    scaling: Scaling | None = None

    @classmethod
    def learn(cls, y: Any, estimator: str) -> Numbers:
        """Learn how many targets there are.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        estimator : str
            Whose y it is, for messages.

        Returns
        -------
        targets : Numbers
        """
        target, is_flat = _as_columns(y, "y", estimator)
        return cls(target.shape[1], is_flat)

    @property
    def n_values(self) -> int:
        """One value for each target."""
        return self.n_outputs

    def encode(self, y: Any, name: str = "y") -> Any:
        """Give y as columns of numbers, of shape (n_samples, n_outputs)."""
        target, _ = _as_columns(y, name)
        if target.shape[1] != self.n_outputs:
            outputs = "1 output" if self.n_outputs == 1 else f"{self.n_outputs} outputs"
            raise ValueError(
                f"{name} must have {outputs}, as before. Got {target.shape[1]} instead."
            )
        return target

    def scaled(self, target: Any) -> Any:
        """Standardise the columns."""
        return target if self.scaling is None else self.scaling.apply(target)

    def decode(self, values: Array) -> Array:
        """Give numbers in the units of y, float64, in its shape."""
        values = values.astype(np.float64)
        if self.scaling is not None:
            values = self.scaling.invert(values)
        return values[:, 0] if self.is_flat else values


@dataclass(frozen=True)
class FutureRows(Numbers):
    """Targets that are rows of the table that the sequences come from.

    y is `Windows` of shape (n_samples, n_steps, n_series): the values to come are gathered
    from their rows, as those of the past are. NaN is a value that is not known.
    """

    kind: ClassVar[str] = "future_rows"

    @classmethod
    def learn(cls, y: Windows, estimator: str) -> FutureRows:
        """Count the values of all steps."""
        return cls(y.shape[1] * y.shape[2], is_flat=False)

    def encode(self, y: Any, name: str = "y") -> Any:
        """Give y as it is."""
        return y

    def scaled(self, target: Any) -> Any:
        """Standardise the rows, each series by the scaling of its first step."""
        if self.scaling is None:
            return target
        n = target.shape[2]
        scaling = Scaling(self.scaling.mean[:n], self.scaling.scale[:n])
        return target.over(scaling.apply(target.table))


@dataclass(frozen=True)
class Labels:
    """Targets that are classes.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Labels, sorted.
    totals : ndarray of float of shape (n_classes,)
        Weight of the samples of each class, in all calls together.
    """

    kind: ClassVar[str] = "labels"

    classes: Array
    totals: NDArray[np.float64]

    @classmethod
    def learn(cls, y: Any, name: str, estimator: str) -> Labels:
        """Learn which labels there are.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
        name : str
            The argument, for messages.
        estimator : str
            Whose y it is, for messages.

        Returns
        -------
        targets : Labels
        """
        y = _as_labels(y, name, estimator)
        if not len(y):
            raise ValueError(f"{name} must have at least 1 label. Got none.")
        classes = np.unique(y)
        return cls(classes, np.zeros(len(classes)))

    @property
    def n_outputs(self) -> int:
        """One label for each sequence."""
        return 1

    @property
    def n_values(self) -> int:
        """One value for each class."""
        return len(self.classes)

    def encode(self, y: Any, name: str = "y") -> NDArray[np.intp]:
        """Give the number of each label's class, of shape (n_samples,)."""
        y = _as_labels(y, name)
        known = np.isin(y, self.classes)
        if not known.all():
            raise ValueError(
                f"{name} must have labels from classes, {self.classes}. Got"
                f" {np.unique(y[~known])} as well."
            )
        return np.searchsorted(self.classes, y)

    def counting(self, target: NDArray[np.intp], weight: Array | None) -> Labels:
        """Add samples to the totals."""
        added = np.bincount(target, weights=weight, minlength=len(self.classes))
        return replace(self, totals=self.totals + added)

    def scaled(self, target: Array) -> Array:
        """Leave class numbers as they are."""
        return target

    def decode(self, values: Array) -> Array:
        """Leave probabilities as they are."""
        return values


KINDS: dict[str, Any] = {kind.kind: kind for kind in (Numbers, FutureRows, Labels)}


def targets_from_state(state: dict[str, Any]) -> Targets:
    """Make targets of plain values, as `dataclasses.asdict` gives them, with their kind.

    Parameters
    ----------
    state : dict

    Returns
    -------
    targets : Targets
    """
    state = dict(state)
    kind = KINDS[state.pop("kind")]
    if state.get("scaling") is not None:
        state["scaling"] = Scaling(**state["scaling"])
    targets: Targets = kind(**state)
    return targets


def _check_given(y: Any, estimator: str) -> None:
    if y is None:
        raise ValueError(f"{estimator} requires y to be passed, but the target y is None.")


def _as_columns(y: Any, name: str, estimator: str = "The fit") -> tuple[Array, bool]:
    """Check targets and give them as columns; and whether they came as a flat array."""
    _check_given(y, estimator)
    y = _as_float(y, name)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True, input_name=name)
    return y.reshape(len(y), -1), y.ndim == 1


def _as_float(y: Any, name: str) -> Array:
    """Give targets as finite numbers; text and times are none, even if they would cast."""
    y = check_array(
        y, dtype=None, ensure_2d=False, ensure_all_finite=False, input_name=name
    )
    kinds = {"U": "text", "S": "text", "M": "times", "m": "durations"}
    if y.dtype.kind in kinds:
        raise ValueError(
            f"{name} must be numbers. Got {kinds[y.dtype.kind]}, of dtype {y.dtype}."
        )
    try:
        y = y.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numbers. Got one that is none: {error}."
        ) from error
    assert_all_finite(y, input_name=name)
    return y


def _as_labels(y: Any, name: str, estimator: str = "The fit") -> Array:
    """Check class labels and give them as a flat array."""
    _check_given(y, estimator)
    y = column_or_1d(y, warn=True, input_name=name)
    try:
        # scikit-learn's own message about objects names no argument.
        if y.dtype.kind == "O" and (y != y).any():
            raise ValueError(f"Input {name} contains NaN.")
        assert_all_finite(y, input_name=name)
        check_classification_targets(y)
    except TypeError as error:
        raise ValueError(
            f"{name} must have labels of one kind, which can be sorted: {error}."
        ) from error
    return y
