import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMClassifier, LSTMRegressor, SlidingWindowTransformer, sliding_windows

STEPS = 5
HELD_OUT = 20
TINY = {"hidden_size": 4, "max_epochs": 3, "batch_size": 32, "random_state": 0}
STOPPING = {"early_stopping": True, "n_epochs_no_change": 50, "validation_fraction": 0.2}


def view(X):
    return SlidingWindowTransformer(STEPS).fit_transform(X)


def stored(X):
    return np.array(view(X))


def flat(X):
    return view(X[:, :1])[:, :, 0]


def chosen_lags(X):
    return SlidingWindowTransformer(lags=[0, 1, STEPS - 1]).fit_transform(X)


def two_groups(X):
    groups = np.repeat([0, 1], [30, len(X) - 30])
    return SlidingWindowTransformer(STEPS).fit_transform(X, groups=groups)


def ends(sizes, n_more=0):
    """The last fifth of each series, and some rows before it."""
    stops = np.cumsum(sizes)
    return np.concatenate(
        [
            np.arange(stop - n // 5 - n_more, stop)
            for stop, n in zip(stops, sizes, strict=True)
        ]
    )


@pytest.mark.parametrize(
    ("windows", "sizes"),
    [
        (view, [100]),
        (stored, [100]),
        (flat, [100]),
        (chosen_lags, [100]),
        (two_groups, [30, 70]),
    ],
)
@pytest.mark.parametrize("Model", [LSTMRegressor, LSTMClassifier])
def test_training_sees_no_row_and_no_label_of_a_validation_window(Model, windows, sizes):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 2)), rng.integers(0, 2, size=100)
    changed_X, changed_y = X.copy(), y.copy()
    seen, held_out = ends(sizes, STEPS - 1), ends(sizes)
    changed_X[seen] = rng.normal(5, 10, size=(len(seen), 2))
    changed_y[held_out] = 1 - y[held_out]
    model, changed = Model(**TINY, **STOPPING), Model(**TINY, **STOPPING)
    model.fit(windows(X), y)
    changed.fit(windows(changed_X), changed_y)
    assert changed.loss_curve_ == model.loss_curve_
    assert changed.validation_loss_curve_ != model.validation_loss_curve_


@pytest.mark.parametrize("fold", range(5))
def test_stratified_folds_of_windows_keep_their_gap(fold):
    rng = np.random.default_rng(0)
    series = rng.normal(size=300)
    labels = rng.integers(0, 2, size=300 - STEPS)
    train, _ = list(StratifiedKFold(5).split(labels, labels))[fold]
    n_valid = int(np.ceil(0.2 * len(train)))

    def loss_curve(series):
        windows, _ = sliding_windows(series, window_length=STEPS)
        model = LSTMClassifier(**TINY, **STOPPING).fit(windows[train], labels[train])
        return model.loss_curve_

    # The window of sample i holds rows i to i + STEPS - 1.
    changed = series.copy()
    changed[train[-n_valid] :] += 5
    assert loss_curve(changed) == loss_curve(series)


def test_training_sees_the_last_row_before_the_gap():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 2)), rng.normal(size=100)
    changed = X.copy()
    changed[100 - HELD_OUT - STEPS] += 1
    model = LSTMRegressor(**TINY, **STOPPING)
    before = model.fit(view(X), y).loss_curve_
    assert model.fit(view(changed), y).loss_curve_ != before


def test_gap_is_as_long_as_the_horizon():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=100), rng.normal(size=100)
    horizon = 12
    _, targets = sliding_windows(y, window_length=STEPS, horizon=horizon)
    n_valid = int(np.ceil(0.2 * len(targets)))
    # The targets of validation are the last rows of the series.
    changed = y.copy()
    changed[-(n_valid + horizon - 1) :] = 7.0

    def loss_curve(y):
        windows, targets = sliding_windows(X, y, window_length=STEPS, horizon=horizon)
        return LSTMRegressor(**TINY, **STOPPING).fit(windows, targets).loss_curve_

    assert loss_curve(changed) == loss_curve(y)


