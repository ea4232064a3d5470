"""The network against its equations written out in NumPy."""

import numpy as np
import pytest
import torch

from sklstm.network import LSTMNetwork
from tests.network import oracle


def random_network(**kwargs):
    options = {"input_size": 3, "output_size": 2, "hidden_size": 5, "seed": 1} | kwargs
    return LSTMNetwork(**options, dtype=torch.float64).eval()


def output(network, x, lengths=None):
    with torch.no_grad():
        return network(torch.from_numpy(x), lengths).numpy()


@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_output_is_that_of_the_equations(num_layers, bidirectional):
    network = random_network(num_layers=num_layers, bidirectional=bidirectional)
    x = np.random.default_rng(0).normal(size=(4, 7, 3))
    expected = [oracle.network_output(network, sequence) for sequence in x]
    np.testing.assert_allclose(output(network, x), expected, rtol=1e-10)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_float32_is_within_1e_6_of_the_equations(bidirectional):
    network = LSTMNetwork(3, 2, 16, 2, bidirectional=bidirectional, seed=3).eval()
    x = np.random.default_rng(1).normal(size=(9, 12, 3))
    expected = [oracle.network_output(network, sequence) for sequence in x]
    np.testing.assert_allclose(output(network, x.astype("float32")), expected, atol=1e-6)


@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_steps_behind_the_length_do_not_count(num_layers, bidirectional):
    network = random_network(num_layers=num_layers, bidirectional=bidirectional)
    x = np.random.default_rng(2).normal(size=(4, 6, 3))
    lengths = [6, 3, 1, 0]
    expected = [
        oracle.network_output(network, sequence[:n])
        for sequence, n in zip(x, lengths, strict=True)
    ]
    got = output(network, x, torch.tensor(lengths))
    np.testing.assert_allclose(got, expected, rtol=1e-10)


def test_torch_lstm_with_the_same_weights_agrees():
    network = random_network(num_layers=2)
    reference = torch.nn.LSTM(3, 5, num_layers=2, batch_first=True, dtype=torch.float64)
    for depth, layer in enumerate(network.core.layers):
        for name, weight in layer.forwards.named_parameters():
            getattr(reference, name.replace("l0", f"l{depth}")).data = weight.data
    x = torch.randn(4, 6, 3, dtype=torch.float64, generator=torch.Generator())
    with torch.no_grad():
        expected = network.head(reference(x)[0][:, -1], None)
        torch.testing.assert_close(network(x), expected)


def test_weights_have_the_spread_of_torch_and_the_seed_decides():
    network = random_network(hidden_size=64)
    weight = network.core.layers[0].forwards.weight_hh_l0
    bound = 64**-0.5
    assert 0.95 * bound < weight.abs().max() <= bound
    assert abs(weight.std() - bound / 3**0.5) < 0.02 * bound
    again, other = random_network(hidden_size=64), random_network(hidden_size=64, seed=2)
    assert torch.equal(weight, again.core.layers[0].forwards.weight_hh_l0)
    assert not torch.equal(weight, other.core.layers[0].forwards.weight_hh_l0)


def test_making_a_network_draws_nothing_from_the_global_generator():
    before = torch.get_rng_state()
    random_network(num_layers=2, bidirectional=True)
    assert torch.equal(before, torch.get_rng_state())


def test_dropout_keeps_the_mean_and_is_off_in_evaluation():
    network = random_network(dropout=0.4)
    dropout = network.dropout
    x = torch.ones(200, 200)
    assert dropout(x) is x
    network.train()
    network.seed_dropout(0, torch.device("cpu"))
    dropped = dropout(x)
    assert dropped.unique().tolist() == pytest.approx([0, 1 / 0.6])
    assert abs(dropped.mean() - 1) < 0.02


def test_dropout_acts_with_one_layer_and_between_layers():
    x = torch.ones(8, 5, 3, dtype=torch.float64)
    for num_layers in (1, 2):
        network = random_network(num_layers=num_layers, dropout=0.5).train()
        network.seed_dropout(0, torch.device("cpu"))
        assert not torch.equal(network(x), network(x))
    states = network.core(x, None)
    assert not torch.equal(states, network.core(x, None))


def test_gradients_flow_as_the_equations_say():
    network = random_network(input_size=2, hidden_size=3, bidirectional=True)
    x = torch.randn(2, 4, 2, dtype=torch.float64, generator=torch.Generator())
    lengths = torch.tensor([4, 2])
    assert torch.autograd.gradcheck(
        lambda x: network(x, lengths), x.requires_grad_(), eps=1e-6
    )
