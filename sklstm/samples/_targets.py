"""What the targets are: numbers, classes, or rows to come; how the network sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from ..fitting._ranks import of_all_rows, total
from ..losses import Role, in_units
from ..windows._features import unmasked
from ..windows._groups import are_missing
from ..windows._windows import Windows
from ._inputs import refuse_gradients
from ._scaling import Scaling

Array = NDArray[Any]

AHEAD = (
    "If it stands for targets that lie ahead and are not known yet, say how far in the"
    " parameter horizon; otherwise leave those rows out."
)


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
    may_miss : bool
        Whether targets may be missing, and then count nothing.
    per_step : bool
        Whether each step of a sequence has targets.
    """

    kind: ClassVar[str]
    per_step: ClassVar[bool]
    may_miss: bool

    @property
    def n_outputs(self) -> int: ...

    @property
    def n_values(self) -> int: ...

    @property
    def n_classes(self) -> int | None:
        """Number of classes; None of targets that are numbers."""

    @property
    def unit(self) -> Array | None:
        """How much 1 is in the units of y, for each target; None where it has none."""

    def encode(self, y: Any, name: str = "y") -> Any:
        """Check y against what was learnt and encode it."""

    def observed(self, target: Any) -> NDArray[np.bool_] | None:
        """Tell which samples have a target at all; None: all of them."""

    def without(self, target: Any, known: NDArray[np.bool_]) -> Any:
        """Leave out all encoded targets but those that are known."""

    def scaled(self, target: Any) -> Any:
        """Give encoded targets as the network sees them."""

    def decode(self, values: Array, roles: Sequence[Role]) -> Array:
        """Give what the network says in the units of the user."""


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
    may_miss : bool, default=False
        Whether NaN is a target that is not known.
    """

    kind: ClassVar[str] = "numbers"
    per_step: ClassVar[bool] = False
    n_classes: ClassVar[None] = None

    n_outputs: int
    is_flat: bool
    scaling: Scaling | None = None
    may_miss: bool = False

    @classmethod
    def learn(cls, y: Any, estimator: str, *, may_miss: bool = False) -> Numbers:
        """Learn how many targets there are.

        Parameters
        ----------
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        estimator : str
            Whose y it is, for messages.
        may_miss : bool, default=False

        Returns
        -------
        targets : Numbers
        """
        target, is_flat = _as_columns(y, "y", may_miss, estimator)
        return cls(target.shape[1], is_flat, may_miss=may_miss)

    @property
    def n_values(self) -> int:
        """One value for each target, or as many as its loss wants."""
        return self.n_outputs

    @property
    def unit(self) -> Array:
        """How much 1 is in the units of y, for each target."""
        return np.ones(self.n_outputs) if self.scaling is None else self.scaling.scale

    def encode(self, y: Any, name: str = "y") -> Any:
        """Give y as columns of numbers, of shape (n_samples, n_outputs)."""
        target, _ = _as_columns(y, name, self.may_miss)
        if target.shape[1] != self.n_outputs:
            outputs = "1 output" if self.n_outputs == 1 else f"{self.n_outputs} outputs"
            raise ValueError(
                f"{name} must have {outputs}, as before. Got {target.shape[1]} instead."
            )
        return target

    def observed(self, target: Any) -> NDArray[np.bool_] | None:
        """Tell which samples have a target that is not NaN."""
        return np.asarray(~np.isnan(target).all(axis=1)) if self.may_miss else None

    def without(self, target: Array, known: NDArray[np.bool_]) -> Array:
        """Put NaN where a target is not known."""
        return np.where(known, target, np.nan)

    def scaled(self, target: Any) -> Any:
        """Standardise the columns."""
        return target if self.scaling is None else self.scaling.apply(target)

    def decode(self, values: Array, roles: Sequence[Role]) -> Array:
        """Give parameters in the units of y, of shape (n_samples[, n_outputs], n)."""
        values = values.astype(np.float64)
        if self.scaling is not None:
            values = in_units(values, roles, self.scaling.mean, self.scaling.scale)
        return values[:, 0] if self.is_flat else values


@dataclass(frozen=True)
class FutureRows(Numbers):
    """Targets that are rows of the table that the sequences come from.

    y is `Windows` of shape (n_samples, n_steps, n_series): the values to come are gathered
    from their rows, as those of the past are. NaN is a value that is not known.
    """

    kind: ClassVar[str] = "future_rows"

    @classmethod
    def learn(cls, y: Windows, estimator: str, *, may_miss: bool = True) -> FutureRows:
        """Count the values of all steps."""
        return cls(y.shape[1] * y.shape[2], is_flat=False, may_miss=True)

    def observed(self, target: Any) -> None:
        """All samples: whoever cuts them out leaves out those without a target."""

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
    may_miss : bool, default=False
        Whether None and NaN are labels that are not known.
    """

    kind: ClassVar[str] = "labels"
    per_step: ClassVar[bool] = False

    classes: Array
    totals: NDArray[np.float64]
    may_miss: bool = False

    @classmethod
    def learn(cls, y: Any, name: str, estimator: str, *, may_miss: bool = False) -> Labels:
        """Learn which labels there are.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
        name : str
            The argument, for messages.
        estimator : str
            Whose y it is, for messages.
        may_miss : bool, default=False

        Returns
        -------
        targets : Labels
        """
        labels, _ = _as_labels(y, name, may_miss, estimator)
        if not len(labels):
            raise ValueError(f"{name} must have at least 1 label. Got none.")
        classes = np.unique(np.concatenate(of_all_rows("classes", np.unique(labels))))
        return cls(classes, np.zeros(len(classes)), may_miss)

    @property
    def unit(self) -> None:
        """Labels have none."""

    @property
    def n_outputs(self) -> int:
        """One label for each sequence."""
        return 1

    @property
    def n_values(self) -> int:
        """One value for each class."""
        return len(self.classes)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    def encode(self, y: Any, name: str = "y") -> NDArray[np.intp]:
        """Give the number of each label's class, of shape (n_samples,); -1: not known."""
        labels, observed = _as_labels(y, name, self.may_miss)
        known = np.isin(labels, self.classes)
        if not known.all():
            raise ValueError(
                f"{name} must have labels from classes, {self.classes}. Got"
                f" {np.unique(labels[~known])} as well."
            )
        target = np.full(len(observed), -1)
        target[observed] = np.searchsorted(self.classes, labels)
        return target

    def observed(self, target: NDArray[np.intp]) -> NDArray[np.bool_] | None:
        """Tell which samples have a label."""
        return target >= 0 if self.may_miss else None

    def without(
        self, target: NDArray[np.intp], known: NDArray[np.bool_]
    ) -> NDArray[np.intp]:
        """Put -1 where a label is not known."""
        return np.where(known[:, 0], target, -1)

    def counting(self, target: NDArray[np.intp], weight: Array | None) -> Labels:
        """Add labels to the totals."""
        added = np.bincount(target, weights=weight, minlength=len(self.classes))
        return replace(self, totals=self.totals + total("weights of classes", added))

    def scaled(self, target: Array) -> Array:
        """Leave class numbers as they are."""
        return target

    def decode(self, values: Array, roles: Sequence[Role]) -> Array:
        """Leave probabilities as they are."""
        return values


