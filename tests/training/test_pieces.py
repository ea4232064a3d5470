"""Batches in pieces on several threads learn what the plain loop learns."""

import copy
import threading
import time
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skorch.callbacks import Callback

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.training import _pieces, _prediction, _side_by_side
from sklstm.training._batches import split_batch
from sklstm.training._pieces import (
    LEAST_PYTHON_STEP,
    LEAST_SEQUENCES,
    LEAST_SHARED_PRODUCTS,
    PIECE_BYTES,
    Sizes,
    count_pieces,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 9, 3))
X[::5, :4] = np.nan
Y = np.nansum(X[:, -2:], axis=(1, 2)) + 0.1 * rng.normal(size=300)
WEIGHT = rng.integers(1, 4, size=300).astype(float)
OPTIONS = {
    "hidden_size": 8,
    "batch_size": 128,
    "max_epochs": 2,
    "dtype": "float64",
    "random_state": 0,
}


@pytest.fixture(params=[1, 2, 3], autouse=True)
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    assert torch.get_num_threads() == request.param
    torch.set_num_threads(before)


@pytest.fixture
def small_pieces(monkeypatch):
    """Pieces of some 20 sequences, whatever the cache."""
    made = []

    def count(n_samples, *sizes):
        made.append(max(1, n_samples // 20))
        return made[-1]

    monkeypatch.setattr(_side_by_side, "count_pieces", count)
    return made


def flushes_denormals():
    return bool(torch.tensor(1e-40) * 1.0 == 0)


class Record(Callback):
    """Keep the first weights and the batches."""

    def __init__(self):
        self.module = None
        self.batches = []

    def on_train_begin(self, net, **kwargs):
        self.module = copy.deepcopy(net.module_)

    def on_batch_begin(self, net, batch, training, **kwargs):
        self.batches.append(batch)


def plain_loop(record, loss_function, max_grad_norm=1.0):
    """Train the first weights on the batches as they come, each at once."""
    module = record.module.train()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 2)
    per_epoch = len(record.batches) // 2
    for i, (inputs, target) in enumerate(record.batches, start=1):
        optimizer.zero_grad()
        output = module(inputs["x"], inputs["lengths"], inputs["future"])
        loss_function(output, target, inputs["weight"]).backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), max_grad_norm)
        optimizer.step()
        if i % per_epoch == 0:
            schedule.step()
    return module


def assert_same_weights(module, other, **tolerance):
    for (name, weight), (_, expected) in zip(
        module.named_parameters(), other.named_parameters(), strict=True
    ):
        torch.testing.assert_close(
            weight, expected, msg=lambda text, name=name: f"{name}: {text}", **tolerance
        )


def squared(output, target, weight):
    loss = ((output - target) ** 2).mean(dim=1)
    return (loss if weight is None else weight * loss).mean()


def cross_entropy(output, target, weight):
    loss = torch.nn.functional.cross_entropy(output, target, reduction="none")
    return (loss if weight is None else weight * loss).mean()


