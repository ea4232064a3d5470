"""Targets at each step of a sequence: numbers or labels, some of which are not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..losses import Role
from ..windows._groups import are_missing, as_labels
from ..windows._windows import Windows
from ._targets import Labels, Numbers, check_given

Array = NDArray[Any]

# Integers up to this are exact as float64.
LARGEST_EXACT = 2**53


@dataclass(frozen=True)
class StepNumbers(Numbers):
    """Numbers at each step, of shape (n_samples, n_timesteps, n_outputs).

    What is masked is not known, and NaN when encoded. `is_flat` says whether y had no
    third axis.
    """

    kind: ClassVar[str] = "step_numbers"
    per_step: ClassVar[bool] = True

    @classmethod
    def learn(cls, y: Any, estimator: str, *, may_miss: bool = True) -> StepNumbers:
        """Learn how many targets a step has.

        Parameters
        ----------
        y : masked array of shape (n_samples, n_timesteps[, n_outputs])
            As `counted_steps` gives it.
        estimator : str
            Whose y it is, for messages.
        may_miss : bool, default=True

        Returns
        -------
        targets : StepNumbers
        """
        flat = Numbers.learn(_as_rows(y), estimator, may_miss=True)
        return cls(flat.n_outputs, is_flat=y.ndim == 2, may_miss=True)

    def encode(self, y: Any, name: str = "y") -> Array:
        """Give y as numbers of shape (n_samples, n_timesteps, n_outputs)."""
        rows: Array = super().encode(_as_rows(y), name)
        return rows.reshape(*y.shape[:2], self.n_outputs)

    def observed(self, target: Array) -> None:
        """All samples: steps that have no target weigh nothing."""

    def known_steps(self, target: Array) -> NDArray[np.bool_]:
        """Tell which steps have a target, of shape (n_samples, n_timesteps)."""
        return np.asarray(~np.isnan(target).all(axis=2))

    def scaled(self, target: Array) -> Array:
        """Standardise the columns."""
        rows: Array = super().scaled(target.reshape(-1, self.n_outputs))
        return rows.reshape(target.shape)

    def decode(self, values: Array, roles: Sequence[Role]) -> Array:
        """Give parameters in the units of y: (n_samples, n_timesteps[, n_outputs], n)."""
        rows = super().decode(_as_rows(values), roles)
        return rows.reshape(*values.shape[:2], *rows.shape[1:])


@dataclass(frozen=True)
class StepLabels(Labels):
    """A label at each step; -1 where it is masked."""

    kind: ClassVar[str] = "step_labels"
    per_step: ClassVar[bool] = True

    @classmethod
    def learn(
        cls, y: Any, name: str, estimator: str, *, may_miss: bool = True
    ) -> StepLabels:
        """Learn which labels there are.

        Parameters
        ----------
        y : masked array of shape (n_samples, n_timesteps)
            As `counted_steps` gives it.
        name : str
            The argument, for messages.
        estimator : str
            Whose y it is, for messages.
        may_miss : bool, default=True

        Returns
        -------
        targets : StepLabels
        """
        flat = Labels.learn(y.compressed(), name, estimator)
        return cls(flat.classes, flat.totals, may_miss=True)

    def encode(self, y: Any, name: str = "y") -> NDArray[np.intp]:
        """Give the number of each label's class, of shape (n_samples, n_timesteps)."""
        target = np.full(y.shape, -1)
        labels = Labels(self.classes, self.totals).encode(y.compressed(), name)
        target[~np.ma.getmaskarray(y)] = labels
        return target

    def observed(self, target: Array) -> None:
        """All samples: steps that have no label weigh nothing."""

    def known_steps(self, target: Array) -> NDArray[np.bool_]:
        """Tell which steps have a label, of shape (n_samples, n_timesteps)."""
        return np.asarray(target >= 0)