def check_given(y: Any, name: str, estimator: str) -> None:
    """Refuse a y that is not there, or asks for gradients.

    Parameters
    ----------
    y : object
    name : str
        The argument, for messages.
    estimator : str
        Whose y it is, for messages.

    Raises
    ------
    ValueError
        If it is.
    """
    if y is None:
        raise ValueError(f"{estimator} requires y to be passed, but the target y is None.")
    refuse_gradients(y, name)


def _check_shape(y: Any, name: str, most_dims: int, estimator: str) -> None:
    check_given(y, name, estimator)
    n_dims = getattr(y, "ndim", 0)
    if n_dims > most_dims:
        shapes = "(n_samples,)" + " or (n_samples, n_outputs)" * (most_dims == 2)
        raise ValueError(
            f"{name} must have the shape {shapes}; targets at each step need"
            f" return_sequences=True. Got {n_dims} dimensions."
        )


def _as_columns(
    y: Any, name: str, may_miss: bool, estimator: str = "The fit"
) -> tuple[Array, bool]:
    """Check targets and give them as columns; and whether they came as a flat array."""
    _check_shape(y, name, 2, estimator)
    if np.ma.is_masked(y) and not may_miss:
        raise ValueError(
            f"Input {name} contains NaN, or values that are masked:"
            f" {np.ma.count_masked(y)} of them. {AHEAD}"
        )
    y = _as_float(unmasked(y), name, may_miss)
    if y.ndim == 2 and y.shape[1] == 1 and not may_miss:
        y = column_or_1d(y, warn=True, input_name=name)
    return y.reshape(len(y), -1), y.ndim == 1


def _as_float(y: Any, name: str, may_miss: bool) -> Array:
    """Give targets as finite numbers; text and times are none, even if they would cast."""
    y = check_array(
        y, dtype=None, ensure_2d=False, ensure_all_finite=False, input_name=name
    )
    kinds = {"U": "text", "S": "text", "M": "times", "m": "durations"}
    if y.dtype.kind in kinds:
        raise ValueError(
            f"{name} must be numbers. Got {kinds[y.dtype.kind]}, of dtype {y.dtype}."
            " A classifier learns labels."
        )
    try:
        y = y.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numbers. Got one that is none: {error}. A classifier learns"
            " labels."
        ) from error
    if np.isnan(y).any():
        if not may_miss:
            raise ValueError(f"Input {name} contains NaN. {AHEAD}")
        if np.isnan(y).all():
            raise ValueError(f"{name} must have a target that is known. Got only NaN.")
    assert_all_finite(y, allow_nan=may_miss, input_name=name)
    return y


def _as_labels(
    y: Any, name: str, may_miss: bool, estimator: str = "The fit"
) -> tuple[Array, NDArray[np.bool_]]:
    """Check class labels and give those that are known; and which samples have one."""
    _check_shape(y, name, 2, estimator)
    try:
        y = column_or_1d(unmasked(y), warn=not may_miss, input_name=name)
    except ValueError as error:
        raise ValueError(
            f"{name} must be one label per sample; labels at each step need"
            f" return_sequences=True: {error}"
        ) from error
    observed = ~are_missing(y)
    if not observed.all():
        if not may_miss:
            label = y[~observed][0]
            what = "NaN" if isinstance(label, float) else repr(label)
            raise ValueError(f"Input {name} contains {what}. {AHEAD}")
        if not observed.any():
            raise ValueError(f"{name} must have a label that is known. Got none.")
    labels = y[observed]
    if not observed.all() and y.dtype.kind == "O":
        # Numbers and bools stood among objects for the sake of those that are missing.
        labels = np.array(labels.tolist())
    try:
        assert_all_finite(labels, input_name=name)
        check_classification_targets(labels)
    except TypeError as error:
        raise ValueError(
            f"{name} must have labels of one kind, which can be sorted: {error}."
        ) from error
    return labels, observed
