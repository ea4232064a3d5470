"""Damaged files either load or raise ValueError; nothing that stands in them is run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from sklstm import (
    ConformalRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SlidingWindowTransformer,
)
from sklstm.io import save
from sklstm.sktime import LSTMForecaster

SMALL = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}


def write_files(folder):
    """Small files, of which each part of the format is in one at least."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(16, 2))
    hours = pd.date_range("2024", periods=16, freq="h", tz="Europe/Berlin")
    rows = pd.DataFrame(X, hours, ["a", "b"]).assign(kind=list("xyzz") * 4)
    branch = {"convolution": "beside", "conv_filters": (2,), "conv_kernel_sizes": (2,)}
    encoder = OneHotEncoder(sparse_output=False)
    columns = make_column_transformer((encoder, ["kind"]), remainder=StandardScaler())
    columns.set_output(transform="pandas")
    windows = SlidingWindowTransformer(2, context="fit")
    series = pd.Series(X[:, 0], pd.period_range("2024-01", periods=16, freq="M"), name="y")
    models = [
        LSTMRegressor(),
        LSTMRegressor(**SMALL, warm_start=True).fit(X, X[:, 0]),
        LSTMClassifier(**SMALL, **branch).fit(X, np.where(X[:, 0] > 0, "a", "b")),
        make_pipeline(columns, windows, LSTMRegressor(**SMALL)).fit(rows, X[:, 0]),
        ConformalRegressor(LSTMRegressor(**SMALL), coverage=0.5).fit(X, X[:, 0]),
        LSTMForecaster(window_length=4, calibration_fraction=0.6, **SMALL).fit(
            series, fh=[1, 2]
        ),
    ]
    for i, model in enumerate(models):
        save(model, folder / f"{i}.safetensors", training_state=i == 1)


def test_ten_thousand_damaged_files(tmp_path):
    write_files(tmp_path)
    command = [sys.executable, "-m", "tests.io.mutate", str(tmp_path), "10000"]
    root = Path(__file__).parents[2]
    child = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    told = json.loads(child.stdout)
    endings = {outcome.split()[1] for outcome in told["outcomes"]}
    assert endings == {"loaded", "ValueError"}
    assert sum(told["outcomes"].values()) == 10_000
    assert told["events"] == []
    assert told["slowest"] < 2
    assert told["memory_in_MiB"] < 200
