"""scikit-learn's own checks, on every estimator and in many configurations."""

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm import (
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
)

BATCHES = {
    "check_sample_weight_equivalence_on_dense_data": "Rows repeated fall into other"
    " mini-batches than rows weighted, and float32 rounds their sums differently. With"
    " float64 and the full batch the check passes."
}
MIXED = {
    "check_sample_weight_equivalence_on_dense_data": "Batch normalisation sees a repeated"
    " row twice, whatever its weight."
}
HELD_OUT = {
    "check_sample_weight_equivalence_on_dense_data": "A repeated row is held out as"
    " another row is; a weight is not."
}
WINDOWS = {
    "check_methods_subset_invariance": "A window reaches back to rows before its own.",
    "check_methods_sample_order_invariance": "The order of the rows is their time.",
}


class _TwoSteps:
    """Hands the checks' tables on in three dimensions, each row twice, as two steps."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(_as_sequences(X), y, sample_weight)

    def predict(self, X):
        return super().predict(_as_sequences(X))

    def transform(self, X):
        return super().transform(_as_sequences(X))


class DeepRegressor(_TwoSteps, LSTMRegressor):
    def partial_fit(self, X, y, sample_weight=None):
        return super().partial_fit(_as_sequences(X), y, sample_weight)


class DeepClassifier(_TwoSteps, LSTMClassifier):
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        return super().partial_fit(_as_sequences(X), y, classes, sample_weight)

    def predict_proba(self, X):
        return super().predict_proba(_as_sequences(X))

    def predict(self, X):
        return LSTMClassifier.predict(self, X)


def _as_sequences(X):
    """Repeat the rows of a numeric table; leave names and the rest to the estimator."""
    named = any(isinstance(name, str) for name in getattr(X, "columns", ()))
    table = None if named else np.asarray(X)
    if table is None or table.ndim != 2 or not table.size or table.dtype.kind not in "fiu":
        return X
    return np.stack([table, table], axis=1)


# With one batch of all samples, in float64, a weight is exactly a number of repetitions.
EXACT = {"dtype": "float64", "batch_size": 10_000, "hidden_size": 16, "learning_rate": 0.1}
SMALL = {"hidden_size": 8, "max_epochs": 30, "learning_rate": 0.03}
LSTMS = [
    (LSTMRegressor(), BATCHES),
    (LSTMClassifier(), BATCHES),
    (LSTMRegressor(**EXACT, max_epochs=60), {}),
    (LSTMClassifier(**EXACT, max_epochs=30), {}),
    (LSTMRegressor(bidirectional=True, num_layers=2, dropout=0.1, **SMALL), BATCHES),
    (LSTMClassifier(bidirectional=True, num_layers=2, dropout=0.1, **SMALL), BATCHES),
    (
        LSTMRegressor(early_stopping=True, n_epochs_no_change=50, learning_rate=0.03),
        BATCHES,
    ),
    (
        LSTMRegressor(early_stopping=True, learning_rate=0.03, refit_head=True),
        BATCHES,
    ),
    (LSTMClassifier(early_stopping=True), BATCHES),
    (LSTMClassifier(class_weight="balanced", **SMALL), BATCHES),
    (DeepRegressor(batch_size=16, **SMALL), BATCHES),
    (DeepClassifier(batch_size=16, **SMALL), BATCHES),
    (
        LSTMRegressor(
            convolution="beside",
            conv_filters=[4, 8],
            conv_kernel_sizes=[3, 2],
            pooling="attention",
            patch_length=3,
            head_sizes=[4],
            dtype="float64",
            **SMALL,
        ),
        MIXED,
    ),
    (
        LSTMClassifier(
            cell="gru",
            layer_norm=True,
            weight_averaging=0.9,
            weight_decay=1e-3,
            **SMALL,
        ),
        BATCHES,
    ),
]
TRANSFORMERS = [
    (SlidingWindowTransformer(window_length=1), {}),
    (SlidingWindowTransformer(window_length=1, output="2d"), {}),
    (SlidingWindowTransformer(), WINDOWS),
    (SlidingWindowTransformer(lags=[1, 3], output="2d", padding="edge"), WINDOWS),
    (SequenceReshaper(), {}),
    (SequenceReshaper(layout="feature-major", newest_first=True), {}),
]
DETECTORS = [
    (LSTMOutlierDetector(), HELD_OUT),
    (LSTMOutlierDetector(method="reconstruction", **SMALL), HELD_OUT),
]
ESTIMATORS = LSTMS + TRANSFORMERS + DETECTORS
EXPECTED = {repr(estimator): failures for estimator, failures in ESTIMATORS}


@parametrize_with_checks(
    [estimator for estimator, _ in ESTIMATORS],
    expected_failed_checks=lambda estimator: EXPECTED[repr(estimator)],
)
@pytest.mark.filterwarnings("ignore:Can't check dok sparse matrix")
def test_scikit_learn_check(estimator, check):
    check(estimator)
