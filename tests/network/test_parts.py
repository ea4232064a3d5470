"""Each part of the network against its equations in NumPy, forwards and backwards."""

import numpy as np
import pytest
import torch

from sklstm.network import LSTMNetwork, StepwiseLayer
from sklstm.network._convolution import MaskedBatchNorm
from sklstm.network._make import make
from tests.network import parts

CELLS = ["lstm", "gru", "rnn", "peephole"]
LENGTHS = [7, 3, 1, 5]


def network(**options):
    options = {"input_size": 3, "output_size": 2, "hidden_size": 5, "seed": 1} | options
    made = LSTMNetwork(**options, dtype=torch.float64)
    generator = torch.Generator().manual_seed(3)
    for module in made.modules():  # what begins as 1 and 0 would hide a mistake
        if isinstance(module, torch.nn.LayerNorm | torch.nn.BatchNorm1d):
            for weight in module.parameters():
                torch.nn.init.uniform_(weight, 0.5, 1.5, generator=generator)
    return made.eval()


def sequences(n_features=3, seed=0):
    return np.random.default_rng(seed).normal(size=(4, 7, n_features))


def output(made, x, lengths=LENGTHS):
    with torch.no_grad():
        return made(torch.from_numpy(x), torch.tensor(lengths)).numpy()


def gradients_agree(made, n_timesteps=5):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((3, n_timesteps, 3), dtype=torch.float64, generator=generator)
    lengths = torch.tensor([n_timesteps, 3, 1])
    weights = tuple(made.parameters())
    return torch.autograd.gradcheck(
        lambda x, *weights: made(x, lengths), (x.requires_grad_(), *weights)
    )


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_equal_their_equations(cell, bidirectional, layer_norm):
    made = network(
        cell=cell, bidirectional=bidirectional, layer_norm=layer_norm, num_layers=2
    )
    x = sequences()
    for i, n in enumerate(LENGTHS):
        states = x[i, :n]
        for layer in made.core.layers:
            forwards = parts.recurrent(cell, states, parts.weights(layer.forwards))
            if bidirectional:
                backwards = parts.weights(layer.backwards)
                reverse = parts.recurrent(cell, states[::-1], backwards)[::-1]
                states = np.concatenate([forwards, reverse], axis=1)
            else:
                states = forwards
        state = np.concatenate([states[-1, :5], states[0, 5:]])
        expected = parts.head(state, made.head)
        np.testing.assert_allclose(output(made, x)[i], expected, rtol=1e-10)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_cells_agree_with_finite_differences(cell, bidirectional, layer_norm):
    made = network(
        cell=cell, bidirectional=bidirectional, layer_norm=layer_norm, hidden_size=3
    )
    assert gradients_agree(made, n_timesteps=4)


@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_decoders_begin_with_the_state_of_their_cell(cell, layer_norm):
    made = network(cell=cell, layer_norm=layer_norm, decode=True, future_shape=(2, 0))
    x = sequences()
    decoder = made.head
    for i, n in enumerate(LENGTHS):
        encoder = parts.weights(made.core.layers[0].forwards)
        state = parts.recurrent(cell, x[i, :n], encoder)[-1]
        begin = np.split(np.tanh(parts.linear(state, decoder.bridge)), decoder.n_states)
        steps = np.tile(state, (2, 1))
        states = parts.recurrent(cell, steps, parts.weights(decoder.layer), *begin)
        expected = parts.head(states, decoder.head).ravel()
        np.testing.assert_allclose(output(made, x)[i], expected, rtol=1e-10)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_torchs_own_layers_and_the_stepwise_one_agree(cell):
    fused = network(cell=cell).core.layers[0].forwards
    stepwise = StepwiseLayer(cell, 3, 5, False, torch.float64)
    for name, weight in fused.named_parameters():
        getattr(stepwise, name.removesuffix("_l0")).data = weight.data
    x = torch.from_numpy(sequences())
    torch.testing.assert_close(stepwise(x)[0], fused(x)[0])


