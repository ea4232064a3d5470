import copy
import pickle
import threading

import numpy as np
import pytest
from sklearn import config_context
from sklearn.metrics import make_scorer, r2_score
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback as SkorchCallback

from sklstm import LSTMClassifier, LSTMRegressor

callback = pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")

TINY = {
    "hidden_size": 4,
    "max_epochs": 4,
    "batch_size": 32,
    "learning_rate_schedule": "constant",
    "random_state": 0,
}


class Recorder:
    """Keeps what scikit-learn's protocol tells."""

    def __init__(self, stop_at=None):
        self.stop_at = stop_at
        self.events = []
        self.models = []

    def setup(self, estimator, context):
        self.events.append("setup")

    def teardown(self, estimator, context):
        self.events.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.events.append(f"{context.task_name} {context.task_id} begins")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.events.append(f"{context.task_name} {context.task_id} ends")
        if context.task_name == "epoch":
            self.models.append(fitted_estimator)
        return context.task_name == "epoch" and context.task_id == self.stop_at


def model_after(n_epochs, X, y):
    return LSTMRegressor(**{**TINY, "max_epochs": n_epochs}).fit(X, y)


def test_each_epoch_is_a_task_within_fit(series):
    recorder = Recorder()
    LSTMRegressor(**{**TINY, "max_epochs": 2}).set_callbacks(recorder).fit(*series)
    assert recorder.events == [
        "setup",
        "fit 0 begins",
        "epoch 0 begins",
        "epoch 0 ends",
        "epoch 1 begins",
        "epoch 1 ends",
        "fit 0 ends",
        "teardown",
    ]


def test_fitted_estimator_of_an_epoch_predicts_like_a_model_stopped_there(series):
    X, y = series
    recorder = Recorder()
    model = LSTMRegressor(**TINY).set_callbacks(recorder).fit(X, y)
    for n_epochs, snapshot in enumerate(recorder.models, start=1):
        expected = model_after(n_epochs, X, y).predict(X)
        np.testing.assert_array_equal(snapshot.predict(X), expected)
    np.testing.assert_array_equal(model.predict(X), expected)


def test_fitted_classifier_of_an_epoch_gives_probabilities(sequences):
    X, y = sequences
    recorder = Recorder()
    LSTMClassifier(**TINY).set_callbacks(recorder).fit(X, y)
    for n_epochs, snapshot in enumerate(recorder.models, start=1):
        expected = LSTMClassifier(**{**TINY, "max_epochs": n_epochs}).fit(X, y)
        np.testing.assert_array_equal(snapshot.predict_proba(X), expected.predict_proba(X))


class Holder(SkorchCallback):
    def on_train_begin(self, net, **kwargs):
        self.lock = threading.Lock()


def test_epochs_are_shown_beside_a_callback_that_cannot_be_copied(series):
    X, y = series
    recorder = Recorder()
    model = LSTMRegressor(**TINY, callbacks=[Holder()]).set_callbacks(recorder)
    model.fit(X, y)
    expected = model_after(2, X, y).predict(X)
    np.testing.assert_array_equal(recorder.models[1].predict(X), expected)


def test_listening_changes_no_weight(series):
    X, y = series
    model = LSTMRegressor(**TINY, dropout=0.2).set_callbacks(Recorder())
    alone = LSTMRegressor(**TINY, dropout=0.2).fit(X, y)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), alone.predict(X))


def test_callback_that_returns_true_stops_training(series):
    X, y = series
    recorder = Recorder(stop_at=1)
    model = LSTMRegressor(**TINY).set_callbacks(recorder).fit(X, y)
    assert model.n_epochs_ == 2
    assert recorder.events[-2:] == ["fit 0 ends", "teardown"]
    np.testing.assert_array_equal(model.predict(X), model_after(2, X, y).predict(X))


def test_partial_fit_is_a_fit_of_one_epoch(series):
    recorder = Recorder()
    model = LSTMRegressor(**TINY).set_callbacks(recorder)
    model.partial_fit(*series).partial_fit(*series)
    assert recorder.events.count("setup") == recorder.events.count("teardown") == 2
    assert recorder.events.count("epoch 0 ends") == 2
    assert model.n_epochs_ == 2


