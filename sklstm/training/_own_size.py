"""Sequences in units of their own size, so that large and small ones count alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class OwnSize:
    r"""Divide features of a sequence by their mean absolute value over its observed steps.

    .. math:: s = \frac{1}{T} \sum_t |x_t|

    A sequence of a thousand and one of a million then look alike to the network, and lose
    alike. Nothing is remembered of a series: one that is new, or has grown, has the size of
    its own window (the mean scaling of Salinas et al., 2020, window by window).

    Parameters
    ----------
    features : sequence of int
        Those that are divided.
    outputs : sequence of int
        The feature that each output forecasts; all are among them.
    zero_sizes : sequence of float of the length of `features`, or ()
        What stands for the size of zeros alone; 0 and empty is nothing.
    device : torch.device

    References
    ----------
    .. [1] Salinas, D. et al. (2020). DeepAR: Probabilistic forecasting with autoregressive
       recurrent networks. International Journal of Forecasting, 36(3), 1181-1191.

    Examples
    --------
    >>> own = OwnSize([0], [0, 0], [7.0], torch.device("cpu"))
    >>> relative, size = own.take_out(torch.tensor([[[1.0], [-3.0]]]), None)
    >>> relative.flatten().tolist(), size.tolist()
    ([0.5, -1.5], [[2.0, 2.0]])
    >>> own.take_out(torch.zeros(1, 2, 1), None)[1].tolist()
    [[7.0, 7.0]]
    """

    def __init__(
        self,
        features: Sequence[int],
        outputs: Sequence[int],
        zero_sizes: Sequence[float],
        device: torch.device,
    ) -> None:
        place = {feature: i for i, feature in enumerate(features)}
        self.features = torch.tensor(list(features), device=device)
        self.outputs = torch.tensor([place[i] for i in outputs], device=device)
        sizes = zero_sizes or [0.0] * len(place)
        self.zero_sizes = torch.tensor(sizes, dtype=torch.float64, device=device)

    def take_out(self, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Divide by the sizes.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            Observed steps first, zeros behind them. NaN is a value that is missing.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        relative : Tensor of the shape of `x`
            Features of a sequence of zeros stay as they are.
        size : Tensor of shape (n_samples, n_outputs)
            Of the feature that each output forecasts.
        """
        chosen = x[:, :, self.features]
        missing = chosen.isnan()
        n_steps = x.shape[1] if lengths is None else lengths[:, None]
        n_observed = n_steps - missing.sum(dim=1)
        total = chosen.abs().masked_fill(missing, 0).sum(dim=1)
        # Where nothing is observed, the size is that of the training rows.
        size = torch.where(n_observed > 0, total / n_observed.clamp_min(1), 1.0)
        size = torch.where(size > 0, size, self.zero_sizes.to(size.dtype))
        divisor = torch.where(size > 0, size, 1.0)[:, None]
        relative = x.index_copy(2, self.features, chosen / divisor)
        return relative, size[:, self.outputs]

    def seen(self, x: Tensor) -> Tensor:
        """Tell at which steps an output has a size: some value so far is not 0.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, n_features)
            Observed steps first. NaN is a value that is missing.

        Returns
        -------
        seen : Tensor of bool of shape (n_samples, n_timesteps, n_outputs)
        """
        counts = x[:, :, self.features].nan_to_num(0.0) != 0
        return counts.cummax(dim=1).values[:, :, self.outputs]
