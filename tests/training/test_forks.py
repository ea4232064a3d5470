"""Training on a forecast from each step of a window, beside a loop over the prefixes."""

import numpy as np
import pytest
import torch

from sklstm.estimators._forecast_regressor import (
    ForkingRegressor,
    ForkingSeq2SeqRegressor,
)
from sklstm.estimators._start import Units
from sklstm.estimators._training import as_data
from sklstm.losses import LINKS, in_units
from sklstm.samples._samples import Samples
from sklstm.windows._windows import KnownFuture, Windows

STEPS = np.array([1, 2, 5])
T, SEASON = 12, 4
LENGTHS = np.array([30, 22, 40])


def series(rng, *, missing=0.0, size=1.0):
    """Three series about levels of their own, with a season, and a covariate beside."""
    values = [
        size * scale * (5 + np.resize([0, 2, 1, 3], n) + rng.normal(size=n).cumsum() / 9)
        for n, scale in zip(LENGTHS, (1, 30, 0.1), strict=True)
    ]
    y = np.concatenate(values)
    assert y.min() > 0
    y[rng.random(len(y)) < missing] = np.nan
    x = np.arange(len(y)) % 3.0
    if missing:
        x[rng.random(len(y)) < missing / 2] = np.nan
    return np.c_[y, x]


def samples(table, *, known=False, least=5):
    """All windows of which a part lies in a series, and the values to come."""
    stops = np.cumsum(LENGTHS)
    starts = np.repeat(stops - LENGTHS, LENGTHS)
    rows = np.arange(len(table))
    last = np.repeat(stops, LENGTHS) - STEPS[-1]
    ends = rows[(rows - starts + 1 >= least) & (rows < last)]
    ahead = KnownFuture(STEPS, np.array([1] if known else [], dtype=np.intp))
    windows = Windows(table, ends, starts[ends], np.arange(T - 1, -1, -1), known=ahead)
    return windows, Windows(table[:, :1], ends, starts[ends], -STEPS)


def fitted(kind=ForkingRegressor, *, missing=0.0, known=False, **options):
    table = series(np.random.default_rng(0), missing=missing)
    if options.get("loss") == "negative_binomial":
        table[:, 0] = np.round(4 * table[:, 0])
    windows, targets = samples(table, known=known)
    small = {"hidden_size": 4, "max_epochs": 2, "random_state": 0, "target_features": [0]}
    common = {"dtype": "float64", "instance_norm": "level", "learning_rate": 0.05}
    model = kind(**small | common | options).fit(windows, targets)
    return model, windows, targets


def of_forks(model, windows, targets):
    """What is said in training of each fork, in the units of y; and what comes."""
    trained = model._model
    network = trained.network
    units = Units(trained.architecture, trained.encoding, trained.targets)
    data = as_data(network, units, Samples(windows, targets), forks=network.forks)
    inputs, target = data.gather(torch.arange(len(windows)))
    network.train()
    with torch.no_grad():
        output = network(*(inputs[n] for n in ("x", "lengths", "future", "history")))
    network.eval()
    counts = ~target.isnan().all(dim=2)
    said = LINKS[trained.link](output.flatten(0, 1), network.roles)
    shift, size = (inputs[name] for name in ("shift", "size"))
    shift = torch.zeros_like(target) if shift is None else shift
    size = torch.ones_like(target) if size is None else size
    parts = said, shift.flatten(0, 1), size.flatten(0, 1)
    in_table = in_units(parts[0], network.roles, *parts[1:]).numpy()
    values = trained.targets.decode(in_table, network.roles)
    truth = trained.targets.decode(
        in_units(target.flatten(0, 1)[:, :, None], ["location"], *parts[1:]).numpy(),
        ["location"],
    )[..., 0]
    shape = output.shape[:2]
    return (
        values.reshape(*shape, *values.shape[1:]),
        truth.reshape(*shape, -1),
        counts.numpy(),
    )


