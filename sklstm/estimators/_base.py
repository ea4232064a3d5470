"""What the regressor and the classifier share: the way from arrays to a trained net."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils.validation import _is_fitted, check_consistent_length

from ..fitting._callbacks import CallbackSupportMixin, fit_context
from ..fitting._failure import unchanged_by_failure
from ..samples._categories import find_categories
from ..samples._features import feature_numbers
from ..samples._inputs import (
    check_callbacks,
    draw_seed,
    is_validation_given,
    plain,
    read_sample_weight,
    read_sequences,
)
from ..samples._samples import Samples
from ..samples._scaling import Scaling
from ..training import (
    AveragedWeights,
    BestEpoch,
    LastEpoch,
    SequenceData,
    SklearnEpochs,
    hold_out,
    make_schedule,
)
from ..windows._windows import Windows
from ._nets import NetOwner
from ._predicting import Predictor

Array = NDArray[Any]


class BaseLSTM(CallbackSupportMixin, NetOwner, Predictor, ABC):
    """Fit and predict for any task; a task says how to read y and which losses it has."""

    # ------------------------------------------------------------------ a task's own

    @abstractmethod
    def _learn_targets(self, y: Any) -> None:
        """Learn what y is: its classes, or its number of outputs."""

    @abstractmethod
    def _read_targets(self, y: Any, name: str = "y") -> Array:
        """Check y against what was learnt and encode it for the network."""

    @abstractmethod
    def _target_scaling(self, y: Array, weight: Array | None) -> Scaling | None:
        """Learn how to standardise the encoded targets; None leaves them."""

    def _learn_weights(self, y: Array, weight: Array | None, *, reset: bool) -> None:
        """Learn what weights the task gives to samples."""

    def _weigh(self, y: Array, weight: Array | None) -> Array | None:
        """Combine sample weights with those that the task gives."""
        return weight

    def _labels(self, y: Array) -> Array | None:
        """Give the classes by which a hold-out is stratified."""
        return None

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
                schedule=self.learning_rate_schedule,
                averaging=plain(self.weight_averaging),
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
            # A pass through some of the data has no schedule and no average of its own.
            self._train(samples, None, epochs=1, kept=kept, task=task)
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
        numbers = feature_numbers(self, "categorical_features", windows.shape[2])
        categorical = sorted(set(numbers))
        self._categories = find_categories(windows, categorical)
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
        schedule: Any = "constant",
        averaging: float | None = None,
    ) -> None:
        """Train the net; an interrupted run leaves its whole epochs in `kept`, if given."""
        net = self.net_
        train_data = self._data(train)
        valid_data = None if valid is None else self._data(valid, beside=train_data)
        if not net.history:
            net.learn_levels(train_data)
        self._adopt_parameters()
        n_batches = -(-len(train_data) // net.batch_size)
        listeners = make_schedule(schedule, net.optimizer_, epochs, n_batches)
        if averaging is not None:
            listeners.append(AveragedWeights(averaging, net))
        best = BestEpoch(self.n_epochs_no_change if self.early_stopping else None)
        last = None if kept is None else LastEpoch(net)
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

    def _task(self, X: Any, y: Any, sample_weight: Any) -> dict[str, Any]:
        """Give what scikit-learn's callbacks are told of a fit."""
        metadata = {"sample_weight": sample_weight}
        return {"estimator": self, "X": X, "y": y, "metadata": metadata}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags
