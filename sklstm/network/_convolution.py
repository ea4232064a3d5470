"""Convolutions over time: before the recurrent layers, or beside them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._make import make
from ._mixed import MixedModule
from ._observed import observed_steps


class Convolution(MixedModule):
    """A convolution over time that gives as many steps as it gets.

    Parameters
    ----------
    input_size : int
        Features of a step.
    output_size : int
        Features that it gives.
    kernel_size : int
        Steps that it reads: up to the present one, or around it. Beyond the sequence
        there are zeros.
    is_causal : bool
        Whether it reads no later step.
    dtype : torch.dtype
        Type of the weights.
    """

    def __init__(
        self,
        input_size: int,
        output_size: int,
        kernel_size: int,
        *,
        is_causal: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        after = 0 if is_causal else kernel_size // 2
        self.padding = (kernel_size - 1 - after, after)
        self.convolution = make(
            nn.Conv1d, input_size, output_size, kernel_size, dtype=dtype
        )

    def forward(self, z: Tensor) -> Tensor:
        """Give the features of each step.

        Parameters
        ----------
        z : Tensor of shape (n_samples, input_size, n_timesteps)

        Returns
        -------
        z : Tensor of shape (n_samples, output_size, n_timesteps)
        """
        padded = functional.pad(z, self.padding)
        with self.mixed(z.device):
            return self.convolution(padded).to(z.dtype)


class CausalConvolutions(nn.Module):
    """Convolutions that give each step features of the steps up to it.

    Each is followed by a rectifier. Zeros stand before the first step.

    Parameters
    ----------
    input_size : int
        Features of a step.
    filters : sequence of int
        Features that each convolution gives.
    kernel_sizes : sequence of int
        Steps that each reads.
    dtype : torch.dtype
        Type of the weights.

    Examples
    --------
    >>> convolutions = CausalConvolutions(3, [8, 16], [5, 3], torch.float32)
    >>> convolutions(torch.zeros(2, 7, 3)).shape
    torch.Size([2, 7, 16])
    """

    def __init__(
        self,
        input_size: int,
        filters: Sequence[int],
        kernel_sizes: Sequence[int],
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.layers = make_convolutions(
            input_size, filters, kernel_sizes, is_causal=True, dtype=dtype
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give the features of each step.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
            Observed steps first: what fills the rest cannot reach them.

        Returns
        -------
        z : Tensor of shape (n_samples, n_timesteps, filters[-1])
        """
        z = x.transpose(1, 2)
        for layer in self.layers:
            z = layer(z).relu()
        return z.transpose(1, 2)


