"""What a run of training begins with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length

from ..samples._encoding import Encoding, Layout
from ..samples._inputs import read_sample_weight
from ..samples._samples import Samples
from ..samples._steps import weigh_steps
from ..training import TrainedModel
from ..windows._windows import Windows

Array = NDArray[Any]


class Units(NamedTuple):
    """What a network is made of, and in which units it reads and speaks.

    Attributes
    ----------
    architecture : dict
    encoding : Encoding
    targets : Targets
    """

    architecture: dict[str, Any]
    encoding: Encoding
    targets: Any


@dataclass(frozen=True)
class Start:
    """What a run of training begins with.

    Attributes
    ----------
    layout : Layout
    targets : Targets
    train : Samples
    valid : Samples or None
    previous : TrainedModel or None
        From which training goes on.
    seed : int
    brings_validation : bool, default=False
        Whether the user gave the samples to validate on.
    """

    layout: Layout
    targets: Any
    train: Samples
    valid: Samples | None
    previous: TrainedModel | None
    seed: int
    brings_validation: bool = False

    @property
    def n_runs(self) -> int:
        """Runs of training before."""
        return 0 if self.previous is None else self.previous.memory.n_runs

    @property
    def seed_of_run(self) -> int:
        """Seed of this run: the first has the model's, and each other one of its own."""
        return seed_of(self.seed, self.n_runs)


def seed_of(seed: int, n_runs: int) -> int:
    """Give each run of training another seed; the first has the model's."""
    if not n_runs:
        return seed
    return int(np.random.SeedSequence([seed, n_runs]).generate_state(1)[0])


def as_samples(
    windows: Windows, targets: Any, y: Any, sample_weight: Any, suffix: str = ""
) -> Samples:
    """Check targets and weights, and put them beside their sequences."""
    target = targets.encode(y, f"y{suffix}")
    if suffix and len(target) != len(windows):
        raise ValueError(
            f"y{suffix} must have one row for each of the {len(windows)} sequences of"
            f" X{suffix}. Got {len(target)}."
        )
    check_consistent_length(windows, target)
    name, per_step = f"sample_weight{suffix}", targets.per_step
    weight = read_sample_weight(sample_weight, windows, name, per_step=per_step)
    if not per_step:
        return Samples(windows, target, weight, suffix=suffix)
    of_steps = weigh_steps(targets, target, weight)
    return Samples(windows, target, step_weight=of_steps, suffix=suffix)


def where_known(
    samples: Samples, targets: Any, known: NDArray[np.bool_] | None = None
) -> Samples:
    """Leave out targets that are not known, and samples that then have none."""
    if known is not None:
        samples = replace(samples, target=targets.without(samples.target, known))
    observed = targets.observed(samples.target)
    if observed is None:
        return samples
    _check_each_known(samples)
    if observed.all():
        return samples
    if not observed.any():
        raise ValueError(
            f"{samples.names[1]} must have a target that is known at the last row of X."
            f" Got none: all {len(samples.target)} rows have theirs after it, or NaN."
        )
    return samples.take(observed)


def _check_each_known(samples: Samples) -> None:
    """Refuse outputs of which nothing is known, where others are."""
    target = samples.target
    if target.dtype.kind != "f" or target.ndim < 2:
        return
    known = ~np.isnan(target).all(axis=0)
    if known.any() and not known.all():
        raise ValueError(
            f"{samples.names[1]} must have a target that is known in each column. Got none"
            f" in column {np.flatnonzero(~known)[0]} of {len(known)}: gaps in time part"
            " rows from their targets, unless gaps='ignore' in future_targets."
        )


def reach_of(windows: Windows, target: Array, *, per_step: bool) -> int:
    """Count the rows after a window that its target may reach, where nobody says it."""
    if windows.known is not None:
        return int(windows.known.leads[-1])
    if per_step:
        return 0
    return target.shape[1] if target.ndim > 1 else 1