def test_random_split_of_overlapping_windows_does_see_rows_of_validation():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(100, 2)), rng.normal(size=100)
    changed = X.copy()
    changed[-HELD_OUT:] += 1
    model = LSTMRegressor(**TINY, **STOPPING, validation_split="random")
    before = model.fit(view(X), y).loss_curve_
    assert model.fit(view(changed), y).loss_curve_ != before


def noise_whose_neighbours_know_the_label():
    """Rows and labels are noise, but the windows around a row share its label."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(400, 6))
    for i in range(1, 400):
        rows[i] += 0.98 * rows[i - 1]
    return rows, np.repeat(rng.integers(0, 2, size=100), 4)


MEMORISER = {
    **STOPPING,
    "validation_fraction": 0.25,
    "hidden_size": 16,
    "max_epochs": 40,
    "learning_rate": 0.03,
    "random_state": 0,
}


def test_validation_error_of_noise_stays_at_chance_by_default():
    X, y = noise_whose_neighbours_know_the_label()
    model = make_pipeline(SlidingWindowTransformer(STEPS), LSTMRegressor(**MEMORISER))
    model.fit(X, y.astype(float))
    # Of standardised targets, so that always predicting the mean scores 1.
    assert min(model[-1].validation_loss_curve_) > 0.9
    leaky = model.set_params(lstmregressor__validation_split="random")
    leaky.fit(X, y.astype(float))
    assert min(leaky[-1].validation_loss_curve_) < 0.7


def test_validation_loss_of_random_labels_stays_at_chance_by_default():
    X, y = noise_whose_neighbours_know_the_label()
    model = make_pipeline(SlidingWindowTransformer(STEPS), LSTMClassifier(**MEMORISER))
    model.fit(X, y)
    assert min(model[-1].validation_loss_curve_) > 0.95 * np.log(2)
    leaky = model.set_params(lstmclassifier__validation_split="random").fit(X, y)
    assert min(leaky[-1].validation_loss_curve_) < 0.8 * np.log(2)


def fitted(make_model, y):
    X = np.random.default_rng(3).normal(size=(60, 2))
    return make_model().fit(X, y(X)), X


def regression_pipeline():
    return make_pipeline(
        StandardScaler(), SlidingWindowTransformer(STEPS), LSTMRegressor(**TINY)
    )


def classification_pipeline():
    return make_pipeline(
        StandardScaler(),
        SlidingWindowTransformer(lags=[0, 2, 7], padding="edge"),
        LSTMClassifier(**TINY, bidirectional=True, num_layers=2),
    )


REGRESSION = fitted(regression_pipeline, lambda X: X.sum(axis=1))
CLASSIFICATION = fitted(classification_pipeline, lambda X: X.sum(axis=1) > 0)
future_values = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)), min_size=1, max_size=8
)


@settings(max_examples=40, deadline=None)
@given(now=st.integers(1, 59), future=future_values)
def test_perturbed_future_changes_no_past_prediction(now, future):
    model, X = REGRESSION
    changed = X.copy()
    changed[now:] = np.resize(future, changed[now:].shape)
    np.testing.assert_array_equal(model.predict(changed)[:now], model.predict(X)[:now])


@settings(max_examples=20, deadline=None)
@given(now=st.integers(1, 59), future=future_values)
def test_perturbed_future_changes_no_past_probability(now, future):
    model, X = CLASSIFICATION
    changed = X.copy()
    changed[now:] = np.resize(future, changed[now:].shape)
    np.testing.assert_array_equal(
        model.predict_proba(changed)[:now], model.predict_proba(X)[:now]
    )


@settings(max_examples=20, deadline=None)
@given(now=st.integers(1, 60))
def test_prediction_of_the_past_needs_no_future_rows(now):
    model, X = REGRESSION
    np.testing.assert_array_equal(model.predict(X[:now]), model.predict(X)[:now])


def test_perturbed_present_changes_the_prediction():
    model, X = REGRESSION
    changed = X.copy()
    changed[30] += 1
    moved = model.predict(changed) != model.predict(X)
    assert np.flatnonzero(moved).tolist() == list(range(30, 30 + STEPS))