@pytest.mark.parametrize("sample_weight", [None, WEIGHT], ids=["alike", "weighted"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_regression_equals_the_plain_loop(small_pieces, sample_weight, bidirectional):
    record = Record()
    model = LSTMRegressor(**OPTIONS, bidirectional=bidirectional, callbacks=[record])
    model.fit(X, np.c_[Y, -Y], sample_weight=sample_weight)
    assert max(small_pieces) == 6
    assert_same_weights(model.module_, plain_loop(record, squared), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"pooling": "attention", "patch_length": 3},
        {"convolution": "before", "conv_filters": (4,), "conv_kernel_sizes": (3,)},
        {"pooling": "mean", "head_sizes": (6,), "memory_length": 9},
        {"instance_norm": "affine", "target_features": [0, 1]},
        {"categorical_features": 2, "embedding_size": 2, "pooling": "max"},
    ],
    ids=str,
)
def test_every_part_in_pieces_equals_the_plain_loop(small_pieces, options):
    record = Record()
    x = X.copy()
    x[:, :, 2] = np.where(np.isnan(x[:, :, 2]), np.nan, x[:, :, 2] > 0)
    model = LSTMRegressor(**OPTIONS, **options, callbacks=[record]).fit(x, np.c_[Y, -Y])
    assert max(small_pieces) == 6
    assert_same_weights(model.module_, plain_loop(record, squared), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "quantile", "quantile": [0.1, 0.5, 0.9]},
        {"loss": "gaussian", "instance_norm": "last", "target_features": [0, 1]},
        {"loss": "student_t"},
        {"loss": "mixture", "n_mixtures": 2, "head_sizes": (6,)},
        {"loss": "negative_binomial"},
    ],
    ids=str,
)
def test_every_likelihood_in_pieces_equals_the_plain_loop(small_pieces, options):
    record = Record()
    model = LSTMRegressor(**OPTIONS, **options, callbacks=[record])
    counts = np.abs(np.c_[Y, -Y] * 5).round()
    model.fit(X, counts, sample_weight=WEIGHT)
    assert max(small_pieces) == 6
    criterion = model.net_.criterion_
    expected = plain_loop(record, lambda *batch: criterion(*batch))
    assert_same_weights(model.module_, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"cell": "gru"}, {"cell": "rnn"}, {"cell": "peephole"}, {"layer_norm": True}],
    ids=str,
)
@pytest.mark.parametrize("least", [LEAST_PYTHON_STEP, 300])
def test_layers_that_python_goes_through_equal_the_plain_loop(
    monkeypatch, threads, options, least
):
    monkeypatch.setattr(_pieces, "LEAST_PYTHON_STEP", least)
    cut = []

    def note(batch, n_pieces):
        cut.append(n_pieces)
        return split_batch(batch, n_pieces)

    monkeypatch.setattr(_side_by_side, "split_batch", note)
    record = Record()
    model = LSTMRegressor(**OPTIONS, **options, callbacks=[record]).fit(X, np.c_[Y, -Y])
    assert_same_weights(model.module_, plain_loop(record, squared), rtol=1e-9, atol=1e-12)
    # Of 128 sequences and 8 units a step gives 1024 values.
    assert max(cut, default=1) == (threads if least == 300 else 1)


def test_classification_equals_the_plain_loop(small_pieces):
    record = Record()
    model = LSTMClassifier(**OPTIONS, class_weight="balanced", callbacks=[record])
    model.fit(X, np.digitize(Y, [-1, 1]))
    expected = plain_loop(record, cross_entropy)
    assert_same_weights(model.module_, expected, rtol=1e-9, atol=1e-12)


def test_batch_normalisation_sees_whole_batches(small_pieces):
    record = Record()
    options = {"convolution": "beside", "conv_filters": (4,), "conv_kernel_sizes": (3,)}
    model = LSTMRegressor(**OPTIONS, **options, callbacks=[record]).fit(X, Y)
    expected = plain_loop(record, squared)
    assert_same_weights(model.module_, expected, rtol=1e-9, atol=1e-12)
    assert not small_pieces


def test_float32_stays_within_rounding_of_the_plain_loop(small_pieces):
    record = Record()
    model = LSTMRegressor(**OPTIONS | {"dtype": "float32"}, callbacks=[record])
    model.fit(X, Y)
    assert_same_weights(model.module_, plain_loop(record, squared), rtol=1e-3, atol=1e-5)


def test_an_own_loss_may_look_at_the_whole_batch_and_is_not_cut(small_pieces):
    def relative(output, target):
        error = ((output - target) ** 2).mean(dim=1)
        return error / error.mean().detach()

    def spread(output, target):
        error = output - target
        return (error**2).mean() + error.mean() ** 2

    class Relative(torch.nn.MSELoss):
        def forward(self, output, target):
            return relative(output, target)

    for own in (relative, spread, Relative()):
        record = Record()
        model = LSTMRegressor(**OPTIONS, loss=own, callbacks=[record]).fit(X, Y)
        assert small_pieces == []
        expected = plain_loop(
            record, lambda output, target, _, own=own: own(output, target).mean()
        )
        assert_same_weights(model.module_, expected, rtol=1e-9, atol=1e-12)


