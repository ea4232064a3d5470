"""Prediction beside the bare module in inference mode."""

import numpy as np
import pytest
import torch

from tests.benchmarks.by_hand import Work, predict, seconds, tensors

pytestmark = pytest.mark.bench


def ours_and_the_module(work):
    X, y = work.windows()
    model = work.estimator(max_epochs=1).fit(X, y)
    x, _ = tensors(X, y)
    return lambda: model.predict(X), lambda: predict(model.module_, x)


@pytest.mark.parametrize(
    "work",
    [Work(48, 7, 64, 1, 256), Work(24, 1, 32, 1, 32), Work(30, 1, 50, 3, 256)],
    ids=str,
)
def test_predictions_take_no_longer_than_the_module(side_by_side, work):
    ratio = side_by_side(
        "Prediction",
        f"{work.n_windows} windows of {work}",
        ours_and_the_module,
        work,
        target=1.1,
    )
    assert ratio <= 1.1


def test_a_single_row_takes_little_more_than_the_module(benchmark):
    torch.set_num_threads(2)
    work = Work(30, 3, 64, 1, 32, n_rows=500)
    X, y = work.windows()
    model = work.estimator(max_epochs=1).fit(X, y)
    row, module = X[:1], model.module_
    x, _ = tensors(row, y[:1])

    def median(call):
        return np.median([seconds(call) for _ in range(500)])

    def extra():
        return median(lambda: model.predict(row)) - median(lambda: predict(module, x))

    over = []
    benchmark.pedantic(lambda: over.append(extra()), rounds=9, warmup_rounds=1)
    milliseconds = 1e3 * float(np.median(over[1:]))
    benchmark.extra_info.update(
        section="A single row",
        row="30 x 3, 64 units",
        measured=milliseconds,
        target=0.08,
        unit="ms over the module",
    )
    print(f"\none row: {milliseconds:.3f} ms over the module (at most 0.08)")
    assert milliseconds <= 0.08