class ConvolutionBranch(nn.Module):
    """The convolutions of LSTM-FCN: batch-normalised, rectified, averaged over time.

    Parameters
    ----------
    input_size : int
        Features of a step.
    filters : sequence of int
        Features that each convolution gives; 128, 256 and 128 in the paper [1]_.
    kernel_sizes : sequence of int
        Steps that each reads, around the step; 8, 5 and 3 in the paper.
    squeeze_excite : bool
        Whether the features of all but the last convolution are weighed against each other
        [2]_.
    dtype : torch.dtype
        Type of the weights.

    References
    ----------
    .. [1] Karim, F. et al. (2018). LSTM fully convolutional networks for time series
       classification. IEEE Access, 6, 1662-1669.
    .. [2] Karim, F. et al. (2019). Multivariate LSTM-FCNs for time series classification.
       Neural Networks, 116, 237-245.

    Examples
    --------
    >>> branch = ConvolutionBranch(3, [8, 16], [5, 3], True, torch.float32).eval()
    >>> branch(torch.zeros(2, 7, 3), None).shape
    torch.Size([2, 16])
    """

    def __init__(
        self,
        input_size: int,
        filters: Sequence[int],
        kernel_sizes: Sequence[int],
        squeeze_excite: bool,
        dtype: torch.dtype,
    ) -> None:
        super().__init__()
        self.layers = make_convolutions(
            input_size, filters, kernel_sizes, is_causal=False, dtype=dtype
        )
        self.norms = nn.ModuleList(make(MaskedBatchNorm, n, dtype=dtype) for n in filters)
        excite = [SqueezeExcite(n, dtype) for n in filters[:-1]] if squeeze_excite else []
        self.excite = nn.ModuleList(excite)

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Give the mean features over the observed steps.

        Parameters
        ----------
        x : Tensor of shape (n_samples, n_timesteps, input_size)
            Observed steps first.
        lengths : Tensor of int of shape (n_samples,) or None
            Number of observed steps; None if all are.

        Returns
        -------
        mean : Tensor of shape (n_samples, filters[-1])
        """
        observed = None
        z = x.transpose(1, 2)
        if lengths is not None:
            observed = observed_steps(x, lengths).transpose(1, 2).to(x.dtype)
            z = z * observed
        for depth, (layer, norm) in enumerate(zip(self.layers, self.norms, strict=True)):
            z = norm(layer(z), observed).relu()
            if observed is not None:
                z = z * observed
            if depth < len(self.excite):
                z = self.excite[depth](z, observed)
        return _mean(z, observed)


class SqueezeExcite(nn.Module):
    r"""Weigh features by what all of them are on average over time.

    .. math:: z'_t = z_t \, \sigma(W_2 \max(0, W_1 \bar z))

    The inner layer has a sixteenth of the units (Hu et al., 2018).

    Parameters
    ----------
    n_features : int
    dtype : torch.dtype
        Type of the weights.

    Examples
    --------
    >>> excite = SqueezeExcite(32, torch.float32)
    >>> excite(torch.ones(2, 32, 7), None).shape
    torch.Size([2, 32, 7])
    """

    def __init__(self, n_features: int, dtype: torch.dtype) -> None:
        super().__init__()
        inner = max(1, n_features // 16)
        self.squeeze = make(nn.Linear, n_features, inner, bias=False, dtype=dtype)
        self.excite = make(nn.Linear, inner, n_features, bias=False, dtype=dtype)

    def forward(self, z: Tensor, observed: Tensor | None) -> Tensor:
        """Weigh the features.

        Parameters
        ----------
        z : Tensor of shape (n_samples, n_features, n_timesteps)
            0 where a step is not observed.
        observed : Tensor of shape (n_samples, 1, n_timesteps) or None
            1 where a step is observed, else 0.

        Returns
        -------
        z : Tensor of the shape of `z`
        """
        gate = self.excite(self.squeeze(_mean(z, observed)).relu()).sigmoid()
        return z * gate[:, :, None]


class MaskedBatchNorm(nn.BatchNorm1d):
    """Batch normalisation over samples and observed steps (Ioffe and Szegedy, 2015).

    In training by the batch's own mean and variance; else, and for a batch of a single
    observed value a feature, by a running mean of them: that of all batches up to the
    tenth, then one in which each new batch counts a tenth.

    Examples
    --------
    >>> z = torch.tensor([[[1.0, 3.0, 100.0]]])
    >>> observed = torch.tensor([[[1.0, 1.0, 0.0]]])
    >>> MaskedBatchNorm(1)(z, observed)[0, 0, :2].detach().round(decimals=2).tolist()
    [-1.0, 1.0]
    """

    n_batches = 0

    def get_extra_state(self) -> int:
        """Give what the state holds beside tensors."""
        return self.n_batches

    def set_extra_state(self, state: int) -> None:
        """Take that up again."""
        self.n_batches = state

    def forward(self, z: Tensor, observed: Tensor | None = None) -> Tensor:
        """Normalise each feature.

        Parameters
        ----------
        z : Tensor of shape (n_samples, n_features, n_timesteps)
        observed : Tensor of shape (n_samples, 1, n_timesteps) or None, default=None
            1 where a step is observed, else 0.

        Returns
        -------
        z : Tensor of the shape of `z`
        """
        if not self.training or z.numel() == z.shape[1]:
            return functional.batch_norm(
                z, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        self.n_batches += 1
        share = max(0.1, 1 / self.n_batches)
        if observed is None:
            return functional.batch_norm(
                z, self.running_mean, self.running_var, self.weight, self.bias,
                training=True, momentum=share, eps=self.eps,
            )  # fmt: skip
        mean, variance = self._statistics(z, observed, share)
        scale = self.weight / (variance + self.eps).sqrt()
        return (z - mean[:, None]) * scale[:, None] + self.bias[:, None]

    def _statistics(
        self, z: Tensor, observed: Tensor, share: float
    ) -> tuple[Tensor, Tensor]:
        """Give the mean and variance of a batch, which the running ones follow."""
        assert self.running_mean is not None
        assert self.running_var is not None
        count = observed.sum()
        mean = (z * observed).sum(dim=(0, 2)) / count.clamp_min(1)
        squares = (((z - mean[:, None]) * observed) ** 2).sum(dim=(0, 2))
        with torch.no_grad():
            moved = share * (count > 1).to(z.dtype)
            self.running_mean.lerp_(mean, moved)
            self.running_var.lerp_(squares / (count - 1).clamp_min(1), moved)
        return (
            torch.where(count > 1, mean, self.running_mean),
            torch.where(count > 1, squares / count.clamp_min(1), self.running_var),
        )


def make_convolutions(
    input_size: int,
    filters: Sequence[int],
    kernel_sizes: Sequence[int],
    *,
    is_causal: bool,
    dtype: torch.dtype,
) -> nn.ModuleList:
    """Make convolutions, each of which reads what the one before gives."""
    sizes = zip([input_size, *filters[:-1]], filters, kernel_sizes, strict=True)
    return nn.ModuleList(
        Convolution(*size, is_causal=is_causal, dtype=dtype) for size in sizes
    )


def _mean(z: Tensor, observed: Tensor | None) -> Tensor:
    """Mean over the observed steps, all others of which are 0; 0 if there are none."""
    if observed is None:
        return z.mean(dim=2)
    return z.sum(dim=2) / observed.sum(dim=2).clamp_min(1)
