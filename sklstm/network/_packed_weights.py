"""torch's LSTM in prediction, by weights that are packed once and not at each call.

On the CPU torch hands its LSTM to oneDNN, which reads weights in an order of its own. To
bring them into it takes a tenth to a third of a call with one sequence. For that a layer's
matrices are kept twice more, as long as it lives.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

# torch's number for an LSTM among its recurrent layers.
LSTM_MODE = 2
# Read from the first step on, with biases, steps before samples.
OPTIONS = False, True, False


def _find_packer() -> Any:
    """Give what packs the two matrices of a layer, if this build of torch has it."""
    if not torch.backends.mkldnn.is_available():
        return None
    return getattr(torch.ops.mkldnn, "_reorder_mkldnn_rnn_layer_weight", None)


_pack = _find_packer()


# Others may be tensors without values, or of values that stand elsewhere.
_PLAIN = Tensor, nn.Parameter


class _Packed(NamedTuple):
    """The matrices of a layer as oneDNN reads them, and what they were made of."""

    matrices: list[Tensor]
    made_of: list[bytearray]


_kept: WeakKeyDictionary[nn.Module, _Packed] = WeakKeyDictionary()


def is_packed(layer: nn.Module, x: Tensor, weights: tuple[Tensor, ...]) -> bool:
    """Tell whether a layer reads packed weights: in inference, where torch asks oneDNN.

    Parameters
    ----------
    layer : torch.nn.LSTM
    x : Tensor of shape (n_samples, n_timesteps, n_features)
        On the CPU.
    weights : tuple of Tensor
        The layer's four.

    Returns
    -------
    is_packed : bool
    """
    return bool(
        torch.is_inference_mode_enabled()
        and not layer.training
        and _pack is not None
        and x.dtype == torch.float32
        and x.numel() > 0
        and torch.backends.mkldnn.enabled
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and type(x) in _PLAIN
        and type(weights[0]) in _PLAIN
        and type(weights[1]) in _PLAIN
    )


def packed_lstm(
    layer: nn.Module, x: Tensor, state: Any, weights: tuple[Tensor, ...]
) -> Tensor:
    """Give the hidden states of torch's LSTM, bit by bit, by packed weights.

    Parameters
    ----------
    layer : torch.nn.LSTM
        Of one layer and direction, for which `is_packed`.
    x : Tensor of shape (n_samples, n_timesteps, n_features)
    state : tuple of two Tensor of shape (1, n_samples, n_units)
        Where to begin: the hidden state and the cell state.
    weights : tuple of Tensor
        The layer's four.

    Returns
    -------
    hidden : Tensor of shape (n_samples, n_timesteps, n_units)

    Examples
    --------
    >>> layer, x = nn.LSTM(3, 5, batch_first=True).eval(), torch.ones(2, 7, 3)
    >>> with torch.inference_mode():
    ...     state = (x.new_zeros(1, 2, 5),) * 2
    ...     hidden = packed_lstm(layer, x, state, tuple(layer.parameters()))
    ...     torch.equal(hidden, layer(x)[0])
    True
    """
    w_ih, w_hh, b_ih, b_hh = weights
    packed_ih, packed_hh = _packed(layer, w_ih, w_hh)
    hidden = torch.mkldnn_rnn_layer(
        x.transpose(0, 1).contiguous(),
        packed_ih,
        packed_hh,
        b_ih,
        b_hh,
        state[0][0].contiguous(),
        state[1][0].contiguous(),
        reverse=False,
        batch_sizes=(),
        mode=LSTM_MODE,
        hidden_size=w_hh.shape[1],
        num_layers=1,
        has_biases=True,
        bidirectional=False,
        batch_first=False,
        train=False,
    )[0]
    return hidden.transpose(0, 1)


def _packed(layer: nn.Module, *weights: Tensor) -> list[Tensor]:
    """Pack the matrices of a layer, unless that was done and they are the same still.

    They are compared bit by bit: what changes ``weight.data`` is told to nobody.
    """
    # oneDNN reads them in the order of memory.
    values = [weight.detach().contiguous().numpy() for weight in weights]
    kept = _kept.get(layer)
    # To compare a bytearray is one call of C's memcmp, a tenth of NumPy's time.
    if kept is None or kept.made_of != values:
        # Another thread may change them meanwhile.
        values = [array.copy() for array in values]
        matrices = _pack(*map(torch.from_numpy, values), values[1].shape[1], *OPTIONS)
        kept = _kept[layer] = _Packed(matrices, [bytearray(array) for array in values])
    return kept.matrices
