"""An estimator's net: made as its parameters say, and kept to them."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from functools import partial
from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from ..fitting._numbers import is_integer
from ..losses._losses import Loss, WeightedLoss
from ..network import LSTMNetwork
from ..network._dropout import Dropout
from ..samples._inputs import plain, resolve_device
from ..training import OPTIMIZERS, SequenceNet, adopt_loss, adopt_settings
from ..windows._windows import Windows
from ._parameters import DTYPES, NETWORK


class NetOwner(BaseEstimator, ABC):
    """Make the net of a fit, and let it follow the parameters when training goes on."""

    # Parameters that shape the network, its optimiser or its data: when training goes on
    # they cannot change.
    _structure: ClassVar[tuple[str, ...]] = (
        *(name for name in NETWORK if name != "dropout"),
        "categorical_features",
        "optimizer",
        "standardize",
        "dtype",
    )

    # Parameters that shape the loss.
    _of_loss: ClassVar[tuple[str, ...]] = ("loss",)

    @abstractmethod
    def _resolve_loss(self) -> Loss:
        """Give the loss and its link."""

    @abstractmethod
    def _n_network_outputs(self) -> int:
        """Give the number of values of the head."""

    def _network_options(self, windows: Windows) -> dict[str, Any]:
        """Give what shapes the network beyond the parameters of all tasks."""
        options = {name: plain(getattr(self, name)) for name in NETWORK}
        options["categories"] = self._categories
        if windows.known is not None:
            options["future_shape"] = windows.known.shape
            options["future_features"] = windows.known.columns.tolist()
        return options

    def _make_net(self, windows: Windows, seed: int) -> SequenceNet:
        options = self._network_options(windows)
        net = SequenceNet(
            module=LSTMNetwork,
            module__input_size=windows.shape[2],
            module__output_size=self._n_network_outputs(),
            module__dtype=DTYPES[self.dtype],
            module__seed=seed,
            **{f"module__{name}": value for name, value in options.items()},
            n_classes=len(self.classes_) if hasattr(self, "classes_") else None,
            optimizer=self._optimizer_factory(),
            max_epochs=plain(self.max_epochs),
            train_split=None,
            device=str(resolve_device(self.device)),
            seed=seed,
            **self._loss_settings(),
            **self._settings(),
        )
        # The first optimiser makes torch import parts of itself that set warning filters.
        with warnings.catch_warnings():
            return net.initialize()

    def _settings(self) -> dict[str, Any]:
        """Give what may change each time that training goes on."""
        return {
            "lr": plain(self.learning_rate),
            "weight_decay": plain(self.weight_decay),
            "max_grad_norm": plain(self.max_grad_norm),
            "batch_size": plain(self.batch_size),
            "callbacks": None if self.callbacks is None else list(self.callbacks),
            "verbose": int(self.verbose),
        }

    def _loss_settings(self) -> dict[str, Any]:
        loss = self._resolve_loss()
        criterion = partial(WeightedLoss, loss.criterion, loss.is_samplewise)
        return {"criterion": criterion, "link": loss.link}

    def _optimizer_factory(self) -> Any:
        if isinstance(self.optimizer, str):
            return OPTIMIZERS[self.optimizer]
        return self.optimizer

    def _check_layers(self) -> None:
        """Refuse sizes of layers that are none, and convolutions that lack one."""
        for name in ("head_sizes", "conv_filters", "conv_kernel_sizes"):
            sizes = getattr(self, name)
            if not all(is_integer(size, least=1) for size in sizes):
                raise ValueError(f"{name} must have ints of at least 1. Got {sizes!r}.")
        if self.convolution is None:
            return
        filters, kernels = self.conv_filters, self.conv_kernel_sizes
        if not filters or len(filters) != len(kernels):
            raise ValueError(
                "conv_filters and conv_kernel_sizes must have one value for each"
                " convolution, at least 1; whoever sets one sets both. Got"
                f" {filters!r} and {kernels!r}."
            )

    def _adopt_parameters(self) -> None:
        """Let the net take over what may have changed since it was made."""
        adopt_settings(self.net_, **self._settings())
        for module in self.net_.module_.modules():
            if isinstance(module, Dropout):
                module.p = plain(self.dropout)
        loss = self._loss_parameters()
        if loss != self._trained_with["loss"]:
            adopt_loss(self.net_, **self._loss_settings())
            self._trained_with["loss"] = loss

    def _loss_parameters(self) -> list[Any]:
        return [plain(getattr(self, name)) for name in self._of_loss]

    def _fixed_parameters(self) -> dict[str, Any]:
        return {name: plain(getattr(self, name)) for name in self._structure}

    def _check_structure(self, remedy: str) -> None:
        """Refuse to go on training what the parameters no longer describe."""
        # A net that was unpickled on a machine without its device has moved.
        trained = self._trained_with | {"device": self.net_.device}
        wanted = self._fixed_parameters() | {"device": str(resolve_device(self.device))}
        for name, value in wanted.items():
            if value != trained[name]:
                raise ValueError(
                    f"{name} must stay what it was when training goes on: expected"
                    f" {trained[name]!r}, got {value!r}. {remedy}"
                )
