"""Intervals and sets that hold as much as they promise, beside MAPIE, crepes and NumPy."""

import pickle
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from crepes import WrapRegressor
from hypothesis import given, settings
from hypothesis import strategies as st
from mapie.classification import SplitConformalClassifier
from mapie.regression import ConformalizedQuantileRegressor, SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm import (
    ConformalClassifier,
    ConformalRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SlidingWindowTransformer,
    future_targets,
    sliding_windows,
)
from sklstm.estimators._calibration import leads_of
from sklstm.estimators._conformity import Conformity, least_scores
from sklstm.metrics import uncertainty_scorer

rng = np.random.default_rng(0)
X = rng.normal(size=(1200, 3))
Y = X[:, 0] + (0.5 + np.abs(X[:, 1])) * rng.normal(size=1200)
TRAIN, CALIBRATE, TEST = slice(0, 500), slice(500, 800), slice(800, None)
SMALL = {"coverage": 0.5, "calibration_fraction": 0.5}
QUICK = {"max_epochs": 3, "hidden_size": 4, "random_state": 0}


@parametrize_with_checks(
    [
        ConformalRegressor(Ridge(), **SMALL),
        ConformalRegressor(LSTMRegressor(learning_rate=0.03, random_state=0), coverage=0.5),
        ConformalClassifier(LogisticRegression(), **SMALL),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


# ------------------------------------------------------------------ oracles


class Quantiles(RegressorMixin, BaseEstimator):
    """Quantiles by gradient boosting."""

    def fit(self, X, y):
        self.models_ = [
            GradientBoostingRegressor(
                loss="quantile", alpha=alpha, n_estimators=30, random_state=0
            ).fit(X, y)
            for alpha in (0.05, 0.95, 0.5)
        ]
        return self

    def predict(self, X):
        return self.models_[2].predict(X)

    def predict_quantiles(self, X, levels):
        np.testing.assert_allclose(levels, [0.05, 0.95])
        return np.stack([model.predict(X) for model in self.models_[:2]], axis=1)


def calibrated(model, **params):
    """All of the second part calibrates what the first has trained."""
    frozen = FrozenEstimator(model.fit(X[TRAIN], Y[TRAIN]))
    return ConformalRegressor(frozen, **params).fit(X[CALIBRATE], Y[CALIBRATE])


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_residuals_give_the_intervals_of_mapie_and_crepes(coverage):
    ours = calibrated(Ridge(), coverage=coverage).predict_interval(X[TEST])
    theirs = SplitConformalRegressor(Ridge().fit(X[TRAIN], Y[TRAIN]), coverage)
    theirs.conformalize(X[CALIBRATE], Y[CALIBRATE])
    np.testing.assert_allclose(ours, theirs.predict_interval(X[TEST])[1][:, :, 0])
    crepes = WrapRegressor(Ridge().fit(X[TRAIN], Y[TRAIN]))
    crepes.calibrate(X[CALIBRATE], Y[CALIBRATE])
    np.testing.assert_allclose(ours, crepes.predict_int(X[TEST], confidence=coverage))


def test_quantiles_give_the_intervals_of_mapie():
    model = Quantiles()
    ours = calibrated(model, coverage=0.9).predict_interval(X[TEST])
    theirs = ConformalizedQuantileRegressor(model.models_, 0.9, prefit=True)
    theirs.conformalize(X[CALIBRATE], Y[CALIBRATE])
    wanted = theirs.predict_interval(X[TEST], symmetric_correction=True)[1][:, :, 0]
    np.testing.assert_allclose(ours, wanted)
    inside = (ours[:, 0] <= Y[TEST]) & (Y[TEST] <= ours[:, 1])
    assert 0.85 < inside.mean() < 0.95


def test_sets_are_those_of_mapie():
    points, labels = make_classification(900, n_informative=4, n_classes=4, random_state=0)
    model = LogisticRegression().fit(points[:400], labels[:400])
    ours = ConformalClassifier(FrozenEstimator(model), coverage=0.8)
    ours.fit(points[400:600], labels[400:600])
    theirs = SplitConformalClassifier(model, confidence_level=0.8)
    theirs.conformalize(points[400:600], labels[400:600])
    wanted = theirs.predict_set(points[600:])[1][:, :, 0]
    given = ours.predict_set(points[600:])
    some = wanted.any(axis=1)
    np.testing.assert_array_equal(given[some], wanted[some])
    # A set is never empty here.
    assert (given[~some].sum(axis=1) == 1).all()
    held = given[np.arange(300), labels[600:]]
    assert 0.74 < held.mean() < 0.87


def plain_walk(scores, new, coverage, adaptation):
    """The thresholds before each of some scores is known, by NumPy."""
    window, level, thresholds = list(scores), coverage, []
    for score in new:
        rank = int(np.ceil((len(window) + 1) * level - 1e-9))
        threshold = np.sort(window)[np.clip(rank, 1, len(window)) - 1]
        thresholds.append(threshold)
        level += adaptation * (coverage - (score <= threshold))
        share = 1 / (len(window) + 1)
        level = np.clip(level, min(share, coverage), max(1 - share, coverage))
        window = [*window[1:], score]
    return thresholds, level, window


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(-9, 9), min_size=1, max_size=30),
    st.lists(st.floats(-20, 20), max_size=60),
    st.sampled_from([0.1, 0.5, 0.8, 0.9, 0.95]),
    st.sampled_from([0.0, 0.01, 0.2]),
)
def test_scores_slide_and_the_level_adapts_as_by_numpy(scores, new, coverage, adaptation):
    conformity, thresholds = Conformity(scores, coverage, adaptation), []
    for score in new:
        thresholds.append(conformity.threshold)
        conformity.add(score)
    wanted, level, window = plain_walk(scores, new, coverage, adaptation)
    assert thresholds == wanted
    assert conformity.level == level
    assert list(conformity.recent) == window
    assert conformity.ascending == sorted(window)


