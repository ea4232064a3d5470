"""One window at a time through the network, without making its data anew each time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..losses import LINKS
from ..training import TrainedModel
from ..training._prediction import predict_first
from ..windows._windows import Windows


class OneWindow:
    """What a trained model says of one window, as `TrainedModel.predict` does.

    A call of `predict` checks sequences and makes a table of standardised rows, which
    takes longer than the network needs for one short window. Here the table is made once,
    and filled with the rows of each window. All else is the same code on the same numbers,
    and so are the predictions, bit for bit.

    Parameters
    ----------
    model : TrainedModel
        On the CPU.
    windows : Windows of shape (1, n_timesteps, n_features)
        Any of those to come, of the same lags and padding.
    """

    def __init__(self, model: TrainedModel, windows: Windows) -> None:
        self.model = model
        self.reach = int(windows.lags[0])
        self.steps = self.reach - windows.lags
        rows = np.zeros((self.reach + 1, windows.shape[2]))
        ends, starts = np.array([self.reach]), np.array([0])
        padding, lags = windows.padding, windows.lags
        self.data = model.data(Windows(rows, ends, starts, lags, padding))
        self.stored: NDArray[Any] = self.data.table.stored.numpy()  # type: ignore[union-attr]
        # On the CPU both are the memory of the tensors.
        self.starts: NDArray[Any] = self.data.starts.numpy()
        self.link = LINKS[model.link]
        self.incomplete = torch.tensor([False], device="cpu")

    def predict(self, windows: Windows) -> NDArray[Any]:
        """Predict the parameters of each target, or the probability of each class.

        Parameters
        ----------
        windows : Windows of shape (1, n_timesteps, n_features)
            Over the rows that it reaches, and no others.

        Returns
        -------
        prediction : ndarray of shape (1[, n_outputs], n_parameters) or (1, n_classes)
        """
        data, table, n_rows = self.data, self.data.table, self.reach + 1
        first = n_rows - len(windows.table)
        table.has_missing_rows = table.has_partial_rows = False
        table.missing[:-1] = False
        table._look_at(slice(first, n_rows), windows.table, self.stored, "row")
        self.starts[0] = first
        whole = first == 0 and not (
            table.has_missing_rows and table.missing[self.steps].any()
        )
        data.complete = None if whole else self.incomplete
        values = predict_first(self.model.in_eval(), self.link, data)
        return self.model.targets.decode(values, self.model.network.roles)


def serves(model: TrainedModel) -> bool:
    """Tell whether windows of a model can be predicted so.

    Parameters
    ----------
    model : TrainedModel

    Returns
    -------
    serves : bool
        Not on a GPU, where the table is elsewhere.
    """
    return model.network.device.type == "cpu" and model.encoding.layout.n_dims == 3
