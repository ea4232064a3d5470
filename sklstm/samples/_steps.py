"""Targets at each step of a sequence: numbers or labels, some of which are not known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..losses import Role
from ..windows._windows import Windows
from ._targets import Labels, Numbers, check_given

Array = NDArray[Any]


@dataclass(frozen=True)
class StepNumbers(Numbers):
    """Numbers at each step, of shape (n_samples, n_timesteps, n_outputs).

    NaN is a number that is not known. `is_flat` says whether y had no third axis.
    """

    kind: ClassVar[str] = "step_numbers"
    per_step: ClassVar[bool] = True

    @classmethod
    def learn(cls, y: Any, estimator: str, *, may_miss: bool = True) -> StepNumbers:
        """Learn how many targets a step has.

        Parameters
        ----------
        y : array-like of shape (n_samples, n_timesteps[, n_outputs])
        estimator : str
            Whose y it is, for messages.
        may_miss : bool, default=True

        Returns
        -------
        targets : StepNumbers
        """
        values = _as_steps(y, "y", 3, estimator)
        flat = Numbers.learn(_as_rows(values), estimator, may_miss=True)
        return cls(flat.n_outputs, is_flat=values.ndim == 2, may_miss=True)

    def encode(self, y: Any, name: str = "y") -> Array:
        """Give y as numbers of shape (n_samples, n_timesteps, n_outputs)."""
        values = _as_steps(y, name, 3)
        rows: Array = super().encode(_as_rows(values), name)
        return rows.reshape(*values.shape[:2], self.n_outputs)

    def observed(self, target: Array) -> None:
        """All samples: steps that have no target weigh nothing."""

    def known_steps(self, target: Array) -> NDArray[np.bool_]:
        """Tell which steps have a target, of shape (n_samples, n_timesteps)."""
        return np.asarray(~np.isnan(target).all(axis=2))

    def lacking_steps(self, target: Array) -> NDArray[np.bool_]:
        """Tell which steps lack one of their targets."""
        return np.asarray(np.isnan(target).any(axis=2))

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
    """A label at each step; -1 where it is not known."""

    kind: ClassVar[str] = "step_labels"
    per_step: ClassVar[bool] = True

    @classmethod
    def learn(
        cls, y: Any, name: str, estimator: str, *, may_miss: bool = True
    ) -> StepLabels:
        """Learn which labels there are.

        Parameters
        ----------
        y : array-like of shape (n_samples, n_timesteps)
        name : str
            The argument, for messages.
        estimator : str
            Whose y it is, for messages.
        may_miss : bool, default=True

        Returns
        -------
        targets : StepLabels
        """
        values = _as_steps(y, name, 2, estimator)
        flat = Labels.learn(values.reshape(-1), name, estimator, may_miss=True)
        return cls(flat.classes, flat.totals, may_miss=True)

    def encode(self, y: Any, name: str = "y") -> NDArray[np.intp]:
        """Give the number of each label's class, of shape (n_samples, n_timesteps)."""
        values = _as_steps(y, name, 2)
        return super().encode(values.reshape(-1), name).reshape(values.shape)

    def observed(self, target: Array) -> None:
        """All samples: steps that have no label weigh nothing."""

    def known_steps(self, target: Array) -> NDArray[np.bool_]:
        """Tell which steps have a label, of shape (n_samples, n_timesteps)."""
        return np.asarray(target >= 0)

    def lacking_steps(self, target: Array) -> NDArray[np.bool_]:
        """Tell which steps have none."""
        return np.asarray(target < 0)


def weigh_steps(
    targets: StepNumbers | StepLabels,
    target: Array,
    windows: Windows,
    y: Any,
    weight: Array | None,
    suffix: str = "",
) -> Array:
    """Give each step a weight: 0 where it is unobserved, or its target is not known.

    Parameters
    ----------
    targets : StepNumbers or StepLabels
    target : ndarray of shape (n_samples, n_timesteps[, n_outputs])
        Encoded.
    windows : Windows of shape (n_samples, n_timesteps, n_features)
    y : array-like
        As it came: a masked array says that nothing is known where it is masked.
    weight : ndarray of shape (n_samples,), (n_samples, n_timesteps) or None
        Given by the user; 0 says the same.
    suffix : str, default=""
        Ends the names of the arguments.

    Returns
    -------
    weight : ndarray of float of shape (n_samples, n_timesteps)

    Raises
    ------
    ValueError
        If y has another number of steps than X, or lacks a target where a step is observed
        and nobody has said that it is not known.
    """
    name, n_timesteps = f"y{suffix}", windows.shape[1]
    if target.shape[1] != n_timesteps:
        raise ValueError(
            f"{name} must have a target for each of the {n_timesteps} steps of X{suffix},"
            f" with return_sequences=True. Got {target.shape[1]} steps."
        )
    given = np.ones((len(target), 1)) if weight is None else weight.reshape(len(target), -1)
    observed = observed_steps(windows) & (given > 0)
    lacking = observed & targets.lacking_steps(target) & ~_masked_steps(y, target)
    if lacking.any():
        sample, step = np.argwhere(lacking)[0]
        raise ValueError(
            f"{name} must have a target where a step of X{suffix} is observed. Got none at"
            f" step {step} of sample {sample}, and {lacking.sum() - 1} more. If it is not"
            " known, say so: with a masked array, or a sample_weight of 0 at the step."
        )
    return np.where(observed & targets.known_steps(target), given, 0.0)


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
        Numbers become float and NaN there, others objects and None.

    Examples
    --------
    >>> where_observed(np.array([["a", "b"]]), np.array([[True, False]]))
    array([['a', None]], dtype=object)
    """
    if observed.all():
        return labels
    numbers = labels.dtype.kind in "iuf"
    blank: Array = labels.astype(np.float64 if numbers else np.object_)
    blank[~observed] = np.nan if numbers else None
    return blank


def _masked_steps(y: Any, target: Array) -> Any:
    """Tell which steps of y are masked; those of several outputs if any of them is."""
    if not np.ma.isMaskedArray(y):
        return False
    return np.ma.getmaskarray(y).reshape(*target.shape[:2], -1).any(axis=2)


def _as_steps(y: Any, name: str, most_dims: int, estimator: str = "The fit") -> Array:
    """Give y as an array with an axis for the steps."""
    shape = "(n_samples, n_timesteps" + "[, n_outputs]" * (most_dims == 3) + ")"
    asked = f"{name} must have the shape {shape} with return_sequences=True."
    check_given(y, name, estimator)
    try:
        values = y if isinstance(y, np.ndarray) else np.asarray(y)
    except ValueError as error:
        raise ValueError(
            f"{asked} Got sequences of unequal length: sklstm.pad_sequences fills them up."
        ) from error
    if not 2 <= values.ndim <= most_dims:
        raise ValueError(f"{asked} Got {values.ndim} dimensions.")
    return values


def _as_rows(values: Array) -> Array:
    """Give all steps as rows, one sequence after the other."""
    return values.reshape(-1, *values.shape[2:])
