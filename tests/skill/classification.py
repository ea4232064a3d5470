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


def accuracy(name, **options):
    """Share of the test series whose class is right."""
    model = LSTMTimeSeriesClassifier(**options).fit(*split(name, "train"))
    X, y = split(name, "test")
    return float(np.mean(model.predict(X) == y))


def accuracy_of_dtw(name):
    """The same for the nearest neighbour by dynamic time warping."""
    model = KNeighborsTimeSeriesClassifier(n_neighbors=1, distance="dtw")
    model.fit(*split(name, "train"))
    X, y = split(name, "test")
    return float(np.mean(model.predict(X) == y))