@pytest.mark.parametrize(("coverage", "least"), [(0.5, 1), (0.8, 4), (0.9, 9), (0.95, 19)])
def test_the_least_number_of_scores_suffices_and_no_fewer(coverage, least):
    assert least_scores(coverage) == least
    assert np.ceil((least + 1) * coverage - 1e-9) <= least
    assert least == 1 or np.ceil(least * coverage - 1e-9) > least - 1


# ------------------------------------------------------------------ the walk


def drifting(n=3000):
    """The deviation changes with the season."""
    rng = np.random.default_rng(1)
    t = np.arange(n)
    x = rng.normal(size=(n, 2))
    return x, x[:, 0] + (1 + 0.9 * np.sin(2 * np.pi * t / 1500)) * rng.normal(size=n)


def test_an_interval_is_given_before_its_true_value_is_known():
    x, y = drifting(900)
    model = ConformalRegressor(Ridge(), coverage=0.8).fit(x[:600], y[:600])
    at_once = pickle.loads(pickle.dumps(model))
    wanted = []
    for row in range(600, 900):
        wanted.append(model.predict_interval(x[row : row + 1])[0])
        model.update(x[row : row + 1], y[row : row + 1])
    np.testing.assert_allclose(at_once.update_predict(x[600:], y[600:]), wanted)
    assert at_once.level_ == model.level_
    assert at_once.coverage_ == model.coverage_
    np.testing.assert_allclose(at_once.scores_, model.scores_)
    other = y.copy()
    other[700:] += 100
    again = ConformalRegressor(Ridge(), coverage=0.8).fit(x[:600], y[:600])
    # Row 700 is the last whose interval knows nothing of the change.
    changed = again.update_predict(x[600:], other[600:])
    np.testing.assert_array_equal(changed[:101], at_once_intervals(x, y)[:101])
    assert not np.allclose(changed[101:], at_once_intervals(x, y)[101:])


def at_once_intervals(x, y):
    model = ConformalRegressor(Ridge(), coverage=0.8).fit(x[:600], y[:600])
    return model.update_predict(x[600:], y[600:])


@pytest.mark.parametrize("method", ["residual", "quantile"])
def test_coverage_is_held_where_the_deviation_drifts(method):
    x, y = drifting()
    estimator = Ridge()
    if method == "quantile":
        estimator = LSTMRegressor(loss="quantile", quantile=[0.1, 0.9], **QUICK)
    adaptive = ConformalRegressor(estimator, coverage=0.8, method=method)
    adaptive.fit(x[:1500], y[:1500]).update(x[1500:], y[1500:])
    assert abs(adaptive.coverage_ - 0.8) < 0.02
    fixed = ConformalRegressor(estimator, coverage=0.8, method=method).fit(
        x[:1500], y[:1500]
    )
    interval = fixed.predict_interval(x[1500:])
    inside = (interval[:, 0] <= y[1500:]) & (y[1500:] <= interval[:, 1])
    assert abs(inside.mean() - 0.8) > 0.04


