"""Update, pretrain, copies and saving: what the forecaster keeps, and what it changes."""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from skorch.callbacks import Callback
from sktime.base import load
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter

from sklstm.sktime import LSTMForecaster, LSTMTimeSeriesClassifier
from sklstm.sktime._panel import Panel
from tests.sktime.data import PLAIN, noise, panel, rmse, wave
from tests.training.test_warm_start import Learnt

STRATEGIES = ["direct", "recursive", "seq2seq"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)


def forecaster(strategy="direct", **kwargs):
    options = PLAIN | {"random_state": 0, "max_epochs": 2} | kwargs
    return LSTMForecaster(strategy, **options)


def weights(fitted, name="model_"):
    module = getattr(fitted, name).regressor.module_
    return torch.cat([p.detach().flatten() for p in module.parameters()])


# ---------------------------------------------------------------------------- update


@every_strategy
@pytest.mark.parametrize("remember_data", [False, True])
def test_update_without_parameters_moves_the_context_alone(strategy, remember_data):
    y, fh = wave(), [1, 2]
    fitted = forecaster(strategy, max_epochs=60)
    fitted.set_config(remember_data=remember_data)
    fitted.fit(y[:200], fh=fh)
    before = weights(fitted)
    for stop in (201, 206, 230):
        fitted.update(y[:stop], update_params=False)
        y_pred = fitted.predict()
        np.testing.assert_array_equal(y_pred.index, y.index[[stop, stop + 1]])
        assert rmse(y_pred, y[y_pred.index]) < 0.1
    assert torch.equal(weights(fitted), before)


@every_strategy
def test_update_row_by_row_and_at_once_forecast_alike(strategy):
    X = noise()
    y = wave()
    together = forecaster(strategy).fit(y[:200], X=X[:200], fh=[1, 2])
    one_by_one = forecaster(strategy).fit(y[:200], X=X[:200], fh=[1, 2])
    together.update(y[200:220], X=X[200:220], update_params=False)
    for i in range(200, 220):
        one_by_one.update(y[i : i + 1], X=X[i : i + 1], update_params=False)
    future = X[220:222]
    pd.testing.assert_series_equal(
        together.predict(X=future), one_by_one.predict(X=future), check_exact=True
    )


def test_update_trains_nothing_and_keeps_a_short_context():
    y = pd.Series(np.sin(np.arange(20_000) / 5))
    fitted = forecaster(max_epochs=1).fit(y[:-10], fh=[1, 2])
    trained = fitted.model_.regressor
    before = copy.deepcopy(trained.module_.state_dict())
    fitted.update(y[-10:], update_params=False)
    assert fitted.model_.regressor is trained
    assert len(trained.net_.history) == 1
    torch.testing.assert_close(trained.module_.state_dict(), before, rtol=0, atol=0)
    assert len(fitted._context.frame) == 12 + 2 - 1 + 32
    assert len(pickle.dumps(fitted)) < 300_000


@every_strategy
def test_an_update_with_earlier_data_forgets_what_came_after(strategy):
    y = wave()
    fitted = forecaster(strategy).fit(y[:200], fh=[1, 2])
    fitted.update(y[:100], update_params=False)
    expected = forecaster(strategy).fit(y[:200], fh=[1, 2])
    later = y.copy()
    later.iloc[100:] = 1e6
    expected._context = expected._context.of(expected._context.frame[:0])
    expected.update(later[:100], update_params=False)
    pd.testing.assert_series_equal(fitted.predict(), expected.predict(), check_exact=True)


