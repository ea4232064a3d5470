"""What the regressor and the classifier share: the way from arrays to a trained net."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _is_fitted, check_consistent_length, check_is_fitted

from ._callback_support import CallbackSupportMixin, fit_context
from ._inputs import (
    check_callbacks,
    draw_seed,
    read_sample_weight,
    read_sequences,
    resolve_device,
)
from ._losses import Loss, WeightedLoss
from ._scaling import Scaling
from .network import LSTMNetwork
from .training import (
    OPTIMIZERS,
    SCHEDULES,
    BestEpoch,
    LastEpoch,
    SequenceData,
    SequenceNet,
    SklearnEpochs,
    hold_out,
)
from .windows._windows import Windows

Array = NDArray[Any]
DTYPES = {"float32": torch.float32, "float64": torch.float64}

_CALLBACK_STATE = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")


def _at_least(least: int) -> Interval:
    return Interval(Integral, least, None, closed="left")


class BaseLSTM(CallbackSupportMixin, BaseEstimator, ABC):
    """Fit and predict for any task; a task says how to read y and which losses it has."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_size": [_at_least(1)],
        "num_layers": [_at_least(1)],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "bidirectional": ["boolean"],
        "optimizer": [StrOptions(set(OPTIMIZERS)), callable],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "learning_rate_schedule": [StrOptions({"constant", *SCHEDULES}), callable],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "max_epochs": [_at_least(1)],
        "batch_size": [_at_least(1)],
        "standardize": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "validation_split": [StrOptions({"auto", "last", "random"})],
        "n_epochs_no_change": [_at_least(1)],
        "warm_start": ["boolean"],
        "callbacks": [list, None],
        "dtype": [StrOptions(set(DTYPES))],
        "device": [str, torch.device],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    # Parameters that shape the network: a warm start cannot change them.
    _structure: ClassVar[tuple[str, ...]] = (
        "hidden_size",
        "num_layers",
        "bidirectional",
        "dtype",
    )

    # ------------------------------------------------------------------ a task's own

    @abstractmethod
    def _resolve_loss(self) -> Loss:
        """Give the loss and its link."""

    @abstractmethod
    def _learn_targets(self, y: Any) -> None:
        """Learn what y is: its classes, or its number of outputs."""

    @abstractmethod
    def _read_targets(self, y: Any) -> Array:
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
        known = windows.known
        return {"future_shape": (0, 0) if known is None else known.shape}

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
        with self._unchanged_by_failure():
            seed = self.net_.seed if going_on else draw_seed(self.random_state)
            train = self._read(X, y, sample_weight, reset=not going_on, reset_weights=True)
            valid = self._read_validation(X_val, y_val, sample_weight_val)
            if valid is None and self.early_stopping:
                train, valid = self._hold_out(*train, seed)
            if going_on:
                self._check_structure()
            else:
                self._start(*train, seed)
            self._train(
                train,
                valid,
                epochs=self.max_epochs,
                keep_whole_epochs=self.warm_start,
                task=self._task(X, y, sample_weight),
            )
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        """Go once through the samples; the first call learns the scaling."""
        going_on = _is_fitted(self)
        check_callbacks(self.callbacks)
        with self._unchanged_by_failure():
            new = not going_on
            samples = self._read(X, y, sample_weight, reset=new, reset_weights=new)
            if going_on:
                self._check_structure()
            else:
                self._start(*samples, draw_seed(self.random_state))
            task = self._task(X, y, sample_weight)
            self._train(samples, None, epochs=1, keep_whole_epochs=True, task=task)
        return self

    @contextmanager
    def _unchanged_by_failure(self) -> Iterator[None]:
        """Take back what a failed or interrupted fit has set."""
        before = self.__dict__.copy()
        try:
            yield
        except _Interrupted as interrupted:
            raise interrupted.cause from None
        except BaseException:
            now = self.__dict__
            # scikit-learn's callbacks are torn down after this, by what they left here.
            callbacks = {name: now[name] for name in _CALLBACK_STATE if name in now}
            now.clear()
            now.update(before | callbacks)
            raise

    def _read(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool, reset_weights: bool
    ) -> tuple[Windows, Array, Array | None]:
        """Check the samples; drop those that do not count."""
        windows = read_sequences(self, X, reset=reset)
        if reset:
            self._learn_targets(y)
        target = self._read_targets(y)
        check_consistent_length(windows, target)
        weight = read_sample_weight(sample_weight, windows)
        self._learn_weights(target, weight, reset=reset_weights)
        weight = self._weigh(target, weight)
        if weight is not None and not weight.all():
            counts = weight > 0
            windows, target, weight = windows[counts], target[counts], weight[counts]
        return windows, target, weight

    def _read_validation(
        self, X_val: Any, y_val: Any, sample_weight_val: Any
    ) -> tuple[Windows, Array, Array | None] | None:
        if X_val is None and y_val is None:
            return None
        for name, value, other in (("X_val", X_val, "y_val"), ("y_val", y_val, "X_val")):
            if value is None:
                raise ValueError(f"{name} must be given together with {other}. Got None.")
        windows = read_sequences(self, X_val, reset=False)
        target = self._read_targets(y_val)
        check_consistent_length(windows, target)
        weight = read_sample_weight(sample_weight_val, windows, "sample_weight_val")
        return windows, target, self._weigh(target, weight)

    def _hold_out(
        self, windows: Windows, target: Array, weight: Array | None, seed: int
    ) -> Any:
        parts = hold_out(
            windows,
            self.validation_fraction,
            self.validation_split,
            labels=self._labels(target),
            horizon=self._horizon(windows, target),
            seed=seed,
        )
        return [
            (windows[part], target[part], None if weight is None else weight[part])
            for part in parts
        ]

    @staticmethod
    def _horizon(windows: Windows, target: Array) -> int:
        """Count the rows after a window that its target may reach."""
        if windows.known is not None:
            return int(windows.known.leads[-1])
        return target.shape[1] if target.ndim > 1 else 1

    def _start(
        self, windows: Windows, target: Array, weight: Array | None, seed: int
    ) -> None:
        """Learn the scaling and make a new net."""
        self._input_scaling = (
            Scaling.of_windows(windows, weight)
            if self.standardize
            else Scaling.identity(windows.shape[2])
        )
        self._output_scaling = self._target_scaling(target, weight)
        self.net_ = self._make_net(windows, seed)
        if self.net_.module_.normaliser is not None:
            self.net_.learn_levels(self._data(windows, target, weight))

    def _make_net(self, windows: Windows, seed: int) -> SequenceNet:
        options = self._network_options(windows)
        loss = self._resolve_loss()
        net = SequenceNet(
            module=LSTMNetwork,
            module__input_size=windows.shape[2],
            module__output_size=self._n_network_outputs(),
            module__hidden_size=self.hidden_size,
            module__num_layers=self.num_layers,
            module__dropout=self.dropout,
            module__bidirectional=self.bidirectional,
            module__dtype=DTYPES[self.dtype],
            module__seed=seed,
            **{f"module__{name}": value for name, value in options.items()},
            criterion=partial(WeightedLoss, loss.criterion),
            link=loss.link,
            n_classes=len(self.classes_) if hasattr(self, "classes_") else None,
            optimizer=self._optimizer_factory(),
            lr=self.learning_rate,
            schedule=self.learning_rate_schedule,
            max_grad_norm=self.max_grad_norm,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            callbacks=self.callbacks,
            train_split=None,
            device=str(resolve_device(self.device)),
            seed=seed,
            verbose=int(self.verbose),
        )
        return net.initialize()

    def _optimizer_factory(self) -> Any:
        if isinstance(self.optimizer, str):
            return OPTIMIZERS[self.optimizer]
        return self.optimizer

    def _data(
        self, windows: Windows, target: Array | None = None, weight: Array | None = None
    ) -> SequenceData:
        """Standardise samples and put them where the network is."""
        if target is not None and self._output_scaling is not None:
            target = self._output_scaling.apply(target)
        return SequenceData(
            windows,
            self._input_scaling,
            target,
            None if weight is None else weight / weight.mean(),
            dtype=DTYPES[self.dtype],
            device=self.net_.device,
        )

    def _train(
        self,
        train: Any,
        valid: Any,
        *,
        epochs: int,
        keep_whole_epochs: bool,
        task: dict[str, Any],
    ) -> None:
        """Train the net and set what a fit tells of itself."""
        net = self.net_
        net.batch_size = self.batch_size
        net.max_grad_norm = self.max_grad_norm
        net.schedule = self.learning_rate_schedule
        for group in net.optimizer_.param_groups:
            group["lr"] = self.learning_rate
        best = BestEpoch(self.n_epochs_no_change if self.early_stopping else None)
        last = LastEpoch(net) if keep_whole_epochs else None
        listeners: list[Any] = [best] if valid is not None else []
        listeners += [last] if last is not None else []
        context = fit_context(self, epochs)
        if context is not None:
            context.call_on_fit_task_begin(**task)
            listeners.append(SklearnEpochs(context, task))
        try:
            net.train_epochs(
                self._data(*train),
                None if valid is None else self._data(*valid),
                epochs,
                listeners,
            )
        except BaseException as error:
            if last is None or last.n_epochs == 0:
                raise
            last.restore(net)
            self.__dict__.update(net.course())
            raise _Interrupted(error) from error
        if valid is not None and best.weights:
            best.restore(net)
        self.__dict__.update(net.course(best.epoch or None))
        if context is not None:
            context.call_on_fit_task_end(**task)

    def _task(self, X: Any, y: Any, sample_weight: Any) -> dict[str, Any]:
        """Give what scikit-learn's callbacks are told of a fit."""
        metadata = {"sample_weight": sample_weight}
        return {"estimator": self, "X": X, "y": y, "metadata": metadata}

    def _check_structure(self) -> None:
        """Refuse to go on training a network that the parameters no longer describe."""
        params = self.net_.get_params(deep=False)
        for name in self._structure:
            trained = params[f"module__{name}"]
            wanted = getattr(self, name)
            if trained != (DTYPES[wanted] if name == "dtype" else wanted):
                raise ValueError(
                    f"{name} must stay what it was when training goes on: expected"
                    f" {trained!r}, got {wanted!r}. Set warm_start=False to start anew."
                )

    # ------------------------------------------------------------------ predict

    def _predict_network(self, X: Any) -> Array:
        """Give the network's predictions, in the units of training."""
        check_is_fitted(self)
        windows = read_sequences(self, X, reset=False)
        return self.net_.predict_batches(self._data(windows))

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


class _Interrupted(Exception):
    """Training that stopped after a whole epoch which is to be kept."""

    def __init__(self, cause: BaseException) -> None:
        self.cause = cause
