"""Where columns are known ahead, the last rows choose between two networks."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from skorch.callbacks import Callback
from sktime.datasets import load_airline

from sklstm.estimators._forecast_regressor import Seq2SeqRegressor
from sklstm.sktime import LSTMForecaster
from sklstm.sktime._backtest import errors_of_last
from sklstm.sktime._model import ForecastModel
from sklstm.sktime._panel import Panel
from sklstm.sktime._strategy import _is_better
from tests.sktime.data import noise, panel, rmse

DAYS = pd.period_range("2023-01-01", periods=230, freq="D", name="day")
WEEK = range(1, 8)
QUICK = {"window_length": 14, "hidden_size": 16, "max_steps": 120, "random_state": 0}


def plan(seed=0):
    """What a shop plans ahead, and what it sells: twice as much where it has offers."""
    rng = np.random.default_rng(seed)
    offers = pd.DataFrame({"offer": (rng.uniform(size=230) < 0.3).astype(float)}, DAYS)
    sold = 100 * (1 + offers["offer"]) + rng.normal(size=230)
    return sold.rename("sold"), offers


def fitted(y, X, fh=WEEK, **options):
    return LSTMForecaster(**{**QUICK, **options}).fit(y, X=X, fh=fh)


@pytest.fixture
def trainings(monkeypatch):
    """Rows of each series, and the checkpoint, of all that is trained."""
    noted, fit = [], ForecastModel.fit

    def note_and_fit(model, panel):
        noted.append((panel.lengths.tolist(), model.regressor.checkpoint))
        fit(model, panel)

    monkeypatch.setattr(ForecastModel, "fit", note_and_fit)
    return noted


def test_what_the_columns_say_is_read_step_by_step():
    y, X = plan()
    chosen = fitted(y[:-7], X[:-7])
    assert chosen.strategy_ == "seq2seq"
    assert chosen.model_.regressor.season_ is None
    direct = fitted(y[:-7], X[:-7], strategy="direct")
    ahead = {"X": X[-7:]}
    assert rmse(chosen.predict(**ahead), y[-7:]) < 0.5 * rmse(
        direct.predict(**ahead), y[-7:]
    )


def test_columns_that_say_nothing_leave_the_season_where_it_is():
    y = load_airline()
    X = noise(y.index)
    chosen, direct = (
        LSTMForecaster(s, random_state=0).fit(y[:-12], X=X[:-12], fh=range(1, 13))
        for s in ("auto", "direct")
    )
    assert chosen.strategy_ == direct.strategy_ == "direct"
    pd.testing.assert_series_equal(
        chosen.predict(X=X[-12:]), direct.predict(X=X[-12:]), check_exact=True
    )


def test_a_panel_of_shops_is_read_step_by_step():
    (y1, X1), (y2, X2) = plan(1), plan(2)
    offers = pd.concat({"a": X1, "b": X2}, names=["shop", "day"])
    chosen = fitted(panel(a=y1, b=50 * y2).rename_axis(["shop", "day"]), offers)
    assert chosen.strategy_ == "seq2seq"


@pytest.mark.parametrize(
    ("X", "fh", "options"),
    [
        (None, WEEK, {}),
        (plan()[1], WEEK, {"past_covariates": ["offer"]}),
        (plan()[1], [1, 3], {}),
        (plan()[1], [2], {}),
        (plan()[1], range(1, 111), {}),  # the rows that would judge have to train
    ],
    ids=["no columns", "known up to now", "with a gap", "not from the first on", "long"],
)
def test_direct_where_there_is_nothing_to_choose(X, fh, options):
    y, _ = plan()
    chosen, direct = (
        fitted(y, X, fh, **options),
        fitted(y, X, fh, strategy="direct", **options),
    )
    assert chosen.strategy_ == "direct"
    assert chosen.loss_curve_ == direct.loss_curve_


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_a_strategy_that_is_named_is_taken(strategy):
    y, X = plan()
    assert fitted(y, X, strategy=strategy, max_steps=2).strategy_ == strategy


def test_what_a_user_sets_stays():
    y, X = plan()
    own = {"dropout": 0.25, "weight_decay": 0.01, "season_length": 7}
    inside = fitted(y, X, **own).model_.regressor
    assert fitted(y, X, **own).strategy_ == "seq2seq"
    assert {name: getattr(inside, name) for name in own} == own
    left = fitted(y, X).model_.regressor
    assert (left.dropout, left.weight_decay, left.season_length) == (0.0, 0.0, None)


def test_windows_are_as_long_without_the_season():
    y, X = plan()
    y = y + 20 * np.sin(2 * np.pi * np.arange(230) / 7)
    sights = {
        (f.model_.window_length, f.model_.least_rows, f.model_.regressor.patch_length)
        for f in (
            fitted(y, X, window_length="auto", max_steps=2, strategy="direct"),
            fitted(y, X, window_length="auto"),
        )
    }
    assert sights == {(21, 7, 1)}


EPOCHS = []


class Epochs(Callback):
    """Notes each epoch, wherever its copies are; cannot be copied deeply."""

    def __init__(self):
        self.lock = threading.Lock()

    def on_epoch_end(self, net, **kwargs):
        EPOCHS.append(len(net.history))


def test_callbacks_and_checkpoints_are_of_the_one_that_stays(tmp_path, trainings):
    EPOCHS.clear()
    path = tmp_path / "unfinished"
    chosen = fitted(*plan(), callbacks=[Epochs()], checkpoint=path)
    assert list(range(1, chosen.n_epochs_ + 1)) == EPOCHS
    assert [checkpoint for _, checkpoint in trainings] == [None, None, path]
    assert not list(tmp_path.iterdir())


def test_a_state_of_the_generator_is_not_used_up():
    y, X = plan()
    states = [np.random.RandomState(3) for _ in range(2)]
    chosen = fitted(y, X, random_state=states[0])
    named = fitted(
        y,
        X,
        random_state=states[1],
        strategy="seq2seq",
        dropout=0.0,
        weight_decay=0.0,
        season_length=None,
    )
    assert chosen.loss_curve_ == named.loss_curve_


def test_seeds_and_updates():
    y, X = plan()
    twins = [fitted(y[:200], X[:200]) for _ in range(2)]
    for twin in twins:
        twin.update(y[200:223], X=X[200:223])
    first, second = (twin.predict(X=X[223:]) for twin in twins)
    pd.testing.assert_series_equal(first, second, check_exact=True)
    assert rmse(first, y[223:]) < 20


def test_no_other_word_is_a_strategy():
    with pytest.raises(ValueError, match=r"strategy must be 'auto', .* Got 'best'"):
        fitted(*plan(), strategy="best")


def test_a_strategy_is_known_after_fit_alone():
    with pytest.raises(Exception, match="has not been fitted yet"):
        LSTMForecaster().strategy_  # noqa: B018


def test_a_panel_is_pretrained_without_a_choice():
    (y1, X1), (y2, X2) = plan(1), plan(2)
    X = pd.concat({"a": X1, "b": X2}, names=["shop", "day"])
    y = panel(a=y1, b=y2).rename_axis(["shop", "day"])
    forecaster = LSTMForecaster(**QUICK).pretrain(y, X=X, fh=WEEK)
    assert forecaster.fit(y, X=X, fh=WEEK).strategy_ == "direct"


def test_the_errors_that_choose_are_those_of_a_loop():
    (y1, X1), (y2, X2) = plan(1), plan(2)
    y = panel(a=y1[:100], b=7 * y2).rename_axis(["shop", "day"])
    X = pd.concat({"a": X1[:100], "b": X2}, names=["shop", "day"])
    forecaster = fitted(y, X, strategy="direct", fh=[1, 2, 3])
    n_later, expected = np.array([9, 4]), []
    for name, n in zip("ab", n_later, strict=True):
        truth, errors = y.loc[name, "value"].to_numpy(), []
        for origin in range(len(truth) - n, len(truth) - 3 + 1):
            seen, ahead = y.loc[[name]].iloc[:origin], X.loc[[name]]
            again = fitted_again(forecaster, seen, ahead.iloc[:origin])
            said = again.predict(X=ahead.iloc[origin : origin + 3])
            came = truth[origin : origin + 3]
            errors.append(np.abs(said.to_numpy()[:, 0] - came).mean())
        expected.append([np.mean(errors)])
    errors = errors_of_last(forecaster.model_, Panel.of(y.join(X)), n_later)
    np.testing.assert_allclose(errors, expected, rtol=1e-5)
    none = errors_of_last(forecaster.model_, Panel.of(y.join(X)), np.array([0, 2]))
    assert np.isnan(none).all()


def fitted_again(forecaster, y, X):
    """The same network, at an earlier end of a series."""
    again = forecaster.clone().set_params(max_steps=1).fit(y, X=X, fh=[1, 2, 3])
    again.model_.regressor._model = forecaster.model_.regressor._model
    return again


@pytest.mark.parametrize("level", [0.0, 0.3, 1 / 3, 5.0, 1e9])
def test_series_that_never_change_do_not_judge(level):
    y = plan()[0].to_numpy()
    rows = Panel.of(panel(a=y, b=np.full(230, level)))
    noise = level * 1e-12
    ours, others = np.array([[8.0], [1e3 * noise]]), np.array([[9.0], [noise]])
    assert _is_better(ours, others, rows)
    assert not _is_better(others, ours, rows)


def test_each_series_counts_alike():
    rng = np.random.default_rng(0)
    series = {
        name: size * rng.normal(size=50)
        for name, size in zip("abc", (1, 10, 1e6), strict=True)
    }
    rows = Panel.of(panel(**series))
    sizes = np.array([[1.0], [10.0], [1e6]])
    ours = sizes * [[0.5], [0.5], [1.0]]
    others = sizes * [[0.9], [0.9], [0.6]]
    assert _is_better(ours, others, rows)
    assert not _is_better(others, ours, rows)
    assert not _is_better(others, others, rows)
    assert _is_better(np.array([[0.5], [np.nan], [np.nan]]), others, rows)
    assert not _is_better(np.full((3, 1), np.nan), others, rows)
    assert not _is_better(np.full((3, 1), np.inf), others, rows)


@pytest.mark.parametrize("season", ["additive", "multiplicative", "skip"])
def test_a_season_that_is_named_stays(season):
    y, X = plan()
    options = {"season": season, "max_steps": 60, "window_length": "auto"}
    chosen = fitted(y, X, **options)
    assert chosen.model_.regressor.season == season
    assert chosen.model_.regressor.season_length == [7]
    assert fitted(y, X, season_length=7, **options).model_.regressor.season == season


def test_what_begins_late_is_learnt_as_by_the_direct_strategy():
    y, X = plan()
    late = pd.DataFrame({"a": y, "b": y}).astype(float)
    late.iloc[:212, 1] = np.nan
    assert fitted(late, X, max_steps=2).strategy_ == "direct"
    assert fitted(late[["b"]], X, max_steps=2).strategy_ == "direct"


@pytest.mark.parametrize("n_rows", [36, 38, 40, 45, 60])
def test_what_can_just_be_held_out_is(n_rows):
    y, X = plan()
    few = y[:n_rows], X[:n_rows]
    fitted(*few, max_steps=2, early_stopping=True)


def test_a_rival_that_diverges_has_lost(monkeypatch):
    fit = Seq2SeqRegressor.fit

    def diverges(self, X, y):
        error = ValueError("The training loss became nan")
        error.is_divergence = True
        raise error

    monkeypatch.setattr(Seq2SeqRegressor, "fit", diverges)
    assert fitted(*plan()).strategy_ == "direct"
    with pytest.raises(ValueError, match="became nan"):
        fitted(*plan(), strategy="seq2seq")
    monkeypatch.setattr(Seq2SeqRegressor, "fit", fit)
    assert fitted(*plan()).strategy_ == "seq2seq"


class Mine(LSTMForecaster):
    """One with parameters of its own, and few."""

    def __init__(self, hidden_size=16):
        super().__init__(
            hidden_size=hidden_size, window_length=14, max_steps=120, random_state=0
        )


def test_a_subclass_may_have_other_parameters():
    y, X = plan()
    assert Mine().fit(y, X=X, fh=WEEK).strategy_ == "seq2seq"


def test_rows_that_calibrate_do_not_choose(trainings):
    fitted(*plan(), max_steps=2, calibration_fraction=0.3)
    lengths = [rows for rows, _ in trainings]
    calibrating = lengths[2]
    assert lengths == [[calibrating[0] - 24]] * 2 + [calibrating, [230]]


def test_processes_with_rows_of_their_own_do_not_choose(monkeypatch):
    y, X = plan()
    monkeypatch.setattr(
        "sklstm.sktime._strategy.current_ranks", lambda: SimpleNamespace(owns_rows=True)
    )
    assert fitted(y, X, max_steps=2).strategy_ == "direct"
    monkeypatch.setattr(
        "sklstm.sktime._strategy.current_ranks", lambda: SimpleNamespace(owns_rows=False)
    )
    assert fitted(y, X).strategy_ == "seq2seq"


def test_time_does_not_grow_with_the_square_of_the_series():
    y, X = plan()
    y, X = y[:40], X[:40]
    forecaster = fitted(y, X, strategy="direct", max_steps=1)

    def seconds(n):
        names = [f"{i:05}" for i in range(n)]
        frame = pd.concat([y.to_frame().join(X)] * n, keys=names, names=["shop", "day"])
        rows, n_later = Panel.of(frame), np.full(n, 8)
        begin = time.process_time()
        errors_of_last(forecaster.model_, rows, n_later)
        return time.process_time() - begin

    seconds(500)
    assert seconds(4000) < 30 * seconds(500)


def test_nothing_is_learnt_from_the_rows_that_judge(trainings):
    fitted(*plan(), max_steps=2)
    assert [rows for rows, _ in trainings] == [[206], [206], [230]]
    trainings.clear()
    fitted(*(part[:40] for part in plan()), max_steps=2)
    assert [rows for rows, _ in trainings] == [[32], [32], [40]]
