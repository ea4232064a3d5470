"""An LSTM that predicts numbers from whole time series, for sktime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sktime.regression.base import BaseRegressor

from ..estimators._documented import documented
from ..estimators._regressor import LSTMRegressor
from ..fitting._callbacks import handed_on
from ..windows._groups import are_missing
from ._checks import is_auto
from ._parameters import SERIES_REGRESSION, check_shared, core_parameters
from ._searchable import SearchableMixin
from ._sequences import as_sequences, channel_names
from ._watching import WatchedMixin, of_inside

# Of the variance of all values: less of it within a typical series is little.
LEAST_SHARE = 0.5
# Stands in the place of zero, for channels of zeros.
TINY = 1e-300


@documented(
    SERIES_REGRESSION,
    hidden_size=8,
    dropout=0.8,
    instance_norm="auto",
    convolution="beside",
    conv_filters=(64, 128, 64),
    conv_kernel_sizes=(15, 9, 5),
    learning_rate=0.001,
    max_epochs=300,
    batch_size=16,
    refit_head="auto",
    max_steps=4000,
    early_stopping=True,
    validation_fraction=0.25,
    n_epochs_no_change=60,
    validation_split="random",
)
class LSTMTimeSeriesRegressor(WatchedMixin, SearchableMixin, BaseRegressor):
    """Long short-term memory network for numbers that belong to whole time series.

    Series may have many channels, differ in length and have values missing: a step that is
    not there is left out of the recurrence rather than cut off or filled up.

    By default convolutions stand beside the recurrent layer, as in the classifier, and a
    quarter of the series is held out, to stop where others are no longer predicted better:
    where little is to be learnt that is soon. In the end the last layer is solved anew, in
    closed form, if others are predicted better so. Where series differ from each other by
    more than they move, each is seen relative to its own mean and standard deviation, which
    the last layer reads beside the rest.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimator_ : sklstm.LSTMRegressor
        The fitted regressor inside.
    head_penalties_ : ndarray of shape (n_outputs,) or None
        How much the weights of the last layer were shrunk, as `sklstm.LSTMRegressor` tells.
    n_epochs_, best_epoch_ : int
        Epochs trained, and the one, counted from 1, whose weights are kept.
    loss_curve_, validation_loss_curve_ : list of float
        Mean loss of each epoch; the second is empty if nothing validates.

    See Also
    --------
    sklstm.LSTMRegressor : The regressor inside.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.sktime import LSTMTimeSeriesRegressor
    >>> X = np.random.default_rng(0).normal(size=(60, 2, 15))
    >>> y = X[:, 0].mean(axis=1)
    >>> regressor = LSTMTimeSeriesRegressor(random_state=0).fit(X, y)
    >>> regressor.score(X, y) > 0.95
    True
    """

    _estimator_class = LSTMRegressor
    _inside = "estimator_"
    head_penalties_ = of_inside("head_penalties_")

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "sklstm developers",
        "maintainers": "sklstm developers",
        "python_dependencies": ["torch", "skorch"],
        "X_inner_mtype": ["df-list", "numpy3D"],
        "y_inner_mtype": "numpy2D",
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "capability:missing_values": True,
        "capability:categorical_in_X": False,
        "capability:multioutput": True,
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
        instance_norm: str | None = "auto",
        patch_length: int = 1,
        convolution: str | None = "beside",
        conv_filters: Sequence[int] = (64, 128, 64),
        conv_kernel_sizes: Sequence[int] = (15, 9, 5),
        squeeze_excite: bool = False,
        categorical_features: Any = None,
        embedding_size: int | None = None,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        refit_head: bool | str = "auto",
        loss: Any = "squared_error",
        quantile: float | Sequence[float] = 0.5,
        n_mixtures: int = 3,
        optimizer: Any = "adam",
        learning_rate: float = 0.001,
        learning_rate_schedule: Any = "cosine",
        weight_decay: float | None = None,
        weight_averaging: float | None = None,
        max_grad_norm: float | None = 1.0,
        max_epochs: int | str = 300,
        max_steps: int | None = 4000,
        validation_steps: int | None = None,
        batch_size: int = 16,
        standardize: bool = True,
        early_stopping: bool = True,
        validation_fraction: float = 0.25,
        validation_split: str = "random",
        n_epochs_no_change: int = 60,
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
        self.refit_head = refit_head
        self.loss = loss
        self.quantile = quantile
        self.n_mixtures = n_mixtures
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

    def _fit(self, X: Any, y: NDArray[Any]) -> LSTMTimeSeriesRegressor:
        check_shared(self)
        sequences = as_sequences(X)
        shared = core_parameters(self, LSTMRegressor)
        if is_auto(self.instance_norm):
            shared["instance_norm"] = "standard" if _move_little(sequences) else None
        estimator = LSTMRegressor(**shared, target_features=())
        target = y[:, 0] if y.shape[1] == 1 else y
        if are_missing(target.ravel()).any():
            raise ValueError(
                "y must have a number for each series. Got NaN: leave those out."
            )
        self._channels = channel_names(X)
        with handed_on(self, estimator):
            estimator.fit(sequences, target)
        self.estimator_ = estimator
        return self

    def _predict(self, X: Any) -> NDArray[np.floating]:
        y_pred = self.estimator_.predict(as_sequences(X, self._channels))
        return y_pred.reshape(len(y_pred), -1)

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
        small: dict[str, Any] = {"hidden_size": 4, "max_epochs": 2, "random_state": 0}
        small |= {"conv_filters": (4, 4), "conv_kernel_sizes": (3, 2)}
        return [small, {**small, "bidirectional": True, "loss": "huber"}]


def _move_little(sequences: Any) -> bool:
    """Tell whether series move less than they differ from each other in level or size.

    That is where the variance of a typical series (the median) is less than half of that of
    all values, in the mean over the channels.
    """
    x = np.asarray(sequences, np.float64)
    # Infinity is refused later, and by name.
    with np.errstate(all="ignore"):
        observed = ~np.isnan(x)
        x = np.where(observed, x, 0.0)
        x = x / np.maximum(np.abs(x).max(axis=(0, 1)), TINY)
        n = observed.sum(axis=1)
        means = x.sum(axis=1) / np.maximum(n, 1)
        mean = x.sum(axis=(0, 1)) / np.maximum(n.sum(axis=0), 1)
        within = ((x - means[:, None]) ** 2).sum(axis=1, where=observed)
        whole = ((x - mean) ** 2).sum(axis=(0, 1), where=observed)
        shares = [
            np.median(square[m > 0] / m[m > 0]) * m.sum() / total
            for square, m, total in zip(within.T, n.T, whole, strict=True)
            if total > 0
        ]
    return bool(shares) and float(np.mean(shares)) < LEAST_SHARE