@every_strategy
@pytest.mark.parametrize("remember_data", [False, True])
def test_update_of_parameters_learns_from_the_new_rows(strategy, remember_data):
    y = wave()
    changed = pd.concat([y[:150], wave(period=9)[150:]])
    fitted = forecaster(strategy, max_epochs=40)
    fitted.set_config(remember_data=remember_data)
    fitted.fit(y[:150], fh=[1, 2])
    before = weights(fitted)
    stale = fitted.clone().fit(y[:150], fh=[1, 2])
    errors = {"learning": [], "stale": []}
    for i in range(150, 238):
        fitted.update(changed[i : i + 1])
        stale.update(changed[i : i + 1], update_params=False)
        truth = changed[i + 1 : i + 3]
        errors["learning"].append(rmse(fitted.predict(), truth))
        errors["stale"].append(rmse(stale.predict(), truth))
    assert not torch.equal(weights(fitted), before)
    late = {name: np.mean(values[-30:]) for name, values in errors.items()}
    assert late["learning"] < 0.7 * late["stale"]


def test_only_the_series_that_are_updated_are_learnt_from():
    y = panel(a=wave()[:100], b=wave(phase=2)[:100])
    first = forecaster().fit(y, fh=[1, 2])
    other = panel(a=wave()[:100], b=5 * wave(period=7)[:100])
    second = forecaster().fit(y, fh=[1, 2])
    second._context = second._context.followed_by(Panel.of(other.set_axis([0], axis=1)))
    second._keep(second._context)
    for fitted in (first, second):
        fitted.update(panel(a=wave()[100:110]))
    assert torch.equal(weights(first), weights(second))


@pytest.mark.parametrize("many", [False, True])
def test_a_forecaster_keeps_its_rows_once(many):
    """In-sample forecasts are made from them; forecasts and updates from the last ones."""
    y = pd.Series(np.sin(np.arange(50_000) / 5))
    y = panel(a=y, b=y) if many else y
    fitted = forecaster(max_epochs=1, batch_size=2048).fit(y, fh=[1, 2])
    fitted.update(y.tail(10), update_params=False)
    rows = len(pickle.dumps(fitted._history))
    assert rows < 1.1 * len(pickle.dumps(y)) + 10_000
    assert len(pickle.dumps(fitted)) - rows < 250_000 * (1 + many)


def test_early_stopping_is_left_out_where_fine_tuning_has_too_few_rows():
    y = panel(a=wave()[:100], b=wave(phase=2)[:100])
    pretrained = forecaster(early_stopping=True).pretrain(y, fh=[1, 2])
    fitted = pretrained.fit(wave(phase=1)[:16], fh=[1, 2])
    assert fitted.model_.regressor.early_stopping
    assert len(fitted.predict()) == 2


def test_plain_calls_warn_of_nothing():
    y = wave()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = LSTMForecaster(max_epochs=1, random_state=0).fit(y[:100], fh=[1, 2])
        fitted.predict()
        fitted.update(y[100:110]).predict()
        fitted.update(y[110:120], update_params=False).predict()


# ---------------------------------------------------------------------------- pretrain


@every_strategy
def test_pretrained_weights_survive_clone_and_are_fine_tuned_by_fit(strategy):
    y = panel(a=wave()[:100], b=wave(phase=2)[:80])
    pretrained = forecaster(strategy).pretrain(y, fh=[1, 2])
    learnt = weights(pretrained, "pretrained_model_")
    cloned = pretrained.clone()
    assert torch.equal(weights(cloned, "pretrained_model_"), learnt)
    cloned.fit(wave(phase=4)[:60], fh=[1, 2])
    assert not torch.equal(weights(cloned), learnt)
    assert torch.equal(weights(cloned, "pretrained_model_"), learnt)
    scratch = forecaster(strategy).fit(wave(phase=4)[:60], fh=[1, 2])
    distance = [torch.dist(weights(f), learnt) for f in (cloned, scratch)]
    assert distance[0] < distance[1]


@every_strategy
def test_a_series_too_short_to_train_on_is_forecast_by_the_pretrained_network(strategy):
    y = panel(a=wave()[:100], b=wave(phase=2)[:80])
    pretrained = forecaster(strategy, max_epochs=60).pretrain(y, fh=[1, 2])
    new = wave(phase=4)
    fitted = pretrained.fit(new[:12], fh=[1, 2])
    assert rmse(fitted.predict(), new[12:14]) < 0.15
    learnt = weights(fitted, "pretrained_model_")
    assert torch.equal(weights(fitted), learnt)


