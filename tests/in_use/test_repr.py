"""The picture of an estimator in a notebook."""

import re

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklstm
from sklstm import (
    ConformalClassifier,
    ConformalRegressor,
    LSTMClassifier,
    LSTMRegressor,
    SequenceReshaper,
    SlidingWindowTransformer,
)
from sklstm.fitting._pickling import VersionedPickle

ROOT = "https://sklstm.readthedocs.io/en/latest/api/"


def links(estimator):
    """Pages that the picture leads to, without the places on them."""
    found = re.findall(r'href="([^"#]+)', estimator._repr_html_())
    return list(dict.fromkeys(found))


def public_estimators():
    known = (getattr(sklstm, name) for name in sklstm.__all__)
    return [e for e in known if isinstance(e, type) and issubclass(e, VersionedPickle)]


def test_estimators_lead_to_their_pages():
    names = {kind.__name__ for kind in public_estimators()}
    assert names >= {
        "ConformalClassifier",
        "ConformalRegressor",
        "LSTMClassifier",
        "LSTMRegressor",
        "SequenceReshaper",
        "SlidingWindowTransformer",
    }
    for kind in public_estimators():
        needed = [LSTMRegressor()] if kind.__name__.startswith("Conformal") else []
        assert links(kind(*needed))[0] == f"{ROOT}sklstm.{kind.__name__}.html"


def test_a_pipeline_leads_to_ours_and_to_those_of_scikit_learn():
    pipeline = make_pipeline(
        StandardScaler(),
        SlidingWindowTransformer(window_length=3),
        SequenceReshaper(),
        ConformalRegressor(LSTMRegressor()),
    )
    found = links(pipeline)
    assert [link.removeprefix(ROOT) for link in found if link.startswith(ROOT)] == [
        "sklstm.SlidingWindowTransformer.html",
        "sklstm.SequenceReshaper.html",
        "sklstm.ConformalRegressor.html",
        "sklstm.LSTMRegressor.html",
    ]
    of_others = [link for link in found if not link.startswith(ROOT)]
    assert all(link.startswith("https://scikit-learn.org/") for link in of_others)
    assert [link.rpartition("/")[2] for link in of_others] == [
        "sklearn.pipeline.Pipeline.html",
        "sklearn.preprocessing.StandardScaler.html",
    ]


def test_an_estimator_of_scikit_learn_within_ours_keeps_its_link():
    found = links(ConformalRegressor(Ridge()))
    assert found[0] == f"{ROOT}sklstm.ConformalRegressor.html"
    assert found[1].startswith("https://scikit-learn.org/")
    assert found[1].endswith("sklearn.linear_model.Ridge.html")
    assert links(ConformalClassifier(LSTMClassifier()))[1].startswith(ROOT)


class Own(LSTMRegressor):
    """An estimator of a user."""


def test_a_subclass_of_a_user_has_no_link_of_ours():
    assert Own()._get_doc_link() == ""
    assert links(Own()) == []


def test_the_regressor_within_a_forecaster_leads_to_the_public_one():
    pytest.importorskip("sktime", reason="the sktime extra is not installed")
    from sklstm.estimators._forecast_regressor import Seq2SeqRegressor

    assert Seq2SeqRegressor()._get_doc_link() == f"{ROOT}sklstm.LSTMRegressor.html"


def test_fitted_attributes_are_shown():
    pytest.importorskip("sklearn.callback", reason="scikit-learn shows them from 1.9")
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = LSTMRegressor(hidden_size=2, max_epochs=2, random_state=0).fit(X, X[:, -1])
    shown = model._repr_html_()
    for name in ("n_features_in_", "loss_curve_", "n_epochs_", "best_epoch_"):
        assert name in shown
    assert "Fitted" in shown
