"""Training on a GPU beside the loop that an expert would write for cuDNN."""

import pytest
import torch

from sklstm.estimators._training import Units, as_data
from tests.benchmarks.by_hand import Work, tensors, train

pytestmark = [
    pytest.mark.bench,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU"),
]


def ours_and_by_hand(work):
    X, y = work.windows()
    x, targets = tensors(X, y, "cuda")
    network = work.network().to("cuda")
    model = work.estimator(max_epochs=1, warm_start=True, device="cuda")
    loop = (network, x, targets, work.batch_size, 1, 1.0)
    return lambda: model.fit(X, y), lambda: train(*loop)


@pytest.mark.parametrize(
    ("batch_size", "target"), [(256, 1.1), (32, 1.0)], ids=["batch-256", "batch-32"]
)
def test_training_on_a_gpu_takes_no_longer_than_by_hand(side_by_side, batch_size, target):
    work = Work(48, 7, 64, 1, batch_size, horizon=24)
    ratio = side_by_side(
        "On a GPU",
        f"{work}, clipped, {torch.cuda.get_device_name()}",
        ours_and_by_hand,
        work,
        target=target,
    )
    assert ratio <= target


def test_a_batch_does_not_wait_for_the_device():
    work = Work(24, 4, 32, 1, 32, n_rows=400)
    X, y = work.windows()
    model = work.estimator(max_epochs=1, warm_start=True, device="cuda").fit(X, y)
    fitted = model._model
    samples = model._begin(X, y, None, None, "").train
    units = Units(fitted.architecture, fitted.encoding, fitted.targets)
    data = as_data(fitted.network, units, samples)
    order = data.order(model.net_.generator_)
    batches = zip(order.split(32), order.to("cuda").split(32), strict=True)
    model.module_.train()  # cuDNN has no gradient in evaluation
    torch.cuda.set_sync_debug_mode("error")
    try:
        for index, there in batches:
            model.net_.train_step(data.gather(index, there))
    finally:
        torch.cuda.set_sync_debug_mode("default")