def counted_steps(
    y: Any,
    windows: Windows,
    weight: Array | None,
    *,
    most_dims: int,
    estimator: str,
    suffix: str = "",
) -> np.ma.MaskedArray[Any, Any]:
    """Check the targets of steps, and mask those that count nothing.

    Parameters
    ----------
    y : array-like of shape (n_samples, n_timesteps[, n_outputs])
        Where it is masked already, nothing is known.
    windows : Windows of shape (n_samples, n_timesteps, n_features)
        Unobserved steps count nothing.
    weight : ndarray of shape (n_samples,), (n_samples, n_timesteps) or None
        Given by the user; neither do steps of weight 0.
    most_dims : {2, 3}
        Axes that y may have.
    estimator : str
        Whose y it is, for messages.
    suffix : str, default=""
        Ends the names of the arguments.

    Returns
    -------
    y : masked array of the shape of y

    Raises
    ------
    ValueError
        If y has another number of samples or steps than X, lacks a target where a step is
        observed and nobody has said that it is not known, or none is left that counts.
    """
    name = f"y{suffix}"
    values = _as_steps(y, name, most_dims, estimator)
    if values.shape[:2] != windows.shape[:2]:
        raise ValueError(
            f"{name} must have a target for each of the {windows.shape[1]} steps of the"
            f" {len(windows)} sequences of X{suffix}, with return_sequences=True. Got shape"
            f" {values.shape}."
        )
    counts = observed_steps(windows)
    if weight is not None:
        counts &= weight.reshape(len(counts), -1) > 0
    masked = np.ma.getmaskarray(values) | ~_like(counts, values)
    data = np.ma.getdata(values)
    lacking = are_missing(data.reshape(-1)).reshape(data.shape) & ~masked
    if lacking.any():
        sample, step, *_ = np.argwhere(lacking)[0]
        raise ValueError(
            f"{name} must have a target where a step of X{suffix} is observed. Got none at"
            f" step {step} of sample {sample}, and {lacking.sum() - 1} more. If it is not"
            " known, say so: mask it, as numpy.ma.masked_invalid does with NaN, or give"
            " the step a sample_weight of 0."
        )
    known = ~masked.reshape(*masked.shape[:2], -1).all(axis=(0, 1))
    if not known.all():
        which = f" in column {np.argmin(known)} of {len(known)}" if len(known) > 1 else ""
        raise ValueError(
            f"{name} must have a target that counts: at an observed step, not masked, of a"
            f" weight above 0. Got none{which}."
        )
    return np.ma.array(data, mask=masked)


def weigh_steps(
    targets: StepNumbers | StepLabels, target: Array, weight: Array | None
) -> Array:
    """Give each step a weight: 0 where it counts nothing.

    Parameters
    ----------
    targets : StepNumbers or StepLabels
    target : ndarray of shape (n_samples, n_timesteps[, n_outputs])
        Encoded.
    weight : ndarray of shape (n_samples,), (n_samples, n_timesteps) or None
        Given by the user.

    Returns
    -------
    weight : ndarray of float of shape (n_samples, n_timesteps)
    """
    given = np.ones((len(target), 1)) if weight is None else weight.reshape(len(target), -1)
    return np.where(targets.known_steps(target), given, 0.0)


def observed_steps(windows: Windows) -> NDArray[np.bool_]:
    """Tell which steps of windows have any value.

    Parameters
    ----------
    windows : Windows of shape (n_samples, n_timesteps, n_features)

    Returns
    -------
    observed : ndarray of bool of shape (n_samples, n_timesteps)

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[[np.nan, np.nan], [np.nan, 1.0]]])
    >>> observed_steps(Windows.from_array(X))
    array([[False,  True]])
    """
    of_row = ~np.isnan(windows.table).all(axis=1)
    of_row = np.append(of_row, windows.padding != "edge" and not np.isnan(windows.padding))
    return np.stack([of_row[rows] for rows in windows.steps()], axis=1)


def where_observed(labels: Array, observed: NDArray[np.bool_]) -> Array:
    """Take labels away where a step is unobserved.

    Parameters
    ----------
    labels : ndarray of shape (n_samples, n_timesteps)
    observed : ndarray of bool of shape (n_samples, n_timesteps)

    Returns
    -------
    labels : ndarray of shape (n_samples, n_timesteps)
        Numbers become float and NaN there, others, and integers that would not be exact,
        objects and None.

    Examples
    --------
    >>> where_observed(np.array([["a", "b"]]), np.array([[True, False]]))
    array([['a', None]], dtype=object)
    """
    if observed.all():
        return labels
    numbers = labels.dtype.kind in "iuf" and (np.abs(labels) <= LARGEST_EXACT).all()
    blank: Array = labels.astype(np.float64 if numbers else np.object_)
    blank[~observed] = np.nan if numbers else None
    return blank


def _like(counts: Array, values: Array) -> Any:
    """Give what is said of steps an axis for outputs, if there is one."""
    return counts if values.ndim == 2 else counts[:, :, None]


def _as_steps(y: Any, name: str, most_dims: int, estimator: str = "The fit") -> Array:
    """Give y as an array with an axis for the steps."""
    shape = "(n_samples, n_timesteps" + "[, n_outputs]" * (most_dims == 3) + ")"
    asked = f"{name} must have the shape {shape} with return_sequences=True."
    check_given(y, name, estimator)
    try:
        values = as_labels(y)
    except ValueError as error:
        raise ValueError(
            f"{asked} Got sequences of unequal length: sklstm.pad_sequences fills them up."
        ) from error
    if not 2 <= values.ndim <= most_dims:
        raise ValueError(
            f"{asked} Got the shape {values.shape}. Of rows of a table, with a target each,"
            " sklstm.cut_sequences makes sequences."
        )
    return values


def _as_rows(values: Array) -> Array:
    """Give all steps as rows, one sequence after the other."""
    return values.reshape(-1, *values.shape[2:])
