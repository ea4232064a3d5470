"""An LSTM that predicts numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
from sklearn.utils import assert_all_finite, check_array
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import column_or_1d

from ..fitting._numbers import integer, real
from ..losses._losses import REGRESSION_LOSSES, Loss, resolve_loss
from ..samples._features import feature_numbers
from ..samples._inputs import plain
from ..samples._scaling import Scaling
from ..windows._windows import Windows
from ._base import Array, BaseLSTM


class LSTMRegressor(RegressorMixin, BaseLSTM):
    """Long short-term memory network for regression on sequences.

    An LSTM reads each sequence, oldest step first; a linear head turns the hidden state
    after its last observed step into one or many outputs [1]_. Every part of the network
    can be another: the layers, what they read, how their states are pooled, the head.

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
        Whether each sequence is seen relative to its own level, and the forecast as a
        change from it: "last" subtracts the last observed step, "standard" the mean and
        divides by the standard deviation of the sequence, "affine" then trains a weight
        and a bias for each feature. For outputs that forecast an input feature; what lets
        a network follow a trend [4]_, [5]_.
    target_features : int, str, array-like of int, str or bool, or None, default=None
        With `instance_norm`, the features that the outputs forecast, by number, by name
        or as a mask, as in `categorical_features`. A list is repeated: ``[0, 2]`` for
        outputs that are steps ahead of features 0 and 2 in turn. None is feature 0 of
        sequences that have no other. The other features are read as they are.
    patch_length : int, default=1
        Steps that become one recurrent step through a linear layer: long sequences are
        learnt sooner, and often better [6]_.
    convolution : {"before", "beside"} or None, default=None
        Whether convolutions over time stand before the recurrent layers (CNN-LSTM), each
        of which sees only steps before its own; or beside them, batch-normalised and
        averaged over time (LSTM-FCN) [7]_.
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
    loss : {"squared_error", "absolute_error", "huber", "quantile"}, torch.nn.Module or \
            callable, default="squared_error"
        What training makes small. A module or callable takes outputs and standardised
        targets, both of shape ``(n_samples, n_outputs)``, and gives one loss a sample or a
        value (a `reduction` attribute is set to "none").
    quantile : float, default=0.5
        With ``loss="quantile"``, the quantile to predict, in (0, 1).
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
        Whether the inputs, feature by feature, and the targets, are standardised by the
        (weighted) training samples inside the estimator.
    early_stopping : bool, default=False
        Whether to hold out samples, stop when the loss on them no longer falls, and keep
        the weights of the best epoch.
    validation_fraction : float, default=0.1
        Share of the samples to hold out, in (0, 1).
    validation_split : {"auto", "last", "random"}, default="auto"
        Which samples to hold out. "last": the last, less those before them that share a row
        with a held-out window. "random": any. "auto": "last".
    n_epochs_no_change : int, default=10
        Epochs without a new best validation loss after which training stops.
    warm_start : bool, default=False
        Whether another call of `fit` goes on from the weights and the scaling of the last,
        for `max_epochs` more. Between two calls the parameters of training may change, but
        not `optimizer`, `standardize`, `dtype`, `device` or those of the network, but
        `dropout`; `random_state` has no effect then.
    callbacks : list of skorch callbacks or None, default=None
        Called as skorch calls them; they see standardised targets. For
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
    n_outputs_ : int
        Number of targets.
    n_epochs_ : int
        Number of epochs trained.
    best_epoch_ : int
        Epoch, counted from 1, whose weights are kept: the one of the least validation loss,
        or else the last.
    loss_curve_ : list of float of length n_epochs_
        Mean training loss of each epoch, of standardised targets.
    validation_loss_curve_ : list of float
        Mean validation loss of each epoch, NaN for one without validation; empty if none
        had any.
    module_ : torch.nn.Module
        The trained network, in eval mode. It takes standardised sequences.
    net_ : skorch.NeuralNet
        The skorch net that trained it.

    See Also
    --------
    LSTMClassifier : The same for classes.
    SlidingWindowTransformer : Makes sequences from the rows of a time series.

    References
    ----------
    .. [1] Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. Neural
       Computation, 9(8), 1735-1780.
    .. [2] Gers, F. A. and Schmidhuber, J. (2000). Recurrent nets that time and count.
       IJCNN.
    .. [3] Tallec, C. and Ollivier, Y. (2018). Can recurrent neural networks warp time?
       ICLR.
    .. [4] Zeng, A. et al. (2023). Are transformers effective for time series forecasting?
       AAAI.
    .. [5] Kim, T. et al. (2022). Reversible instance normalization for accurate
       time-series forecasting against distribution shift. ICLR.
    .. [6] Lin, S. et al. (2023). SegRNN: Segment recurrent neural network for long-term
       time series forecasting. arXiv:2308.11200.
    .. [7] Karim, F. et al. (2018). LSTM fully convolutional networks for time series
       classification. IEEE Access, 6, 1662-1669.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor, sliding_windows
    >>> wave = np.sin(np.arange(200) / 5)
    >>> X, y = sliding_windows(wave, window_length=20)
    >>> X.shape
    (180, 20, 1)
    >>> model = LSTMRegressor(hidden_size=16, max_epochs=30, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.99
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseLSTM._parameter_constraints,
        "loss": [StrOptions(set(REGRESSION_LOSSES)), callable],
        "quantile": [real(0, 1, closed="neither")],
        "target_features": [integer(), str, "array-like", None],
    }

    _structure: ClassVar[tuple[str, ...]] = (*BaseLSTM._structure, "target_features")
    _of_loss: ClassVar[tuple[str, ...]] = ("loss", "quantile")

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
        target_features: Any = None,
        patch_length: int = 1,
        convolution: str | None = None,
        conv_filters: Sequence[int] = (128, 256, 128),
        conv_kernel_sizes: Sequence[int] = (8, 5, 3),
        squeeze_excite: bool = False,
        categorical_features: Any = None,
        embedding_size: int | None = None,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        loss: Any = "squared_error",
        quantile: float = 0.5,
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
        self.target_features = target_features
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
        self.quantile = quantile
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
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> LSTMRegressor:
        """Go once through some samples, and leave the model ready for more.

        The first call learns the scaling; later ones keep it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts.

        Returns
        -------
        self : LSTMRegressor
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: ArrayLike) -> Array:
        """Predict the targets of sequences, in their own units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit. The number of steps
            of a 3-D X may differ from that in fit.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        values = self._predict_network(X)
        if self._output_scaling is not None:
            values = self._output_scaling.invert(values)
        return values[:, 0] if self._flat_target else values

    def _resolve_loss(self) -> Loss:
        return resolve_loss(self.loss, REGRESSION_LOSSES, quantile=plain(self.quantile))

    def _learn_targets(self, y: Any) -> None:
        target, self._flat_target = _as_columns(self, y, "y")
        self.n_outputs_ = target.shape[1]

    def _read_targets(self, y: Any, name: str = "y") -> Array:
        target, _ = _as_columns(self, y, name)
        if target.shape[1] != self.n_outputs_:
            outputs = "1 output" if self.n_outputs_ == 1 else f"{self.n_outputs_} outputs"
            raise ValueError(
                f"{name} must have {outputs}, as before. Got {target.shape[1]} instead."
            )
        return target

    def _target_scaling(self, y: Array, weight: Array | None) -> Scaling | None:
        if self.instance_norm is not None:
            return self._scaling_of_features()
        return Scaling.of_columns(y, weight) if self.standardize else None

    def _scaling_of_features(self) -> Scaling:
        """Scale a forecast like the feature that it forecasts."""
        scaling = self._input_scaling
        features = self._target_features(len(scaling.mean))
        return Scaling(scaling.mean[features], scaling.scale[features])

    def _network_options(self, windows: Windows) -> dict[str, Any]:
        options = super()._network_options(windows)
        if self.instance_norm is not None:
            options["target_features"] = self._target_features(windows.shape[2])
        return options

    def _target_features(self, n_features: int) -> list[int]:
        """Give the feature that each output forecasts."""
        cycle = feature_numbers(self, "target_features", n_features)
        if self.target_features is None:
            if n_features > 1:
                raise ValueError(
                    "target_features must tell which features the outputs forecast when"
                    f" instance_norm={self.instance_norm!r} and X has more than one. Got"
                    f" None, with {n_features} features."
                )
            cycle = [0]
        if not cycle or self.n_outputs_ % len(cycle):
            raise ValueError(
                "target_features must be features of X whose number divides that of the"
                f" outputs, {self.n_outputs_}. Got {self.target_features!r}."
            )
        if set(cycle) & set(self._categories):
            raise ValueError(
                "target_features must not be among categorical_features: a category has no"
                f" level. Got {self.target_features!r} and {self.categorical_features!r}."
            )
        return cycle * (self.n_outputs_ // len(cycle))

    def _n_network_outputs(self) -> int:
        return self.n_outputs_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _as_columns(estimator: Any, y: Any, name: str) -> tuple[Array, bool]:
    """Check targets and give them as columns; and whether they came as a flat array."""
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None."
        )
    y = _as_float(y, name)
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True, input_name=name)
    return y.reshape(len(y), -1), y.ndim == 1


def _as_float(y: Any, name: str) -> Array:
    """Give targets as finite numbers; text and times are none, even if they would cast."""
    y = check_array(
        y, dtype=None, ensure_2d=False, ensure_all_finite=False, input_name=name
    )
    kinds = {"U": "text", "S": "text", "M": "times", "m": "durations"}
    if y.dtype.kind in kinds:
        raise ValueError(
            f"{name} must be numbers. Got {kinds[y.dtype.kind]}, of dtype {y.dtype}."
        )
    try:
        y = y.astype(np.float64, copy=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numbers. Got one that is none: {error}."
        ) from error
    assert_all_finite(y, input_name=name)
    return y