@pytest.mark.parametrize("patch_length", [2, 3, 7, 10])
def test_patches_equal_their_equations(patch_length):
    made = network(patch_length=patch_length)
    x = sequences()
    for i, n in enumerate(LENGTHS):
        z = parts.patches(x[i, :n], made.patches)
        states = parts.recurrent("lstm", z, parts.weights(made.core.layers[0].forwards))
        expected = parts.head(states[-1], made.head)
        np.testing.assert_allclose(output(made, x)[i], expected, rtol=1e-10)
    full = output(made, x, [7] * 4)
    with torch.no_grad():
        np.testing.assert_allclose(made(torch.from_numpy(x)), full, rtol=1e-12)
    assert gradients_agree(made)


def test_convolutions_before_equal_their_equations_and_see_no_later_step():
    made = network(convolution="before", conv_filters=(4, 6), conv_kernel_sizes=(3, 2))
    x = sequences()
    for i, n in enumerate(LENGTHS):
        z = x[i, :n]
        for layer in made.convolutions.layers:
            z = np.maximum(parts.convolution(z, layer), 0)
        states = parts.recurrent("lstm", z, parts.weights(made.core.layers[0].forwards))
        expected = parts.head(states[-1], made.head)
        np.testing.assert_allclose(output(made, x)[i], expected, rtol=1e-10)
    assert gradients_agree(made)


@pytest.mark.parametrize("squeeze_excite", [False, True])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("lengths", [LENGTHS, None])
def test_convolutions_beside_equal_their_equations(squeeze_excite, training, lengths):
    made = network(
        convolution="beside",
        conv_filters=(4, 6, 3),
        conv_kernel_sizes=(4, 3, 2),
        squeeze_excite=squeeze_excite,
    ).train(training)
    x = sequences()
    observed = [x[i, :n] for i, n in enumerate(lengths or [7] * 4)]
    expected = parts.branch(observed, made.branch, training)
    with torch.no_grad():
        given = None if lengths is None else torch.tensor(lengths)
        features = made.branch(torch.from_numpy(x), given).numpy()
        np.testing.assert_allclose(features, expected, rtol=1e-9, atol=1e-12)
        whole = made(torch.from_numpy(x), given).numpy()
    for i, sequence in enumerate(observed):
        layer = parts.weights(made.core.layers[0].forwards)
        state = parts.recurrent("lstm", sequence, layer)[-1]
        both = np.concatenate([state, expected[i]])
        np.testing.assert_allclose(whole[i], parts.head(both, made.head), rtol=1e-9)


@pytest.mark.parametrize("squeeze_excite", [False, True])
def test_gradients_of_convolutions_beside_agree_with_finite_differences(squeeze_excite):
    made = network(
        convolution="beside",
        conv_filters=(3, 2),
        conv_kernel_sizes=(3, 2),
        squeeze_excite=squeeze_excite,
        hidden_size=2,
    )
    assert gradients_agree(made.train())


@pytest.mark.parametrize("masked", [False, True])
def test_running_statistics_are_those_of_all_batches_and_then_of_the_last(masked):
    norm = make(MaskedBatchNorm, 3, dtype=torch.float64)
    norm.reset_parameters()
    generator = torch.Generator().manual_seed(0)
    mean, variance = np.zeros(3), np.zeros(3)
    for n in range(1, 16):
        z = torch.randn((4, 3, 7), dtype=torch.float64, generator=generator) * n
        observed = torch.ones_like(z[:, :1])
        observed[1, :, 4:] = 0.0
        norm(z, observed if masked else None)
        steps = z.transpose(1, 2)[observed[:, 0] > 0] if masked else z.transpose(1, 2)
        steps = steps.reshape(-1, 3).numpy()
        share = max(0.1, 1 / n)
        mean += share * (steps.mean(axis=0) - mean)
        variance += share * (steps.var(axis=0, ddof=1) - variance)
    np.testing.assert_allclose(norm.running_mean, mean, rtol=1e-10)
    np.testing.assert_allclose(norm.running_var, variance, rtol=1e-10)


