"""How far the probabilities of classes can be trusted, and sets of classes."""

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import log_loss

from sklstm import ConformalClassifier, LSTMClassifier
from tests.skill import classification

N_BINS = 10
# The others are of unequal length, or take long.
SETS = ("GunPoint", "ItalyPowerDemand", "ArrowHead", "BasicMotions")


def of_set(name, random_state):
    """Scores of the classifier as it is, and calibrated by cross-validation; and of sets.

    Returns
    -------
    scores : list of float
        Accuracy, calibration error and log loss of both; coverage and mean size of sets.
    """
    (X, y), (X_test, y_test) = (classification.split(name, p) for p in ("train", "test"))
    X, X_test = (part.transpose(0, 2, 1) for part in (X, X_test))
    model = LSTMClassifier(**classification.defaults(), random_state=random_state)
    calibrated = CalibratedClassifierCV(model, method="temperature", cv=3)
    scores = []
    for classifier in (model, calibrated):
        probability = classifier.fit(X, y).predict_proba(X_test)
        scores += [
            float((classifier.classes_[probability.argmax(axis=1)] == y_test).mean()),
            calibration_error(probability, y_test, classifier.classes_),
            log_loss(y_test, probability, labels=classifier.classes_),
        ]
    sets = ConformalClassifier(model, coverage=0.9, calibration_fraction=0.3).fit(X, y)
    is_in = sets.predict_set(X_test)
    place = np.searchsorted(sets.classes_, y_test)
    return [*scores, is_in[np.arange(len(place)), place].mean(), is_in.sum(axis=1).mean()]


def calibration_error(probability, labels, classes):
    """Mean distance between how sure predictions are and how often they are right.

    Over ten bins of equal width (Guo et al., 2017).
    """
    sure = probability.max(axis=1)
    right = classes[probability.argmax(axis=1)] == labels
    bins = np.minimum((sure * N_BINS).astype(int), N_BINS - 1)
    gaps = [abs(sure[bins == i].sum() - right[bins == i].sum()) for i in range(N_BINS)]
    return float(np.sum(gaps) / len(labels))
