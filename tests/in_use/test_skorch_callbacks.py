import copy
import math
import pickle
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from skorch.callbacks import (
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    GradientNormClipping,
    LRScheduler,
)
from torch.optim.lr_scheduler import StepLR

from sklstm import LSTMClassifier, LSTMRegressor

TINY = {"hidden_size": 4, "max_epochs": 4, "batch_size": 32, "random_state": 0}
CONSTANT = {**TINY, "learning_rate_schedule": "constant"}


def quiet(_):
    pass


def scores(model, name):
    return model.net_.history[:, name]


def test_scoring_of_validation_rows_is_r2_of_the_predictions(series):
    X, y = series
    scoring = EpochScoring("r2", lower_is_better=False, name="valid_r2")
    model = LSTMRegressor(**TINY, callbacks=[scoring])
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    recorded = scores(model, "valid_r2")
    assert len(recorded) == 4
    by_hand = r2_score(y[60:], model.predict(X[60:]))
    assert recorded[model.best_epoch_ - 1] == pytest.approx(by_hand, rel=1e-5)


def test_scoring_without_validation_rows_records_nothing(series):
    model = LSTMRegressor(**TINY, callbacks=[EpochScoring("r2", name="valid_r2")])
    model.fit(*series)
    assert "valid_r2" not in model.net_.history[-1]


def test_scoring_of_training_rows_without_steps_of_the_optimiser(series):
    X, y = series
    scoring = EpochScoring("r2", lower_is_better=False, on_train=True, name="train_r2")
    model = LSTMRegressor(**{**TINY, "learning_rate": 1e-12}, callbacks=[scoring])
    model.fit(X, y)
    by_hand = r2_score(y, model.predict(X))
    assert scores(model, "train_r2") == pytest.approx([by_hand] * 4, rel=1e-5)


@pytest.mark.parametrize(
    ("scoring", "of_model"),
    [
        ("accuracy", lambda model, X, y: accuracy_score(y, model.predict(X))),
        ("roc_auc", lambda model, X, y: roc_auc_score(y, model.predict_proba(X)[:, 1])),
    ],
)
def test_scoring_of_classes(sequences, scoring, of_model):
    X, y = sequences
    callback = EpochScoring(scoring, lower_is_better=False, name="valid_score")
    model = LSTMClassifier(**TINY, callbacks=[callback])
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    recorded = scores(model, "valid_score")[model.best_epoch_ - 1]
    assert recorded == pytest.approx(of_model(model, X[60:], y[60:]))


def test_scheduler_of_skorch_equals_the_same_schedule_as_a_parameter(series):
    X, y = series
    scheduler = LRScheduler(StepLR, step_size=1, gamma=0.5)
    by_callback = LSTMRegressor(**CONSTANT, callbacks=[scheduler]).fit(X, y)
    halve = partial(StepLR, step_size=1, gamma=0.5)
    by_parameter = LSTMRegressor(**TINY, learning_rate_schedule=halve).fit(X, y)
    assert scores(by_callback, "event_lr") == [0.01, 0.005, 0.0025, 0.00125]
    np.testing.assert_array_equal(by_callback.predict(X), by_parameter.predict(X))


def test_early_stopping_of_skorch_ends_training_after_its_patience(series):
    X, y = series
    never = EarlyStopping(monitor="train_loss", patience=2, threshold=0.99, sink=quiet)
    stopped = LSTMRegressor(**{**CONSTANT, "max_epochs": 9}, callbacks=[never]).fit(X, y)
    # The first epoch is the best, and no other improves on it by 99 %.
    assert stopped.n_epochs_ == 3
    short = LSTMRegressor(**{**CONSTANT, "max_epochs": 3}).fit(X, y)
    np.testing.assert_array_equal(stopped.predict(X), short.predict(X))


def test_checkpoint_holds_the_weights_of_the_best_epoch(series, tmp_path):
    X, y = series
    checkpoint = Checkpoint(monitor="valid_loss_best", dirname=str(tmp_path))
    model = LSTMRegressor(**TINY, learning_rate=0.1, callbacks=[checkpoint])
    # Validation with the opposite sign gets worse as training goes on.
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=-y[60:])
    saved = torch.load(tmp_path / "params.pt", weights_only=True)
    assert model.best_epoch_ < 4
    for name, value in model.module_.state_dict().items():
        assert torch.equal(saved[name], value)


def test_clipping_of_skorch_equals_max_grad_norm(series):
    X, y = series
    sgd = {**TINY, "optimizer": "sgd"}
    clip = GradientNormClipping(gradient_clip_value=0.01)
    by_callback = LSTMRegressor(**sgd, max_grad_norm=None, callbacks=[clip]).fit(X, y)
    by_parameter = LSTMRegressor(**sgd, max_grad_norm=0.01).fit(X, y)
    unclipped = LSTMRegressor(**sgd, max_grad_norm=None).fit(X, y)
    np.testing.assert_array_equal(by_callback.predict(X), by_parameter.predict(X))
    assert (by_callback.predict(X) != unclipped.predict(X)).any()