def test_a_batch_of_no_observed_step_changes_no_running_statistics():
    norm = make(MaskedBatchNorm, 3, dtype=torch.float64)
    norm.reset_parameters()
    norm(torch.randn(4, 3, 7, dtype=torch.float64), torch.zeros(4, 1, 7))
    assert norm.running_mean.tolist() == [0, 0, 0]
    assert norm.running_var.tolist() == [1, 1, 1]


def test_a_batch_of_one_observed_step_is_normalised_by_the_running_statistics():
    norm = make(MaskedBatchNorm, 3, dtype=torch.float64)
    norm.reset_parameters()
    z = torch.randn(1, 3, 2, dtype=torch.float64)
    observed = torch.tensor([[[1.0, 0.0]]], dtype=torch.float64)
    expected = z[:, :, :1] / np.sqrt(1 + norm.eps)
    torch.testing.assert_close(norm(z, observed)[:, :, :1], expected)
    torch.testing.assert_close(norm(z[:, :, :1]), expected)


def test_batches_are_counted_in_the_state():
    norm, other = (make(MaskedBatchNorm, 3, dtype=torch.float64) for _ in range(2))
    norm.reset_parameters()
    for _ in range(3):
        norm(torch.randn(4, 3, 7, dtype=torch.float64))
    other.load_state_dict(norm.state_dict())
    assert other.n_batches == 3


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("pooling", ["mean", "max", "attention"])
def test_pooling_equals_its_equations(pooling, bidirectional):
    made = network(pooling=pooling, bidirectional=bidirectional)
    x = sequences()
    with torch.no_grad():
        states = made.core(torch.from_numpy(x), torch.tensor(LENGTHS)).numpy()
        weights = made.eval().pooling
    for i, n in enumerate(LENGTHS):
        hidden = states[i, :n]
        state = {
            "mean": lambda hidden: hidden.mean(axis=0),
            "max": lambda hidden: hidden.max(axis=0),
            "attention": lambda hidden: parts.attention(hidden, weights)[1],
        }[pooling](hidden)
        expected = parts.head(state, made.head)
        np.testing.assert_allclose(output(made, x)[i], expected, rtol=1e-10)
    assert gradients_agree(made)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "attention"])
@pytest.mark.parametrize("options", [{}, {"patch_length": 3}, {"convolution": "beside"}])
def test_a_sequence_of_no_observed_step_gives_the_outputs_of_zeros(pooling, options):
    options = {"conv_filters": (4,), "conv_kernel_sizes": (3,)} | options
    made = network(pooling=pooling, **options)
    expected = parts.head(np.zeros(made.head.linear.in_features), made.head)
    got = output(made, sequences(), [0, 7, 0, 2])
    np.testing.assert_allclose(got[[0, 2]], [expected] * 2, rtol=1e-12)


