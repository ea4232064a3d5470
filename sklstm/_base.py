"""What the regressor and the classifier share: the way from arrays to a trained net."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils.validation import _is_fitted, check_consistent_length, check_is_fitted

from ._callback_support import CallbackSupportMixin, fit_context
from ._categories import feature_numbers, find_categories
from ._constraints import CONSTRAINTS, DTYPES, NETWORK
from ._failure import unchanged_by_failure
from ._inputs import (
    check_callbacks,
    draw_seed,
    is_validation_given,
    plain,
    read_sample_weight,
    read_sequences,
    resolve_device,
)
from ._losses import Loss, WeightedLoss
from ._samples import Samples
from ._scaling import Scaling
from .network import LSTMNetwork
from .network._dropout import Dropout
from .training import (
    OPTIMIZERS,
    AveragedWeights,
    BestEpoch,
    LastEpoch,
    SequenceData,
    SequenceNet,
    SklearnEpochs,
    adopt_loss,
    adopt_settings,
    hold_out,
)
from .windows._windows import Windows

Array = NDArray[Any]

# Values of the table that are made ready at once for prediction.
PREDICTION_VALUES = 1 << 20


class BaseLSTM(CallbackSupportMixin, BaseEstimator, ABC):
    """Fit and predict for any task; a task says how to read y and which losses it has."""

    _parameter_constraints: ClassVar[dict[str, Any]] = CONSTRAINTS

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

    # ------------------------------------------------------------------ a task's own

    @abstractmethod
    def _resolve_loss(self) -> Loss:
        """Give the loss and its link."""

    @abstractmethod
    def _learn_targets(self, y: Any) -> None:
        """Learn what y is: its classes, or its number of outputs."""

    @abstractmethod
    def _read_targets(self, y: Any, name: str = "y") -> Array:
        """Check y against what was learnt and encode it for the network."""

    @abstractmethod
    def _target_scaling(self, y: Array, weight: Array | None) -> Scaling | None:
        """Learn how to standardise the encoded targets; None leaves them."""

    @abstractmethod
    def _n_network_outputs(self) -> int:
        """Give the number of values of the head."""

    def _learn_weights(self, y: Array, weight: Array | None, *, reset: bool) -> None:
        """Learn what weights the task gives to samples."""

    def _weigh(self, y: Array, weight: Array | None) -> Array | None:
        """Combine sample weights with those that the task gives."""
        return weight

    def _labels(self, y: Array) -> Array | None:
        """Give the classes by which a hold-out is stratified."""
        return None

    def _network_options(self, windows: Windows) -> dict[str, Any]:
        """Give what shapes the network beyond the parameters of all tasks."""
        options = {name: plain(getattr(self, name)) for name in NETWORK}
        options["n_categories"] = self._n_categories
        if windows.known is not None:
            options["future_shape"] = windows.known.shape
            options["future_features"] = windows.known.columns.tolist()
        return options

    # ------------------------------------------------------------------ fit

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Any:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps) or \
                (n_samples, n_timesteps, n_features)
            Sequences, oldest step first. With two dimensions each column is one step of
            a single feature. A step of nothing but NaN is unobserved and left out.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts. A weight of 0 is the same as leaving it out.
        X_val : array-like of the dimensions of X, or None, default=None
            Sequences to validate on, in place of a hold-out from X.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), or None, default=None
            Targets to validate on.
        sample_weight_val : array-like of shape (n_val,) or None, default=None
            Weights to validate with.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If an argument or a parameter is out of range, before training starts; or if
            the loss becomes NaN. The estimator is then as it was before the call.
        """
        going_on = self.warm_start and _is_fitted(self)
        check_callbacks(self.callbacks)
        with unchanged_by_failure(self) as kept:
            if going_on:
                self._check_structure("Set warm_start=False to start anew.")
            seed = self.net_.seed if going_on else draw_seed(self.random_state)
            learn_targets = None if going_on else self._learn_targets
            train = self._read(X, y, sample_weight, learn_targets=learn_targets)
            train = self._weigh_training(train, reset=True)
            valid = self._read_validation(X_val, y_val, sample_weight_val)
            if valid is None and self.early_stopping:
                train, valid = self._hold_out(train, seed)
            if not going_on:
                self._start(train, seed)
            self._train(
                train,
                valid,
                epochs=plain(self.max_epochs),
                kept=kept if self.warm_start else None,
                task=self._task(X, y, sample_weight),
            )
        return self

    def _partial_fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        learn_targets: Callable[[Any], None] | None = None,
    ) -> Any:
        """Go once through the samples; the first call learns the scaling."""
        going_on = _is_fitted(self)
        check_callbacks(self.callbacks)
        with unchanged_by_failure(self) as kept:
            if going_on:
                self._check_structure("Set it back, or start anew with a clone.")
                learn_targets = None
            else:
                learn_targets = learn_targets or self._learn_targets
            samples = self._read(X, y, sample_weight, learn_targets=learn_targets)
            samples = self._weigh_training(samples, reset=not going_on)
            if not going_on:
                self._start(samples, draw_seed(self.random_state))
            task = self._task(X, y, sample_weight)
            self._train(samples, None, epochs=1, kept=kept, task=task, is_pass=True)
        return self

    def _read(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        learn_targets: Callable[[Any], None] | None = None,
        suffix: str = "",
    ) -> Samples:
        """Check samples, against those of before unless something learns from them."""
        reset = learn_targets is not None
        windows = read_sequences(self, X, reset=reset, name=f"X{suffix}")
        if learn_targets is not None:
            learn_targets(y)
        target = self._read_targets(y, f"y{suffix}")
        check_consistent_length(windows, target)
        weight = read_sample_weight(sample_weight, windows, f"sample_weight{suffix}")
        return Samples(windows, target, weight, suffix)

    def _weigh_training(self, samples: Samples, *, reset: bool) -> Samples:
        self._learn_weights(samples.target, samples.weight, reset=reset)
        return samples.weighted(self._weigh(samples.target, samples.weight))

    def _read_validation(
        self, X_val: Any, y_val: Any, sample_weight_val: Any
    ) -> Samples | None:
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        if not is_validation_given(given):
            return None
        samples = self._read(X_val, y_val, sample_weight_val, suffix="_val")
        return samples.weighted(self._weigh(samples.target, samples.weight))

    def _hold_out(self, samples: Samples, seed: int) -> tuple[Samples, Samples]:
        train, valid = hold_out(
            samples.windows,
            self.validation_fraction,
            self.validation_split,
            labels=self._labels(samples.target),
            horizon=self._horizon(samples.windows, samples.target),
            seed=seed,
        )
        return samples.take(train), samples.take(valid)

    @staticmethod
    def _horizon(windows: Windows, target: Array) -> int:
        """Count the rows after a window that its target may reach."""
        if windows.known is not None:
            return int(windows.known.leads[-1])
        return target.shape[1] if target.ndim > 1 else 1

    def _start(self, samples: Samples, seed: int) -> None:
        """Learn the scaling and make a new net."""
        windows = samples.windows
        self._check_layers()
        categorical = feature_numbers(self.categorical_features, windows.shape[2])
        categories = find_categories(windows, categorical)
        self._n_categories = {
            feature: int(values.max(initial=0)) + 1
            for feature, values in categories.items()
        }
        scaling = (
            Scaling.of_windows(windows, samples.weight)
            if self.standardize
            else Scaling.identity(windows.shape[2])
        )
        self._input_scaling = scaling.leaving(categorical)
        self._input_scaling.check_finite("X")
        self._output_scaling = self._target_scaling(samples.target, samples.weight)
        if self._output_scaling is not None:
            self._output_scaling.check_finite("y")
        self._trained_with = self._fixed_parameters() | {"loss": self._loss_parameters()}
        self.net_ = self._make_net(windows, seed)
        if categories:
            self.net_.module_.embedding.forget_all_but(categories)

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
            "schedule": self.learning_rate_schedule,
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
            if not all(isinstance(size, Integral) and int(size) >= 1 for size in sizes):
                raise ValueError(f"{name} must have ints of at least 1. Got {sizes!r}.")
        if self.convolution is None:
            return
        filters, kernels = self.conv_filters, self.conv_kernel_sizes
        if not filters or len(filters) != len(kernels):
            raise ValueError(
                "conv_filters and conv_kernel_sizes must have one value for each"
                f" convolution, at least 1. Got {filters!r} and {kernels!r}."
            )

    def _data(self, samples: Samples, beside: SequenceData | None = None) -> SequenceData:
        """Standardise samples, but for rows shared with others, where the network is."""
        weight = samples.weight
        return SequenceData(
            samples.windows,
            self._input_scaling,
            self._scaled_target(samples.target),
            None if weight is None else weight / weight.mean(),
            names=samples.names,
            beside=beside,
            **self.net_.data_options,
        )

    def _scaled_target(self, target: Any) -> Any:
        """Give the targets as the network sees them."""
        scaling = self._output_scaling
        return target if scaling is None else scaling.apply(target)

    def _train(
        self,
        train: Samples,
        valid: Samples | None,
        *,
        epochs: int,
        kept: dict[str, Any] | None,
        task: dict[str, Any],
        is_pass: bool = False,
    ) -> None:
        """Train the net; an interrupted run leaves its whole epochs in `kept`, if given.

        A pass through some of the data has no schedule and no average of its own.
        """
        net = self.net_
        train_data = self._data(train)
        valid_data = None if valid is None else self._data(valid, beside=train_data)
        if not net.history:
            net.learn_levels(train_data)
        self._adopt_parameters()
        if is_pass:
            net.schedule = "constant"
        best = BestEpoch(self.n_epochs_no_change if self.early_stopping else None)
        last = None if kept is None else LastEpoch(net)
        listeners: list[Any] = []
        if self.weight_averaging is not None and not is_pass:
            listeners.append(AveragedWeights(plain(self.weight_averaging), net))
        listeners += [best] if valid is not None else []
        listeners += [last] if last is not None else []
        context = fit_context(self, epochs)
        if context is not None:
            context.call_on_fit_task_begin(**task)
            listeners.append(SklearnEpochs(context, task))
        try:
            net.train_epochs(train_data, valid_data, epochs, listeners)
        except BaseException:
            if kept is not None and last is not None and last.n_epochs:
                last.restore(net)
                kept.update(self.__dict__ | net.course())
            raise
        if valid is not None and best.weights:
            best.restore(net)
        self.__dict__.update(net.course(best.epoch or None))
        if context is not None:
            context.call_on_fit_task_end(**task)

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

    def _task(self, X: Any, y: Any, sample_weight: Any) -> dict[str, Any]:
        """Give what scikit-learn's callbacks are told of a fit."""
        metadata = {"sample_weight": sample_weight}
        return {"estimator": self, "X": X, "y": y, "metadata": metadata}

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

    # ------------------------------------------------------------------ predict

    def _predict_network(self, X: Any) -> Array:
        """Give the network's predictions, in the units of training."""
        return self._by_parts(X, SequenceNet.predict_batches)

    def attention_weights(self, X: ArrayLike) -> Array:
        """Tell how much each step counts in a prediction, with attention pooling.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_timesteps)
            Each row sums to 1, and is 0 at unobserved steps. The steps of a patch share
            its weight.

        Raises
        ------
        AttributeError
            If `pooling` is not "attention".
        """
        check_is_fitted(self)
        if self._trained_with["pooling"] != "attention":
            raise AttributeError(
                "attention_weights needs pooling='attention'. Got"
                f" {self._trained_with['pooling']!r}."
            )
        return self._by_parts(X, SequenceNet.attention_batches)

    def _by_parts(
        self, X: Any, compute: Callable[[SequenceNet, SequenceData], Array]
    ) -> Array:
        """Let the net compute something of all sequences, part by part."""
        if not hasattr(self, "net_"):
            check_is_fitted(self)
        windows = read_sequences(self, X, reset=False)
        net = self.net_
        # Part by part the standardised rows take bounded memory, however many there are.
        n_at_once = max(1, PREDICTION_VALUES * len(windows) // windows.table.size)
        if len(windows) <= n_at_once:
            n_at_once, order = len(windows), None
        else:
            # A part of neighbouring windows reaches few rows.
            order = np.argsort(windows.ends, kind="stable")
            windows = windows.take(order)
        parts = [
            compute(net, SequenceData(part, self._input_scaling, **net.data_options))
            for part in windows.parts(n_at_once)
        ]
        if order is None:
            return parts[0]
        prediction = np.concatenate(parts)
        prediction[order] = prediction.copy()
        return prediction

    @property
    def module_(self) -> torch.nn.Module:
        """The trained torch module, in eval mode; it takes standardised sequences."""
        try:
            return self.net_.module_
        except AttributeError:
            raise AttributeError(
                f"{type(self).__name__} has no module_ before fit is called."
            ) from None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags
