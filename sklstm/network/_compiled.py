"""torch's LSTM by kernels of numba, in training, where that is faster.

torch's own kernel packs the weights anew at each call and describes the work to its
library: a third of a millisecond per layer, forwards and backwards, whatever the batch.
Where numba is installed (``pip install sklstm[fast]``), training is spared that. The
layer remains `torch.nn.LSTM`, and what comes out differs by rounding alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import local
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

# Steps of the optimiser from which a fit uses the kernels. To load them takes as long, once
# in a process, as some two thousand steps of small batches gain. But whether that was done
# before must not decide the bits of a fit; and of a hundred short fits all but one gain.
LEAST_STEPS = 1000

# With more units the weights no longer fit the second-level cache, and torch is faster.
MOST_UNITS = 128

_thread = local()


def gains_by_kernels(network: nn.Module, n_steps: int) -> bool:
    """Tell whether a network on the CPU trains faster by the kernels, if there are any.

    It depends on the network's shape and on the number of steps alone, so that the same fit
    has the same bits whatever was fitted before. Where it is true, numba has been loaded.

    Parameters
    ----------
    network : torch.nn.Module
    n_steps : int
        Steps of the optimiser to come.

    Returns
    -------
    gains : bool

    Examples
    --------
    >>> gains_by_kernels(nn.LSTM(3, 5), n_steps=20), gains_by_kernels(nn.GRU(3, 5), 2000)
    (False, False)
    """
    if n_steps < LEAST_STEPS or not any(map(_is_faster, network.modules())):
        return False
    try:
        from ._kernels import DISABLED
    except ImportError:
        return False
    return not DISABLED


def _is_faster(layer: nn.Module) -> bool:
    return isinstance(layer, nn.LSTM) and layer.hidden_size <= MOST_UNITS


@contextmanager
def compiled_layers() -> Iterator[None]:
    """Let this thread compute the LSTM layers by the kernels that are faster so.

    Yields
    ------
    None
    """
    _thread.compiles = True
    try:
        yield
    finally:
        _thread.compiles = False


def is_compiled(layer: nn.Module) -> bool:
    """Tell whether this thread computes a layer by the kernels.

    Parameters
    ----------
    layer : torch.nn.Module

    Returns
    -------
    is_compiled : bool
    """
    return getattr(_thread, "compiles", False) and _is_faster(layer)


def lstm(layer: nn.Module, x: Tensor) -> Tensor:
    """Give the hidden states of torch's LSTM by the kernels, from a state of zero on.

    Parameters
    ----------
    layer : torch.nn.LSTM
        Of one layer and direction, on the CPU, in float32 or float64.
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        Of the type of the weights.

    Returns
    -------
    hidden : Tensor of shape (n_samples, n_timesteps, n_units)
        It can be differentiated once.

    Examples
    --------
    >>> layer, x = nn.LSTM(3, 5, batch_first=True), torch.ones(2, 7, 3)
    >>> torch.allclose(lstm(layer, x), layer(x)[0], rtol=1e-5)
    True
    """
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    hidden: Tensor = _LSTM.apply(x, *(getattr(layer, name) for name in names))
    return hidden


class _LSTM(torch.autograd.Function):
    """All steps forwards, and backwards, as one operation."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> Tensor:
        from ._kernels import forward

        x, *weights = (tensor.contiguous() for tensor in (x, w_ih, w_hh, b_ih, b_hh))
        (n_samples, n_timesteps, n_features), n_units = x.shape, w_hh.shape[1]
        n_blocks, n_read = -(-n_samples // 4), 4 * (-(-(n_units + n_features + 1) // 4))
        hidden = x.new_empty(n_samples, n_timesteps, n_units)
        read = x.new_empty(n_blocks, n_timesteps, 4, n_read)
        cells = x.new_empty(n_blocks, n_timesteps + 1, 4, n_units)
        gates = x.new_empty(n_blocks, n_timesteps, 4, 4 * n_units)
        forward(*_arrays(x, *weights, hidden, read, cells, gates))
        ctx.save_for_backward(*weights[:2], read, cells, gates)
        return hidden

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Any:
        from ._kernels import backward

        w_ih, w_hh, *_ = saved = ctx.saved_tensors
        wanted = ctx.needs_input_grad[0]
        d_x = grad.new_empty(*grad.shape[:2], w_ih.shape[1] if wanted else 0)
        d_ih, d_hh = torch.empty_like(w_ih), torch.empty_like(w_hh)
        d_bias = grad.new_empty(len(w_hh))
        grads = d_x, d_ih, d_hh, d_bias
        backward(*_arrays(*saved, grad.contiguous(), *grads))
        return d_x if wanted else None, d_ih, d_hh, d_bias, d_bias.clone()


def _arrays(*tensors: Tensor) -> list[Any]:
    return [tensor.detach().numpy() for tensor in tensors]
