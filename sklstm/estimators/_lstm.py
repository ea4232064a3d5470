"""What the regressor and the classifier share: the way from arrays to a trained model."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from ..fitting._callbacks import CallbackSupportMixin, fit_context
from ..fitting._one_step import as_it_stands
from ..fitting._pickling import VersionedPickle
from ..losses import Loss
from ..network import LSTMNetwork
from ..samples._encoding import Encoding, Layout
from ..samples._features import feature_numbers
from ..samples._horizon import known_at_the_end
from ..samples._inputs import (
    check_callbacks,
    draw_seed,
    is_validation_given,
    plain,
    read_sample_weight,
    read_sequences,
)
from ..samples._samples import Samples
from ..samples._targets import Targets
from ..training import (
    Memory,
    OwnThreads,
    Plan,
    SequenceData,
    SequenceNet,
    SklearnEpochs,
    TrainedModel,
    ValidationWatch,
    data_options,
    hold_out,
    is_same,
    make_network,
    run,
    take_up,
)
from ..windows._windows import Windows
from ._nets import (
    STRUCTURE,
    architecture_of,
    check_layers,
    check_structure,
    make_net,
    settings_of,
)

Array = NDArray[Any]

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


@dataclass(frozen=True)
class Start:
    """What a run of training begins with.

    Attributes
    ----------
    layout : Layout
    targets : Targets
    train : Samples
    valid : Samples or None
    previous : TrainedModel or None
        From which training goes on.
    seed : int
    brings_validation : bool, default=False
        Whether the user gave the samples to validate on.
    """

    layout: Layout
    targets: Any
    train: Samples
    valid: Samples | None
    previous: TrainedModel | None
    seed: int
    brings_validation: bool = False

    @property
    def n_runs(self) -> int:
        """Runs of training before."""
        return 0 if self.previous is None else self.previous.memory.n_runs


class LSTMEstimator(CallbackSupportMixin, VersionedPickle, ABC):
    """Parameters, and one trained model that is replaced in one step.

    A task says what its targets are, and which losses it has.
    """

    # Parameters that cannot change when training goes on, and those that shape the loss.
    _structure: ClassVar[tuple[str, ...]] = STRUCTURE
    _of_loss: ClassVar[tuple[str, ...]] = ("loss",)

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
        return targets, samples.weighted(samples.weight)

    def _architecture(
        self, encoding: Encoding, targets: Any, windows: Windows, seed: int
    ) -> dict[str, Any]:
        """Give the arguments of the network."""
        return architecture_of(self, encoding, targets, windows, seed)

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
        KeyboardInterrupt
            If Ctrl-C interrupts the training. The estimator is then fitted with the best
            whole epoch, or with the last where nothing validates; or is as it was, before
            the first.
        """
        previous = self._model if self.warm_start and self.__sklearn_is_fitted__() else None
        remedy = "Set warm_start=False to start anew."
        start = self._begin(X, y, sample_weight, previous, remedy)
        given = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        if is_validation_given(given):
            valid = self._read_validation(start, X_val, y_val, sample_weight_val)
            start = replace(start, valid=valid, brings_validation=True)
        elif self.early_stopping:
            start = self._hold_out(start)
        plan = Plan(
            plain(self.max_epochs),
            self.learning_rate_schedule,
            plain(self.weight_averaging),
            self.n_epochs_no_change if self.early_stopping else None,
        )
        self._train(start, plan, X, y, sample_weight)
        return self

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, targets: Any = None) -> Any:
        """Go once through the samples; the first call learns the scaling."""
        previous = self._model if self.__sklearn_is_fitted__() else None
        remedy = "Set it back, or start anew with a clone."
        start = self._begin(X, y, sample_weight, previous, remedy, targets)
        # A pass through some of the data has no schedule and no average of its own.
        self._train(start, Plan(1, remembered=REMEMBERED), X, y, sample_weight)
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
        seed, layout = None, None
        if previous is not None:
            check_structure(self, previous, remedy)
            seed, layout = previous.memory.seed, previous.encoding.layout
            targets = previous.targets
        windows, layout = read_sequences(X, self, like=layout)
        if targets is None:
            targets = self._learn_targets(y)
        if seed is None:
            seed = draw_seed(self.random_state)
        samples = _as_samples(windows, targets, y, sample_weight)
        if self.horizon is not None:
            known = known_at_the_end(X, windows, targets.n_outputs, self.horizon)
            samples = _where_known(samples, targets, known)
        targets, samples = self._weigh(targets, samples, training=True)
        return Start(layout, targets, samples, None, previous, seed)

    def _read_validation(self, start: Start, X: Any, y: Any, sample_weight: Any) -> Samples:
        """Check samples to validate on, against those to train on."""
        windows, _ = read_sequences(X, self, "X_val", like=start.layout)
        samples = _as_samples(windows, start.targets, y, sample_weight, suffix="_val")
        samples = _where_known(samples, start.targets)
        return self._weigh(start.targets, samples, training=False)[1]

    def _hold_out(self, start: Start) -> Start:
        samples = start.train
        train, valid = hold_out(
            samples.windows,
            self.validation_fraction,
            self.validation_split,
            labels=self._labels(samples.target),
            horizon=self.horizon or _reach(samples.windows, samples.target),
            seed=start.seed,
        )
        return replace(start, train=samples.take(train), valid=samples.take(valid))

    def _learn_encoding(self, start: Start) -> Encoding:
        windows, name = start.train.windows, "categorical_features"
        categorical = feature_numbers(
            self.categorical_features, name, start.layout, windows.shape[2]
        )
        return Encoding.learn(
            start.layout,
            windows,
            start.train.weight,
            standardize=self.standardize,
            categorical=sorted(set(categorical)),
            relative=self._relative_features(start, categorical),
        )

    def _train(self, start: Start, plan: Plan, X: Any, y: Any, sample_weight: Any) -> None:
        """Train a network, and take it over in one step."""
        previous, targets = start.previous, start.targets
        if previous is None:
            encoding = self._learn_encoding(start)
            targets = self._scale_targets(targets, start.train, encoding)
            windows = start.train.windows
            architecture = self._architecture(encoding, targets, windows, start.seed)
        else:
            encoding, architecture = previous.encoding, previous.architecture
        context = fit_context(self, plan.epochs)
        metadata = {"sample_weight": sample_weight}
        task = {"estimator": self, "X": X, "y": y, "metadata": metadata}
        threads = OwnThreads()

        def model(net: SequenceNet, best_epoch: int | None = None) -> TrainedModel:
            memory = _memory(self, net, start.seed, start.n_runs + 1)
            course = net.course(best_epoch)
            link = self._resolve_loss().link
            parts = (net.module_, architecture, encoding, targets, link, course, memory)
            return TrainedModel(*parts, net=net)

        def job() -> None:
            net = self._net(architecture, encoding, targets, start)
            train = as_data(net.module_, encoding, targets, start.train)
            valid = None
            if start.valid is not None:
                valid = as_data(net.module_, encoding, targets, start.valid, beside=train)
            if previous is None:
                net.learn_levels(train)
            listeners: list[Any] = []
            if start.brings_validation:
                listeners.append(ValidationWatch(threads.ask))
            if context is not None:
                snapshot = lambda: {"_model": copy.deepcopy(model(net))}  # noqa: E731
                listeners.append(SklearnEpochs(context, task, snapshot, threads.ask))
            finish = run(net, train, valid, plan, threads, listeners)
            self._model = model(net, finish.best_epoch)
            if finish.interruption is not None:
                raise finish.interruption

        if context is not None:
            context.call_on_fit_task_begin(**task)
        threads.run(job)
        if context is not None:
            context.call_on_fit_task_end(**task)

    def _net(
        self,
        architecture: dict[str, Any],
        encoding: Encoding,
        targets: Targets,
        start: Start,
    ) -> SequenceNet:
        """Make a net that begins to train, or goes on from where training was."""
        previous, seed = start.previous, _seed_of_run(start.seed, start.n_runs)
        if previous is None:
            return make_net(self, make_network(architecture), encoding, targets, seed)
        network = copy.deepcopy(previous.network)
        net = make_net(self, network, encoding, targets, seed, earlier=previous.net)
        loss = settings_of(self)["loss"]
        same_loss = is_same(previous.memory.settings["loss"], loss)
        take_up(net, previous.memory, same_loss=same_loss)
        return net

    # ------------------------------------------------------------------ predict

    def _fitted(self, X: Any) -> tuple[TrainedModel, Windows]:
        """Give the model, and sequences to predict with it."""
        if not self.__sklearn_is_fitted__():
            check_is_fitted(self)
        # Another thread may fit meanwhile.
        snapshot = as_it_stands(self)
        model = snapshot._model
        windows, _ = read_sequences(X, snapshot, like=model.encoding.layout)
        return model, windows

    @available_if(_pools_by_attention)
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
            its weight.
        """
        model, windows = self._fitted(X)
        return model.attention(windows)

    # ------------------------------------------------------------------ what was learnt

    def __sklearn_is_fitted__(self) -> bool:
        return "_model" in vars(self)

    def _learnt(self, name: str) -> TrainedModel:
        """Give the model, or say that an attribute comes with the first fit."""
        try:
            return vars(self)["_model"]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(
                f"{type(self).__name__} has no {name} before fit is called."
            ) from None

    @property
    def n_features_in_(self) -> int:
        return self._learnt("n_features_in_").encoding.layout.n_features_in

    @property
    def feature_names_in_(self) -> Array:
        names = self._learnt("feature_names_in_").encoding.layout.feature_names_in
        if names is None:
            raise AttributeError("X had no feature_names_in_ in fit.")
        return names

    @property
    def n_outputs_(self) -> int:
        return self._learnt("n_outputs_").targets.n_outputs

    @property
    def n_epochs_(self) -> int:
        return self._learnt("n_epochs_").course.n_epochs

    @property
    def best_epoch_(self) -> int:
        return self._learnt("best_epoch_").course.best_epoch

    @property
    def loss_curve_(self) -> list[float]:
        return self._learnt("loss_curve_").course.loss_curve

    @property
    def validation_loss_curve_(self) -> list[float]:
        return self._learnt("validation_loss_curve_").course.validation_loss_curve

    @property
    def module_(self) -> LSTMNetwork:
        """The trained torch module, in eval mode; it takes standardised sequences."""
        return self._learnt("module_").network

    @property
    def net_(self) -> SequenceNet:
        """The skorch net that trained it; made again for a model from a pickle."""
        model = self._learnt("net_")
        if model.net is None:
            seed = _seed_of_run(model.memory.seed, model.memory.n_runs)
            net = make_net(self, model.network, model.encoding, model.targets, seed)
            take_up(net, model.memory, same_loss=True)
            model.net = net
        return model.net

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _as_samples(
    windows: Windows, targets: Any, y: Any, sample_weight: Any, suffix: str = ""
) -> Samples:
    """Check targets and weights, and put them beside their sequences."""
    target = targets.encode(y, f"y{suffix}")
    if suffix and len(target) != len(windows):
        raise ValueError(
            f"y{suffix} must have one row for each of the {len(windows)} sequences of"
            f" X{suffix}. Got {len(target)}."
        )
    check_consistent_length(windows, target)
    weight = read_sample_weight(sample_weight, windows, f"sample_weight{suffix}")
    return Samples(windows, target, weight, suffix)


def _where_known(
    samples: Samples, targets: Any, known: NDArray[np.bool_] | None = None
) -> Samples:
    """Leave out targets that are not known, and samples that then have none."""
    if known is not None:
        samples = replace(samples, target=targets.without(samples.target, known))
    observed = targets.observed(samples.target)
    if observed is None or observed.all():
        return samples
    if not observed.any():
        raise ValueError(
            f"{samples.names[1]} must have a target that is known at the last row of X."
            f" Got none: all {len(samples.target)} rows have theirs after it, or NaN."
        )
    return samples.take(observed)


def _reach(windows: Windows, target: Array) -> int:
    """Count the rows after a window that its target may reach, where nobody says it."""
    if windows.known is not None:
        return int(windows.known.leads[-1])
    return target.shape[1] if target.ndim > 1 else 1


def _seed_of_run(seed: int, n_runs: int) -> int:
    """Give each call of `fit` or `partial_fit` another seed; the first has the model's."""
    if not n_runs:
        return seed
    return int(np.random.SeedSequence([seed, n_runs]).generate_state(1)[0])


def as_data(
    network: LSTMNetwork,
    encoding: Encoding,
    targets: Any,
    samples: Samples,
    beside: SequenceData | None = None,
) -> SequenceData:
    """Standardise samples, but for rows shared with others, where the network is."""
    weight = samples.weight
    return SequenceData(
        samples.windows,
        encoding.scaling,
        targets.scaled(samples.target),
        None if weight is None else weight / weight.mean(),
        names=samples.names,
        beside=beside,
        **data_options(network, encoding),
    )


def _memory(estimator: LSTMEstimator, net: SequenceNet, seed: int, n_runs: int) -> Memory:
    """Keep what the next run of training needs."""
    return Memory(
        settings_of(estimator),
        seed,
        n_runs,
        net.optimizer_.state_dict(),
        net.criterion_.state_dict(),
        list(net.history),
        net.n_forgotten,
    )