def test_the_truth_of_a_step_ahead_is_known_that_much_later():
    rng = np.random.default_rng(1)
    y = np.cumsum(rng.normal(size=500))
    x, ahead = y[:, None], future_targets(y, 3)
    model = ConformalRegressor(Ridge(), coverage=0.8, adaptation=0.2).fit(
        x[:400], ahead[:400]
    )
    other = pickle.loads(pickle.dumps(model))
    before = model.update_predict(x[400:490], ahead[400:490])
    # The value of row 450 is that of steps 1, 2 and 3 from rows 449, 448 and 447.
    late = ahead[400:490].copy()
    for step in range(3):
        late[49 - step, step] += 100
    after = other.update_predict(x[400:490], late)
    np.testing.assert_array_equal(after[:50], before[:50])
    for step in range(3):
        assert not np.allclose(after[50:, step], before[50:, step])


def test_steps_that_are_not_yet_known_are_taken_in_when_they_are():
    rng = np.random.default_rng(1)
    y = np.cumsum(rng.normal(size=500))
    frame = pd.DataFrame({"y": y}, index=pd.period_range("2024", periods=500, freq="D"))
    ahead = future_targets(y, 3)
    for x in (frame, frame.to_numpy()):
        at_once = ConformalRegressor(Ridge(), coverage=0.8).fit(x[:400], ahead[:400])
        by_row = pickle.loads(pickle.dumps(at_once))
        at_once.update(x[400:450], ahead[400:450])
        for now in range(401, 454):
            rows = slice(max(400, now - 4), min(now, 450))
            known = np.arange(500)[rows, None] + [1, 2, 3] < now
            by_row.update(x[rows], np.where(known, ahead[rows], np.nan))
        np.testing.assert_array_equal(by_row.coverage_, at_once.coverage_)
        np.testing.assert_allclose(by_row.level_, at_once.level_)
        np.testing.assert_allclose(by_row.scores_, at_once.scores_)


@pytest.mark.filterwarnings("ignore:context='fit' gives no history")
@pytest.mark.parametrize("context", [None, "fit"])
def test_pipelines_that_make_windows_get_the_rows_before(context):
    """What calibrates has its whole history, and so has what is updated."""
    rng = np.random.default_rng(1)
    y = np.cumsum(rng.normal(size=400))
    rows = pd.DataFrame({"y": y}, index=pd.period_range("2024", periods=400, freq="D"))
    target = np.r_[y[1:], np.nan]
    windows = SlidingWindowTransformer(5, context=context, output="2d", padding="edge")
    model = ConformalRegressor(make_pipeline(windows, Ridge()), coverage=0.8)
    model.fit(rows[:300], target[:300])
    dense = np.stack(
        [y[np.maximum(np.arange(400) - k, 0)] for k in (4, 3, 2, 1, 0)], axis=1
    )
    ridge = Ridge().fit(dense[:240], target[:240])
    scores = np.abs(target[240:300] - ridge.predict(dense[240:300]))
    np.testing.assert_allclose(model.scores_, scores)
    history = np.r_[np.full(4, np.nan), target[300:310]]
    model.update(rows[296:310], history)
    new = np.abs(target[300:310] - ridge.predict(dense[300:310]))
    np.testing.assert_allclose(model.scores_[-10:], new)
    with pytest.raises(ValueError, match="row 0 a second time: if it is there as history"):
        model.update(rows[306:320], target[306:320])


