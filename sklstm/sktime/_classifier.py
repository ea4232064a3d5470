"""An LSTM that classifies whole time series, for sktime."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sktime.classification.base import BaseClassifier

from .._classifier import LSTMClassifier
from ._parameters import core_parameters
from ._searchable import SearchableMixin
from ._sequences import as_sequences, channel_names


class LSTMTimeSeriesClassifier(SearchableMixin, BaseClassifier):
    """Long short-term memory network for classes of whole time series.

    Series may have many channels, differ in length and have values missing: a step that is
    not there is left out of the recurrence rather than cut off or filled up.

    Parameters
    ----------
    hidden_size, num_layers, dropout, bidirectional, loss, class_weight, optimizer, \
    learning_rate, learning_rate_schedule, max_grad_norm, max_epochs, batch_size, \
    standardize, early_stopping, validation_fraction, validation_split, \
    n_epochs_no_change, callbacks, dtype, device, random_state, verbose
        As in `sklstm.LSTMClassifier`.

    Attributes
    ----------
    estimator_ : sklstm.LSTMClassifier
        The fitted classifier inside.

    See Also
    --------
    sklstm.LSTMClassifier : The classifier inside.

    Examples
    --------
    >>> from sktime.datasets import load_italy_power_demand
    >>> from sklstm.sktime import LSTMTimeSeriesClassifier
    >>> X, y = load_italy_power_demand(split="train", return_type="numpy3D")
    >>> X.shape
    (67, 1, 24)
    >>> classifier = LSTMTimeSeriesClassifier(max_epochs=30, random_state=0).fit(X, y)
    >>> classifier.predict_proba(X).shape
    (67, 2)
    """

    _estimator_class = LSTMClassifier

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
        hidden_size: int = 32,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        loss: Any = "cross_entropy",
        class_weight: Any = None,
        optimizer: Any = "adam",
        learning_rate: float = 0.01,
        learning_rate_schedule: Any = "cosine",
        max_grad_norm: float | None = 1.0,
        max_epochs: int = 100,
        batch_size: int = 32,
        standardize: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: str = "random",
        n_epochs_no_change: int = 10,
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
        self.loss = loss
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.max_grad_norm = max_grad_norm
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.standardize = standardize
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_epochs_no_change = n_epochs_no_change
        self.callbacks = callbacks
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        super().__init__()

    def _fit(self, X: Any, y: NDArray[Any]) -> LSTMTimeSeriesClassifier:
        estimator = LSTMClassifier(**core_parameters(self, LSTMClassifier))
        self._channels = channel_names(X)
        self.estimator_ = estimator.fit(as_sequences(X), y)
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
        return [small, {**small, "bidirectional": True, "class_weight": "balanced"}]
