"""One run of training: a net, what it learns from, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ._data import SequenceData
from ._listeners import AveragedWeights, BestEpoch, LastEpoch, TrainingListener
from ._net import SequenceNet
from ._optimizers import make_schedule
from ._threads import Interrupted, OwnThreads


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


class Finish(NamedTuple):
    """How a run of training ended.

    Attributes
    ----------
    best_epoch : int or None
        Epoch whose weights the net has; None is the last.
    interruption : BaseException or None
        What ended it before its time, after one whole epoch at least.
    """

    best_epoch: int | None = None
    interruption: BaseException | None = None


def run(
    net: SequenceNet,
    train: SequenceData,
    valid: SequenceData | None,
    plan: Plan,
    threads: OwnThreads,
    listeners: Sequence[TrainingListener] = (),
) -> Finish:
    """Train a net, and leave it with the weights of the best epoch, or the last.

    Parameters
    ----------
    net : SequenceNet
    train : SequenceData
    valid : SequenceData or None
    plan : Plan
    threads : OwnThreads
        In the first of which this is called.
    listeners : sequence of TrainingListener
        Hear of each epoch after all others.

    Returns
    -------
    finish : Finish

    Raises
    ------
    Interrupted, KeyboardInterrupt
        If there is no whole epoch yet.
    """
    if plan.remembered is not None:
        net.forget(plan.remembered - plan.epochs)
    n_batches = -(-len(train) // net.batch_size)
    steps = make_schedule(plan.schedule, net.optimizer_, plan.epochs, n_batches)
    if plan.averaging is not None:
        steps.append(AveragedWeights(plan.averaging, net))
    best = BestEpoch(plan.patience) if valid is not None else None
    last = LastEpoch()
    keepers = [best, last] if best is not None else [last]
    interruption = None
    try:
        everyone = [*steps, *keepers, *listeners]
        net.train_epochs(train, valid, plan.epochs, threads, everyone)
    except (Interrupted, KeyboardInterrupt) as error:
        if not last.n_rows:
            raise
        last.restore(net)
        interruption = error
    if best is None or not best.weights:
        return Finish(interruption=interruption)
    best.restore(net)
    return Finish(best.epoch, interruption)