def test_the_parts_share_no_target_and_no_row():
    """Each value names its time; what the estimator learns ends before the calibration."""
    seen = {}

    class Spy(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            seen["train"] = np.asarray(X), np.asarray(y)
            self.fitted_ = True
            return self

        def predict(self, X):
            seen["later"] = np.asarray(X)
            return np.zeros((len(X), 3))

    series = np.arange(200.0)
    X, y = sliding_windows(series, window_length=10, horizon=3)
    for x in (X, np.asarray(X)):
        ConformalRegressor(Spy(), coverage=0.5).fit(x, y)
        inputs, targets = seen["train"]
        assert inputs.max() < seen["later"].min()
        # The first target that calibrates follows the last row of its sequence.
        assert targets.max() < seen["later"][:, -1].min() + 1
    ConformalRegressor(Spy(), coverage=0.5).fit(series[:, None], future_targets(series, 3))
    assert np.nanmax(seen["train"][1]) < seen["later"].min() + 1


def test_of_several_series_the_last_rows_of_each_calibrate():
    rows = np.r_[np.arange(100.0), 1000 + np.arange(100.0)]
    X, y = sliding_windows(rows, window_length=5, groups=np.repeat(["a", "b"], 100))
    model = ConformalRegressor(LSTMRegressor(**QUICK), coverage=0.5).fit(X, y)
    assert len(model.scores_) == 2 * np.ceil(0.2 * 95)


# ------------------------------------------------------------------ in use


def test_searches_pipelines_and_frozen_ones_are_looked_into():
    levels = [0.05, 0.5, 0.95]
    net = LSTMRegressor(loss="quantile", quantile=levels, **QUICK)
    pipeline = make_pipeline(StandardScaler(), net)
    for model in (net, pipeline, GridSearchCV(net, {"hidden_size": [2, 3]}, cv=2)):
        conformal = ConformalRegressor(model).fit(X[:300], Y[:300])
        assert conformal._uses_quantiles
        frozen = ConformalRegressor(FrozenEstimator(conformal.estimator_))
        assert frozen.fit(X[300:400], Y[300:400])._uses_quantiles
        width = np.diff(conformal.predict_interval(X[400:450]), axis=1)
        assert (width > 0).all()
        assert np.ptp(width) > 1e-3  # what the network says differs from row to row
    plain = ConformalRegressor(pipeline, method="residual").fit(X[:300], Y[:300])
    assert np.ptp(np.diff(plain.predict_interval(X[400:450]), axis=1)) < 1e-9


def test_distributions_and_sequences_of_many_outputs():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 6, 2))
    y = np.c_[x[:, -1, 0], x[:, :, 1].sum(axis=1)] + 0.1 * rng.normal(size=(300, 2))
    model = ConformalRegressor(LSTMRegressor(loss="gaussian", **QUICK)).fit(x, y)
    assert model.predict_interval(x[:7]).shape == (7, 2, 2)
    assert model.update(x[:7] + 1, y[:7]).coverage_.shape == (2,)
    assert model.level_.shape == (2,)
    assert [len(scores) for scores in model.scores_] == [60, 60]
    assert model.n_features_in_ == 2
    assert model.score(x, y) == clone(model).fit(x, y).score(x, y)


def test_targets_ahead_by_the_horizon_of_the_estimator():
    y = np.sin(np.arange(200) / 5)
    ahead = np.r_[y[4:], np.full(4, np.nan)]
    windows = SlidingWindowTransformer(6).fit_transform(y[:, None])
    model = ConformalRegressor(LSTMRegressor(horizon=4, **QUICK), coverage=0.8)
    model.fit(windows, ahead)
    assert len(model.scores_) == 36  # the last four are not known
    assert leads_of(model.estimator_, 1) == [4]


def test_weights_go_to_the_rows_that_train():
    weight = np.r_[np.ones(100), np.zeros(300), np.full(100, 7.0)]
    model = ConformalRegressor(Ridge()).fit(X[:500], Y[:500], sample_weight=weight)
    alone = Ridge().fit(X[:100], Y[:100])
    np.testing.assert_allclose(model.predict(X[500:]), alone.predict(X[500:]))


def test_a_failed_update_changes_nothing():
    model = ConformalRegressor(Ridge()).fit(X[:300], Y[:300])
    before = model.level_, model.scores_.copy()
    with pytest.raises(ValueError, match="y must have 1 outputs"):
        model.update(X[300:310], np.ones((10, 2)))
    with pytest.raises(ValueError, match="a second time"):
        model.update(X[290:300], Y[290:300])
    assert model.level_ == before[0]
    np.testing.assert_array_equal(model.scores_, before[1])


def test_labelled_rows_are_known_again_in_any_call():
    frame = pd.DataFrame(X, index=pd.date_range("2024", periods=len(X), freq="h"))
    model = ConformalRegressor(Ridge()).fit(frame[:300], Y[:300])
    model.update(frame[300:310], Y[300:310])
    with pytest.raises(ValueError, match="Got row 3 a second time"):
        model.update(frame.iloc[[310, 311, 312, 305]], Y[[310, 311, 312, 305]])


