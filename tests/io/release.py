"""Files of a release, to be read by those that follow: ``python -m tests.io.release``.

They are written once, before a release, into a folder of its name, and never again.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

import sklstm
from sklstm import (
    ConformalClassifier,
    ConformalRegressor,
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
)
from sklstm.io import save
from sklstm.sktime import (
    LSTMDetector,
    LSTMForecaster,
    LSTMTimeSeriesClassifier,
    LSTMTimeSeriesRegressor,
    PretrainedLSTMForecaster,
)

FOLDER = Path(__file__).parent / "data"
SMALL = {"hidden_size": 3, "max_epochs": 3, "random_state": 0}
BRANCH = {"conv_filters": (3,), "conv_kernel_sizes": (2,)}

# The same numbers with every version of NumPy.
step = np.arange(240.0)
X = np.sin(step * np.arange(1, 5)[:, None] / 7).T[:48].copy()
Y = np.cos(step[:48] / 5)
LABELS = np.where(Y > 0, "up", "down")
ROWS = pd.DataFrame(X[:, :2], pd.date_range("2024-05-01", periods=48, freq="h"), ["a", "b"])
MIXED = ROWS.assign(kind=list("xyzz") * 12)
STORES = pd.DataFrame(
    {
        "store": [f"number {i % 20}" for i in range(60)],
        "day": step[:60].astype(int) // 20,
        "a": step[:60],
    }
)
PANEL = np.sin(step.reshape(12, 2, 10) / 7)
SERIES = pd.Series(Y, pd.period_range("2020-01", periods=48, freq="M"), name="sold")


def _pipeline():
    columns = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["kind"]),
        (OrdinalEncoder(), ["kind"]),
        (make_union(RobustScaler(), QuantileTransformer(n_quantiles=5)), ["a"]),
        remainder=make_pipeline(SimpleImputer(), PowerTransformer(), MaxAbsScaler()),
    )
    windows = SlidingWindowTransformer(3, context="fit")
    regressor = TransformedTargetRegressor(
        LSTMRegressor(**SMALL), transformer=MinMaxScaler()
    )
    return make_pipeline(columns, windows, regressor)


def _fitted():
    """All kinds, by the names of their files."""
    scaled = make_pipeline(StandardScaler(), SequenceReshaper(2), LSTMClassifier(**SMALL))
    return {
        "unfitted": LSTMRegressor(quantile=(0.1, 0.5, 0.9), loss="quantile"),
        "regressor": LSTMRegressor(**SMALL, warm_start=True).fit(X, Y),
        "distribution": LSTMRegressor(**SMALL, loss="gaussian").fit(X, np.c_[Y, -Y]),
        "classifier": scaled.fit(X, LABELS),
        "pipeline": _pipeline().fit(MIXED[:40], Y[:40]),
        "intervals": ConformalRegressor(LSTMRegressor(**SMALL), coverage=0.7).fit(ROWS, Y),
        "sets": ConformalClassifier(LSTMClassifier(**SMALL), coverage=0.7).fit(X, LABELS),
        "outliers": LSTMOutlierDetector(**SMALL).fit(X),
        "forecaster": LSTMForecaster(
            **SMALL, window_length=6, calibration_fraction=0.4
        ).fit(SERIES, fh=[1, 2]),
        "pretrained": PretrainedLSTMForecaster(season_length=12),
        "series_classifier": LSTMTimeSeriesClassifier(**SMALL, **BRANCH).fit(
            PANEL, LABELS[:12]
        ),
        "series_regressor": LSTMTimeSeriesRegressor(**SMALL, **BRANCH).fit(PANEL, Y[:12]),
        "anomalies": LSTMDetector(**SMALL, window_length=6, long=40).fit(ROWS),
        "steps": LSTMRegressor(**SMALL, return_sequences=True).fit(X, np.cumsum(X, axis=1)),
        "step_labels": LSTMClassifier(**SMALL, return_sequences=True).fit(
            X, np.where(X > 0, "up", "down")
        ),
        "stores": SlidingWindowTransformer(
            3, groups="store", time="day", context="fit", output="2d"
        ).fit(STORES[:40]),
    }


# What is asked of each.
ASKED = {
    "unfitted": lambda model: model.quantile,
    "regressor": lambda model: model.predict(X),
    "distribution": lambda model: model.predict_quantiles(X),
    "classifier": lambda model: model.predict_proba(X),
    "pipeline": lambda model: model.predict(MIXED[40:]),
    "intervals": lambda model: model.predict_interval(ROWS),
    "sets": lambda model: model.predict_set(X),
    "outliers": lambda model: model.score_samples(X),
    "forecaster": lambda model: model.predict_interval(coverage=0.8),
    "pretrained": lambda model: model.season_length,
    "series_classifier": lambda model: model.predict_proba(PANEL),
    "series_regressor": lambda model: model.predict(PANEL),
    "anomalies": lambda model: model.transform_scores(ROWS),
    "steps": lambda model: model.predict(X),
    "step_labels": lambda model: model.predict_proba(X),
    "stores": lambda model: model.transform(STORES[40:]),
}


def main():
    """Write the files of this version that are not there yet."""
    folder = FOLDER / sklstm.__version__
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in _fitted().items():
        if (folder / f"{name}.npy").exists():
            continue
        save(model, folder / f"{name}.safetensors", training_state=name == "regressor")
        np.save(folder / f"{name}.npy", np.asarray(ASKED[name](model)))


if __name__ == "__main__":
    main()