def of_prefix(model, windows, i, row):
    """What is predicted of the window's rows up to one of them."""
    lags = np.arange(row - windows.ends[i] + windows.lags[0], -1, -1)
    of_row, start = np.array([row]), windows.starts[[i]]
    prefix = Windows(windows.table, of_row, start, lags, known=windows.known)
    return model.say(prefix)[0]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"missing": 0.2},
        {"known": True},
        {"known": True, "missing": 0.2},
        {"instance_norm": "last"},
        {"instance_norm": "standard", "missing": 0.2},
        {"instance_norm": "affine"},
        {"instance_norm": None, "instance_scale": False},
        {"instance_scale": False},
        {"patch_length": 4},
        {"patch_length": 5, "missing": 0.2},
        {"cell": "gru", "num_layers": 2, "head_sizes": (3,)},
        {"layer_norm": True},
        {"convolution": "before", "conv_filters": (3,), "conv_kernel_sizes": (2,)},
        {"kind": ForkingSeq2SeqRegressor, "known": True},
        {"loss": "quantile", "quantile": [0.1, 0.5, 0.9], "missing": 0.2},
        {"loss": "gaussian"},
        {"loss": "negative_binomial"},
        {"season_length": SEASON, "season": "skip"},
        {"season_length": SEASON, "season": "skip", "missing": 0.2},
        {"categorical_features": [1], "known": True},
    ],
    ids=str,
)
def test_a_fork_says_what_is_predicted_from_the_prefix(options):
    model, windows, targets = fitted(**options)
    values, truth, counts = of_forks(model, windows, targets)
    step_rows = observed_rows(windows)
    network = model.module_
    n_checked = 0
    for i in range(0, len(windows), 5):
        rows = step_rows[i]
        n_patches = -(-len(rows) // network.patch_length)
        ends = len(rows) - 1 - network.patch_length * np.arange(n_patches)[::-1]
        seen = [end for end in ends if end + 1 >= network.forks.least]
        found = np.flatnonzero(counts[i])
        n_left = sum(np.isnan(windows.table[rows[e] + STEPS, 0]).all() for e in seen)
        assert len(found) == len(seen) - n_left
        seen = [e for e in seen if not np.isnan(windows.table[rows[e] + STEPS, 0]).all()]
        for k, end in zip(found, seen, strict=True):
            expected = of_prefix(model, windows, i, rows[end])
            np.testing.assert_allclose(values[i, k], expected, rtol=1e-6, atol=1e-9)
            comes = windows.table[rows[end] + STEPS, 0]
            np.testing.assert_allclose(truth[i, k], comes, rtol=1e-9)
            n_checked += 1
    assert n_checked > 20


@pytest.mark.parametrize("method", ["additive", "multiplicative"])
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_at_the_end_of_a_period_the_season_is_that_of_the_prefix(method, missing):
    options = {"season_length": SEASON, "season": method, "missing": missing}
    model, windows, targets = fitted(**options)
    values, truth, counts = of_forks(model, windows, targets)
    n_checked = 0
    for i, rows in enumerate(observed_rows(windows)):
        for k in np.flatnonzero(counts[i]):
            row = rows[k + model.module_.forks.n_left_out]
            np.testing.assert_allclose(truth[i, k], windows.table[row + STEPS, 0])
            if (windows.ends[i] - row) % SEASON:
                continue
            expected = of_prefix(model, windows, i, row)
            np.testing.assert_allclose(values[i, k], expected, rtol=1e-6)
            n_checked += 1
    assert n_checked > 20


def observed_rows(windows):
    """The rows of each window that have a value, in the order of time."""
    found = []
    for end, start in zip(windows.ends, windows.starts, strict=True):
        rows = end - windows.lags
        rows = rows[rows >= start]
        found.append(rows[~np.isnan(windows.table[rows]).all(axis=1)])
    return found
