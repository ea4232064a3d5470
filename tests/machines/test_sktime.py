"""sktime's own backends give the figures of one process."""

import numpy as np
import pandas as pd
import pytest
from sktime.forecasting.compose import ForecastByLevel
from sktime.forecasting.model_evaluation import evaluate
from sktime.split import ExpandingWindowSplitter

from sklstm.sktime import LSTMForecaster

SMALL = {"window_length": 6, "hidden_size": 4, "max_epochs": 3, "random_state": 0}
rng = np.random.default_rng(0)
SERIES = pd.Series(
    np.sin(np.arange(72) / 3) + 0.1 * rng.normal(size=72),
    index=pd.period_range("2018-01", periods=72, freq="M"),
)
PANEL = pd.concat(
    {name: SERIES.rename("y").to_frame() * scale for name, scale in [("a", 1), ("b", 9)]},
    names=["shop", "month"],
)


# sktime's own forecasters speak of its next release.
pytestmark = pytest.mark.filterwarnings("ignore:The default of config:FutureWarning")


@pytest.fixture(params=["dask", "ray"])
def backend(request):
    request.getfixturevalue({"dask": "dask_client", "ray": "ray_workers"}[request.param])
    return request.param


def options_of(backend):
    """What sktime hands on: it would end Ray, which others use."""
    return {"ray": {"shutdown_ray": False}}.get(backend, {})


@pytest.mark.parametrize("data", [SERIES, PANEL], ids=["series", "panel"])
def test_evaluate_gives_the_figures_of_one_process(backend, data):
    def figures(**options):
        cv = ExpandingWindowSplitter(fh=[1, 2], initial_window=60, step_length=5)
        found = evaluate(LSTMForecaster(**SMALL), cv, data, **options)
        return found["test_MeanAbsolutePercentageError"]

    found = figures(backend=backend, backend_params=options_of(backend))
    np.testing.assert_array_equal(found, figures())
    assert len(found) == 3


def test_the_series_of_a_panel_are_forecast_side_by_side(backend):
    def forecast(**config):
        forecaster = ForecastByLevel(LSTMForecaster(**SMALL), groupby="local")
        forecaster.set_config(**config)
        return forecaster.fit(PANEL, fh=[1, 2, 3]).predict()

    config = {
        "backend:parallel": backend,
        "backend:parallel:params": options_of(backend),
    }
    pd.testing.assert_frame_equal(forecast(**config), forecast())
