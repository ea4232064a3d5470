"""From samples to a trained model, which an estimator takes over in one step."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..fitting._callbacks import fit_context
from ..fitting._ranks import current_ranks, of_all_rows, total
from ..network import Forks, LSTMNetwork
from ..samples._inputs import plain
from ..samples._samples import Samples
from ..training import (
    NO_STATE,
    AcrossRanks,
    ForkedData,
    Memory,
    OwnThreads,
    Plan,
    Progress,
    Refit,
    SequenceData,
    SequenceNet,
    SideBySide,
    SklearnEpochs,
    TrainedModel,
    ValidationWatch,
    as_trained,
    data_options,
    is_same,
    make_network,
    refit_head,
    run,
    take_up,
)
from ._nets import make_net, settings_of
from ._start import Start, Units, seed_of


def train_model(
    estimator: Any,
    start: Start,
    plan: Plan,
    X: Any,
    y: Any,
    sample_weight: Any,
    *,
    refits_head: bool = False,
) -> None:
    """Train a network, and let the estimator take it over.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
        Gets its `_model` where the training ends, so that no interrupt comes between.
    start : Start
    plan : Plan
    X, y, sample_weight : object
        The arguments of fit, for scikit-learn's callbacks.
    refits_head : bool, default=False
        Whether the last layer is solved anew in the end.
    """
    ranks = current_ranks()
    is_first = ranks is None or ranks.is_first
    units = _learn_units(estimator, start)
    n_samples = total("numbers of samples", len(start.train.windows))
    rounds = plan.rounds(-(-n_samples // plain(estimator.batch_size)))
    context = fit_context(estimator, rounds.n) if is_first else None
    metadata = {"sample_weight": sample_weight}
    task = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
    threads = OwnThreads()
    net, train, valid = threads.run_here(lambda: _prepare(estimator, units, start))
    if ranks is None:
        batches = SideBySide(net, train, threads, rounds.n_steps)
    else:
        net.callbacks_ = net.callbacks_ if is_first else []
        batches = AcrossRanks(net, train, valid, threads, rounds.n_steps, ranks)

    def publish(best_epoch: int | None, is_whole: bool) -> None:
        refit = None
        if refits_head and is_whole and valid is not None:
            share = 0.0
            if start.valid is not None and not start.brings_validation:
                share = _mean_count(start.valid) / _mean_count(start.train)
            size = net.count_predicted(train)
            refit = refit_head(net.module_, train, valid, size, share, threads.check)
        estimator._model = _as_model(estimator, net, units, start, best_epoch, refit)

    def snapshot() -> dict[str, Any]:
        # Its network is still being trained.
        return {"_model": copy.deepcopy(_as_model(estimator, net, units, start))}

    listeners: list[Any] = []
    if start.brings_validation and is_first:
        listeners.append(ValidationWatch(threads.ask))
    if estimator.verbose and is_first:
        listeners.append(Progress(rounds.n, threads.ask))
    if context is not None:
        listeners.append(SklearnEpochs(context, task, snapshot, threads.ask))
        context.call_on_fit_task_begin(**task)
    batches.run(lambda: run(net, train, valid, plan, batches, publish, listeners))
    if context is not None:
        context.call_on_fit_task_end(**task)


def _prepare(
    estimator: Any, units: Units, start: Start
) -> tuple[SequenceNet, SequenceData, SequenceData | None]:
    """Make the net, and the data that it is trained and judged on."""
    net = _make_net(estimator, units, start)
    train = as_data(net.module_, units, start.train, forks=net.module_.forks)
    valid = None
    if start.valid is not None:
        valid = as_data(net.module_, units, start.valid, beside=train)
    if start.previous is None:
        net.learn_levels(train)
    return net, train, valid


def _learn_units(estimator: Any, start: Start) -> Units:
    """Learn the units from the samples, or take those of before."""
    previous = start.previous
    if previous is not None:
        encoding = replace(previous.encoding, known_last=estimator._known_last(start))
        return Units(previous.architecture, encoding, start.targets)
    encoding = estimator._learn_encoding(start)
    targets = estimator._scale_targets(start.targets, start.train, encoding)
    windows = start.train.windows
    architecture = estimator._architecture(encoding, targets, windows, start.seed)
    units: Units = estimator._choose(Units(architecture, encoding, targets), start)
    # What was chosen by looking at samples may differ where these do.
    return of_all_rows("what was chosen by samples", units)[0]


def _make_net(estimator: Any, units: Units, start: Start) -> SequenceNet:
    """Make a net that begins to train, or goes on from where training was."""
    previous, seed = start.previous, start.seed_of_run
    if previous is None:
        network = make_network(units.architecture)
        return make_net(estimator, network, units.encoding, units.targets, seed)
    network = as_trained(previous)
    parts = (network, units.encoding, units.targets, seed)
    net = make_net(estimator, *parts, earlier=previous.net)
    loss = settings_of(estimator)["loss"]
    same_loss = is_same(previous.memory.settings["loss"], loss)
    take_up(net, previous.memory, same_loss=same_loss)
    return net


def net_of(estimator: Any, model: TrainedModel) -> SequenceNet:
    """Give the net that trained a model, or one as it was, if that was elsewhere.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
    model : TrainedModel

    Returns
    -------
    net : SequenceNet

    Raises
    ------
    AttributeError
        If a file has left out what the net knew.
    """
    if model.net is None and not model.memory.can_go_on:
        raise AttributeError(NO_STATE)
    if model.net is None:
        seed = seed_of(model.memory.seed, model.memory.n_runs)
        net = make_net(estimator, model.network, model.encoding, model.targets, seed)
        loss = settings_of(estimator)["loss"]
        same_loss = is_same(model.memory.settings["loss"], loss)
        take_up(net, model.memory, same_loss=same_loss)
        model.net = net
    return model.net


def _as_model(
    estimator: Any,
    net: SequenceNet,
    units: Units,
    start: Start,
    best_epoch: int | None = None,
    refit: Refit | None = None,
) -> TrainedModel:
    """Give a net as a trained model, with what the next run of training needs."""
    memory = Memory(
        settings_of(estimator),
        start.seed,
        start.n_runs + 1,
        net.optimizer_.state_dict(),
        net.criterion_.state_dict(),
        list(net.history),
        net.n_forgotten,
        None if refit is None else refit.trained,
    )
    loss = estimator._resolve_loss()
    course = net.course(best_epoch, None if refit is None else refit.penalties)
    return TrainedModel(net.module_, *units, loss.link, course, memory, net=net, loss=loss)


def as_data(
    network: LSTMNetwork,
    units: Units,
    samples: Samples,
    beside: SequenceData | None = None,
    forks: Forks | None = None,
) -> SequenceData:
    """Standardise samples, but for rows shared with others, where the network is.

    Parameters
    ----------
    network : LSTMNetwork
    units : Units
    samples : Samples
    beside : SequenceData or None, default=None
        Other samples, whose rows are taken if they are the same.
    forks : Forks or None, default=None
        The steps of each sequence that are forecast from; None is the last.

    Returns
    -------
    data : SequenceData
    """
    counts, mean = samples.counts, _mean_count(samples)
    if counts is not None and counts.ndim == 2 and (counts == mean / counts.shape[1]).all():
        counts = None  # all steps count alike
    if counts is not None:
        counts = counts / mean
    kind = SequenceData if forks is None else partial(ForkedData, forks=forks)
    return kind(
        samples.windows,
        units.encoding.scaling,
        units.targets.scaled(samples.target),
        counts,
        names=samples.names,
        beside=beside,
        **data_options(network, units.encoding),
    )


def _mean_count(samples: Samples) -> float:
    """Give the mean weight of samples, each with the sum of its steps."""
    if samples.counts is None:
        return 1.0
    sums = np.array([samples.counts.sum(), len(samples.counts)])
    weight, n_samples = total("sums of weights", sums)
    return float(weight / n_samples)
