"""From sequences to what the trained net says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ..samples._inputs import read_sequences
from ..samples._scaling import Scaling
from ..training import SequenceData, SequenceNet, attention_batches, predict_batches
from ..windows import Windows

Array = NDArray[Any]

# Values of the table that are made ready at once for prediction.
PREDICTION_VALUES = 1 << 20


def _pools_by_attention(estimator: Any) -> bool:
    """Tell whether the trained net does, or else the one that the parameters describe."""
    pooling = getattr(estimator, "_trained_with", vars(estimator))["pooling"]
    if pooling != "attention":
        raise AttributeError(
            f"attention_weights needs pooling='attention'. Got {pooling!r}."
        )
    return True


class Predictor(BaseEstimator):
    """Let the net of a fitted estimator compute something of sequences."""

    net_: SequenceNet
    _input_scaling: Scaling
    _trained_with: dict[str, Any]

    def _predict_network(self, X: Any) -> Array:
        """Give the network's predictions, in the units of training."""
        return self._by_parts(X, predict_batches)

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
        check_is_fitted(self)
        return self._by_parts(X, attention_batches)

    def _by_parts(
        self, X: Any, compute: Callable[[SequenceNet, SequenceData], Array]
    ) -> Array:
        """Let the net compute something of all sequences, part by part."""
        if not hasattr(self, "net_"):
            check_is_fitted(self)
        windows = read_sequences(self, X, reset=False)
        net = self.net_
        # Part by part the standardised rows take bounded memory, however many there are.
        n_at_once = max(1, PREDICTION_VALUES * len(windows) // windows.table.size)

        def compute_part(part: Windows) -> Array:
            return compute(net, SequenceData(part, self._input_scaling, **net.data_options))

        if len(windows) <= n_at_once:
            (part,) = windows.parts(len(windows))
            return compute_part(part)
        # A part of neighbouring windows reaches few rows.
        order = np.argsort(windows.ends, kind="stable")
        values, done = np.empty(0), 0
        for part in windows.take(order).parts(n_at_once):
            block = compute_part(part)
            if not done:
                values = np.empty((len(order), *block.shape[1:]), block.dtype)
            values[order[done : done + len(part)]] = block
            done += len(part)
        return values

    @property
    def module_(self) -> torch.nn.Module:
        """The trained torch module, in eval mode; it takes standardised sequences."""
        try:
            return self.net_.module_
        except AttributeError:
            raise AttributeError(
                f"{type(self).__name__} has no module_ before fit is called."
            ) from None
