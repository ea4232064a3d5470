"""An LSTM that predicts classes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score

from ..fitting._one_step import as_it_stands
from ..losses import CLASSIFICATION_LOSSES, Loss, resolve_loss
from ..metrics import over_steps, where_known
from ..samples._inputs import plain
from ..samples._samples import Samples
from ..samples._steps import StepLabels, where_observed
from ..samples._targets import Labels
from ._documented import documented
from ._learnt import Learnt
from ._lstm import Array, LSTMEstimator
from ._parameters import constraints_of
from ._task_parameters import CLASSIFICATION


@documented(CLASSIFICATION)
class LSTMClassifier(ClassifierMixin, LSTMEstimator):
    """Long short-term memory network for the classification of sequences.

    An LSTM reads each sequence, oldest step first; a linear head and a softmax turn the
    hidden state after its last observed step into class probabilities [Hochreiter1997]_.
    Every part of the network can be another: the layers, what they read, how their states
    are pooled, the head. For whole series see `sklstm.sktime.LSTMTimeSeriesClassifier`,
    with defaults of its own.

    Parameters
    ----------
    callbacks
        For scikit-learn's own callbacks use `set_callbacks`.
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    n_outputs_ : int
        Number of targets: 1.
    loss_curve_ : list of float of length n_epochs_
        Mean training loss of each epoch.
    {attributes}

    See Also
    --------
    LSTMRegressor : The same for numbers.
    SlidingWindowTransformer : Makes sequences from the rows of a time series.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(120, 15)).cumsum(axis=1)
    >>> y = np.where(X[:, -1] > X[:, 7], "up", "down")
    >>> model = LSTMClassifier(random_state=0).fit(X, y)
    >>> model.classes_
    array(['down', 'up'], dtype='<U4')
    >>> model.predict_proba(X).shape
    (120, 2)
    >>> model.score(X, y) > 0.95
    True

    With ``return_sequences=True`` each step has a label, and a prediction:

    >>> signs = np.where(X > 0, "above", "below")
    >>> steps = LSTMClassifier(return_sequences=True, max_epochs=20, random_state=0)
    >>> steps = steps.fit(X, signs)
    >>> steps.predict_proba(X).shape, steps.score(X, signs) > 0.95
    ((120, 15, 2), True)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = constraints_of(CLASSIFICATION)

    _of_loss: ClassVar[tuple[str, ...]] = ("loss", "label_smoothing")

    def __init__(
        self,
        *,
        hidden_size: int = 32,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        cell: str = "lstm",
        layer_norm: bool = False,
        memory_length: int | None = None,
        instance_norm: str | None = None,
        patch_length: int = 1,
        convolution: str | None = None,
        conv_filters: Sequence[int] | str = "auto",
        conv_kernel_sizes: Sequence[int] | str = "auto",
        squeeze_excite: bool = False,
        categorical_features: Any = None,
        embedding_size: int | None = None,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        horizon: int | None = None,
        return_sequences: bool = False,
        loss: Any = "cross_entropy",
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.01,
        learning_rate_schedule: Any = "cosine",
        weight_decay: float | None = None,
        weight_averaging: float | None = None,
        max_grad_norm: float | None = 1.0,
        max_epochs: int | str = "auto",
        max_steps: int | None = None,
        validation_steps: int | None = None,
        batch_size: int = 32,
        standardize: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: str = "auto",
        n_epochs_no_change: int = 10,
        warm_start: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        callbacks: list[Any] | None = None,
        dtype: str = "float32",
        device: Any = "cpu",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.cell = cell
        self.layer_norm = layer_norm
        self.memory_length = memory_length
        self.instance_norm = instance_norm
        self.patch_length = patch_length
        self.convolution = convolution
        self.conv_filters = conv_filters
        self.conv_kernel_sizes = conv_kernel_sizes
        self.squeeze_excite = squeeze_excite
        self.categorical_features = categorical_features
        self.embedding_size = embedding_size
        self.pooling = pooling
        self.head_sizes = head_sizes
        self.horizon = horizon
        self.return_sequences = return_sequences
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_decay = weight_decay
        self.weight_averaging = weight_averaging
        self.max_grad_norm = max_grad_norm
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.validation_steps = validation_steps
        self.batch_size = batch_size
        self.standardize = standardize
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_epochs_no_change = n_epochs_no_change
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.callbacks = callbacks
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> LSTMClassifier:
        """Go once through some samples, and leave the model ready for more.

        The first call learns the scaling; later ones keep it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first.
        y : array-like of shape (n_samples,)
            Class labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that any call may bring: needed in the first call.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts. With `return_sequences`, y and weights are as in
            `fit`.

        Returns
        -------
        self : LSTMClassifier

        Raises
        ------
        ValueError
            If the first call lacks `classes`, or a label is none of them.
        """
        name = type(self).__name__
        may_miss = self.horizon is not None
        known = None
        if classes is not None:
            known = Labels.learn(classes, "classes", name)
            if self.return_sequences:
                known = StepLabels(known.classes, known.totals, may_miss=True)
            known = replace(known, may_miss=known.may_miss or may_miss)
        if not self.__sklearn_is_fitted__():
            if known is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
        elif known is not None and not np.array_equal(known.classes, self.classes_):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_}. Got"
                f" {known.classes}."
            )
        return self._partial_fit(X, y, sample_weight, known)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit. The number of steps
            of a 3-D X may differ from that in fit.

        Returns
        -------
        probability : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; each row sums to 1. With `return_sequences`,
            (n_samples, n_timesteps, n_classes), NaN where a step is unobserved.
        """
        model, windows = self._fitted(X)
        return model.predict(windows)

    def predict(self, X: ArrayLike) -> Array:
        """Predict the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Class labels. With `return_sequences`, (n_samples, n_timesteps); where a step is
            unobserved, NaN among numbers, and None among others.
        """
        snapshot = as_it_stands(self)
        probability = snapshot.predict_proba(X)
        labels = snapshot.classes_[probability.argmax(axis=-1)]
        if probability.ndim == 2:
            return labels
        return where_observed(labels, ~np.isnan(probability[:, :, 0]))

    classes_ = Learnt(lambda model: model.targets.classes)  # type: ignore[attr-defined]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Give the accuracy of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.
        y : array-like of shape (n_samples,)
            Targets. With `horizon`, those that are NaN or None are not yet known and count
            nothing.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts. With `return_sequences`, y and weights are as in
            `fit`, and what is compared are the steps that count.

        Returns
        -------
        score : float
        """
        metric = accuracy_score if self.horizon is None else where_known(accuracy_score)
        if self.return_sequences:
            metric = over_steps(accuracy_score)
        return float(metric(y, self.predict(X), sample_weight=sample_weight))

    def _resolve_loss(self) -> Loss:
        smoothing = plain(self.label_smoothing)
        return resolve_loss(self.loss, CLASSIFICATION_LOSSES, label_smoothing=smoothing)

    def _learn_targets(self, y: Any) -> Labels:
        if self.return_sequences:
            return StepLabels.learn(y, "y", type(self).__name__)
        may_miss = self.horizon is not None
        return Labels.learn(y, "y", type(self).__name__, may_miss=may_miss)

    def _weigh(
        self, targets: Labels, samples: Samples, *, training: bool
    ) -> tuple[Labels, Samples]:
        if training:
            targets = targets.counting(*samples.rows)
        return targets, samples.counting(self._weights(targets, samples))

    def _weights(self, targets: Labels, samples: Samples) -> Array | None:
        """Multiply the weights of samples by those of their classes."""
        if self.class_weight is None:
            return samples.counts
        if isinstance(self.class_weight, str):
            per_class = _balanced(targets.totals)
        else:
            per_class = _weight_of_each(self.class_weight, targets.classes)
        weight = per_class[samples.target]
        if samples.counts is not None:
            weight = weight * samples.counts
        if not weight.any():
            raise ValueError(
                "class_weight must give a sample a weight above zero. Got"
                f" {self.class_weight!r}, with which none has any."
            )
        return weight

    def _labels(self, target: Array) -> Array | None:
        # Sequences of labels belong to no class by which they could be drawn.
        return target if target.ndim == 1 else np.zeros(len(target), dtype=int)


def _balanced(totals: Array) -> Array:
    """Give weights with which all classes that are there count alike."""
    per_class = np.ones(len(totals))
    np.divide(totals.sum(), len(totals) * totals, out=per_class, where=totals > 0)
    return per_class


def _weight_of_each(class_weight: dict[Any, Any], classes: Array) -> Array:
    """Look up the weight of each class; 1 for one that is not named."""
    labels = classes.tolist()
    unknown = [label for label in class_weight if label not in labels]
    # A fold of a search may lack a class; a class without a weight tells of a typing error.
    if unknown and any(label not in class_weight for label in labels):
        raise ValueError(
            f"class_weight must have labels from the classes, {labels}. Got"
            f" {', '.join(map(repr, unknown))} as well."
        )
    for label, weight in class_weight.items():
        if not (isinstance(weight, Real) and 0 <= float(weight) < np.inf):
            raise ValueError(
                "class_weight must have weights that are finite and not negative. Got"
                f" {weight!r} for {label!r}."
            )
    return np.array([class_weight.get(label, 1.0) for label in labels], dtype=np.float64)
