"""Quantiles of the target, one or many, by one network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor, nn

from ._between import between_levels
from ._roles import POINT, of_each_target

Array = NDArray[np.float64]

# How much the median counts beside each other level. On CIF 2016 (three seeds) 1, 3, 12, 30
# and 100 give a MASE of 1.11, 1.04, 1.05, 1.02 and 1.03, and 1.03 where it is learnt alone.
MEDIAN_WEIGHT = 30.0


class QuantileLoss(nn.Module):
    r"""Pinball loss, least at a quantile of the target (Koenker and Bassett, 1978).

    .. math:: \ell(\hat y, y) = \max(q (y - \hat y), (q - 1)(y - \hat y))

    Of several levels it is the mean, in which the median, if it is one of them, counts
    thirty times: it is the forecast, and what is learnt for it serves the others too. They
    are put in order afterwards, which never makes them worse [1]_.

    Parameters
    ----------
    quantile : float or sequence of float
        The levels :math:`q`, each in (0, 1).

    Attributes
    ----------
    roles : tuple of str
        One value of the network for each level.
    begins : list of float
        What the network gives before training.

    References
    ----------
    .. [1] Chernozhukov, V., Fernandez-Val, I. and Galichon, A. (2010). Quantile and
       probability curves without crossing. Econometrica, 78(3), 1093-1125.

    Examples
    --------
    >>> QuantileLoss(0.9)(torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [1.0]]))
    tensor([[0.9000],
            [0.1000]])
    """

    level: Tensor
    weight: Tensor

    def __init__(self, quantile: float | Sequence[float] = 0.5) -> None:
        super().__init__()
        self.levels = tuple(np.atleast_1d(np.asarray(quantile, np.float64)).tolist())
        self.roles = POINT * len(self.levels)
        # Many levels begin as those of a normal target.
        self.begins = ndtri(self.levels).tolist() if len(self.levels) > 1 else []
        level = torch.tensor(self.levels, dtype=torch.float64, device="cpu")
        self.register_buffer("level", level, persistent=False)
        weight = torch.where(level == 0.5, MEDIAN_WEIGHT, 1.0)
        self.register_buffer("weight", weight / weight.sum(), persistent=False)

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Give the loss of each value.

        Parameters
        ----------
        output : Tensor of shape (n_samples, n_outputs * n_levels)
            The levels of the first output, then those of the second, and so on.
        target : Tensor of shape (n_samples, n_outputs)

        Returns
        -------
        loss : Tensor of shape (n_samples, n_outputs)
        """
        if len(self.levels) == 1:
            error = target - output
            return torch.maximum(self.levels[0] * error, (self.levels[0] - 1) * error)
        error = target[..., None] - of_each_target(output, len(self.levels))
        # Where there is no error, half way between the slopes on both sides.
        slope = self.level - 0.5 + error.detach().sign() / 2
        return (error * (self.weight * slope).to(error.dtype)).sum(dim=-1)

    # ------------------------------------------------------------------ what it says

    def point(self, parameters: Array) -> Array:
        """Give the median; of a single level, that quantile.

        Parameters
        ----------
        parameters : ndarray of shape (..., n_levels)

        Returns
        -------
        values : ndarray of shape (...)
        """
        if len(self.levels) == 1:
            return parameters[..., 0]
        return self.quantiles(parameters, [0.5])[..., 0]

    def quantiles(self, parameters: Array, levels: Sequence[float] | Array) -> Array:
        """Give quantiles at any levels.

        Between the levels of training they lie on straight lines over the scale of normal
        quantiles, and beyond the outermost these lines go on: exact where the target is
        normal, whatever its mean and deviation.

        Parameters
        ----------
        parameters : ndarray of shape (..., n_levels)
            In any order.
        levels : sequence of float
            Or an array of shape (..., n_wanted).

        Returns
        -------
        values : ndarray of shape (..., n_wanted)

        Examples
        --------
        >>> loss = QuantileLoss([0.1, 0.5, 0.9])
        >>> loss.quantiles(np.array([10.0, 30.0, 40.0]), [0.05, 0.1, 0.3, 0.95]).round(1)
        array([ 4.3, 10. , 21.8, 42.8])
        """
        values = np.sort(parameters, axis=-1)
        return between_levels(values, ndtri(self.levels), np.asarray(levels))

    def sample(
        self, parameters: Array, n_samples: int, random_state: np.random.RandomState
    ) -> Array:
        """Draw samples: quantiles of levels that are drawn.

        Parameters
        ----------
        parameters : ndarray of shape (..., n_levels)
        n_samples : int
        random_state : RandomState

        Returns
        -------
        samples : ndarray of shape (..., n_samples)
        """
        levels: Any = random_state.uniform(size=(*parameters.shape[:-1], n_samples))
        return self.quantiles(parameters, levels)