def test_pretraining_goes_on_with_more_series():
    first, second = panel(a=wave()[:100]), panel(b=-3 * wave()[:100])
    once = forecaster(max_epochs=5).pretrain(first, fh=[1, 2])
    twice = once.clone().pretrain(second)
    assert not torch.equal(
        weights(once, "pretrained_model_"), weights(twice, "pretrained_model_")
    )
    with pytest.raises(
        ValueError, match=r"fh must be among the steps of pretrain, \[1, 2\]"
    ):
        twice.pretrain(second, fh=[5])
    assert len(twice.fit(wave()[:50], fh=[2]).predict()) == 1


# ---------------------------------------------------------------------------- sameness


@every_strategy
def test_one_random_state_gives_one_model_in_every_copy(strategy, tmp_path):
    y = wave()[:100]
    state = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    first = forecaster(strategy, dropout=0.3).fit(y, fh=[1, 2])
    expected = first.predict()
    first.save(tmp_path / "forecaster")
    copies = [
        first.clone().fit(y, fh=[1, 2]),
        forecaster(strategy, dropout=0.3).fit(y, fh=[1, 2]),
        pickle.loads(pickle.dumps(first)),
        load(tmp_path / "forecaster.zip"),
        first.fit(y, fh=[1, 2]),
        first.reset().fit(y, fh=[1, 2]),
    ]
    for copied in copies:
        pd.testing.assert_series_equal(copied.predict(), expected, check_exact=True)
    np.testing.assert_array_equal(np.random.get_state()[1], state[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), state[1])
    other = forecaster(strategy, dropout=0.3, random_state=1).fit(y, fh=[1, 2])
    assert not np.allclose(other.predict(), expected)


class Quartic(torch.nn.Module):
    """An own loss, with a parameter."""

    def __init__(self, power=4):
        super().__init__()
        self.power = power

    def forward(self, output, target):
        return (output - target).abs() ** self.power


def test_the_weights_of_an_own_loss_are_trained():
    fitted = forecaster(loss=Learnt()).fit(wave()[:100], fh=[1, 2])
    [weight] = fitted.model_.regressor.net_.criterion_.parameters()
    assert weight.item() != 0


class CountEpochs(Callback):
    """An own callback."""

    seen = 0

    def on_epoch_end(self, net, **kwargs):
        type(self).seen += 1


def test_an_own_loss_and_callback_survive_clone_reset_and_search():
    y = wave()[:100]
    own = forecaster(loss=Quartic(6), callbacks=[CountEpochs()])
    for copied in (own.clone(), own.clone().reset()):
        assert copied.loss.power == 6
        before = CountEpochs.seen
        copied.fit(y, fh=[1, 2])
        assert CountEpochs.seen == before + 2
    plain = forecaster().fit(y, fh=[1, 2])
    assert not np.allclose(copied.predict(), plain.predict())
    search = ForecastingGridSearchCV(
        own,
        cv=ExpandingWindowSplitter(fh=[1, 2], initial_window=60, step_length=20),
        param_grid={"hidden_size": [2, 4]},
        backend=None,
    )
    before = CountEpochs.seen
    search.fit(y, fh=[1, 2])
    assert search.best_forecaster_.loss.power == 6
    assert CountEpochs.seen >= before + 2 * (2 * 2 + 1)


def test_a_classifier_is_the_same_in_every_copy(tmp_path):
    X = np.random.default_rng(0).normal(size=(40, 2, 9))
    y = np.where(X[:, 0].sum(axis=1) > 0, "up", "down")
    first = LSTMTimeSeriesClassifier(max_epochs=3, random_state=0).fit(X, y)
    expected = first.predict_proba(X)
    first.save(tmp_path / "classifier")
    copies = [first.clone().fit(X, y), first.reset().fit(X, y)]
    copies += [pickle.loads(pickle.dumps(first)), load(tmp_path / "classifier.zip")]
    for copied in copies:
        np.testing.assert_array_equal(copied.predict_proba(X), expected)
