"""Times as ratios to code written by hand, measured in turn in one process."""

import time

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklstm import LSTMRegressor, sliding_windows
from tests.benchmarks.by_hand import WORKLOADS, Network, rows, train

pytestmark = pytest.mark.bench

ROUNDS = 5


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


class EpochTimes(Callback):
    """Note how long each epoch takes."""

    def on_epoch_begin(self, net, **kwargs):
        self.begin_ = time.perf_counter()

    def on_epoch_end(self, net, **kwargs):
        self.seconds_ = [*getattr(self, "seconds_", []), time.perf_counter() - self.begin_]


def epoch_ratio(work, max_grad_norm):
    """Median over rounds of our epoch's time divided by that of the loop by hand."""
    w = WORKLOADS[work]
    X, y = sliding_windows(
        table := rows(w["n_features"]),
        table[:, -1],
        window_length=w["window"],
        horizon=w["horizon"],
    )
    x = torch.from_numpy(np.ascontiguousarray(X))
    target = torch.from_numpy(y.reshape(len(y), -1))
    times = EpochTimes()
    model = LSTMRegressor(
        hidden_size=w["hidden"],
        num_layers=w["layers"],
        batch_size=w["batch"],
        learning_rate=1e-3,
        max_epochs=1,
        max_grad_norm=max_grad_norm,
        warm_start=True,
        callbacks=[times],
        random_state=0,
    )
    network = Network(w["n_features"], target.shape[1], w["hidden"], w["layers"])
    by_hand = []
    for _ in range(ROUNDS + 1):
        by_hand += train(network, x, target, w["batch"], 1, max_grad_norm)
        model.fit(X, y)
    ratios = np.array(times.seconds_[1:]) / np.array(by_hand[1:])
    print(f"\n{work}: by hand {np.median(by_hand[1:]):.3f} s, ratio {np.round(ratios, 3)}")
    return np.median(ratios)


@pytest.mark.parametrize("max_grad_norm", [None, 1.0], ids=["unclipped", "clipped"])
@pytest.mark.parametrize("work", WORKLOADS)
def test_an_epoch_takes_no_longer_than_by_hand(work, max_grad_norm):
    assert epoch_ratio(work, max_grad_norm) <= 1.15


def median_seconds(call, n=300):
    for _ in range(30):
        call()
    seconds = []
    for _ in range(n):
        begin = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begin)
    return np.median(seconds)


def test_one_row_is_predicted_within_0_4_ms_of_the_bare_module():
    X, y = sliding_windows(rows(3, 500), rows(3, 500)[:, 0], window_length=30)
    model = LSTMRegressor(max_epochs=1).fit(X, y)
    row = X[:1]
    tensor = torch.from_numpy(np.array(row))
    module = model.module_

    def bare():
        with torch.inference_mode():
            module(tensor)

    extra = median_seconds(lambda: model.predict(row)) - median_seconds(bare)
    print(f"\none row: {extra * 1e3:.3f} ms over the bare module")
    assert extra < 0.4e-3
