"""An LSTM that predicts classes."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import assert_all_finite
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _is_fitted, column_or_1d

from ..fitting._numbers import real
from ..losses._losses import CLASSIFICATION_LOSSES, Loss, resolve_loss
from ..samples._inputs import plain
from ..samples._scaling import Scaling
from ._base import Array, BaseLSTM


class LSTMClassifier(ClassifierMixin, BaseLSTM):
    """Long short-term memory network for the classification of sequences.

    An LSTM reads each sequence, oldest step first; a linear head and a softmax turn the
    hidden state after its last observed step into class probabilities [1]_. Every part of
    the network can be another: the layers, what they read, how their states are pooled, the
    head. For whole series see `sklstm.sktime.LSTMTimeSeriesClassifier`, with defaults of
    its own.

    Parameters
    ----------
    hidden_size : int, default=32
        Units of each layer, in each direction.
    num_layers : int, default=1
        Number of LSTM layers, one on the other.
    dropout : float, default=0.0
        Probability, in [0, 1), that a value is set to zero in training: what one layer
        hands to the next, what the head reads of the recurrent layers (not of convolutions
        beside them), and what its hidden layers give.
    bidirectional : bool, default=False
        Whether each layer reads the sequence in both directions.
    cell : {"lstm", "gru", "rnn", "peephole"}, default="lstm"
        Cell of the recurrent layers. "peephole" is an LSTM whose gates see the cell state
        [2]_; torch has no fast kernel for it.
    layer_norm : bool, default=False
        Whether the gates, and the cell state before it is read, are normalised at each
        step. Torch has no fast kernel for it.
    memory_length : int or None, default=None
        Longest time, in steps, over which the network shall remember: the gates that keep
        its state begin open for 2 to `memory_length` steps [3]_. None begins as PyTorch
        does, forgetting half at each step. A plain RNN has no such gates.
    instance_norm : {"last", "standard", "affine"} or None, default=None
        Whether each sequence is seen relative to its own level: "last" subtracts the last
        observed step, "standard" the mean and divides by the standard deviation of the
        sequence, "affine" then trains a weight and a bias for each feature.
    patch_length : int, default=1
        Steps that become one recurrent step through a linear layer: long sequences are
        learnt sooner, and often better [4]_.
    convolution : {"before", "beside"} or None, default=None
        Whether convolutions over time stand before the recurrent layers (CNN-LSTM), each
        of which sees only steps before its own; or beside them, batch-normalised and
        averaged over time (LSTM-FCN) [5]_.
    conv_filters : sequence of int, default=(128, 256, 128)
        With `convolution`, the features that each convolution gives.
    conv_kernel_sizes : sequence of int, default=(8, 5, 3)
        With `convolution`, the steps that each convolution reads.
    squeeze_excite : bool, default=False
        With convolutions beside, whether their features are weighed against each other.
    categorical_features : int, str, array-like of int, str or bool, or None, default=None
        Features of X that are categories, as numbers from 0, such as `OrdinalEncoder`
        gives: tokens of a text, a store. By number; by name, where the features of X have
        names; or as a mask of shape ``(n_features,)``. A 2-D X has one feature, number 0.
        The network learns a vector for each category; one that the first fit has not seen
        has zeros, and keeps them when training goes on.
    embedding_size : int or None, default=None
        Length of these vectors. None is half the number of categories, at most 50.
    pooling : {"last", "mean", "max", "attention"}, default="last"
        How the states of all observed steps become one: the last, their mean, their
        maximum, or a mean whose weights are learnt; see `attention_weights`.
    head_sizes : sequence of int, default=()
        Units of hidden layers between that state and the outputs.
    loss : "cross_entropy", torch.nn.Module or callable, default="cross_entropy"
        What training makes small. A module or callable takes logits of shape
        ``(n_samples, n_classes)`` and class numbers of shape ``(n_samples,)``, and gives
        one loss a sample (a `reduction` attribute is set to "none").
    label_smoothing : float, default=0.0
        With ``loss="cross_entropy"``, the share of a label, in [0, 1), that is spread over
        all classes.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, by label; "balanced" weighs inversely to their frequency, with
        `partial_fit` to that in all calls so far.
    optimizer : {"adam", "adamw", "rmsprop", "sgd"} or callable, default="adam"
        A callable takes the weights and ``lr`` and gives a `torch.optim.Optimizer`: a class
        of `torch.optim`, or a `functools.partial` of one.
    learning_rate : float, default=0.01
        Step size of the optimiser.
    learning_rate_schedule : {"constant", "cosine", "step", "plateau", "one_cycle", \
            "warmup"} or callable, default="cosine"
        How the learning rate changes: not at all; down to 0 along half a cosine over
        `max_epochs`; to a tenth after each third of them; to a half where the loss has not
        fallen for more than 5 epochs; step by step up to `learning_rate` over three tenths
        of the training and down again; up over one tenth and then down along a cosine. A
        callable takes the optimiser and gives a scheduler of `torch.optim.lr_scheduler`,
        for epochs.
    weight_decay : float or None, default=None
        Passed to the optimiser: the weights shrink by it, with "adamw" apart from the
        gradient, else as a part of it. None leaves the optimiser's own: 0.01 for "adamw",
        else 0.
    weight_averaging : float or None, default=None
        Decay, in (0, 1), of a moving average of the weights over the steps of the
        optimiser. Each epoch is judged by the average, and it is kept; 0.99 is common.
        Each call of `fit` begins a new average, `partial_fit` makes none.
    max_grad_norm : float or None, default=1.0
        A gradient of a larger norm is scaled down to it; None never clips.
    max_epochs : int, default=100
        Number of times that training goes through the samples, at most.
    batch_size : int, default=32
        Samples in a step of the optimiser.
    standardize : bool, default=True
        Whether the inputs, feature by feature, are standardised by the
        (weighted) training samples inside the estimator.
    early_stopping : bool, default=False
        Whether to hold out samples, stop when the loss on them no longer falls, and keep
        the weights of the best epoch.
    validation_fraction : float, default=0.1
        Share of the samples to hold out, in (0, 1).
    validation_split : {"auto", "last", "random"}, default="auto"
        Which samples to hold out. "last": the last, less those before them that share a row
        with a held-out window. "random": any, class by class. "auto": "last" if the samples
        are windows of one series, else "random".
    n_epochs_no_change : int, default=10
        Epochs without a new best validation loss after which training stops.
    warm_start : bool, default=False
        Whether another call of `fit` goes on from the weights and the scaling of the last,
        for `max_epochs` more. Between two calls the parameters of training may change, but
        not `optimizer`, `standardize`, `dtype`, `device` or those of the network, but
        `dropout`; `random_state` has no effect then.
    callbacks : list of skorch callbacks or None, default=None
        Called as skorch calls them; they see standardised inputs and class numbers. For
        scikit-learn's own callbacks use `set_callbacks`.
    dtype : {"float32", "float64"}, default="float32"
        Type in which the network computes, whatever that of X. "float64" is slower.
    device : str or torch.device, default="cpu"
        Where the network computes; "auto" takes a GPU if there is one.
    random_state : int, RandomState instance or None, default=None
        Governs the initial weights, dropout, shuffling and a random hold-out. No global
        generator is used: None is another seed each time.
    verbose : int, default=0
        Whether to print a line after each epoch.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of a 2-D X, or of features (the last axis) of a 3-D X.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the columns, if X had names that are all strings.
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted.
    n_outputs_ : int
        Number of targets: 1.
    n_epochs_ : int
        Number of epochs trained.
    best_epoch_ : int
        Epoch, counted from 1, whose weights are kept: the one of the least validation loss,
        or else the last.
    loss_curve_ : list of float of length n_epochs_
        Mean training loss of each epoch.
    validation_loss_curve_ : list of float
        Mean validation loss of each epoch, NaN for one without validation; empty if none
        had any.
    module_ : torch.nn.Module
        The trained network, in eval mode. It takes standardised sequences.
    net_ : skorch.NeuralNet
        The skorch net that trained it.

    See Also
    --------
    LSTMRegressor : The same for numbers.
    SlidingWindowTransformer : Makes sequences from the rows of a time series.

    References
    ----------
    .. [1] Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. Neural
       Computation, 9(8), 1735-1780.
    .. [2] Gers, F. A. and Schmidhuber, J. (2000). Recurrent nets that time and count.
       IJCNN.
    .. [3] Tallec, C. and Ollivier, Y. (2018). Can recurrent neural networks warp time?
       ICLR.
    .. [4] Lin, S. et al. (2023). SegRNN: Segment recurrent neural network for long-term
       time series forecasting. arXiv:2308.11200.
    .. [5] Karim, F. et al. (2018). LSTM fully convolutional networks for time series
       classification. IEEE Access, 6, 1662-1669.

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
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseLSTM._parameter_constraints,
        "loss": [StrOptions(set(CLASSIFICATION_LOSSES)), callable],
        "label_smoothing": [real(0, 1, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

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
        conv_filters: Sequence[int] = (128, 256, 128),
        conv_kernel_sizes: Sequence[int] = (8, 5, 3),
        squeeze_excite: bool = False,
        categorical_features: Any = None,
        embedding_size: int | None = None,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        loss: Any = "cross_entropy",
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.01,
        learning_rate_schedule: Any = "cosine",
        weight_decay: float | None = None,
        weight_averaging: float | None = None,
        max_grad_norm: float | None = 1.0,
        max_epochs: int = 100,
        batch_size: int = 32,
        standardize: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: str = "auto",
        n_epochs_no_change: int = 10,
        warm_start: bool = False,
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
        self.batch_size = batch_size
        self.standardize = standardize
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_epochs_no_change = n_epochs_no_change
        self.warm_start = warm_start
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
            How much each sample counts.

        Returns
        -------
        self : LSTMClassifier

        Raises
        ------
        ValueError
            If the first call lacks `classes`, or a label is none of them.
        """
        labels = None if classes is None else _unique(self, classes, "classes")
        if not _is_fitted(self):
            if labels is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
        elif labels is not None and not np.array_equal(labels, self.classes_):
            raise ValueError(
                f"classes must be those of the first call, {self.classes_}. Got {labels}."
            )
        return self._partial_fit(
            X, y, sample_weight, learn_targets=lambda y: self._learn_classes(labels)
        )

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
            Columns in the order of `classes_`; each row sums to 1.
        """
        return self._predict_network(X)

    def predict(self, X: ArrayLike) -> Array:
        """Predict the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Class labels.
        """
        probability = self.predict_proba(X)
        return self.classes_[probability.argmax(axis=1)]

    def _resolve_loss(self) -> Loss:
        smoothing = plain(self.label_smoothing)
        return resolve_loss(self.loss, CLASSIFICATION_LOSSES, label_smoothing=smoothing)

    def _learn_targets(self, y: Any) -> None:
        self._learn_classes(_unique(self, y, "y"))

    def _learn_classes(self, labels: Any) -> None:
        self.classes_ = labels
        self.n_outputs_ = 1

    def _read_targets(self, y: Any, name: str = "y") -> Array:
        y = _as_labels(self, y, name)
        known = np.isin(y, self.classes_)
        if not known.all():
            raise ValueError(
                f"{name} must have labels from classes, {self.classes_}. Got"
                f" {np.unique(y[~known])} as well."
            )
        return np.searchsorted(self.classes_, y)

    def _target_scaling(self, y: Array, weight: Array | None) -> Scaling | None:
        return None

    def _n_network_outputs(self) -> int:
        return len(self.classes_)

    def _learn_weights(self, y: Array, weight: Array | None, *, reset: bool) -> None:
        totals = np.bincount(y, weights=weight, minlength=len(self.classes_))
        self._class_totals: Array = totals if reset else self._class_totals + totals

    def _weigh(self, y: Array, weight: Array | None) -> Array | None:
        if self.class_weight is None:
            return weight
        if isinstance(self.class_weight, str):
            per_class = _balanced(self._class_totals)
        else:
            per_class = _weight_of_each(self.class_weight, self.classes_)
        combined = per_class[y] if weight is None else per_class[y] * weight
        if not combined.any():
            raise ValueError(
                "class_weight must give a sample a weight above zero. Got"
                f" {self.class_weight!r}, with which none has any."
            )
        return combined

    def _labels(self, y: Array) -> Array | None:
        return y


def _as_labels(estimator: Any, y: Any, name: str) -> Array:
    """Check class labels and give them as a flat array."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )
    y = column_or_1d(y, warn=True, input_name=name)
    try:
        # scikit-learn's own message about objects names no argument.
        if y.dtype.kind == "O" and (y != y).any():
            raise ValueError(f"Input {name} contains NaN.")
        assert_all_finite(y, input_name=name)
        check_classification_targets(y)
    except TypeError as error:
        raise ValueError(
            f"{name} must have labels of one kind, which can be sorted: {error}."
        ) from error
    return y


def _unique(estimator: Any, y: Any, name: str) -> Array:
    """Give the different labels, sorted."""
    y = _as_labels(estimator, y, name)
    if not len(y):
        raise ValueError(f"{name} must have at least 1 label. Got none.")
    return np.unique(y)


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