def test_rows_that_are_alike_by_chance_are_new():
    rng = np.random.default_rng(1)
    x, y = np.zeros((200, 2)), rng.poisson(0.2, 200).astype(float)
    model = ConformalRegressor(Ridge(), coverage=0.8).fit(x[:100], y[:100])
    for row in range(100, 120):
        model.update(x[row : row + 1], y[row : row + 1])
    assert model.update(x[120:], y[120:]).coverage_ > 0.7


# ------------------------------------------------------------------ classes


def test_sets_of_sequences_hold_the_true_class():
    rng = np.random.default_rng(1)
    labels = rng.integers(3, size=900)
    x = rng.normal(size=(900, 8, 1)) + 0.7 * labels[:, None, None]
    names = np.array(["a", "b", "c"])[labels]
    model = ConformalClassifier(LSTMClassifier(max_epochs=10, random_state=0))
    model.fit(x[:600], names[:600])
    sets = model.predict_set(x[600:])
    assert sets.shape == (300, 3)
    assert sets[np.arange(300), labels[600:]].mean() > 0.85
    assert (sets.argmax(axis=1) >= 0).all()
    assert sets.any(axis=1).all()
    assert abs(model.update(x[600:], names[600:]).coverage_ - 0.9) < 0.05
    with pytest.raises(ValueError, match="labels from the classes that were trained"):
        model.update(x[:1] + 1, ["z"])
    with pytest.raises(ValueError, match="a second time"):
        model.update(x[600:700], names[600:700])


def test_rows_sorted_by_class_calibrate_on_all_classes():
    x, labels = make_classification(300, n_informative=4, n_classes=3, random_state=0)
    order = np.argsort(labels)
    model = ConformalClassifier(LogisticRegression()).fit(x[order], labels[order])
    assert list(model.classes_) == [0, 1, 2]
    assert len(model.scores_) == 60
    last = clone(model).set_params(calibration_split="last", calibration_fraction=0.4)
    with pytest.raises(ValueError, match="labels from the classes"):
        last.fit(x[order], labels[order])


# ------------------------------------------------------------------ messages


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"coverage": 0.99}, "at least 99 rows .*coverage=0.99. Got 20 of 100.* 495 rows"),
        ({"calibration_fraction": 0.05}, "at least 9 rows .* Got 5 .* 180 rows would do"),
        ({"calibration_fraction": 0.995}, "calibration_fraction must leave rows to train"),
        ({"coverage": 1.0}, "'coverage' parameter"),
        ({"coverage": 90}, "'coverage' parameter"),
        ({"method": "naive"}, "'method' parameter"),
        ({"method": "quantile"}, "method='quantile' needs .* predict_quantiles. Got Ridge"),
        ({"adaptation": -1}, "'adaptation' parameter"),
    ],
)
def test_what_cannot_be_promised_is_refused(params, message):
    model = ConformalRegressor(Ridge(), **params)
    with pytest.raises(ValueError, match=message):
        model.fit(X[:100], Y[:100])
    assert not hasattr(model, "estimator_")


@pytest.mark.parametrize("model", [ConformalRegressor(Ridge()),
                                   ConformalClassifier(LogisticRegression())])  # fmt: skip
def test_nothing_is_said_before_fit(model):
    for name in ("level_", "scores_", "coverage_", "n_features_in_"):
        assert not hasattr(model, name)
    for method in ("predict", "update", "predict_interval", "predict_set"):
        arguments = (X, Y) if method == "update" else (X,)
        if hasattr(model, method):
            with pytest.raises(NotFittedError):
                getattr(model, method)(*arguments)


# ------------------------------------------------------------------ around other estimators


class Spy(SlidingWindowTransformer):
    """Remembers the rows of which it makes windows."""

    seen: ClassVar[list] = []

    def fit(self, X, y=None, **options):
        Spy.seen.append(("fit", np.asarray(X)[:, 0]))
        return super().fit(X, y, **options)


def test_the_last_rows_of_each_series_calibrate():
    index = pd.MultiIndex.from_product(
        [list("abc"), pd.date_range("2024", periods=40)], names=["store", "date"]
    )
    X = pd.DataFrame({"x": np.arange(120.0)}, index)
    y = np.sin(np.arange(120.0))
    Spy.seen.clear()
    pipeline = make_pipeline(Spy(3), LSTMRegressor(**QUICK))
    model = ConformalRegressor(pipeline, coverage=0.8).fit(X, y)
    trained = Spy.seen[0][1]
    np.testing.assert_array_equal(trained, np.r_[0:32, 40:72, 80:112])
    assert len(model.scores_) == 24
    # The first row that calibrates has its history, and none of another series.
    ends = model._ends(X)
    later = np.r_[32:40, 72:80, 112:120]
    wanted = np.maximum(ends[:, 0, 0] - y, y - ends[:, 0, 1])[later]
    np.testing.assert_allclose(model.scores_, wanted, rtol=1e-5)


