"""Fits that processes do together, and what one process does in their place."""

import numpy as np
import torch
from skorch.callbacks import Callback, EarlyStopping

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer, distributed
from sklstm.training import _side_by_side
from sklstm.training._fingerprint import digest_of

rng = np.random.default_rng(0)
X = rng.normal(size=(150, 8, 2))
# One sequence of a batch has a gap, or two: most pieces have none.
X[::35, :3] = np.nan
Y = np.nansum(X[:, -2:], axis=(1, 2)) + 0.1 * rng.normal(size=150)
LABELS = np.where(Y > 0, "up", "down")
WEIGHT = rng.integers(0, 3, size=150).astype(float)
SMALL = {"hidden_size": 6, "max_epochs": 4, "batch_size": 40, "random_state": 0}


def model_of(options):
    options = dict(options)
    kind = LSTMClassifier if options.pop("classifies", False) else LSTMRegressor
    return kind(**SMALL | options)


def data_of(model, rows=slice(None)):
    target = LABELS if isinstance(model, LSTMClassifier) else Y
    return X[rows], target[rows]


def digest(model):
    """Of all that was learnt, and of how training went."""
    state = model._model.__getstate__()
    del state["memory"]["settings"]
    return digest_of(state)


def fit_same(rank, options, weighs=False):
    model = model_of(options)
    weight = {"sample_weight": WEIGHT} if weighs else {}
    with distributed():
        model.fit(*data_of(model), **weight)
    return digest(model), model.predict(X), torch.get_num_threads()


def fit_in_pieces(options, n_pieces, weighs=False):
    """Fit in this process alone, with as many pieces."""
    model = model_of(options)
    weight = {"sample_weight": WEIGHT} if weighs else {}
    count = _side_by_side.count_pieces
    _side_by_side.count_pieces = lambda *sizes: n_pieces
    try:
        model.fit(*data_of(model), **weight)
    finally:
        _side_by_side.count_pieces = count
    return digest(model), model.predict(X)


def fit_own(rank, options, bounds, weighs=False):
    """Fit on the rows from one bound to the next."""
    rows = slice(bounds[rank], bounds[rank + 1])
    model = model_of(options)
    weight = {"sample_weight": WEIGHT[rows]} if weighs else {}
    with distributed(rows="own"):
        model.fit(*data_of(model, rows), **weight)
    scaling = model._model.encoding.scaling
    weights = model._model.__getstate__()["weights"]
    return digest_of(weights), model.predict(X), scaling, model.n_epochs_


def solve_own(rank, bounds):
    """Fit on the rows from one bound to the next, and solve the last layer from all."""
    rows = slice(bounds[rank], bounds[rank + 1])
    options = {"early_stopping": True, "refit_head": True, "dtype": "float64"}
    model = model_of({**options, "validation_fraction": 0.3})
    with distributed(rows="own"):
        model.fit(*data_of(model, rows))
    weights = model._model.__getstate__()["weights"]
    return digest_of(weights), model.predict(X), model.transform(X), model.head_penalties_


def fit_with(rank, of_rank, options=(), rows="same"):
    """Fit with parameters that each rank has for itself."""
    model = model_of({**dict(options), **of_rank[rank]})
    with distributed(rows=rows):
        model.fit(*data_of(model))


def fit_on(rank, data, options=(), rows="same"):
    """Fit on data that each rank has for itself, and then on what all have."""
    model = model_of(options)
    with distributed(rows=rows):
        try:
            model.fit(*data[rank])
        except Exception as error:
            assert not hasattr(model, "module_")
            model.fit(*data_of(model))
            assert model.n_epochs_ == SMALL["max_epochs"]
            raise error


class Noted(Callback):
    """Says what it heard, halves the rate, and fails or asks to stop where it is told."""

    def __init__(self, fails_in=0):
        self._fails_in = fails_in
        self.epochs = []  # of this fit and those before

    def on_epoch_end(self, net, **kwargs):
        self.epochs.append(net.n_epochs)
        for group in net.optimizer_.param_groups:
            group["lr"] /= 2
        if len(self.epochs) == self._fails_in:
            raise ZeroDivisionError("as told")


def fit_with_callbacks(rank, fails_in=0, **options):
    noted = Noted(fails_in)
    stopping = EarlyStopping(monitor="train_loss", patience=2, threshold=10.0)
    model = model_of({**options, "callbacks": [noted, stopping], "max_epochs": 8})
    with distributed():
        model.fit(*data_of(model))
    return noted.epochs, model.n_epochs_, digest(model)


class Listening(Callback):
    def on_batch_end(self, net, **kwargs):
        pass


def fit_listening(rank):
    with distributed():
        model_of({"callbacks": [Listening()]}).fit(X, Y)


class OwnLoss(torch.nn.Module):
    def forward(self, output, target):
        return ((output - target) ** 2).mean()


def fit_own_loss(rank):
    with distributed():
        model_of({"loss": OwnLoss()}).fit(X, Y)


def go_on(rank):
    with distributed():
        model = LSTMClassifier(**SMALL, warm_start=True)
        model.partial_fit(X, LABELS, classes=["down", "flat", "up"])
        model.fit(X, LABELS)
    return digest(model), model.n_epochs_


def without_state(rank, seed):
    state = np.random.RandomState(seed + rank) if seed else None
    model = LSTMRegressor(**SMALL | {"random_state": state})
    with distributed():
        model.fit(X, Y)
    return digest(model)


PANEL = np.cumsum(rng.normal(size=(12, 30)), axis=1) + 50.0


def fit_panel(rank, options):
    """Fit on windows of this rank's series."""
    series = PANEL[rank::2]
    rows = series.reshape(-1, 1)
    groups = np.repeat(np.arange(len(series)), series.shape[1])
    target = np.roll(series, -1, axis=1)
    target[:, -1] = np.nan
    windows = SlidingWindowTransformer(8).fit_transform(rows, groups=groups)
    model = LSTMRegressor(**SMALL | {"horizon": 1} | options)
    with distributed(rows="own"):
        model.fit(windows, target.ravel())
    return digest_of(model._model.__getstate__()["weights"]), model.module_.state_dict()


def fit_sorted(rank, order, bounds):
    """Fit on labels of which each rank has one kind."""
    rows = order[bounds[rank] : bounds[rank + 1]]
    model = LSTMClassifier(**SMALL, class_weight="balanced")
    with distributed(rows="own"):
        model.fit(X[rows], LABELS[rows])
    return model.classes_.tolist()
