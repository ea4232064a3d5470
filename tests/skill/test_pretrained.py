"""How well the network forecasts that has learnt already; tables of the guide."""

import numpy as np
import pytest

from sklstm.sktime._pretrained._forecast import quantiles_ahead
from sklstm.sktime._pretrained._view import HORIZON
from sklstm.sktime._pretrained._weights import shipped
from tests.pretraining.tasks import draw
from tests.skill import panels, pretrained, series, smoothed

pytestmark = pytest.mark.skill

# Zero-shot, by the same protocol (fev): AutoETS, AutoTheta, Chronos-Bolt-b (205 M weights),
# TimesFM-2.0 (500 M), TiRex (35 M).
PUBLISHED = {
    "CIF 2016": (0.896, 1.006, 0.999, 0.949, 0.927),
    "Hospital": (0.770, 0.764, 0.791, 0.755, 0.763),
    "Tourism, quarterly": (1.599, 1.648, 1.756, 1.798, 1.606),
}
# At most, by the mean absolute scaled error, or for hours by the weighted quantile loss.
AT_MOST = {
    "CIF 2016": 0.86,
    "Hospital": 0.752,
    "Tourism, quarterly": 1.61,
    "M4, hourly": 0.035,
}


@pytest.mark.skipif(not smoothed.PATH.exists(), reason="run `tox run -e baselines` first")
def test_panels(write_table):
    pretrained.scores("CIF 2016")  # What is slow once.
    rows, missed = [], []
    for name, most in AT_MOST.items():
        mase, loss, of_80, of_90, milliseconds = pretrained.scores(name)
        smoothing = smoothed.milliseconds(name) if "hourly" not in name else np.nan
        published = [f"{value:.3f}" for value in PUBLISHED.get(name, ())]
        rows.append([
            name,
            *(published or [""] * 5),
            f"**{mase:.3f}**",
            f"{loss:.4f}",
            f"{of_80:.2f}, {of_90:.2f}",
            f"{milliseconds:.1f}",
            f"{smoothing:.0f}" if np.isfinite(smoothing) else "",
        ])  # fmt: skip
        if (loss if name not in PUBLISHED else mase) > most:
            missed.append(rows[-1])
    others = ["AutoETS", "AutoTheta", "Chronos-Bolt", "TimesFM-2.0", "TiRex"]
    own = [
        "this network",
        "quantile loss",
        "coverage of 80 %, 90 %",
        "ms per series",
        "AutoETS, ms",
    ]
    write_table("pretrained panels", ["Panel", *others, *own], rows)
    assert missed == []


@pytest.mark.skipif(not panels.DATA.exists(), reason="the data are not redistributed")
def test_fine_tuned_panels(write_table):
    rows, worse = [], []
    for name in ("CIF 2016", "Hospital", "Tourism, quarterly"):
        before, after = (pretrained.scores(name, fine_tune=t) for t in (False, True))
        seconds = f"{(after[-1] - before[-1]) * panels.n_series(name) / 1000:.0f}"
        numbers = [f"{m:.3f}, {q:.4f}" for m, q, *_ in (before, after)]
        rows.append([name, *numbers, seconds])
        if after[0] > before[0] + 0.005:
            worse.append(name)
    header = ["Panel", "MASE and quantile loss as shipped", "fine-tuned", "seconds of it"]
    write_table("pretrained fine-tuned", header, rows)
    assert worse == []


@pytest.mark.skipif(not smoothed.PATH.exists(), reason="run `tox run -e baselines` first")
def test_single_series(write_table):
    every = series.SERIES | series.OTHERS
    errors = np.array([pretrained.of_series(name) for name in every])
    scaled, to_ets = errors[:, :2] / errors[:, 2:], errors[:, 0] / errors[:, 1]
    rows = [
        [name, *(f"{value:.2f}" for value in (*each, ratio))]
        for name, each, ratio in zip(every, scaled, to_ets, strict=True)
    ]
    n_first = len(series.SERIES)
    for what, part in ((f"the first {n_first}", slice(n_first)), ("all", slice(None))):
        means = np.exp(np.log(np.c_[scaled, to_ets][part]).mean(axis=0))
        label = f"**Geometric mean of {what}**"
        rows.append([label, *(f"**{mean:.3f}**" for mean in means)])
    header = ["Series", "this network", "AutoETS", "to AutoETS"]
    write_table("pretrained series", header, rows)
    assert means[2] < 0.97


def test_quantiles_of_made_series_that_were_held_out(write_table):
    regressor = shipped()
    tasks = draw(np.random.default_rng(2 * 10**9), 60)
    said = [quantiles_ahead(regressor, t.histories, t.periods, HORIZON) for t in tasks]
    said = np.concatenate(said)
    truth = np.concatenate([task.future for task in tasks])[:, :, None]
    # Ties, as of counts, lie half below.
    below = np.where(np.isnan(truth), np.nan, (truth < said) + 0.5 * (truth == said))
    near, far = below[:, :12], below[:, 12:]
    shares = [np.nanmean(part, axis=(0, 1)) for part in (near, far)]
    names = ["1 to 12 steps ahead", "13 to 48"]
    rows = [
        [name, *(f"{share:.3f}" for share in row)]
        for name, row in zip(names, shares, strict=True)
    ]
    header = ["Level", *(f"{level:g}" for level in regressor.quantile)]
    write_table("pretrained calibration", header, rows)
    assert np.abs(shares - np.asarray(regressor.quantile)).max() < 0.03