def test_windows_of_rows_calibrate_in_the_order_of_time():
    X, label = np.arange(200.0)[:, None], np.arange(200) % 3
    Spy.seen.clear()
    pipeline = make_pipeline(Spy(3), LSTMClassifier(**QUICK))
    ConformalClassifier(pipeline, coverage=0.8).fit(X, label)
    np.testing.assert_array_equal(Spy.seen[0][1], np.arange(160.0))
    model = ConformalClassifier(pipeline, coverage=0.8, calibration_split="random")
    with pytest.raises(ValueError, match=r"calibration_split must be 'auto' or 'last'"):
        model.fit(X, label)


def test_the_horizon_is_found_wherever_it_stands():
    inside = LSTMRegressor(horizon=4)
    search = GridSearchCV(inside, {"hidden_size": [2]})
    for around in (
        inside,
        FrozenEstimator(inside),
        search,
        make_pipeline(SlidingWindowTransformer(3), search),
        TransformedTargetRegressor(inside),
    ):
        assert leads_of(around, 1) == [4]
    assert leads_of(Ridge(), 1) == [1]
    assert leads_of(Ridge(), 3) == [1, 2, 3]


def test_labels_ahead_leave_a_gap():
    windows = SlidingWindowTransformer(4).fit_transform(np.arange(300.0)[:, None])
    model = ConformalClassifier(LSTMClassifier(horizon=20, **QUICK))
    train, later = model._split(windows, np.arange(300) % 2)
    assert later[0] - train[-1] >= 20


def test_rows_that_come_round_again_are_new():
    """As the hour and the day of the week do, and counts that are small."""
    rng = np.random.default_rng(0)
    hour = np.arange(900)
    X = np.column_stack([hour % 24, hour // 24 % 7])
    y = hour % 24 + rng.normal(size=900)
    model = ConformalRegressor(Ridge(), calibration_fraction=0.3).fit(X[:800], y[:800])
    model.update(X[800:850], y[800:850])
    for row in range(850, 900):
        model.update(X[row : row + 1], y[row : row + 1])
    with pytest.raises(ValueError, match="a second time"):
        model.update(X[800:850], y[800:850])
    counts = rng.poisson(1, size=(400, 4)).astype(float)
    X, y = counts[:, :3], counts[:, 3]
    model = ConformalRegressor(Ridge(), calibration_fraction=0.3).fit(X[:300], y[:300])
    before = model.scores_
    for row in range(300, 400):
        model.update(X[row : row + 1], y[row : row + 1])
    assert not np.isin(before, model.scores_).all()


def test_stores_share_their_dates():
    dates = pd.date_range("2024", periods=200)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 2)), dates.repeat(2))
    y = X[0].to_numpy()
    model = ConformalRegressor(Ridge()).fit(X[:300], y[:300])
    model.update(X[300:301], y[300:301])
    model.update(X[301:302], y[301:302])


def test_a_classifier_has_sets():
    with pytest.raises(TypeError, match="use ConformalClassifier"):
        ConformalRegressor(LogisticRegression()).fit(np.eye(20), np.arange(20) % 2)


def test_intervals_of_pipelines_and_searches_are_scored():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 1))
    y = np.r_[0, X[:-1, 0]] + 0.1 * rng.normal(size=120)
    said = LSTMRegressor(loss="quantile", quantile=[0.1, 0.5, 0.9], **QUICK)
    pipeline = make_pipeline(SlidingWindowTransformer(3), said)
    search = GridSearchCV(pipeline, {"lstmregressor__hidden_size": [2]}, cv=2)
    for name in ("coverage", "neg_crps", "neg_winkler_score"):
        scorer = uncertainty_scorer(name)
        by_hand = pipeline.fit(X, y)[-1], pipeline[:-1].transform(X)
        assert scorer(pipeline, X, y) == scorer(*by_hand, y)
        assert np.isfinite(scorer(search.fit(X, y), X, y))
    with pytest.raises(AttributeError, match="needs an estimator with predict_interval"):
        uncertainty_scorer("coverage")(Ridge().fit(X, y), X, y)


