"""How well quantiles and intervals hold what they promise; tables of the guide."""

import numpy as np
import pytest

from tests.skill import panels, reliability, series, smoothed, uncertainty
from tests.skill.conftest import call
from tests.skill.runs import for_seeds, spread

pytestmark = [
    pytest.mark.skill,
    pytest.mark.skipif(not panels.DATA.exists(), reason="the data are not redistributed"),
]
needs_baselines = pytest.mark.skipif(
    not smoothed.PATH.exists(),
    reason="tox run -e baselines writes what exponential smoothing forecasts",
)

LARGE = {"batch_size": 256, "learning_rate": 0.005}
PANELS = {
    "CIF 2016": {"has_season": True, "window_length": 15, "calibration_fraction": 0.2},
    "Hospital": {"has_season": True, "window_length": 12, **LARGE, "max_epochs": 20},
    "Tourism, quarterly": {"window_length": 8, **LARGE, "max_epochs": 40},
}
MONTHS = {
    "Airline passengers, monthly": {"has_logs": True},
    "CO2 on Mauna Loa, monthly": {"has_logs": True},
    "El Niño, sea temperature, monthly": {"window_length": 24},
    "Drug scripts (PBS), monthly": {},
    "Shampoo sales, monthly": {"has_season": False},
}
M4 = {
    "window_length": 168,
    "hidden_size": 128,
    "instance_norm": "standard",
    "patch_length": 24,
    "quantile": panels.DECILES.tolist(),
    "learning_rate": 0.003,
    "weight_averaging": 0.99,
    "max_epochs": 2,
    "batch_size": 128,
}
SOLAR = {"loss": "quantile", "quantile": [0.05, 0.25, 0.5, 0.75, 0.95], "max_epochs": 30}


def summary(truth, quantiles):
    """Weighted quantile loss, coverage of 80 % and 90 %, Winkler score of 80 %."""
    q = quantiles
    return (
        panels.loss(truth, q[:, 1:-1]),
        panels.coverage(truth, q[:, 1], q[:, -2]),
        panels.coverage(truth, q[:, 0], q[:, -1]),
        panels.winkler(truth, q[:, 1], q[:, -2], 0.8),
    )


def of_panel(name, random_state, **settings):
    return summary(*uncertainty.quantiles(name, random_state, **settings))


def of_months(name, random_state, **settings):
    settings = {"calibration_fraction": 0.3} | settings
    return summary(*uncertainty.rolled(name, random_state, **settings))


def share(values):
    """Mean of coverages as text."""
    return f"{np.mean(values):.2f}"


def test_m4_is_forecast_nearly_as_well_as_by_pretrained_models(write_table):
    scores, seconds = for_seeds(of_panel, 3, "M4, hourly", **M4)
    rows = [("DeepAR", "0.1330", "", ""), ("PatchTST", "0.0390", "", "")]
    rows += [("Auto-ARIMA", "0.0337", "", ""), ("Chronos-small", "0.0253", "", "")]
    measured = spread(scores[:, 0], 4), share(scores[:, 1]), f"{seconds:.0f}"
    rows.append(("sklstm", *measured))
    header = ("", "WQL", "Coverage of 80 %", "s a run")
    write_table("m4", header, rows, "Three seeds.", call("LSTMForecaster", M4))
    assert scores[:, 0].mean() < 0.0337


@needs_baselines
def test_panels_are_forecast_with_the_coverage_that_is_asked(write_table):
    rows, ahead = [], []
    for name, settings in PANELS.items():
        settings = {"instance_norm": "standard"} | settings
        scores, seconds = for_seeds(of_panel, 3, name, **settings)
        ets = summary(panels.read(name)[1].to_numpy(), smoothed.read(name))
        ahead.append(scores[:, 0].mean() < ets[0])
        rows.append(
            (
                name,
                f"{ets[0]:.4f}",
                spread(scores[:, 0], 4),
                share(ets[1]),
                share(scores[:, 1]),
                f"{seconds:.0f}",
            )
        )
    header = (
        "Panel", "AutoETS: WQL", "sklstm: WQL", "AutoETS: 80 %", "sklstm: 80 %", "s a run",
    )  # fmt: skip
    note = f"Three seeds. Of AutoETS: {smoothed.versions()}."
    write_table("panels", header, rows, note)
    assert sum(ahead) >= 2


@needs_baselines
def test_months_are_forecast_with_the_coverage_that_is_asked(write_table):
    rows, shares, narrower = [], [], 0
    for name, settings in MONTHS.items():
        scores, seconds = for_seeds(of_months, 3, name, **settings)
        raw, _ = for_seeds(of_months, 3, name, **settings, calibration_fraction=None)
        y, _, horizon = series.read(name)
        ets = summary(series.ahead(y, horizon), smoothed.read(name))
        narrower += scores[:, 3].mean() < ets[3]
        shares.append(scores[:, 1:3].mean(axis=0))
        cells = [f"{share(s[1])}, {share(s[2])}" for s in (ets, raw.T, scores.T)]
        winkler = f"{ets[3]:.3g}", f"{np.mean(scores[:, 3]):.3g}"
        rows.append((name, *cells, *winkler, f"{seconds:.0f}"))
    header = (
        "Series", "AutoETS: 80, 90 %", "Not calibrated", "Calibrated",
        "AutoETS: Winkler", "sklstm: Winkler", "s a run",
    )  # fmt: skip
    of_80, of_90 = np.mean(shares, axis=0)
    note = (
        f"Three seeds. Mean coverage, calibrated: {of_80:.2f} and {of_90:.2f}. Of AutoETS:"
        f" {smoothed.versions()}."
    )
    write_table("months", header, rows, note)
    assert abs(of_80 - 0.8) < 0.05
    assert abs(of_90 - 0.9) < 0.05
    assert narrower >= 3


def test_solar_radiation_is_covered_all_year(write_table):
    scores, seconds = for_seeds(uncertainty.solar, 3, **SOLAR)
    published = {"EnbPI, ridge": (0.899, 197), "EnbPI, random forest": (0.902, 257)}
    published |= {"EnbPI, recurrent network": (0.883, 258)}
    rows = [(who, f"{c:.3f}", w, "", "", "") for who, (c, w) in published.items()]
    c, w, score, worst = scores.T
    rows.append(
        (
            "sklstm",
            f"{c.mean():.3f}",
            f"{w.mean():.0f} ± {w.std(ddof=1):.0f}",
            f"{score.mean():.0f}",
            f"{worst.mean():.2f}",
            f"{seconds:.0f}",
        )
    )
    header = ("", "Coverage", "Width", "Winkler", "Worst fortnight", "s a run")
    write_table("solar", header, rows, "Three seeds.", call("LSTMRegressor", SOLAR))
    assert 0.89 < c.mean() < 0.91
    assert w.mean() < 197
    assert worst.mean() > 0.8


def test_probabilities_of_classes_are_about_as_sure_as_right(write_table):
    rows, errors = [], []
    for name in reliability.SETS:
        scores, seconds = for_seeds(reliability.of_set, 3, name)
        s = scores.mean(axis=0)
        errors.append(s[1])
        both = [f"{s[i]:.3f} / {s[i + 3]:.3f}" for i in range(3)]
        rows.append((name, *both, f"{s[6]:.2f}, {s[7]:.2f}", f"{seconds:.0f}"))
    header = (
        "Set", "Accuracy", "Calibration error", "Log loss", "Sets of 90 %: coverage, size",
        "s a run",
    )  # fmt: skip
    note = "Three seeds. As it is / with `CalibratedClassifierCV`."
    write_table("reliability", header, rows, note)
    assert max(errors) < 0.1
