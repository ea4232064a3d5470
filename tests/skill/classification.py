"""Classes of whole series: sktime's bundled sets, with their own split."""

import numpy as np
from sktime.classification.distance_based import KNeighborsTimeSeriesClassifier
from sktime.datasets import (
    load_arrow_head,
    load_basic_motions,
    load_gunpoint,
    load_italy_power_demand,
    load_japanese_vowels,
    load_osuleaf,
)
from sktime.transformations.panel.interpolate import TSInterpolator

from sklstm import LSTMClassifier
from sklstm.sktime import LSTMTimeSeriesClassifier

# Accuracy that Karim et al. (2018) publish for LSTM-FCN; None is to be set beside 1-NN DTW.
SETS = {
    "GunPoint": (load_gunpoint, 1.000),
    "ItalyPowerDemand": (load_italy_power_demand, 0.962),
    "ArrowHead": (load_arrow_head, 0.897),
    "OSULeaf": (load_osuleaf, 0.983),
    "BasicMotions": (load_basic_motions, None),
    "JapaneseVowels": (load_japanese_vowels, None),
}


def split(name, part):
    """X and y of one part; frames of unequal length where the set has such."""
    load, _ = SETS[name]
    mtype = "nested_univ" if name == "JapaneseVowels" else "numpy3D"
    return load(split=part, return_type=mtype)


def defaults():
    """Parameters in which the defaults differ from those of `LSTMClassifier`."""
    plain = LSTMClassifier().get_params()
    ours = LSTMTimeSeriesClassifier().get_params()
    return {name: value for name, value in ours.items() if plain.get(name, value) != value}


def accuracy(name, random_state):
    """Share of the test series to which the defaults give the right class."""
    return _accuracy(LSTMTimeSeriesClassifier(random_state=random_state), name)


def accuracy_of_dtw(name):
    """The same for the nearest neighbour by dynamic time warping.

    sktime's distance needs one length: series of others are resampled to the longest.
    """
    model = KNeighborsTimeSeriesClassifier(n_neighbors=1, distance="dtw")
    if name == "JapaneseVowels":
        model = TSInterpolator(29) * model
    return _accuracy(model, name)


def _accuracy(model, name):
    X, y = split(name, "test")
    return float(np.mean(model.fit(*split(name, "train")).predict(X) == y))