class Diary(Callback):
    """Writes down what it hears of."""

    def initialize(self):
        self.heard = []
        self.seen = []
        return self

    def on_train_begin(self, net, **kwargs):
        self.heard.append("train begins")

    def on_epoch_begin(self, net, **kwargs):
        self.heard.append("epoch begins")

    def on_batch_begin(self, net, batch, training, **kwargs):
        inputs, target = batch
        assert len(inputs["x"]) == len(target)
        self.heard.append("training batch" if training else "validation batch")
        self.seen.append((training, target.flatten().tolist()))

    def on_grad_computed(self, net, named_parameters, **kwargs):
        assert all(parameter.grad is not None for _, parameter in named_parameters)
        self.heard.append("gradient")

    def on_batch_end(self, net, batch, training, loss, y_pred, **kwargs):
        assert y_pred.shape == batch[1].shape
        self.heard.append(f"loss {math.isfinite(loss.item())}")

    def on_epoch_end(self, net, **kwargs):
        self.heard.append("epoch ends")

    def on_train_end(self, net, **kwargs):
        self.heard.append("train ends")


def test_callback_hears_of_epochs_and_batches_in_their_order(series):
    X, y = series
    diary = Diary()
    model = LSTMRegressor(**{**TINY, "max_epochs": 2}, callbacks=[diary])
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    training = ["training batch", "gradient", "loss True"] * 2
    epoch = ["epoch begins", *training, "validation batch", "loss True", "epoch ends"]
    assert diary.heard == ["train begins", *epoch, *epoch, "train ends"]
    standardised = (y - y[:60].mean()) / y[:60].std()
    first, second, valid = (values for _, values in diary.seen[:3])
    np.testing.assert_allclose(sorted(first + second), sorted(standardised[:60]), rtol=1e-5)
    np.testing.assert_allclose(valid, standardised[60:], rtol=1e-5)
    assert diary.seen[0] != diary.seen[3]


def test_batch_losses_average_to_the_loss_of_the_epoch(series):
    model = LSTMRegressor(**TINY, callbacks=[Diary()]).fit(*series)
    history = model.net_.history
    for epoch in range(4):
        losses = history[epoch, "batches", :, "train_loss"]
        sizes = history[epoch, "batches", :, "train_batch_size"]
        assert sizes == [32, 32, 26]
        mean = np.average(losses, weights=sizes)
        assert mean == pytest.approx(model.loss_curve_[epoch], rel=1e-6)


def test_listening_to_batches_changes_no_weight(series):
    X, y = series
    heard = LSTMRegressor(**TINY, dropout=0.2, callbacks=[Diary()]).fit(X, y)
    alone = LSTMRegressor(**TINY, dropout=0.2).fit(X, y)
    np.testing.assert_array_equal(heard.predict(X), alone.predict(X))


def test_callbacks_survive_clone_pickle_and_deepcopy(series):
    X, y = series
    stop = EarlyStopping(monitor="train_loss", patience=1, threshold=0.99, sink=quiet)
    model = LSTMRegressor(**TINY, callbacks=[stop, Diary()])
    for copied in (clone(model), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert copied.fit(X, y).n_epochs_ == 2
    fitted = model.fit(X, y)
    for copied in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(copied.predict(X), fitted.predict(X))
        assert len(copied.callbacks[1].heard) == len(fitted.callbacks[1].heard)


def test_search_gives_each_fit_callbacks_of_its_own(series):
    X, y = series
    stop = EarlyStopping(monitor="train_loss", patience=1, threshold=0.99, sink=quiet)
    diary = Diary()
    model = LSTMRegressor(**TINY, callbacks=[stop, diary])
    search = GridSearchCV(model, {"hidden_size": [2, 3, 4]}, cv=2).fit(X, y)
    for size, score in zip([2, 3, 4], search.cv_results_["mean_test_score"], strict=True):
        short = clone(model).set_params(hidden_size=size)
        assert cross_val_score(short, X, y, cv=2).mean() == score
    assert search.best_estimator_.n_epochs_ == 2
    assert search.best_estimator_.callbacks[1].heard.count("epoch ends") == 2
    assert not hasattr(diary, "heard")


@pytest.mark.parametrize("on_train", [False, True])
@pytest.mark.parametrize("use_caching", [False, True])
def test_scores_with_and_without_cached_predictions(series, on_train, use_caching):
    X, y = series
    scoring = EpochScoring(
        "r2", lower_is_better=False, on_train=on_train, use_caching=use_caching, name="r2"
    )
    model = LSTMRegressor(**{**TINY, "learning_rate": 1e-12}, callbacks=[scoring])
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    rows = slice(60) if on_train else slice(60, None)
    by_hand = r2_score(y[rows], model.predict(X[rows]))
    assert scores(model, "r2") == pytest.approx([by_hand] * 4, rel=1e-5)


@pytest.mark.parametrize("use_caching", [False, True])
def test_scores_of_classes_with_and_without_cached_predictions(sequences, use_caching):
    X, y = sequences
    scoring = EpochScoring("accuracy", use_caching=use_caching, name="score")
    model = LSTMClassifier(**TINY, callbacks=[scoring])
    model.fit(X[:60], y[:60], X_val=X[60:], y_val=y[60:])
    by_hand = accuracy_score(y[60:], model.predict(X[60:]))
    assert scores(model, "score")[model.best_epoch_ - 1] == pytest.approx(by_hand)
