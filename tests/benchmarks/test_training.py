"""Training beside the loop that an expert would write."""

import numpy as np
import pytest

from sklstm.network import _compiled, gains_by_kernels
from tests.benchmarks.by_hand import Work, skorch_net, tensors, train

pytestmark = pytest.mark.bench

# At most this part of the time by hand.
TARGETS = {
    Work(48, 7, 64, 1, 256, horizon=24): 0.60,
    Work(24, 1, 32, 1, 32): 0.90,
    Work(30, 1, 50, 3, 256): 0.70,
    Work(96, 7, 128, 1, 512): 0.80,
    Work(336, 1, 32, 2, 256, n_rows=2000): 0.80,
    Work(12, 1, 16, 1, 32): 0.90,
    Work(24, 4, 64, 1, 64): 1.05,
    Work(24, 4, 64, 1, 128): 1.05,
    Work(48, 4, 64, 1, 32, epochs=3): 1.05,
    Work(12, 1, 32, 1, 1024, epochs=5): 1.05,
    Work(24, 100, 32, 1, 32, n_rows=4000): 1.05,
    Work(24, 4, 256, 1, 64, n_rows=4000): 1.05,
    Work(12, 4, 512, 1, 32, n_rows=1000): 1.05,
}

# With numba, as in fits of more than the 1,000 steps that it takes to use its kernels.
WITH_NUMBA = {
    Work(48, 7, 64, 1, 256, horizon=24): 0.50,
    Work(24, 1, 32, 1, 32): 0.75,
    Work(30, 1, 50, 3, 256): 0.55,
    Work(12, 1, 16, 1, 32): 0.75,
    Work(24, 4, 64, 1, 64): 0.90,
    Work(24, 4, 64, 1, 128): 0.90,
    Work(36, 7, 48, 1, 64): 0.90,
    Work(48, 4, 64, 1, 32): 0.90,
}


# As most people have them: not rows of a table that windows share.
DENSE = [*list(TARGETS)[:3], Work(24, 4, 64, 1, 64)]


def ours_and_by_hand(work, max_grad_norm, with_numba=False, *, dense=False):
    if with_numba:
        _compiled.LEAST_STEPS = 0
    else:
        _compiled.MOST_UNITS = 0
    X, y = work.windows()
    x, target = tensors(X, y)
    X = np.array(X) if dense else X
    network = work.network()
    model = work.estimator(max_grad_norm=max_grad_norm, warm_start=True)
    model.set_params(max_epochs=work.epochs)
    loop = (network, x, target, work.batch_size, work.epochs, max_grad_norm)

    def fit():
        model.fit(X, y)
        assert not with_numba or gains_by_kernels(model.module_, n_steps=1)

    return fit, lambda: train(*loop)


def ours_and_skorch(work):
    X, y = work.windows()
    x, target = tensors(X, y)
    net = skorch_net(work, 1.0).initialize()
    model = work.estimator(max_epochs=1, max_grad_norm=1.0, warm_start=True)
    return lambda: model.fit(X, y), lambda: net.partial_fit(x, target)


@pytest.mark.parametrize("max_grad_norm", [1.0, None], ids=["clipped", "unclipped"])
@pytest.mark.parametrize("work", TARGETS, ids=str)
def test_training_takes_no_longer_than_by_hand(side_by_side, work, max_grad_norm):
    clipped = "" if max_grad_norm is None else ", clipped"
    ratio = side_by_side(
        "Training",
        f"{work}{clipped}",
        ours_and_by_hand,
        work,
        max_grad_norm,
        target=TARGETS[work],
    )
    assert ratio <= TARGETS[work]


def dense_and_by_hand(work):
    return ours_and_by_hand(work, 1.0, dense=True)


@pytest.mark.parametrize("work", DENSE, ids=str)
def test_training_on_windows_of_their_own_takes_no_longer(side_by_side, work):
    ratio = side_by_side(
        "Training on windows as a dense array",
        f"{work}, clipped",
        dense_and_by_hand,
        work,
        target=TARGETS[work],
    )
    assert ratio <= TARGETS[work]


@pytest.mark.parametrize("work", WITH_NUMBA, ids=str)
def test_training_with_numba_takes_less_than_by_hand(side_by_side, work):
    ratio = side_by_side(
        "Training with numba",
        str(work),
        ours_and_by_hand,
        work,
        None,
        True,
        target=WITH_NUMBA[work],
    )
    assert ratio <= WITH_NUMBA[work]


@pytest.mark.parametrize("work", list(TARGETS)[:3], ids=str)
def test_training_takes_less_than_skorchs_own_loop(side_by_side, work):
    ratio = side_by_side(
        "Training beside skorch's `NeuralNetRegressor`",
        f"{work}, clipped",
        ours_and_skorch,
        work,
        target=0.9,
    )
    assert ratio <= 0.9


# An output at each step: of the time by hand, and of the time with one output.
EACH_STEP = Work(48, 7, 64, 1, 256), Work(24, 4, 64, 1, 64)


