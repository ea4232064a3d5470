"""What the regressor and the classifier share: the way from arrays to a trained model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from numbers import Integral
from typing import Any, ClassVar

from numpy.typing import ArrayLike, NDArray
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
    is_regressor,
)
from sklearn.utils.validation import check_is_fitted

from ..fitting._available import available_where
from ..fitting._callbacks import CallbackSupportMixin
from ..fitting._one_step import as_it_stands
from ..fitting._pickling import VersionedPickle
from ..fitting._ranks import current_ranks
from ..losses import Loss
from ..samples._encoding import Encoding
from ..samples._features import feature_numbers
from ..samples._horizon import check_leads, known_at_the_end
from ..samples._inputs import (
    check_callbacks,
    draw_seed,
    is_validation_given,
    plain,
    read_sample_weight,
    read_sequences,
    resolve_device,
)
from ..samples._last_step import always_known, warn_of_unknown
from ..samples._samples import Samples
from ..samples._steps import counted_steps
from ..training import (
    Checkpoint,
    Fingerprint,
    Plan,
    SequenceNet,
    TrainedModel,
    agree_on_data,
    fingerprint,
    hold_out,
    open_checkpoint,
    together,
)
from ..windows._order import check_same_order
from ..windows._windows import Windows
from ._learnt import Learnt
from ._nets import (
    STRUCTURE,
    architecture_of,
    check_layers,
    check_per_step,
    check_structure,
)
from ._start import Start, Units, as_samples, reach_of, where_known
from ._training import net_of, train_model

Array = NDArray[Any]

# Parameters that change nothing of what is learnt, or are known by what comes of them.
NO_MATTER = frozenset({"checkpoint", "verbose", "warm_start", "device"})

# Parameters that processes which fit together need not have alike.
NOT_SHARED = frozenset({"verbose", "device", "callbacks"})

# Epochs that are remembered while `partial_fit` goes on and on.
REMEMBERED = 1000


def _pools_by_attention(estimator: Any) -> bool:
    """Tell whether the trained network does, or else the one that is described."""
    model = getattr(estimator, "_model", None)
    pooling = estimator.pooling if model is None else model.architecture["pooling"]
    if pooling != "attention":
        raise AttributeError(
            f"attention_weights needs pooling='attention'. Got {pooling!r}."
        )
    return True


class LSTMEstimator(
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    CallbackSupportMixin,
    VersionedPickle,
    ABC,
):
    """Parameters, and one trained model that is replaced in one step.

    A task says what its targets are, and which losses it has.
    """

    # Parameters that cannot change when training goes on, and those that shape the loss.
    _structure: ClassVar[tuple[str, ...]] = STRUCTURE
    _of_loss: ClassVar[tuple[str, ...]] = ("loss",)
    # Whether samples to validate on come from users, who may have them in other units.
    _is_given_validation: ClassVar[bool] = True

    _model: TrainedModel

    # ------------------------------------------------------------------ a task's own

    @abstractmethod
    def _learn_targets(self, y: Any) -> Any:
        """Learn what y is: its classes, or its number of outputs."""

    @abstractmethod
    def _resolve_loss(self) -> Loss:
        """Give the loss and its link."""

    def _scale_targets(self, targets: Any, samples: Samples, encoding: Encoding) -> Any:
        """Learn how to standardise the encoded targets, if they are to be."""
        return targets

    def _weigh(
        self, targets: Any, samples: Samples, *, training: bool
    ) -> tuple[Any, Samples]:
        """Combine sample weights with those that the task gives; leave out weights of 0."""
        return targets, samples.counting(samples.counts)

    def _architecture(
        self, encoding: Encoding, targets: Any, windows: Windows, seed: int
    ) -> dict[str, Any]:
        """Give the arguments of the network."""
        return architecture_of(self, encoding, targets, windows, seed)

    def _choose(self, units: Units, start: Start) -> Units:
        """Settle what is left to the samples to tell."""
        return units

    def _uncentred_features(self, start: Start) -> list[int]:
        """Give the features in which zero stays zero."""
        return []

    def _check_parameters(self) -> None:
        """Refuse parameters of the task that are out of range, or contradict each other."""

    def _check_targets(self, target: Any) -> None:
        """Refuse targets that the loss does not know."""

    def _relative_features(self, start: Start, categorical: list[int]) -> list[int]:
        """Give the features that are seen relative to the size of each sequence."""
        return []

    def _labels(self, target: Array) -> Array | None:
        """Give the classes by which a hold-out is stratified."""
        return None

    def set_params(self, **params: Any) -> Any:
        """Set parameters; `callbacks` can be set as a whole only.

        Parameters
        ----------
        **params : object

        Returns
        -------
        self : estimator
        """
        parts = [name for name in params if name.startswith("callbacks__")]
        if parts:
            raise ValueError(
                f"callbacks must be set as a whole, as a new list. Got {parts[0]!r}."
            )
        return super().set_params(**params)

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
            Targets. With `return_sequences`, those of each step: (n_samples, n_timesteps)
            or (n_samples, n_timesteps, n_outputs).
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts. A weight of 0 is the same as leaving it out. With
            `return_sequences` also of shape (n_samples, n_timesteps).
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
        KeyboardInterrupt
            If Ctrl-C interrupts the training. The estimator is then fitted with the best
            whole epoch, or with the last where nothing validates; or is as it was, before
            the first. A checkpoint is kept, and taken up by the next `fit`.
        OSError
            If a checkpoint can no longer be written, as on a full disk. The estimator is
            then fitted as after Ctrl-C.
        """
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        with together(type(self), self._matters(NOT_SHARED)):
            self._fit(X, y, sample_weight, given)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, given: dict[str, Any]) -> None:
        """Train anew, or go on, perhaps from a checkpoint."""
        previous = self._model if self.warm_start and self.__sklearn_is_fitted__() else None
        remedy = "Set warm_start=False to start anew."
        start = self._begin(X, y, sample_weight, previous, remedy)
        if is_validation_given(given):
            valid = self._read_validation(start, *given.values())
            start = replace(start, valid=valid, brings_validation=self._is_given_validation)
        with open_checkpoint(
            self.checkpoint,
            lambda: self._fingerprint(start),
            plain(self.random_state) if isinstance(self.random_state, Integral) else None,
            start.seed,
        ) as checkpoint:
            if checkpoint is not None:
                start = replace(start, seed=checkpoint.seed)
            self._fit_whole(start, X, y, sample_weight, checkpoint)

    def _fit_whole(
        self,
        start: Start,
        X: Any,
        y: Any,
        sample_weight: Any,
        checkpoint: Checkpoint | None,
    ) -> None:
        """Train to the end, from where a checkpoint has come to."""
        if start.valid is None and self.early_stopping:
            start = self._hold_out(start)
        plan = Plan(
            plain(self.max_epochs),
            plain(self.batch_size),
            self.learning_rate_schedule,
            plain(self.weight_averaging),
            self.n_epochs_no_change if self.early_stopping else None,
            most_steps=plain(self.max_steps),
            steps_of_epoch=plain(self.validation_steps),
            checkpoint=checkpoint,
        )
        refits_head = self._refits_head(start.valid is not None)
        agree_on_data(start.train, start.valid, start.previous)
        train_model(self, start, plan, X, y, sample_weight, refits_head=refits_head)

    def _refits_head(self, holds_out: bool) -> bool:
        """Tell whether the last layer is to be solved anew after training."""
        return False

    def _fingerprint(self, start: Start) -> Fingerprint:
        """Tell what the fit is known by, before anything is held out."""
        matters = {
            name: value
            for name, value in self.get_params(deep=False).items()
            if name not in NO_MATTER
        }
        if self.random_state is not None and not isinstance(self.random_state, Integral):
            matters["random_state"] = start.seed
        kind, device = type(self), resolve_device(self.device)
        parameters = {"estimator": kind, **matters, "device": device}
        return fingerprint(parameters, start.train, start.valid, start.previous)

    def _matters(self, without: frozenset[str]) -> dict[str, Any]:
        """Give the parameters by which a fit is told from others."""
        matters = {
            name: value
            for name, value in self.get_params(deep=False).items()
            if name not in without
        }
        if not isinstance(self.random_state, Integral):
            matters.pop("random_state", None)  # known by the seed that it gave
        return matters

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, targets: Any = None) -> Any:
        """Go once through the samples; the first call learns the scaling."""
        with together(type(self), self._matters(NOT_SHARED)):
            previous = self._model if self.__sklearn_is_fitted__() else None
            remedy = "Set it back, or start anew with a clone."
            start = self._begin(X, y, sample_weight, previous, remedy, targets)
            agree_on_data(start.train, None, previous)
            # A pass through some of the data has no schedule and no average of its own.
            plan = Plan(1, remembered=REMEMBERED)
            train_model(self, start, plan, X, y, sample_weight)
        return self

    def _begin(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        previous: TrainedModel | None,
        remedy: str,
        targets: Any = None,
    ) -> Start:
        """Check the arguments, against those of before if training goes on."""
        check_callbacks(self.callbacks)
        check_layers(self)
        self._check_parameters()
        seed, layout = None, None
        if previous is not None:
            check_structure(self, previous, remedy)
            seed, layout = previous.memory.seed, previous.encoding.layout
            targets = previous.targets
        windows, layout = read_sequences(X, self, like=layout)
        check_per_step(self, windows)
        check_same_order(X, y, "y")
        y = self._counted(y, windows, sample_weight)
        if targets is None:
            targets = self._learn_targets(y)
        if seed is None:
            seed = draw_seed(self.random_state)
            ranks = current_ranks()
            seed = seed if ranks is None else ranks.of_first("the seed", seed)
        samples = as_samples(windows, targets, y, sample_weight)
        self._check_targets(samples.target)
        if self.horizon is not None:
            check_leads(y, self.horizon)
            known = known_at_the_end(X, windows, targets.n_outputs, self.horizon)
            samples = where_known(samples, targets, known)
        targets, samples = self._weigh(targets, samples, training=True)
        return Start(layout, targets, samples, None, previous, seed)

    def _read_validation(self, start: Start, X: Any, y: Any, sample_weight: Any) -> Samples:
        """Check samples to validate on, against those to train on."""
        windows, _ = read_sequences(X, self, "X_val", like=start.layout)
        y = self._counted(y, windows, sample_weight, "_val")
        samples = as_samples(windows, start.targets, y, sample_weight, suffix="_val")
        self._check_targets(samples.target)
        samples = where_known(samples, start.targets)
        return self._weigh(start.targets, samples, training=False)[1]

    def _counted(
        self, y: Any, windows: Windows, sample_weight: Any, suffix: str = ""
    ) -> Any:
        """Mask targets of steps that count nothing, if steps have targets."""
        if not self.return_sequences:
            return y
        name = f"sample_weight{suffix}"
        weight = read_sample_weight(sample_weight, windows, name, per_step=True)
        most_dims, kind = 3 if is_regressor(self) else 2, type(self).__name__
        return counted_steps(
            y, windows, weight, most_dims=most_dims, estimator=kind, suffix=suffix
        )

    def _hold_out(self, start: Start) -> Start:
        samples = start.train
        train, valid = hold_out(
            samples.windows,
            self.validation_fraction,
            self.validation_split,
            labels=self._labels(samples.target),
            horizon=self.horizon
            or reach_of(samples.windows, samples.target, per_step=start.targets.per_step),
            in_order=self.horizon is not None,
            seed=start.seed,
        )
        return replace(start, train=samples.take(train), valid=samples.take(valid))

    def _learn_encoding(self, start: Start) -> Encoding:
        windows, name = start.train.windows, "categorical_features"
        categorical = feature_numbers(
            self.categorical_features, name, start.layout, windows.shape[2]
        )
        encoding = Encoding.learn(
            start.layout,
            windows,
            start.train.weight,
            standardize=self.standardize,
            categorical=sorted(set(categorical)),
            relative=self._relative_features(start, categorical),
            uncentred=self._uncentred_features(start),
        )
        return replace(encoding, known_last=self._known_last(start))

    def _known_last(self, start: Start) -> tuple[int, ...]:
        """Find what each row tells where targets lie ahead, and so may be known ahead."""
        if self.horizon is None:
            return ()
        parts = [start.train] if start.valid is None else [start.train, start.valid]
        known = [set(always_known(part.windows, part.target)) for part in parts]
        if start.previous is not None:
            known.append(set(start.previous.encoding.known_last))
        return tuple(sorted(set.intersection(*known)))

    # ------------------------------------------------------------------ predict

    def _fitted(self, X: Any) -> tuple[TrainedModel, Windows]:
        """Give the model, and sequences to predict with it."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)
        # Another thread may fit meanwhile.
        snapshot = as_it_stands(self)
        model = snapshot._model
        layout = model.encoding.layout
        windows, _ = read_sequences(X, snapshot, like=layout)
        warn_of_unknown(windows, model.encoding.known_last, layout.feature_names_in)
        return model, windows

    @available_where(_pools_by_attention)
    def attention_weights(self, X: ArrayLike) -> Array:
        """Tell how much each step counts in a prediction; for `pooling="attention"`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_timesteps)
            Each row sums to 1, and is 0 at unobserved steps. The steps of a patch share
            its weight. With `return_sequences`, (n_samples, n_timesteps, n_timesteps): a
            row for each step, of the steps that it reads.
        """
        model, windows = self._fitted(X)
        return model.attention(windows)

    def transform(self, X: ArrayLike) -> Array:
        """Give the states in which the network has read sequences, as features.

        That is all that the head reads: the pooled states of the last recurrent layer; what
        convolutions beside it give; the level of a sequence, where the head reads it. In a
        pipeline or a stack an LSTM so is an extractor of features for any estimator.

        With `return_sequences` it is the state after the last step.

        Features that were learnt from the same targets that the next estimator learns from
        look better than they are: see the guide on stacking.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.

        Returns
        -------
        states : ndarray of shape (n_samples, n_states)
            Of the type in which the network computes.
        """
        model, windows = self._fitted(X)
        return model.states(windows)

    @property
    def _n_features_out(self) -> int:
        """Number of features that `transform` gives, for their names."""
        return int(self._model.network.state_size)

    # ------------------------------------------------------------------ what was learnt

    def __sklearn_is_fitted__(self) -> bool:
        return "_model" in vars(self)

    n_features_in_ = Learnt(lambda model: model.encoding.layout.n_features_in)
    feature_names_in_ = Learnt(lambda model: model.encoding.layout.feature_names_in)
    n_outputs_ = Learnt(lambda model: model.targets.n_outputs)
    n_epochs_ = Learnt(lambda model: model.course.n_epochs)
    best_epoch_ = Learnt(lambda model: model.course.best_epoch)
    loss_curve_ = Learnt(lambda model: model.course.loss_curve)
    validation_loss_curve_ = Learnt(lambda model: model.course.validation_loss_curve)
    module_ = Learnt(lambda model: model.network)

    @property
    def net_(self) -> SequenceNet:
        """The skorch net that trained it; made again for a model from a pickle."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"{type(self).__name__} has no net_ before fit is called.")
        return net_of(self, self._model)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        # Features have the type in which the network computes.
        tags.transformer_tags.preserves_dtype = []
        return tags