@pytest.mark.parametrize("patch_length", [1, 3])
def test_attention_gives_each_step_its_weight(patch_length):
    made = network(pooling="attention", patch_length=patch_length)
    x = sequences()
    with torch.no_grad():
        got = made.attention(torch.from_numpy(x), torch.tensor(LENGTHS)).numpy()
        dense = made.attention(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(dense[0], got[0], rtol=1e-12)
    for i, n in enumerate(LENGTHS):
        z = parts.patches(x[i, :n], made.patches) if patch_length > 1 else x[i, :n]
        hidden = parts.recurrent("lstm", z, parts.weights(made.core.layers[0].forwards))
        weight, _ = parts.attention(hidden, made.pooling)
        patch = (np.arange(n) + -n % patch_length) // patch_length
        expected = np.zeros(7)
        expected[:n] = (weight / np.bincount(patch))[patch]
        np.testing.assert_allclose(got[i], expected, rtol=1e-10)


def test_embeddings_equal_a_look_up_and_unknown_categories_are_zeros():
    made = network(categories={0: [0, 2, 3], 2: range(10)}, embedding_size=4)
    x = sequences()
    x[:, :, 0] = np.random.default_rng(1).integers(-1, 5, size=(4, 7))
    x[:, :, 2] = np.random.default_rng(2).integers(0, 10, size=(4, 7))
    x[0, 2:4, 0] = x[1, 1, 1] = np.nan
    for i, n in enumerate(LENGTHS):
        z = parts.embedding(x[i, :n], made.embedding)
        assert z.shape == (n, 1 + 4 + 4)
        states = parts.recurrent("lstm", z, parts.weights(made.core.layers[0].forwards))
        expected = parts.head(states[-1], made.head)
        np.testing.assert_allclose(output(made, x)[i], expected, rtol=1e-10)


def test_gradients_of_embeddings_agree_with_finite_differences():
    made = network(categories={0: [0, 1, 2], 2: range(10)}, embedding_size=4)
    x = torch.from_numpy(np.random.default_rng(0).integers(0, 3, size=(3, 5, 3)) * 1.0)
    rows = tuple(lookup.table.weight for lookup in made.embedding.lookups)
    lengths = torch.tensor([5, 3, 1])
    assert torch.autograd.gradcheck(lambda *rows: made(x, lengths), rows)


def test_a_known_future_is_embedded_like_the_past():
    made = network(
        categories={1: range(5)},
        embedding_size=2,
        future_shape=(2, 2),
        future_features=[1, 2],
    )
    x, future = sequences(), np.random.default_rng(4).normal(size=(4, 2, 2))
    x[:, :, 1], future[:, :, 0] = 3, [[4, 0]] * 4
    with torch.no_grad():
        got = made(torch.from_numpy(x), None, torch.from_numpy(future)).numpy()
    rows = parts.weights(made.embedding.lookups[0].table)["weight"]
    for i in range(4):
        z = parts.embedding(x[i], made.embedding)
        states = parts.recurrent("lstm", z, parts.weights(made.core.layers[0].forwards))
        ahead = [np.concatenate([[step[1]], rows[int(step[0]) + 1]]) for step in future[i]]
        both = np.concatenate([states[-1], *ahead])
        np.testing.assert_allclose(got[i], parts.head(both, made.head), rtol=1e-10)


@pytest.mark.parametrize("sizes", [(6,), (6, 4)])
def test_hidden_layers_of_the_head_equal_their_equations(sizes):
    made = network(head_sizes=sizes)
    assert [layer.out_features for layer in made.head.hidden] == list(sizes)
    x = sequences()
    for i, n in enumerate(LENGTHS):
        layer = parts.weights(made.core.layers[0].forwards)
        state = parts.recurrent("lstm", x[i, :n], layer)[-1]
        np.testing.assert_allclose(
            output(made, x)[i], parts.head(state, made.head), rtol=1e-10
        )
    assert gradients_agree(made)


@pytest.mark.parametrize("cell", ["lstm", "peephole", "gru"])
def test_gates_begin_open_for_up_to_the_length_of_memory(cell):
    made = network(cell=cell, hidden_size=200, memory_length=50)
    w = parts.weights(made.core.layers[0].forwards)
    n_gates = 3 if cell == "gru" else 4
    bias = np.split(w["bias_ih"] + w["bias_hh"], n_gates)[1]
    steps = np.exp(bias)
    assert steps.min() >= 1
    assert steps.max() <= 49
    assert abs(steps.mean() - 25) < 3
    if cell != "gru":
        np.testing.assert_allclose(w["bias_ih"][:200], -bias)


def test_all_parts_together_have_their_gradient():
    made = network(
        cell="gru",
        hidden_size=3,
        pooling="attention",
        patch_length=2,
        convolution="before",
        conv_filters=(3,),
        conv_kernel_sizes=(2,),
        head_sizes=(4,),
        instance_norm="affine",
        target_features=[0, 1],
    )
    assert gradients_agree(made)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cell": "gru"},
        {"cell": "peephole"},
        {"layer_norm": True},
        {"patch_length": 4, "pooling": "attention"},
        {"convolution": "beside"},
        {"convolution": "before", "head_sizes": (16,)},
    ],
    ids=str,
)
def test_an_output_does_not_depend_on_the_other_rows(options):
    made = LSTMNetwork(
        3, 4, 16, conv_filters=(8,), conv_kernel_sizes=(3,), **options
    ).eval()
    x = torch.randn((77, 9, 3), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        together = made(x)
        alone = torch.cat([made(x[i : i + 1]) for i in range(77)])
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-6)