def fail(output, target):
    raise RuntimeError("the loss broke")


@pytest.mark.parametrize("warm_start", [False, True])
def test_teardown_is_called_when_fit_fails(series, warm_start):
    recorder = Recorder()
    model = LSTMRegressor(**TINY, loss=fail, warm_start=warm_start)
    model.set_callbacks(recorder)
    before = set(vars(model))
    with pytest.raises(RuntimeError, match="the loss broke"):
        model.fit(*series)
    assert recorder.events[0] == "setup"
    assert recorder.events[-1] == "teardown"
    assert set(vars(model)) == before


class Interrupt(Recorder):
    def on_fit_task_begin(self, estimator, context):
        super().on_fit_task_begin(estimator, context)
        if context.task_id == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("warm_start", [False, True])
def test_teardown_is_called_when_the_user_interrupts(series, warm_start):
    X, y = series
    recorder = Interrupt()
    model = LSTMRegressor(**TINY, warm_start=warm_start).set_callbacks(recorder)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert recorder.events.count("teardown") == 1
    assert model.n_epochs_ == 2
    np.testing.assert_array_equal(model.predict(X), model_after(2, X, y).predict(X))


def test_callbacks_see_no_fit_of_input_that_is_refused(series):
    recorder = Recorder()
    model = LSTMRegressor(**TINY).set_callbacks(recorder)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(series[0], np.full(90, np.nan))
    assert recorder.events.count("setup") == recorder.events.count("teardown")


def test_scoring_monitor_records_one_score_an_epoch(series):
    X, y = series
    monitor = callback.ScoringMonitor(scoring=["r2", "neg_mean_absolute_error"])
    LSTMRegressor(**TINY).set_callbacks(monitor).fit(X, y)
    log = monitor.get_logs().data
    assert [row["task_name"] for row in log] == ["epoch"] * 4
    for n_epochs, row in enumerate(log, start=1):
        expected = model_after(n_epochs, X, y).predict(X)
        assert row["r2"] == r2_score(y, expected)
        assert row["neg_mean_absolute_error"] == -abs(y - expected).mean()


def test_scoring_monitor_weighs_by_sample_weight(series):
    X, y = series
    weight = np.random.default_rng(2).uniform(0.1, 3, size=90)
    monitor = callback.ScoringMonitor(scoring="r2")
    model = LSTMRegressor(**TINY).set_callbacks(monitor).fit(X, y, sample_weight=weight)
    last = monitor.get_logs().data[-1]["r2"]
    assert last == r2_score(y, model.predict(X), sample_weight=weight)


@pytest.mark.parametrize("weighted", [False, True])
def test_scoring_monitor_with_routing(series, weighted):
    X, y = series
    weight = np.random.default_rng(2).uniform(0.1, 3, size=90) if weighted else None
    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(r2_score)
        if weighted:
            scorer.set_score_request(sample_weight=True)
        monitor = callback.ScoringMonitor(scoring=scorer)
        model = LSTMRegressor(**TINY).set_callbacks(monitor)
        model.fit(X, y, sample_weight=weight)
    last = monitor.get_logs().data[-1]["score"]
    assert last == r2_score(y, model.predict(X), sample_weight=weight)


def test_scoring_monitor_follows_the_fits_of_a_search(series):
    X, y = series
    monitor = callback.ScoringMonitor(scoring="r2")
    search = GridSearchCV(
        LSTMRegressor(**TINY).set_callbacks(monitor), {"hidden_size": [2, 4]}, cv=2
    ).fit(X, y)
    log = monitor.get_logs().data
    # Two candidates in two folds, and the refit.
    assert len(log) == 5 * 4
    refit = [row for row in log if len(row["task_id_path"]) == 3]
    assert len(refit) == 4
    assert refit[-1]["r2"] == r2_score(y, search.predict(X))


def test_fitted_model_with_callbacks_can_be_copied(series):
    X, y = series
    monitor = callback.ScoringMonitor(scoring="r2")
    model = LSTMRegressor(**TINY).set_callbacks(monitor).fit(X, y)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(copied.predict(X), model.predict(X))
