"""How well forecasts are that nobody has set anything for; tables of the guide."""

import numpy as np
import pytest

from tests.skill import defaults, panels, series, smoothed
from tests.skill.runs import for_seeds, listed, spread

pytestmark = pytest.mark.skill

# Mean absolute scaled errors by the same protocol (fev, zero-shot): AutoETS, AutoTheta,
# AutoARIMA, Chronos-Bolt-b, TimesFM-2.0, TiRex; and what ours is to be, at most.
PUBLISHED = {
    "CIF 2016": (0.896, 1.006, 0.945, 0.999, 0.949, 0.927),
    "Hospital": (0.770, 0.764, 0.784, 0.791, 0.755, 0.763),
    "Tourism, quarterly": (1.599, 1.648, 1.597, 1.756, 1.798, 1.606),
}
AT_MOST = {"CIF 2016": 0.90, "Hospital": 0.770, "Tourism, quarterly": 1.62}
OTHERS = ["AutoETS", "AutoTheta", "AutoARIMA", "Chronos-Bolt", "TimesFM-2.0", "TiRex"]


@pytest.mark.skipif(not panels.DATA.exists(), reason="the data are not redistributed")
def test_panels(write_table):
    rows, missed = [], []
    for name, published in PUBLISHED.items():
        errors, seconds = for_seeds(defaults.panel_error, 3, name)
        mase, percent = spread(errors[:, 0], 3), spread(errors[:, 1], 1)
        known = [f"{value:.3f}" for value in published]
        rows.append([name, *known, f"**{mase}**", percent, f"{seconds:.0f}"])
        missed += [rows[-1]] if errors[:, 0].mean() > AT_MOST[name] else []
    header = ["Panel", *OTHERS, "`LSTMForecaster()`", "sMAPE", "s a run"]
    write_table("default panels", header, rows, "Three seeds.")
    assert missed == []


@pytest.mark.skipif(not smoothed.PATH.exists(), reason="run `tox run -e baselines` first")
def test_single_series(write_table):
    rows, ratios, lost = [], [], []
    for name in series.SERIES | series.OTHERS:
        errors, seconds = for_seeds(defaults.series_errors, 3, name)
        to_others = errors[:, :1] / errors[:, 1:]
        ratios.append(to_others.mean(axis=0))
        lost += [name] if ratios[-1][2] > 1 else []
        spreads = [spread(ratio, 2) for ratio in to_others.T]
        rows.append([name, *spreads, f"{seconds / series.N_ORIGINS:.1f}"])
    n_first = len(series.SERIES)
    for what, part in ((f"the first {n_first}", slice(n_first)), ("all", slice(None))):
        means = np.exp(np.log(ratios[part]).mean(axis=0))
        label = f"**Geometric mean of {what}**"
        rows.append([label, *(f"**{mean:.3f}**" for mean in means), ""])
    header = ["Series", "to AutoETS", "to AutoTheta", "to the season before", "s a fit"]
    note = f"Three seeds. Worse than the season before: {listed(lost)}."
    write_table("default series", header, rows, note)
    assert len(lost) < 0.5 * len(ratios)
    assert (means <= (0.95, 0.92, 0.70)).all()


# Panels, and steps of the optimiser.
FORKED = {"M4, hourly": (100,), "CIF 2016": (100, 500), "Tourism, quarterly": (100, 500)}


@pytest.mark.skipif(not panels.DATA.exists(), reason="the data are not redistributed")
def test_forking_sequences(write_table):
    rows = []
    for name, budgets in FORKED.items():
        for n_steps in budgets:
            cells = []
            for forks in (False, True):
                options = {"forking_sequences": forks, "max_steps": n_steps}
                found, _ = for_seeds(defaults.panel_errors, 3, name, **options)
                cells.append((spread(found[:, 0], 3), f"{found[:, 2].mean():.1f}"))
            (without, plain), (forked, longer) = cells
            rows.append([name, n_steps, without, plain, forked, longer])
    header = ["Panel", "Steps", "from the end", "s a fit", "from every step", "s a fit"]
    note = "Three seeds. Seconds of the processor."
    write_table("forking", header, rows, note)
