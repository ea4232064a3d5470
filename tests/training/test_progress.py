"""What a fit prints of itself."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from skorch.callbacks import LRScheduler

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm.training import Progress
from sklstm.training import _progress as progress

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 5))
Y = X[:, -1]
SMALL = {"hidden_size": 4, "batch_size": 20, "random_state": 0}


def printed(capsys):
    captured = capsys.readouterr()
    assert captured.err == ""
    assert "\x1b" not in captured.out
    return captured.out.splitlines()


def numbers(lines, word):
    return [float(re.search(rf"{word} (\S+)", line)[1]) for line in lines]


def counts(lines):
    return [re.match(r"epoch +(\S+)", line)[1] for line in lines]


def marked(lines):
    return [i for i, line in enumerate(lines, start=1) if "*" in line]


def test_a_line_an_epoch_tells_its_losses(capsys):
    model = LSTMRegressor(**SMALL, max_epochs=12, early_stopping=True, verbose=1).fit(X, Y)
    lines = printed(capsys)
    assert counts(lines) == [f"{i}/12" for i in range(1, model.n_epochs_ + 1)]
    for word, losses in (
        ("loss", model.loss_curve_),
        ("validation", model.validation_loss_curve_),
    ):
        np.testing.assert_allclose(numbers(lines, word), losses, atol=5e-5)


def test_the_best_epochs_so_far_are_marked(capsys):
    other_way = {"X_val": X[:20], "y_val": -Y[:20]}
    model = LSTMRegressor(**SMALL, max_epochs=15, learning_rate=0.05, verbose=1)
    losses = model.fit(X[20:], Y[20:], **other_way).validation_loss_curve_
    found = marked(printed(capsys))
    assert found == [
        i
        for i, loss in enumerate(losses, start=1)
        if loss < min([np.inf, *losses[: i - 1]])
    ]
    assert found[-1] == model.best_epoch_ < 15


def test_nothing_is_marked_where_nothing_validates(capsys):
    LSTMClassifier(**SMALL, max_epochs=3, verbose=True).fit(X, Y > 0)
    lines = printed(capsys)
    assert len(lines) == 3
    assert marked(lines) == []
    assert not any("validation" in line for line in lines)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", [0.01, 0.01, 0.01, 0.01]),
        ("cosine", [0.01, 0.00854, 0.005, 0.00146]),
        # The rates with which the epochs begin.
        ("warmup", [0.005, 0.00976, 0.00655, 0.00206]),
    ],
)
def test_the_rate_is_that_of_the_epoch(capsys, schedule, rates):
    LSTMRegressor(**SMALL, max_epochs=4, learning_rate_schedule=schedule, verbose=1).fit(
        X, Y
    )
    np.testing.assert_allclose(numbers(printed(capsys), "rate"), rates, rtol=1e-2)


def test_the_rate_is_that_of_a_skorch_scheduler(capsys):
    halve = LRScheduler(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)
    LSTMRegressor(
        **SMALL,
        max_epochs=3,
        learning_rate_schedule="constant",
        callbacks=[halve],
        verbose=1,
    ).fit(X, Y)
    assert numbers(printed(capsys), "rate") == [0.01, 0.005, 0.0025]


@pytest.mark.parametrize(
    ("budget", "n_lines"),
    [({"max_steps": 7}, 7), ({"validation_steps": 2}, 15), ({"max_steps": 1000}, 10)],
)
def test_budgets_in_steps_say_how_many_epochs_there_are(capsys, budget, n_lines):
    model = LSTMRegressor(**SMALL, **budget, max_epochs=10, verbose=1).fit(X, Y)
    lines = printed(capsys)
    assert model.n_epochs_ == n_lines
    assert counts(lines) == [f"{i}/{n_lines}" for i in range(1, n_lines + 1)]
    assert ["left" in line for line in lines] == [True] * (n_lines - 1) + [False]


def test_counts_go_on_where_training_does(capsys):
    model = LSTMRegressor(**SMALL, max_epochs=2, warm_start=True, verbose=1).fit(X, Y)
    assert counts(printed(capsys)) == ["1/2", "2/2"]
    model.fit(X, Y)
    assert counts(printed(capsys)) == ["3/4", "4/4"]


def test_partial_fit_prints_one_line(capsys):
    model = LSTMRegressor(**SMALL, verbose=1)
    for epoch in (1, 2):
        model.partial_fit(X, Y)
        (line,) = printed(capsys)
        assert line == f"epoch {epoch}  loss {model.loss_curve_[-1]:.4f}   rate 0.01"


def test_an_optimizer_without_a_rate_tells_none(capsys):
    class Rateless(torch.optim.SGD):
        def __init__(self, params, lr):
            super().__init__(params, lr=lr)
            self.param_groups[0]["lr_"] = self.param_groups[0].pop("lr")

        def step(self, closure):
            return closure()

    LSTMRegressor(
        **SMALL,
        max_epochs=2,
        optimizer=Rateless,
        learning_rate_schedule="constant",
        verbose=1,
    ).fit(X, Y)
    lines = printed(capsys)
    assert len(lines) == 2
    assert not any("rate" in line for line in lines)


def test_a_silent_fit_prints_nothing(capsys):
    LSTMRegressor(**SMALL, max_epochs=2, early_stopping=True).fit(X, Y).partial_fit(X, Y)
    assert printed(capsys) == []


def test_lines_are_printed_where_the_caller_is(capsys):
    asked = []

    def ask(call):
        asked.append(call)
        return call()

    net = SimpleNamespace(
        n_epochs=0,
        history=[{"train_loss": 1.0}],
        optimizer_=SimpleNamespace(param_groups=[{"lr": 0.1}]),
    )
    listener = Progress(2, ask)
    listener.on_epoch_begin(net)
    net.n_epochs = 1
    assert listener.on_epoch_end(net) is False
    assert len(asked) == 1
    assert printed(capsys)[0].startswith("epoch 1/2  loss 1.0000   rate 0.1")


@pytest.mark.parametrize(
    ("n_done", "seconds", "left"),
    [(1, 7200, "198 h"), (2, 7200, "98 h"), (25, 1200, "60 min"), (99, 297, "3 s")],
)
def test_time_that_is_left_is_that_of_the_epochs_so_far(
    capsys, monkeypatch, n_done, seconds, left
):
    clock = iter([5.0, 5.0 + seconds])
    monkeypatch.setattr(progress, "perf_counter", lambda: next(clock))
    net = SimpleNamespace(
        n_epochs=0,
        history=[{"train_loss": 1.0}],
        optimizer_=SimpleNamespace(param_groups=[{"lr": 0.1}]),
    )
    listener = Progress(100, lambda call: call())
    listener.on_epoch_begin(net)
    net.n_epochs = n_done
    listener.on_epoch_end(net)
    assert printed(capsys)[0].endswith(f"  {left} left")


@pytest.mark.parametrize("epoch", [1, 99_999])
@pytest.mark.parametrize("loss", [0.0, 5.0, -9.99996, 123.456, 1e30, -1.5e-38, 2.5e-100])
@pytest.mark.parametrize("seconds", [0.1, 99.4, 5969.0, 1e6])
def test_a_line_fits_a_terminal(epoch, loss, seconds):
    row = {"train_loss": loss, "valid_loss": loss}
    line = progress.epoch_line(epoch, 99_999, row, 1.234e-5, seconds, is_best=True)
    assert len(line) <= 80
    (first,), (second,) = (numbers([line], word) for word in ("loss", "validation"))
    assert first == second == pytest.approx(loss, rel=0.35, abs=5e-5)
