"""From an estimator's parameters to its network and the net that trains it."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import torch
from torch.optim import Optimizer

from ..fitting._numbers import is_integer
from ..losses import LossWhereObserved, WeightedLoss
from ..network import LSTMNetwork
from ..samples._encoding import Encoding
from ..samples._inputs import plain, resolve_device
from ..samples._targets import Targets
from ..training import NO_STATE, OPTIMIZERS, SequenceNet, TrainedModel, is_same
from ..windows._windows import Windows
from ._parameters import NETWORK

# Parameters that shape the network, its optimiser or its data: when training goes on they
# cannot change.
STRUCTURE = (
    *(name for name in NETWORK if name != "dropout"),
    "categorical_features",
    "horizon",
    "return_sequences",
    "optimizer",
    "standardize",
    "dtype",
)


def architecture_of(
    estimator: Any, encoding: Encoding, targets: Targets, windows: Windows, seed: int
) -> dict[str, Any]:
    """Give the arguments of an estimator's network, as plain values.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
    encoding : Encoding
    targets : Targets
    windows : Windows
        The sequences to train on.
    seed : int
        Governs the initial weights.

    Returns
    -------
    architecture : dict
    """
    known, loss = windows.known, estimator._resolve_loss()
    return {
        "input_size": windows.shape[2],
        "output_size": targets.n_values * len(loss.roles),
        "roles": loss.roles,
        "begins": loss.begins,
        **{name: plain(getattr(estimator, name)) for name in NETWORK},
        **_convolutions_of(estimator),
        "categories": {i: known.tolist() for i, known in encoding.categories.items()},
        "future_shape": (0, 0) if known is None else known.shape,
        "return_sequences": targets.per_step,
        "future_features": () if known is None else tuple(known.columns.tolist()),
        # The weights of a network that trains in bfloat16 are float32.
        "dtype": "float64" if estimator.dtype == "float64" else "float32",
        "seed": seed,
    }


def make_net(
    estimator: Any,
    network: LSTMNetwork,
    encoding: Encoding,
    targets: Targets,
    seed: int,
    earlier: SequenceNet | None = None,
) -> SequenceNet:
    """Make the net that trains a network as an estimator's parameters say.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
    network : LSTMNetwork
    encoding : Encoding
    targets : Targets
    seed : int
        Governs shuffling and dropout.
    earlier : SequenceNet or None, default=None
        A net whose callbacks, if they are the same, go on.

    Returns
    -------
    net : SequenceNet
        Ready to train.
    """
    loss = estimator._resolve_loss()
    # Samples without a label are left out, those without some numbers are not.
    may_miss = (targets.may_miss and targets.n_classes is None) or bool(encoding.relative)
    criterion = LossWhereObserved(loss.criterion) if may_miss else loss.criterion
    unit = targets.unit if loss.is_discrete else None
    network.set_dropout(plain(estimator.dropout))
    network.set_mixed(estimator.dtype == "bfloat16")
    net = SequenceNet(
        module=network,
        criterion=WeightedLoss(
            criterion, loss.is_samplewise, unit, per_step=targets.per_step
        ),
        link=loss.predictions,
        n_classes=targets.n_classes,
        optimizer=_optimizer_factory(estimator.optimizer),
        lr=plain(estimator.learning_rate),
        weight_decay=plain(estimator.weight_decay),
        max_grad_norm=plain(estimator.max_grad_norm),
        batch_size=plain(estimator.batch_size),
        callbacks=None if estimator.callbacks is None else list(estimator.callbacks),
        verbose=int(estimator.verbose),
        train_split=None,
        device=str(resolve_device(estimator.device)),
        seed=seed,
        earlier=earlier,
    )
    # The first optimiser makes torch import parts of itself that set warning filters.
    with warnings.catch_warnings():
        return net.initialize()


def _optimizer_factory(optimizer: Any) -> Any:
    if isinstance(optimizer, str):
        return OPTIMIZERS[optimizer]
    return partial(_own_optimizer, optimizer)


def _own_optimizer(optimizer: Any, *args: Any, **options: Any) -> Optimizer:
    made = optimizer(*args, **options)
    if not isinstance(made, Optimizer):
        raise TypeError(
            "optimizer must give a torch.optim.Optimizer when it is called with the weights"
            f" and lr. Got {made!r} from {optimizer!r}."
        )
    return made


def settings_of(estimator: Any) -> dict[str, Any]:
    """Give the parameters that must not change when training goes on, and the loss.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier

    Returns
    -------
    settings : dict
    """
    fixed = {name: plain(getattr(estimator, name)) for name in estimator._structure}
    loss = tuple(plain(getattr(estimator, name)) for name in estimator._of_loss)
    return {**fixed, "device": str(resolve_device(estimator.device)), "loss": loss}


def check_structure(estimator: Any, model: TrainedModel, remedy: str) -> None:
    """Refuse to go on training what the parameters no longer describe.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
    model : TrainedModel
    remedy : str
        What to do instead.

    Raises
    ------
    ValueError
        Naming the parameter; or if a file has left out what training needs to go on.
    """
    if not model.memory.can_go_on:
        raise ValueError(NO_STATE)
    roles = estimator._resolve_loss().roles
    if roles != model.network.roles:
        raise ValueError(
            "loss must have as many values for each target as before when training goes on,"
            f" {len(model.network.roles)}, of the same kinds. Got {len(roles)} with"
            f" loss={estimator.loss!r}. {remedy}"
        )
    trained, device = dict(model.memory.settings), model.network.device
    if torch.device(trained["device"]).type != device.type:
        # It was unpickled on a machine without its device.
        trained["device"] = str(device)
    for name, value in settings_of(estimator).items():
        # A model of an earlier version knows nothing of parameters that have come since.
        if name != "loss" and not is_same(trained.get(name, value), value):
            raise ValueError(
                f"{name} must stay what it was when training goes on: expected"
                f" {trained[name]!r}, got {value!r}. {remedy}"
            )


# What has no meaning with an output at each step: the values that parameters may have, and
# what any other would do.
_PER_STEP: dict[str, tuple[tuple[Any, ...], str]] = {
    "pooling": (("last", "attention"), "makes one state of those of all steps"),
    "patch_length": ((1,), "makes one step of several"),
    "convolution": ((None, "before"), "averages over all steps"),
    "instance_norm": ((None,), "takes a level from steps that are still to come"),
    "instance_scale": (("auto", False), "takes a size from steps that are still to come"),
    "season_length": ((None,), "takes a season from steps that are still to come"),
    "horizon": ((None,), "is for targets after a sequence"),
}


def check_per_step(estimator: Any, windows: Windows) -> None:
    """Refuse, with an output at each step, what has no meaning before a sequence ends.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier
    windows : Windows

    Raises
    ------
    ValueError
        Naming the parameter.
    """
    if not estimator.return_sequences:
        return
    for name, (allowed, effect) in _PER_STEP.items():
        value = plain(getattr(estimator, name, allowed[0]))
        if not any(value is option or is_same(value, option) for option in allowed):
            options = " or ".join(map(repr, allowed))
            raise ValueError(
                f"{name} must be {options} with return_sequences=True. Got {value!r}, which"
                f" {effect}."
            )
    if windows.known is not None:
        raise ValueError(
            "X must have no columns known ahead with return_sequences=True: they follow the"
            " last step. Got windows with known_future."
        )


def _convolutions_of(estimator: Any) -> dict[str, Any]:
    """Give the sizes of an estimator's convolutions."""
    filters, kernels = plain(estimator.conv_filters), plain(estimator.conv_kernel_sizes)
    if filters == "auto":
        filters = (32,) if estimator.convolution == "before" else (128, 256, 128)
    if kernels == "auto":
        kernels = (8, 5, 3) if len(filters) == 3 else (5,) * len(filters)
    return {"conv_filters": filters, "conv_kernel_sizes": kernels}


def check_layers(estimator: Any) -> None:
    """Refuse sizes of layers that are none, convolutions that lack one, and unlike types.

    Parameters
    ----------
    estimator : LSTMRegressor or LSTMClassifier

    Raises
    ------
    ValueError
        Naming the parameter.
    """
    convolutions = _convolutions_of(estimator)
    for name, sizes in {"head_sizes": estimator.head_sizes, **convolutions}.items():
        if not all(is_integer(size, least=1) for size in sizes):
            raise ValueError(f"{name} must have ints of at least 1. Got {sizes!r}.")
    if estimator.dtype == "bfloat16" and (estimator.cell != "lstm" or estimator.layer_norm):
        raise ValueError(
            "dtype must be 'float32' or 'float64' but for cell='lstm' without layer_norm."
            f" Got 'bfloat16' with cell={estimator.cell!r} and"
            f" layer_norm={estimator.layer_norm!r}."
        )
    if estimator.convolution is None:
        return
    filters, kernels = convolutions.values()
    if not filters or len(filters) != len(kernels):
        raise ValueError(
            "conv_filters and conv_kernel_sizes must have one value for each"
            " convolution, at least 1; whoever sets one sets both. Got"
            f" {filters!r} and {kernels!r}."
        )
