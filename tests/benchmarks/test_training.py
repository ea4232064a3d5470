"""Training beside the loop that an expert would write."""

import pytest

from tests.benchmarks.by_hand import Work, skorch_net, tensors, train

pytestmark = pytest.mark.bench

# At most this part of the time by hand.
TARGETS = {
    Work(48, 7, 64, 1, 256, horizon=24): 0.60,
    Work(24, 1, 32, 1, 32): 1.00,
    Work(30, 1, 50, 3, 256): 0.70,
    Work(96, 7, 128, 1, 512): 0.80,
    Work(336, 1, 32, 2, 256, n_rows=2000): 0.80,
    Work(12, 1, 16, 1, 32): 1.05,
    Work(24, 4, 64, 1, 64): 1.05,
    Work(24, 4, 64, 1, 128): 1.05,
    Work(48, 4, 64, 1, 32, epochs=3): 1.05,
    Work(12, 1, 32, 1, 1024, epochs=5): 1.05,
    Work(24, 100, 32, 1, 32, n_rows=4000): 1.05,
    Work(24, 4, 256, 1, 64, n_rows=4000): 1.05,
    Work(12, 4, 512, 1, 32, n_rows=1000): 1.05,
}


def ours_and_by_hand(work, max_grad_norm):
    X, y = work.windows()
    x, target = tensors(X, y)
    network = work.network()
    model = work.estimator(max_grad_norm=max_grad_norm, warm_start=True)
    model.set_params(max_epochs=work.epochs)
    loop = (network, x, target, work.batch_size, work.epochs, max_grad_norm)
    return lambda: model.fit(X, y), lambda: train(*loop)


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
