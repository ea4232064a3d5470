"""Life left of NASA's turbofan engines (C-MAPSS, FD001), by the protocol of the field."""

import importlib.util
from pathlib import Path

import numpy as np
from sklearn.metrics import root_mean_squared_error

ROOT = Path(__file__).parents[2]
PATH = ROOT.parent / "shared" / "data" / "cmapss"


def example():
    """The example's own module: what is measured is what a user reads."""
    spec = importlib.util.spec_from_file_location(
        "plot_turbofan", ROOT / "examples" / "plot_turbofan.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def errors(n_engines, random_state):
    """Root mean squared errors of the last row of each test engine: true life, capped."""
    engines = example()
    train, test = (engines.read_rows(PATH, part) for part in ("train", "test"))
    constant = [name for name in engines.NAMES[2:] if train[name].std() < 1e-6]
    train, test = train.drop(columns=constant), test.drop(columns=constant)
    train = train[train["engine"] <= n_engines]
    model = engines.fit(train, random_state=random_state)
    last = test.groupby("engine").tail(1).index
    predicted = model.predict(test)[last]
    true = np.loadtxt(PATH / "RUL_FD001.txt")
    capped = np.minimum(true, engines.CAP)
    return [root_mean_squared_error(life, predicted) for life in (true, capped)]
