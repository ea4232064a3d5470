"""
How long will an engine live?
=============================

NASA's simulated turbofan engines (C-MAPSS, FD001) run until they fail. Of 100 of them the
sensors are known to the end; of 100 others up to some cycle, and the question is how many
cycles are left. Windows of 80 cycles never cross from one engine into another. As is usual,
lives of more than 125 cycles count as 125 in training: a healthy engine does not show its
age.

Learnt here: rows of many series in one frame, a target per row, intervals that are
calibrated on engines that were not learnt from. The error is a third of that of "always the
mean".

Run it with ``python examples/plot_turbofan.py folder [figures]``, where the folder has
``train_FD001.txt``, ``test_FD001.txt`` and ``RUL_FD001.txt`` from NASA's Prognostics Data
Repository. It needs pandas and matplotlib, and takes a minute.
"""  # noqa: D205, D400

# sphinx_gallery_thumbnail_path = "images/turbofan.png"

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import root_mean_squared_error
from sklearn.pipeline import Pipeline, make_pipeline

from sklstm import ConformalRegressor, LSTMRegressor, SlidingWindowTransformer
from sklstm.metrics import coverage

CAP = 125  # cycles: a longer life cannot be seen
WINDOW = 80
COVERAGE = 0.9
SETTINGS = ["altitude", "speed", "throttle"]
NAMES = ["engine", "cycle", *SETTINGS, *(f"sensor {i}" for i in range(1, 22))]


# %%
# The engines
# -----------


def read_rows(folder: Path, part: str) -> pd.DataFrame:
    path = folder / f"{part}_FD001.txt"
    rows = pd.read_csv(path, sep=r"\s+", header=None, names=NAMES)
    # The time of a row is no feature: its age is.
    return rows.assign(age=rows["cycle"])


def life_left(rows: pd.DataFrame) -> pd.Series:
    """Cycles up to the last of each engine."""
    return rows.groupby("engine")["cycle"].transform("max") - rows["cycle"]


# %%
# The model
# ---------
#
# Sensors that never change tell nothing. Five cycles become one step of the network; more
# than a few epochs would learn the engines by heart. The settings were chosen by
# cross-validation over the training engines.


def make_model(**options: object) -> Pipeline:
    """Windows of each engine, and a network that predicts its life."""
    return make_pipeline(
        SlidingWindowTransformer(WINDOW, groups="engine", time="cycle"),
        LSTMRegressor(
            cell="gru",
            patch_length=5,
            loss="absolute_error",
            dropout=0.3,
            learning_rate=0.005,
            max_epochs=6,
            batch_size=64,
            **options,
        ),
    )


def fit(train: pd.DataFrame, **options: object) -> Pipeline:
    life = life_left(train).clip(upper=CAP)
    return make_model(**options).fit(train, life)


def calibrated(model: Pipeline, engines: pd.DataFrame) -> ConformalRegressor:
    """Put intervals around a fitted model, by the errors on other engines.

    Rows of lives above the cap are easier, and are left out, as not known.
    """
    life = life_left(engines)
    known = life.where(life <= CAP)
    return ConformalRegressor(FrozenEstimator(model), coverage=COVERAGE).fit(engines, known)


def main(folder: Path, figures: Path) -> None:
    train, test = read_rows(folder, "train"), read_rows(folder, "test")
    constant = [name for name in NAMES[2:] if train[name].std() < 1e-6]
    train, test = train.drop(columns=constant), test.drop(columns=constant)
    others = train["engine"] > 80
    model = calibrated(fit(train[~others], random_state=0), train[others])

    last = test.groupby("engine").tail(1).index
    predicted, interval = model.predict(test)[last], model.predict_interval(test)[last]
    true = np.loadtxt(folder / "RUL_FD001.txt")
    mean = life_left(train).clip(upper=CAP).mean()
    capped = np.minimum(true, CAP)
    print(f"{(~others).sum()} rows of 80 engines to learn from, 20 engines to calibrate")
    print(f"{'':16} true life  capped at {CAP}")
    for name, said in (
        ("always the mean", np.full(len(true), mean)),
        ("network", predicted),
    ):
        errors = (root_mean_squared_error(t, said) for t in (true, capped))
        print(f"{name:16}" + "".join(f"{error:9.1f}" for error in errors))
    held = coverage(capped, interval)
    print(f"{held:.0%} of the lives, capped, lie in the intervals of {COVERAGE:.0%}")

    lives = pd.DataFrame({"True": true, "Predicted": predicted})
    lives[["lower", "upper"]] = interval
    lives = lives.sort_values("True", ignore_index=True)
    labels = {"xlabel": "Engine, by what is left", "ylabel": "Cycles left"}
    ax = lives.plot(y=["True", "Predicted"], style=["-", "."], figsize=(9, 4.5), **labels)
    ax.fill_between(lives.index, lives["lower"], lives["upper"], alpha=0.2)
    figures.mkdir(parents=True, exist_ok=True)
    ax.figure.savefig(figures / "turbofan.png", dpi=120)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else "figures"))