def steps_and_by_hand(work):
    X, y = work.steps()
    x, target = tensors(X, y)
    model = work.estimator(max_epochs=1, warm_start=True, return_sequences=True)
    loop = (work.network(of_steps=True), x, target, work.batch_size, 1, 1.0)
    return lambda: model.fit(X, y), lambda: train(*loop)


def steps_and_the_last(work):
    X, y = work.steps()
    steps = work.estimator(max_epochs=1, warm_start=True, return_sequences=True)
    last = work.estimator(max_epochs=1, warm_start=True)
    ends = np.ascontiguousarray(y[:, -1])
    return lambda: steps.fit(X, y), lambda: last.fit(X, ends)


@pytest.mark.parametrize("work", EACH_STEP, ids=str)
@pytest.mark.parametrize(
    ("beside", "make", "target"),
    [("by hand", steps_and_by_hand, 1.0), ("one output", steps_and_the_last, 1.4)],
)
def test_an_output_at_each_step_costs_little(side_by_side, work, beside, make, target):
    section = f"Training with an output at each step, beside {beside}"
    assert side_by_side(section, f"{work}, clipped", make, work, target=target) <= target


def bfloat16_and_float32(work, convolution=None):
    X, y = work.windows()
    options = {"max_epochs": 1, "warm_start": True, "convolution": convolution}
    mixed, plain = (work.estimator(dtype=d, **options) for d in ("bfloat16", "float32"))
    return lambda: mixed.fit(X, y), lambda: plain.fit(X, y)


@pytest.mark.parametrize(
    "work", [Work(48, 7, 64, 1, 256), Work(96, 7, 128, 1, 512, n_rows=4000)], ids=str
)
def test_bfloat16_takes_less_time_than_float32(side_by_side, work):
    ratio = side_by_side(
        'Training with `dtype="bfloat16"`, beside float32',
        str(work),
        bfloat16_and_float32,
        work,
        target=0.85,
    )
    assert ratio <= 0.85


def test_bfloat16_takes_less_time_than_float32_in_convolutions(side_by_side):
    work = Work(250, 1, 8, 1, 16, n_rows=500)
    ratio = side_by_side(
        'Training with `dtype="bfloat16"`, beside float32',
        f"{work}, convolutions beside",
        bfloat16_and_float32,
        work,
        "beside",
        target=0.7,
    )
    assert ratio <= 0.7


CELLS = {
    "GRU": ({"cell": "gru"}, "GRU", 0.8),
    "RNN": ({"cell": "rnn"}, "RNN", 0.8),
    "LSTM with layer_norm": ({"layer_norm": True}, "LSTM", 4.0),
    "peephole LSTM": ({"cell": "peephole"}, "LSTM", 4.0),
}


def cell_and_torchs(work, options, cell):
    X, y = work.windows()
    x, target = tensors(X, y)
    network = work.network(cell)
    model = work.estimator(max_epochs=1, max_grad_norm=None, warm_start=True, **options)
    loop = (network, x, target, work.batch_size, 1)
    return lambda: model.fit(X, y), lambda: train(*loop)


@pytest.mark.parametrize("work", [Work(24, 1, 32, 1, 32), Work(24, 4, 64, 1, 64)], ids=str)
@pytest.mark.parametrize("name", CELLS)
def test_other_cells_beside_torchs_by_hand(side_by_side, name, work):
    options, cell, target = CELLS[name]
    ratio = side_by_side(
        "Training other cells, beside torch's GRU, RNN or LSTM by hand",
        f"{name}, {work}",
        cell_and_torchs,
        work,
        options,
        cell,
        target=target,
    )
    assert ratio <= target


# What is said of the target, beside four targets of which a number is said each.
SAID = {
    "three quantiles": {"loss": "quantile", "quantile": [0.05, 0.5, 0.95]},
    "seven quantiles": {
        "loss": "quantile",
        "quantile": [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95],
    },
    "gaussian": {"loss": "gaussian"},
    "student_t": {"loss": "student_t"},
    "negative_binomial": {"loss": "negative_binomial"},
    "mixture of three": {"loss": "mixture"},
}


def one_distribution_and_four_heads(options):
    work = Work(24, 4, 64, 1, 64)
    X, y = work.windows()
    counts = np.round(np.exp(y))
    said = work.estimator(max_epochs=1, warm_start=True, **options)
    heads = work.estimator(max_epochs=1, warm_start=True)
    four = np.tile(y.reshape(len(y), -1), 4)
    return lambda: said.fit(X, counts), lambda: heads.fit(X, four)


@pytest.mark.parametrize("name", SAID)
def test_what_is_said_costs_no_more_than_three_heads_more(side_by_side, name):
    ratio = side_by_side(
        "Training with an uncertainty, beside three heads more",
        name,
        one_distribution_and_four_heads,
        SAID[name],
        target=1.05,
    )
    assert ratio <= 1.05