@pytest.mark.parametrize("scales", [False, True])
@pytest.mark.parametrize("conformal", [ConformalRegressor, ConformalClassifier])
def test_rows_that_follow_look_back_at_those_that_calibrated(conformal, scales):
    hours = pd.date_range("2024-01-01", periods=400, freq="h")
    rows = pd.DataFrame({"value": np.sin(np.arange(400) / 5)}, index=hours)
    target = rows["value"].shift(-1).fillna(0.0).to_numpy()
    ends = {ConformalRegressor: LSTMRegressor, ConformalClassifier: LSTMClassifier}
    target = target if conformal is ConformalRegressor else target > 0
    before = [StandardScaler().set_output(transform="pandas")] if scales else []
    window = SlidingWindowTransformer(12, context="fit")
    steps = make_pipeline(*before, window, ends[conformal](**QUICK))
    model = conformal(steps, coverage=0.8).fit(rows[:300], target[:300])
    without = clone(steps).set_params(slidingwindowtransformer__context=None)
    without = conformal(without, coverage=0.8).fit(rows[:300], target[:300])
    given = without.predict(rows[289:])[11:]
    if conformal is ConformalClassifier:
        np.testing.assert_array_equal(model.predict(rows[300:]), given)
    else:
        np.testing.assert_allclose(model.predict(rows[300:]), given, rtol=1e-5)
        assert not np.allclose(without.predict(rows[300:])[:5], given[:5], rtol=1e-3)


def test_a_score_counts_what_is_known():
    rows = np.sin(np.arange(400) / 5)[:, None]
    y = future_targets(rows[:, 0], horizon=3)
    steps = make_pipeline(SlidingWindowTransformer(8), LSTMRegressor(horizon=3, **QUICK))
    model = ConformalRegressor(steps, coverage=0.8).fit(rows, y)
    assert np.isnan(y[-3:]).any()
    whole = y[:-3], model.predict(rows)[:-3]
    some = np.where(np.arange(400)[:, None] < 397, y, np.nan)
    assert model.score(rows, some) == pytest.approx(r2_score(*whole))


@pytest.mark.parametrize("kind", ["wrapped", "nested", "weighted", "searched"])
def test_a_window_step_is_found_wherever_it_stands(kind):
    rows = np.random.default_rng(0).normal(size=(240, 2)).cumsum(axis=0)
    y = rows[:, 0] + np.roll(rows[:, 1], 2)

    def steps(context):
        window = SlidingWindowTransformer(8, context=context, output="2d", padding="edge")
        if kind == "nested":
            return make_pipeline(make_pipeline(StandardScaler(), window), Ridge())
        whole = make_pipeline(StandardScaler(), window, Ridge())
        if kind == "searched":
            return GridSearchCV(whole, {"ridge__alpha": [1.0]}, cv=2)
        return TransformedTargetRegressor(whole) if kind == "wrapped" else whole

    params = {"ridge__sample_weight": np.ones(180)} if kind == "weighted" else {}
    model, other = (
        ConformalRegressor(steps(context), coverage=0.8).fit(rows[:180], y[:180], **params)
        for context in ("fit", None)
    )
    np.testing.assert_allclose(model.predict(rows[180:]), other.predict(rows[170:])[10:])
    # Those that calibrated have looked back at the rows before them, too.
    plain = make_pipeline(
        StandardScaler(), SlidingWindowTransformer(8, output="2d", padding="edge"), Ridge()
    )
    plain = ConformalRegressor(plain, coverage=0.8).fit(rows[:180], y[:180])
    for fitted in (model, other):
        np.testing.assert_allclose(fitted.scores_, plain.scores_)


def test_classes_of_windows_in_a_search_are_parted_in_time():
    rows = np.random.default_rng(0).normal(size=(400, 1)).cumsum(axis=0)
    y = (np.roll(rows[:, 0], 2) > 0).astype(int)
    window = SlidingWindowTransformer(8, output="2d", padding="edge")
    steps = make_pipeline(window, LogisticRegression())
    search = GridSearchCV(steps, {"logisticregression__C": [1.0]}, cv=2)
    alone, searched = (
        ConformalClassifier(model, coverage=0.8) for model in (steps, search)
    )
    np.testing.assert_array_equal(
        searched.fit(rows, y).predict_proba(rows), alone.fit(rows, y).predict_proba(rows)
    )
