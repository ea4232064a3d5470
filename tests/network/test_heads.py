"""What the heads give, against their equations in NumPy."""

import numpy as np
import pytest
import torch

from sklstm.network import LSTMNetwork
from tests.network.oracle import known_future_output, seq2seq_output

CELLS = ("lstm", "gru", "rnn", "peephole")
SIZES = {"input_size": 3, "hidden_size": 5, "dtype": torch.float64}


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("n_known", [0, 2])
def test_decoder_equals_its_equations(n_known, bidirectional):
    network = LSTMNetwork(
        output_size=4 * 2,
        future_shape=(4, n_known),
        decode=True,
        bidirectional=bidirectional,
        **SIZES,
    ).eval()
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 7, 3))
    future = rng.normal(size=(6, 4, n_known)) if n_known else None
    with torch.no_grad():
        known = None if future is None else torch.from_numpy(future)
        output = network(torch.from_numpy(x), future=known).numpy()
    for i in range(6):
        ahead = np.empty((4, 0)) if future is None else future[i]
        expected = seq2seq_output(network, x[i], ahead)
        np.testing.assert_allclose(output[i], expected.ravel(), rtol=1e-10)


def test_known_future_head_equals_its_equations():
    network = LSTMNetwork(output_size=4, future_shape=(2, 3), **SIZES).eval()
    rng = np.random.default_rng(0)
    x, future = rng.normal(size=(6, 7, 3)), rng.normal(size=(6, 2, 3))
    with torch.no_grad():
        output = network(torch.from_numpy(x), future=torch.from_numpy(future)).numpy()
    for i in range(6):
        expected = known_future_output(network, x[i], future[i])
        np.testing.assert_allclose(output[i], expected, rtol=1e-10)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("decode", [False, True])
def test_gradients_agree_with_finite_differences(decode, cell):
    network = LSTMNetwork(
        output_size=4, future_shape=(2, 3), decode=decode, instance_norm="standard",
        target_features=[0, 1] * 2, cell=cell, layer_norm=cell != "lstm", **SIZES,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    x, future = (
        torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True)
        for shape in ((2, 4, 3), (2, 2, 3))
    )
    lengths = torch.tensor([4, 3])
    weights = [w for w in network.parameters() if w.numel()]
    assert torch.autograd.gradcheck(
        lambda x, future, *weights: network(x, lengths, future), (x, future, *weights)
    )


@pytest.mark.parametrize("decode", [False, True])
def test_a_forecast_does_not_depend_on_the_other_rows(decode):
    network = LSTMNetwork(
        input_size=3, output_size=4, hidden_size=5, future_shape=(2, 3), decode=decode
    ).eval()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((77, 9, 3), generator=generator)
    future = torch.randn((77, 2, 3), generator=generator)
    with torch.inference_mode():
        together = network(x, future=future)
        alone = torch.cat(
            [network(x[i : i + 1], future=future[i : i + 1]) for i in range(77)]
        )
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-6)
