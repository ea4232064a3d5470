"""Life left of NASA's turbofan engines (C-MAPSS, FD001), by the protocol of the field."""

import importlib.util
from hashlib import md5
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import root_mean_squared_error

from sklstm import SlidingWindowTransformer
from sklstm.metrics import coverage

ROOT = Path(__file__).parents[2]
PATH = ROOT.parent / "shared" / "data" / "cmapss"
# Of NASA's files: a copy with other numbers, or with holes, goes round.
MD5 = {
    "train_FD001.txt": "259f340bac32ce6fa8894815600fa757",
    "test_FD001.txt": "62316d1dd70f88a9a43a1e2690765437",
    "RUL_FD001.txt": "8f4a8b3d2692b2f7d8e72b344927bf4b",
}
# Rows whose statistics the trees read.
WINDOW = 30


def example():
    """The example's own module: what is measured is what a user reads."""
    spec = importlib.util.spec_from_file_location(
        "plot_turbofan", ROOT / "examples" / "plot_turbofan.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(has_age=True):
    """Rows of the training and of the test engines, and true lives of these."""
    engines = example()
    for name, expected in MD5.items():
        assert md5((PATH / name).read_bytes()).hexdigest() == expected, name
    train, test = (engines.read_rows(PATH, part) for part in ("train", "test"))
    constant = [name for name in engines.NAMES[2:] if train[name].std() < 1e-6]
    constant += [] if has_age else ["age"]
    true = np.loadtxt(PATH / "RUL_FD001.txt")
    return train.drop(columns=constant), test.drop(columns=constant), true


def errors(n_engines, has_age, random_state):
    """What is said of the last row of each test engine.

    Parameters
    ----------
    n_engines : int
        Of the 100 to learn from. The others calibrate intervals.
    has_age : bool
        Whether the network reads how old an engine is.
    random_state : int

    Returns
    -------
    errors : list of float
        Root mean squared errors, of true lives and of capped ones; share of the capped
        lives in the intervals, NaN without engines that calibrate.
    """
    engines = example()
    train, test, true = load(has_age)
    is_learnt = train["engine"] <= n_engines
    model = engines.fit(train[is_learnt], random_state=random_state)
    last = test.groupby("engine").tail(1).index
    held = np.nan
    if not is_learnt.all():
        model = engines.calibrated(model, train[~is_learnt])
        interval = model.predict_interval(test)[last]
        held = coverage(np.minimum(true, engines.CAP), interval)
    return [*_of_lives(true, model.predict(test)[last], engines.CAP), held]


def error_of_fold(has_age, random_state):
    """Root mean squared error, of capped lives, on a fifth of the training engines."""
    engines = example()
    train, _, _ = load(has_age)
    fold = np.random.default_rng(0).permutation(100)[train["engine"] - 1] % 5
    is_learnt = fold != random_state
    model = engines.fit(train[is_learnt], random_state=random_state)
    others = train[~is_learnt]
    life = np.minimum(engines.life_left(others), engines.CAP)
    return root_mean_squared_error(life, model.predict(others))


def errors_of_boosting(random_state):
    """The same of gradient boosting on statistics of windows."""
    engines = example()
    train, test, true = load()
    life = engines.life_left(train).clip(upper=engines.CAP)
    model = HistGradientBoostingRegressor(
        loss="absolute_error", learning_rate=0.03, random_state=random_state
    ).fit(statistics(train), life)
    last = test.groupby("engine").tail(1).index
    return _of_lives(true, model.predict(statistics(test)[last]), engines.CAP)


def statistics(rows):
    """Means, deviations and ends of the last rows of each engine."""
    windows = SlidingWindowTransformer(WINDOW, groups="engine", time="cycle")
    windows = np.asarray(windows.fit_transform(rows))
    mean, deviation = np.nanmean(windows, axis=1), np.nanstd(windows, axis=1)
    slope = np.nanmean(windows[:, -WINDOW // 3 :], axis=1) - mean
    return np.concatenate([mean, deviation, slope, windows[:, -1]], axis=1)


def _of_lives(true, predicted, cap):
    return [root_mean_squared_error(t, predicted) for t in (true, np.minimum(true, cap))]
