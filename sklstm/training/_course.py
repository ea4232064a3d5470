"""How training went."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """How training went.

    Attributes
    ----------
    n_epochs : int
        Epochs trained, in all calls together.
    best_epoch : int
        Epoch, counted from 1, whose weights are kept.
    loss_curve, validation_loss_curve : list of float
        Mean loss of each epoch that is remembered.
    head_penalties : list of float or None, default=None
        With which the last layer was solved anew for each output, NaN where it stayed; None
        where nobody asked.
    """

    n_epochs: int
    best_epoch: int
    loss_curve: list[float]
    validation_loss_curve: list[float]
    head_penalties: list[float] | None = None
