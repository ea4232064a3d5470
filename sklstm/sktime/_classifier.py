"""An LSTM that classifies whole time series, for sktime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sktime.classification.base import BaseClassifier

from ..estimators._classifier import LSTMClassifier
from ..estimators._documented import documented
from ..fitting._callbacks import handed_on
from ._parameters import SERIES_CLASSIFICATION, check_shared, core_parameters
from ._searchable import SearchableMixin
from ._sequences import as_sequences, channel_names
from ._watching import WatchedMixin


@documented(
    SERIES_CLASSIFICATION,
    hidden_size=8,
    dropout=0.8,
    convolution="beside",
    conv_filters=(64, 128, 64),
    learning_rate=0.003,
    max_epochs=300,
    max_steps=4000,
    batch_size=16,
    validation_split="random",
)
class LSTMTimeSeriesClassifier(WatchedMixin, SearchableMixin, BaseClassifier):
    """Long short-term memory network for classes of whole time series.

    Series may have many channels, differ in length and have values missing: a step that is
    not there is left out of the recurrence rather than cut off or filled up.

    By default it is LSTM-FCN [Karim2018]_: a small recurrent layer with convolutions beside
    it. The recurrent layer reads the series step by step, where that of the paper reads all
    steps at once, and the convolutions give half as many features, in a third of the time.
    A few hundred series take half a minute, or three where they are long; for thousands,
    fewer epochs do.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimator_ : sklstm.LSTMClassifier
        The fitted classifier inside.
    n_epochs_, best_epoch_ : int
        Epochs trained, and the one, counted from 1, whose weights are kept.
    loss_curve_, validation_loss_curve_ : list of float
        Mean loss of each epoch; the second is empty if nothing validates.

    See Also
    --------
    sklstm.LSTMClassifier : The classifier inside.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sktime.datasets import load_italy_power_demand
    >>> from sklstm.sktime import LSTMTimeSeriesClassifier
    >>> X, y = load_italy_power_demand(split="train", return_type="numpy3D")
    >>> X.shape
    (67, 1, 24)
    >>> classifier = LSTMTimeSeriesClassifier(max_epochs=20, random_state=0).fit(X, y)
    >>> classifier.predict_proba(X).shape
    (67, 2)
    """

    _estimator_class = LSTMClassifier
    _inside = "estimator_"

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "sklstm developers",
        "maintainers": "sklstm developers",
        "python_dependencies": ["torch", "skorch"],
        "X_inner_mtype": ["df-list", "numpy3D"],
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "capability:missing_values": True,
        "capability:categorical_in_X": False,
        "capability:predict_proba": True,
        "capability:class_weight": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    def __init__(
        self,
        *,
        hidden_size: int = 8,
        num_layers: int = 1,
        dropout: float = 0.8,
        bidirectional: bool = False,
        cell: str = "lstm",
        layer_norm: bool = False,
        memory_length: int | None = None,
        instance_norm: str | None = None,
        patch_length: int = 1,
        convolution: str | None = "beside",
        conv_filters: Sequence[int] = (64, 128, 64),
        conv_kernel_sizes: Sequence[int] | str = "auto",
        squeeze_excite: bool = False,
        categorical_features: Any = None,
        embedding_size: int | None = None,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        loss: Any = "cross_entropy",
        label_smoothing: float = 0.0,
        class_weight: Any = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.003,
        learning_rate_schedule: Any = "cosine",
        weight_decay: float | None = None,
        weight_averaging: float | None = None,
        max_grad_norm: float | None = 1.0,
        max_epochs: int | str = 300,
        max_steps: int | None = 4000,
        validation_steps: int | None = None,
        batch_size: int = 16,
        standardize: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: str = "random",
        n_epochs_no_change: int = 10,
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
        self.checkpoint = checkpoint
        self.callbacks = callbacks
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        super().__init__()

    def _fit(self, X: Any, y: NDArray[Any]) -> LSTMTimeSeriesClassifier:
        check_shared(self)
        estimator = LSTMClassifier(**core_parameters(self, LSTMClassifier))
        self._channels = channel_names(X)
        with handed_on(self, estimator):
            estimator.fit(as_sequences(X), y)
        self.estimator_ = estimator
        return self

    def _predict_proba(self, X: Any) -> NDArray[np.floating]:
        return self.estimator_.predict_proba(as_sequences(X, self._channels))

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Give parameters for sktime's checks: two small networks.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        params : list of dict
        """
        small = {"hidden_size": 4, "max_epochs": 2, "random_state": 0}
        plain = {"convolution": None, "bidirectional": True, "class_weight": "balanced"}
        beside = {"conv_filters": (3,), "conv_kernel_sizes": (2,)}
        return [
            {**small, **plain},
            {**small, **beside, "pooling": "attention", "patch_length": 3},
        ]
