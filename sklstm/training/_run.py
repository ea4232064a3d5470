"""One run of training: a net, what it learns from, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ._data import SequenceData
from ._listeners import AveragedWeights, BestEpoch, LastEpoch, TrainingListener
from ._net import SequenceNet
from ._optimizers import make_schedule
from ._side_by_side import SideBySide
from ._threads import Interrupted


class Plan(NamedTuple):
    """How a run of training goes.

    Attributes
    ----------
    epochs : int
    schedule : str or callable, default="constant"
        Of the learning rate.
    averaging : float or None, default=None
        Decay of the average of the weights.
    patience : int or None, default=None
        Epochs without a new best after which training stops.
    remembered : int or None, default=None
        Epochs, at most, that the history still has at the end; None is all.
    """

    epochs: int
    schedule: Any = "constant"
    averaging: float | None = None
    patience: int | None = None
    remembered: int | None = None


def run(
    net: SequenceNet,
    train: SequenceData,
    valid: SequenceData | None,
    plan: Plan,
    batches: SideBySide,
    publish: Callable[[int | None], None],
    listeners: Sequence[TrainingListener] = (),
) -> None:
    """Train a net, and publish it with the weights of the best epoch, or the last.

    It is published, too, if it is interrupted after a whole epoch.

    Parameters
    ----------
    net : SequenceNet
    train : SequenceData
    valid : SequenceData or None
    plan : Plan
    batches : SideBySide
        Computes the batches, in the thread of this call.
    publish : callable (best_epoch)
        Takes the net over as it is then. None is the last epoch.
    listeners : sequence of TrainingListener
        Hear of each epoch after all others.

    Raises
    ------
    Interrupted, KeyboardInterrupt
        If it is interrupted.
    """
    if plan.remembered is not None:
        net.forget(plan.remembered - plan.epochs)
    n_batches = -(-len(train) // net.batch_size)
    steps = make_schedule(plan.schedule, net.optimizer_, plan.epochs, n_batches)
    if plan.averaging is not None:
        steps.append(AveragedWeights(plan.averaging, net))
    best = BestEpoch(plan.patience)
    last = LastEpoch(of_several=plan.epochs > 1)
    keepers = [last] if valid is None else [best, last]

    def settle() -> None:
        if best.epoch:
            best.restore(net)
        publish(best.epoch or None)

    try:
        everyone = [*steps, *keepers, *listeners]
        net.train_epochs(train, valid, plan.epochs, batches, everyone)
        settle()
    except (Interrupted, KeyboardInterrupt):
        if last.n_rows:
            last.restore(net)
            settle()
        raise