def test_the_loss_of_a_batch_is_that_of_its_pieces_together(small_pieces):
    cut = LSTMRegressor(**OPTIONS).fit(X, Y)
    small_pieces.clear()
    whole = LSTMRegressor(**OPTIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_side_by_side, "count_pieces", lambda *args: 1)
        whole.fit(X, Y)
    np.testing.assert_allclose(cut.loss_curve_, whole.loss_curve_, rtol=1e-9)


def test_dropout_is_the_same_each_time_and_another_in_each_piece(small_pieces):
    options = OPTIONS | {"dropout": 0.5, "dtype": "float32"}
    models = [LSTMRegressor(**options).fit(X, Y) for _ in range(3)]
    for model in models[1:]:
        assert_same_weights(model.module_, models[0].module_, rtol=0, atol=0)
    without = LSTMRegressor(**options | {"dropout": 0.0}).fit(X, Y)
    assert models[0].loss_curve_ != without.loss_curve_


class DropsLater(Callback):
    def on_batch_begin(self, net, batch, training, **kwargs):
        net.module_.set_dropout(0.5)


def test_dropout_that_begins_within_an_epoch_is_governed_by_the_seed(small_pieces, threads):
    predictions = [
        LSTMRegressor(**OPTIONS, callbacks=[DropsLater()]).fit(X, Y).predict(X)
        for _ in range(5)
    ]
    for prediction in predictions[1:]:
        np.testing.assert_array_equal(prediction, predictions[0])


def test_threads_end_with_the_fit_and_an_error_comes_through(
    small_pieces, threads, monkeypatch
):
    forward = torch.nn.MSELoss.forward

    def fail(self, output, target):
        if threading.current_thread().name.startswith("sklstm-piece") or threads == 1:
            raise RuntimeError("in a piece")
        time.sleep(0.01)  # leaves pieces to the others
        return forward(self, output, target)

    before = threading.active_count()
    model = LSTMRegressor(**OPTIONS)
    with monkeypatch.context() as patch:
        patch.setattr(torch.nn.MSELoss, "forward", fail)
        with pytest.raises(RuntimeError, match="in a piece"):
            model.fit(X, Y)
    assert threading.active_count() == before
    assert not hasattr(model, "net_")
    LSTMRegressor(**OPTIONS).fit(X, Y)
    assert threading.active_count() == before


def test_callbacks_of_epochs_find_torch_as_it_was(small_pieces, threads):
    seen = []

    class Look(Callback):
        def on_epoch_end(self, net, **kwargs):
            seen.append((torch.get_num_threads(), flushes_denormals()))
            copies.append(copy.deepcopy(net))

    copies = []
    LSTMRegressor(**OPTIONS, callbacks=[Look()]).fit(X, Y)
    assert seen == [(threads, False)] * 2
    assert len(copies) == 2


def test_a_step_outside_of_fit_leaves_torch_as_it_was(small_pieces, threads):
    record = Record()
    model = LSTMRegressor(**OPTIONS, callbacks=[record]).fit(X, Y)
    model.net_.train_step(record.batches[0])
    model.net_.validation_step(record.batches[0])
    assert torch.get_num_threads() == threads
    assert not flushes_denormals()


def test_ctrl_c_in_a_piece_leaves_the_last_whole_epoch(small_pieces, threads, monkeypatch):
    forward = torch.nn.MSELoss.forward

    def interrupt(self, output, target):
        computed.append(len(target))
        if len(begun) == 2 and sum(computed) > len(X):
            raise KeyboardInterrupt
        return forward(self, output, target)

    monkeypatch.setattr(torch.nn.MSELoss, "forward", interrupt)
    constant = OPTIONS | {"learning_rate_schedule": "constant"}
    begun = ["whole"]
    computed = []
    whole = LSTMRegressor(**constant | {"max_epochs": 1}).fit(X, Y)
    begun.append("interrupted")
    computed.clear()
    model = LSTMRegressor(**constant)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert model.n_epochs_ == 1
    assert_same_weights(model.module_, whole.module_, rtol=0, atol=0)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("mode", [nullcontext, torch.inference_mode])
