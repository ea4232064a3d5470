"""Fit again and again in processes that are killed, each going on from the one before.

Run as a script, with the number of kills of each kind of fit and a seed: prints for each
how many processes were killed, how many fits became whole, and all that was found wrong.
Every process is a fork of one that has imported all there is to import.
"""

import os
import random
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from skorch.callbacks import EarlyStopping, EpochScoring, LRScheduler

from sklstm import LSTMClassifier, LSTMOutlierDetector, LSTMRegressor
from sklstm.files import _plain_file
from sklstm.sktime import LSTMForecaster
from sklstm.training import SequenceNet, _side_by_side
from sklstm.training._fingerprint import digest_of
from sklstm.training._unfinished_file import unfinished_files

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 6))
Y = X[:, -1] + 0.1 * rng.normal(size=60)
SERIES = pd.Series(np.sin(np.arange(60) / 3) + 0.1 * rng.normal(size=60))
SMALL = {"hidden_size": 3, "max_epochs": 8, "batch_size": 16, "random_state": 0}


class OwnLoss(torch.nn.Module):
    """A loss that learns the scale of its errors."""

    def __init__(self):
        super().__init__()
        self.log_scale = torch.nn.Parameter(torch.zeros(1))

    def forward(self, output, target):
        return ((output - target) / self.log_scale.exp()) ** 2 + 2 * self.log_scale


def regressor(**options):
    return LSTMRegressor(**SMALL | options)


def fitted(model, *data):
    return model.fit(*data)._model


def warm_fitted(model):
    first = clone(model).set_params(checkpoint=None, max_epochs=2, warm_start=True)
    first.fit(X, Y).partial_fit(X, Y)
    return fitted(first.set_params(checkpoint=model.checkpoint, max_epochs=6), X, Y)


def in_pieces(model):
    torch.set_num_threads(2)
    _side_by_side.count_pieces = lambda n, *sizes: max(1, n // 5)
    return fitted(model, X, Y)


def forecast(model):
    regressor = model.fit(SERIES, fh=[1, 2, 3]).model_.regressor
    return regressor._model


def calibrated(model):
    model = model.fit(SERIES, fh=[1, 2]).model_
    return model.regressor._model, model.calibration.scores


def detector_of(model):
    model = model.fit(X)
    return model.estimator_._model, model.offset_


VALIDATED = {"early_stopping": True, "n_epochs_no_change": 3}
FORECASTING = {**SMALL, "window_length": 6, "max_epochs": 60, "max_steps": 40}
CALLBACKS = [
    EarlyStopping(patience=3),
    EpochScoring("r2", lower_is_better=False),
    LRScheduler("StepLR", step_size=2),
]
KINDS = {
    "early stopping": (regressor(**VALIDATED, learning_rate=0.1), fitted, X, Y),
    "classes": (
        LSTMClassifier(**SMALL | VALIDATED, class_weight="balanced", dropout=0.2),
        fitted,
        *(X, Y > 0.5),
    ),
    "stack with dropout": (regressor(num_layers=2, dropout=0.4), fitted, X, Y),
    "one cycle": (
        regressor(learning_rate_schedule="one_cycle", optimizer="adamw"),
        fitted,
        *(X, Y, np.arange(60.0)),
    ),
    "averaged, normalised": (
        regressor(
            weight_averaging=0.8,
            convolution="beside",
            conv_filters=(3,),
            conv_kernel_sizes=(2,),
            learning_rate_schedule="plateau",
            **VALIDATED,
        ),
        *(fitted, X, Y),
    ),
    "pieces": (regressor(dropout=0.2, learning_rate_schedule="step"), in_pieces),
    "budget in steps": (
        regressor(max_epochs=9, max_steps=30, validation_steps=3, **VALIDATED),
        *(fitted, X, Y),
    ),
    "own loss, sgd": (
        regressor(loss=OwnLoss(), optimizer="sgd", instance_norm="affine"),
        *(fitted, X, Y),
    ),
    "callbacks": (regressor(callbacks=CALLBACKS, **VALIDATED), fitted, X, Y),
    "warm start": (regressor(), warm_fitted),
    "detector": (LSTMOutlierDetector(**SMALL), detector_of),
    "forecaster": (LSTMForecaster(**FORECASTING, patch_length=2), forecast),
    "calibrated": (
        LSTMForecaster(
            **FORECASTING | {"max_steps": 20, "quantile": (0.25, 0.5, 0.75)},
            calibration_fraction=0.4,
        ),
        calibrated,
    ),
}


# ---------------------------------------------------------------------- processes

# Torch's kernels, run in several threads of a fork, crash at times. That is the end of a
# fit as any other, after which it has to be taken up.
ENDS = (signal.SIGKILL, signal.SIGSEGV)


def in_a_fork(call):
    """Call in a fork; give what it wrote to a pipe, or None if it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            os.write(writer, call().encode())
        except BaseException as error:
            os.write(writer, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        said = file.read()
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) in ENDS
        return None
    return said.decode()


def call_before(owner, name, act):
    """Act each time before a function is called, counting from 1."""
    original, count = getattr(owner, name), iter(range(1, 10**9))

    def called(*args, **kwargs):
        act(next(count))
        return original(*args, **kwargs)

    setattr(owner, name, called)


def kill_at(number, count):
    if count == number:
        os.kill(os.getpid(), signal.SIGKILL)


def result_of(kind, path=None):
    model, fit, *data = kind
    model = clone(model).set_params(checkpoint=path)
    return digest_of(plain(fit(model, *data)))


def plain(value):
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return value.__getstate__() if hasattr(value, "course") else value


def counted(kind):
    """Digest of a fit without a checkpoint, and its steps."""
    counts = [0]
    call_before(SequenceNet, "train_step", counts.append)
    return f"{result_of(kind)} {max(counts)}"


def killed(kind, path, owner, name, number):
    call_before(owner, name, partial(kill_at, number))
    return result_of(kind, path)


def run(kind, n_kills, folder):
    """Kill fits until there were enough kills, and let the last one come to its end."""
    said = None
    while said is None:
        said = in_a_fork(partial(counted, kind))
    expected, n_steps = said.split()
    path = folder / "fit.ckpt"
    n_killed, n_whole, found = 0, 0, []
    while n_killed < n_kills or not n_whole or unfinished_files(path):
        # At a step, or while the file is written, before or after it is replaced.
        owner, name, last = random.choice(
            [(SequenceNet, "train_step", int(n_steps))] * 3
            + [(_plain_file.os, "fsync", 5), (_plain_file.os, "replace", 5)]
        )
        number = random.randint(1, last) if n_killed < n_kills else 0
        result = in_a_fork(partial(killed, kind, path, owner, name, number))
        if result is None:
            n_killed += 1
            continue
        n_whole += 1
        if result != expected:
            found.append(result)
        found += os.listdir(folder)
        if found:
            break
    return n_killed, n_whole, found


def warm_up():
    """Import what a first fit imports, in one thread: others would not be in a fork."""
    torch.set_num_threads(1)
    result_of(KINDS["callbacks"])


def main(n_kills, seed, *names):
    random.seed(seed)
    warm_up()
    for name in names or KINDS:
        with tempfile.TemporaryDirectory() as folder:
            print(name, *run(KINDS[name], n_kills, Path(folder)), sep=": ", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
