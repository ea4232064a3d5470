"""Numbers that belong to whole series: sktime's bundled sets, with their own split."""

import numpy as np
from sktime.datasets import load_covid_3month, load_tecator
from sktime.datatypes import convert_to
from sktime.regression.kernel_based import RocketRegressor

from sklstm import LSTMRegressor
from sklstm.sktime import LSTMTimeSeriesRegressor

SETS = {"Covid3Month": load_covid_3month, "Tecator": load_tecator}


def split(name, part):
    """X and y of one part."""
    X, y = SETS[name](split=part, return_X_y=True)
    return convert_to(X, "numpy3D"), np.asarray(y, float)


def defaults():
    """Parameters in which the defaults differ from those of `LSTMRegressor`."""
    plain = LSTMRegressor().get_params()
    ours = LSTMTimeSeriesRegressor().get_params()
    return {name: value for name, value in ours.items() if plain.get(name, value) != value}


def error_of_lstm(name, random_state):
    """Root mean squared error of the defaults on the test series."""
    return _error(LSTMTimeSeriesRegressor(random_state=random_state), name)


def error_of_rocket(name, random_state):
    """The same for ROCKET (Dempster et al., 2020) of 2,000 kernels."""
    return _error(RocketRegressor(num_kernels=2000, random_state=random_state), name)


def error_of_constant(name):
    """The same for the mean of the training series."""
    truth = split(name, "test")[1]
    return float(np.sqrt(np.mean((truth - split(name, "train")[1].mean()) ** 2)))


def _error(model, name):
    X, truth = split(name, "test")
    predicted = model.fit(*split(name, "train")).predict(X).ravel()
    return float(np.sqrt(np.mean((predicted - truth) ** 2)))
