"""Forecasters that are trained on a forecast from each step of a window."""

import numpy as np
import pandas as pd
import pytest

from sklstm.export import to_onnx
from sklstm.inspection import attributions, summary
from sklstm.inspection._inside import lstm_of
from sklstm.io import load, save
from sklstm.sktime import LSTMForecaster
from tests.sktime.data import MONTHS, PLAIN, noise, panel, rmse, wave

FORKING = {"forking_sequences": True, "random_state": 0}
SMALL = {**FORKING, "hidden_size": 4, "window_length": 12, "max_epochs": 2}


@pytest.mark.parametrize("strategy", ["direct", "recursive", "seq2seq"])
def test_a_wave_goes_on(strategy):
    y = wave()
    options = PLAIN | FORKING | {"window_length": 24, "strategy": strategy}
    fitted = LSTMForecaster(**options).fit(y[:200], fh=range(1, 7))
    assert rmse(fitted.predict(), y[200:206]) < 0.1


def test_a_few_windows_are_enough_where_each_step_is_forecast_from():
    waves = {f"shop {i}": wave(MONTHS[:34], phase=i) for i in range(4)}
    y, fh = panel(**waves), range(1, 5)
    options = PLAIN | {"window_length": 24, "random_state": 0, "instance_scale": False}
    train = y[y.index.get_level_values(1) < MONTHS[30]]
    errors = [
        rmse(LSTMForecaster(**options, forking_sequences=forks).fit_predict(train, fh=fh),
             y[y.index.get_level_values(1) >= MONTHS[30]])
        for forks in (False, True)
    ]  # fmt: skip
    assert errors[1] < 0.6 * errors[0]


def test_it_is_the_season_and_the_size_of_a_step_that_forecasts_get_back():
    season = np.resize([10.0, 20, 15, 5, 8, 30, 12, 9, 7, 25, 11, 6], 240)
    y = panel(
        small=pd.Series(100 + season, MONTHS), large=pd.Series(1e5 + 500 * season, MONTHS)
    )
    train = y[y.index.get_level_values(1) < MONTHS[200]]
    truth = y[y.index.get_level_values(1) >= MONTHS[200]].groupby(level=0).head(12)
    for how in ("additive", "multiplicative", "skip"):
        fitted = LSTMForecaster(**FORKING, season=how, max_epochs=5)
        found = fitted.fit_predict(train, fh=range(1, 13))
        assert ((found - truth) / truth).abs().max().item() < 0.02


def test_covariates_columns_and_what_is_missing():
    y = pd.concat([wave(), 10 + wave(phase=1.0)], axis=1, keys=["a", "b"])
    y.iloc[50:55, 0] = np.nan
    X = noise()
    for options in ({}, {"channel_independent": True}, {"past_covariates": ["x0"]}):
        fitted = LSTMForecaster(**SMALL, **options).fit(y[:200], X=X[:200], fh=[1, 3])
        said = fitted.predict(X=X[200:203])
        assert said.shape == (2, 2)
        assert np.isfinite(said.to_numpy()).all()


def test_it_is_calibrated_updated_pretrained_saved_and_stopped_early(tmp_path):
    y, fh = wave(), [1, 2, 3]
    stopped = LSTMForecaster(**SMALL, early_stopping=True, calibration_fraction=0.2)
    stopped.fit(y[:150], fh=fh)
    assert len(stopped.validation_loss_curve_) == 2
    stopped.update(y[150:160])
    assert stopped.predict_interval(coverage=0.8).shape == (3, 2)
    path = tmp_path / "forecaster.safetensors"
    save(stopped, path)
    pd.testing.assert_frame_equal(
        stopped.predict_quantiles(alpha=[0.1]), load(path).predict_quantiles(alpha=[0.1])
    )
    first = LSTMForecaster(**SMALL).pretrain(panel(a=y, b=-y), fh=fh)
    assert first.fit(y[:100], fh=fh).predict().shape == (3,)


def test_what_looks_into_it_reads_what_the_network_reads():
    y = wave()
    fitted = LSTMForecaster(**SMALL).fit(y, fh=[1, 2])
    assert "RunningNorm" in str(lstm_of(fitted).module_)
    assert "normaliser (level)" in str(summary(fitted))
    found = attributions(fitted, None, target=1)
    point = fitted.predict(fh=[1, 2]).to_numpy()
    np.testing.assert_allclose(found.predictions, point[1], rtol=1e-5)
    moved = found.predictions - found.baseline_predictions
    np.testing.assert_allclose(found.attributions.sum(axis=(1, 2)), moved, atol=0.01)
    with pytest.raises(NotImplementedError, match=r"forking_sequences must be False"):
        to_onnx(lstm_of(fitted))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"forking_sequences": 1}, r"forking_sequences must be True or False\. Got 1\."),
        ({"bidirectional": True}, r"bidirectional must be False with .* reads what is"),
        ({"pooling": "mean"}, r"pooling must be 'last' with forking_.* Got 'mean', which"),
        ({"convolution": "beside"}, r"convolution must be None or 'before' with forking_"),
        (
            {"instance_norm": None, "instance_scale": True},
            r"instance_norm must not be None with forking_sequences=True where",
        ),
    ],
)
def test_what_no_step_within_a_window_can_have_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        LSTMForecaster(**{**SMALL, **options}).fit(wave(), fh=[1, 2])