def test_predictions_side_by_side_are_those_of_single_rows(monkeypatch, threads, mode):
    model = LSTMRegressor(**OPTIONS | {"dtype": "float32"}).fit(X, Y)
    single = np.concatenate([model.predict(X[i : i + 1]) for i in range(len(X))])
    monkeypatch.setattr(_prediction, "count_predicted", lambda sizes: 8)
    seen = set()

    def note(*_):
        seen.add(threading.current_thread().name.partition("_")[::2])
        time.sleep(0.001)  # leaves batches to the others

    model.module_.register_forward_hook(note)
    with mode():
        prediction = model.predict(X)
    np.testing.assert_allclose(prediction, single, rtol=1e-6)
    names = {("MainThread", ""), ("sklstm-fit", "")}  # one row is computed first
    assert seen == names | {("sklstm-piece", str(i)) for i in range(threads - 1)}


@pytest.mark.parametrize("batch_size", [16, 128])
def test_losses_and_gradients_are_computed_without_denormal_numbers(
    small_pieces, batch_size, monkeypatch
):
    seen = {"forward": [], "backward": []}
    forward = torch.nn.MSELoss.forward

    def look(self, output, target):
        seen["forward"].append(flushes_denormals())
        if output.requires_grad:
            output.register_hook(lambda _: seen["backward"].append(flushes_denormals()))
        return forward(self, output, target)

    monkeypatch.setattr(torch.nn.MSELoss, "forward", look)
    LSTMRegressor(**OPTIONS | {"batch_size": batch_size}).fit(X, Y)
    computed = [True] * sum(small_pieces[1:])  # the first count was of no batch
    assert seen == {"forward": computed, "backward": computed}


@given(
    n_samples=st.integers(1, 600),
    sizes=st.builds(Sizes, *[st.integers(1, n) for n in (400, 600, 600, 4)], st.just(4)),
    n_workers=st.integers(1, 8),
)
def test_pieces_fit_the_cache_and_are_as_many_for_each_worker(n_samples, sizes, n_workers):
    n_pieces = count_pieces(n_samples, sizes, n_workers)
    kept = 16 * n_samples * sizes.n_timesteps * sizes.num_layers
    kept *= max(sizes.hidden_size, 16)
    least = max(LEAST_SEQUENCES, sizes.hidden_size // 8)
    if kept > PIECE_BYTES and n_samples >= least * n_workers:
        assert n_samples // n_pieces >= least
        assert n_pieces % n_workers == 0
        if n_samples // least >= n_pieces + n_workers:
            assert kept / n_pieces <= PIECE_BYTES
    elif n_samples * sizes.products_of_a_sequence < LEAST_SHARED_PRODUCTS:
        assert n_pieces == 1
    else:
        assert 1 <= n_pieces <= n_workers
        assert n_pieces == 1 or n_samples // n_pieces >= LEAST_SEQUENCES
        assert n_pieces == n_workers or n_samples < LEAST_SEQUENCES * (n_pieces + 1)


@pytest.mark.parametrize(
    ("sizes", "n_samples", "n_pieces"),
    [
        ((24, 1, 32), 64, 1),
        ((24, 1, 32), 128, 2),
        ((24, 100, 32), 32, 1),
        ((24, 100, 32), 64, 2),
        ((12, 1, 16), 512, 1),
        ((24, 4, 64), 32, 2),
    ],
)
def test_two_threads_share_a_batch_that_is_worth_it(sizes, n_samples, n_pieces):
    # Which gains was measured: docs/development/speed.md.
    assert count_pieces(n_samples, Sizes(*sizes), 2) == n_pieces


@pytest.mark.parametrize("n_samples", [32, 33, 50, 255])
@pytest.mark.parametrize("n_pieces", [2, 3, 4])
def test_pieces_are_all_of_a_batch(n_samples, n_pieces):
    inputs = {
        "x": torch.rand(n_samples, 3, 2),
        "lengths": None,
        "weight": torch.rand(n_samples),
    }
    target = torch.rand(n_samples, 1)
    pieces = split_batch((inputs, target), n_pieces)
    lengths = [len(piece) for _, piece in pieces]
    assert len(lengths) == n_pieces
    assert max(lengths) - min(lengths) <= 1
    assert torch.equal(torch.cat([piece for _, piece in pieces]), target)
    for name in ("x", "weight"):
        assert torch.equal(torch.cat([part[name] for part, _ in pieces]), inputs[name])
    assert all(part["lengths"] is None for part, _ in pieces)
