"""Columns of X that are categories: texts, and whatever has the dtype category."""

import pickle

import numpy as np
import pandas as pd
import pytest

from sklstm.sktime import LSTMForecaster
from sklstm.sktime._labels import Labels
from tests.sktime.data import MONTHS, noise, panel, rmse, wave

STRATEGIES = ["direct", "recursive", "seq2seq"]
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES)
EFFECT = {"sun": 5.0, "rain": -5.0, "snow": 0.0}
WEATHER = np.random.default_rng(0).choice(list(EFFECT), size=240)
Y = pd.Series([EFFECT[w] for w in WEATHER], MONTHS, name="y")


def column(kind, values=WEATHER):
    return {
        "category": lambda: pd.Categorical(values),
        "other order": lambda: pd.Categorical(values, ["rain", "never", "sun", "snow"]),
        "text": lambda: pd.array(values, dtype="str"),
        "object": lambda: np.array(values, dtype=object),
    }[kind]()


def frame(kind, values=WEATHER):
    return pd.DataFrame({"weather": column(kind, values)}, MONTHS[: len(values)])


def forecaster(strategy="direct", **kwargs):
    options = {"window_length": 3, "random_state": 0, "max_epochs": 40} | kwargs
    return LSTMForecaster(strategy, **options)


KINDS = ["category", "other order", "text", "object"]
every_kind = pytest.mark.parametrize("kind", KINDS)


@every_strategy
@every_kind
def test_categories_are_learnt_and_found_by_their_label(strategy, kind):
    X = frame(kind)
    fitted = forecaster(strategy, instance_norm=None).fit(Y[:200], X=X[:200], fh=[1, 2])
    embedding = fitted.model_.regressor.module_.embedding
    assert len(embedding.lookups[0].known) == 3 + 1  # none that does not occur
    assert rmse(fitted.predict(X=X[200:202]), Y[200:202]) < 1.5
    # Another order of the labels, or another dtype, is the same category.
    expected = fitted.predict(X=X[200:202])
    for other in KINDS:
        same = fitted.predict(X=frame(other)[200:202])
        pd.testing.assert_series_equal(same, expected, check_exact=True)
    swapped = X[200:202].iloc[::-1].set_axis(X.index[200:202])
    assert not np.allclose(fitted.predict(X=swapped), expected)


@every_strategy
def test_a_new_category_is_an_unknown_one(strategy):
    X = frame("text")
    fitted = forecaster(strategy, max_epochs=2).fit(Y[:200], X=X[:200], fh=[1])
    ahead = [X[200:201].assign(weather=w) for w in ("hail", "fog")]
    hail, fog = (fitted.predict(X=x).iloc[0] for x in ahead)
    assert hail == fog
    assert np.isfinite(hail)
    fitted.update(Y[200:201], X=ahead[0])
    assert np.isfinite(fitted.predict(X=X[201:202]).iloc[0])


def test_a_missing_label_takes_the_last_one_and_is_named():
    X = frame("category")
    fitted = forecaster(max_epochs=2).fit(Y[:200], X=X[:200], fh=[1, 2])
    ahead = X[200:202].copy()
    ahead.iloc[0] = np.nan
    filled = ahead.fillna({"weather": X["weather"].iloc[199]})
    expected = fitted.predict(X=filled)
    with pytest.warns(UserWarning, match=r"NaN in \['weather'\], in 1 of 2 rows, first at"):
        said = fitted.predict(X=ahead)
    pd.testing.assert_series_equal(said, expected, check_exact=True)


@every_strategy
@every_kind
def test_labels_survive_pickle_update_and_pretrain(strategy, kind):
    X = frame(kind)
    fitted = forecaster(strategy, max_epochs=2).fit(Y[:200], X=X[:200], fh=[1])
    again = pickle.loads(pickle.dumps(fitted))
    for one in (fitted, again):
        # A few rows know fewer categories.
        few = X[200:202].assign(weather=["snow", "sun"])
        one.update(Y[200:202], X=few, update_params=False)
    for weather in EFFECT:
        ahead = pd.DataFrame({"weather": [weather]}, MONTHS[202:203])
        pd.testing.assert_series_equal(again.predict(X=ahead), fitted.predict(X=ahead))
    y = panel(a=Y[:200], b=Y[:150]).rename(columns={"value": "y"})
    many = pd.concat({"a": X[:200], "b": X[:150]}, names=["shop", "month"])
    pretrained = forecaster(strategy, instance_norm=None).pretrain(y, X=many, fh=[1])
    snow = X[:20].assign(weather="snow")
    tuned = pretrained.clone().fit(Y[:20], X=snow, fh=[1])
    ahead = [pd.DataFrame({"weather": [w]}, MONTHS[20:21]) for w in EFFECT]
    sun, rain, _ = (tuned.predict(X=x).iloc[0] for x in ahead)
    assert sun > rain + 3


@every_strategy
def test_labels_beside_numbers_in_panels_and_in_the_past(strategy):
    X = frame("text")
    X["size"] = noise()["x0"]
    y = panel(a=Y[:100], b=Y[20:140])
    many = pd.concat({"a": X[:104], "b": X[20:144]}, names=["shop", "month"])
    numbered = many.assign(weather=many["weather"].map({"rain": 0, "snow": 1, "sun": 2}))
    for past in (None, ["weather"], ["size"]):
        options = {"past_covariates": past, "max_epochs": 2}
        fitted = forecaster(strategy, **options).fit(y, X=many, fh=[1, 2])
        expected = forecaster(strategy, categorical_features=["weather"], **options)
        expected = expected.fit(y, X=numbered, fh=[1, 2]).predict(X=numbered)
        pd.testing.assert_frame_equal(fitted.predict(X=many), expected, check_exact=True)


@pytest.mark.parametrize("channel_independent", [False, True])
def test_labels_for_each_column(channel_independent):
    y = pd.DataFrame({"a": Y, "b": -2 * Y})
    X = frame("text")
    fitted = forecaster(channel_independent=channel_independent, instance_norm=None)
    fitted.fit(y[:200], X=X[:200], fh=[1])
    y_pred = fitted.predict(X=X[200:201])
    assert np.isfinite(y_pred).all(axis=None)
    assert len(fitted.predict(fh=[-3])) == 1


def test_a_named_column_may_be_of_numbers_or_of_labels():
    X = frame("text").assign(month=np.asarray(MONTHS.month) - 1)
    fitted = forecaster(categorical_features=["month", "weather"], max_epochs=1)
    fitted.fit(wave(), X=X, fh=[1])
    known = [
        lookup.known.tolist()
        for lookup in fitted.model_.regressor.module_.embedding.lookups
    ]
    assert sorted(map(len, known)) == [4, 13]


def test_numbers_of_dtype_category_need_not_count_from_0():
    X = pd.DataFrame({"shop": pd.Categorical([-7, 2.5] * 50)}, MONTHS[:100])
    y = pd.Series([3.0, -3.0] * 50, MONTHS[:100])
    fitted = forecaster(instance_norm=None).fit(y[:98], X=X[:98], fh=[1, 2])
    np.testing.assert_allclose(fitted.predict(X=X[98:]), [3, -3], atol=0.5)
    plain = X.astype(float)[98:]
    np.testing.assert_allclose(fitted.predict(X=plain), [3, -3], atol=0.5)


def test_numbers_of_dtype_object_stay_numbers():
    X = noise()[:60]
    expected = forecaster(max_epochs=1).fit(wave()[:60], X=X, fh=[1])
    fitted = forecaster(max_epochs=1).fit(wave()[:60], X=X.astype(object), fh=[1])
    ahead = noise()[60:61]
    assert fitted.predict(X=ahead.astype(object)).equals(expected.predict(X=ahead))


# ------------------------------------------------------------------ messages


@pytest.mark.parametrize(("bad", "said"), [(-1.0, "-1"), (2.5, "2.5"), (1e8, "1e+08")])
def test_a_bad_category_names_its_column(bad, said):
    X = noise(columns=2)[:60].assign(month=1.0)
    X.iloc[7, 2] = bad
    message = rf"Got {said.replace('+', '.')} in column 'month'; give .* dtype 'category'"
    model = forecaster(categorical_features=["month"])
    with pytest.raises(ValueError, match=message):
        model.fit(wave()[:60], X=X, fh=[1])


def test_numbers_that_become_labels_are_refused():
    fitted = forecaster(max_epochs=1).fit(wave()[:60], X=noise()[:60], fh=[1])
    X = noise()[60:61].astype(str)
    for call in (lambda: fitted.predict(X=X), lambda: fitted.update(wave()[60:61], X=X)):
        # Older versions of pandas have texts as objects.
        with pytest.raises(TypeError, match=r"must have numbers .*(str|object) in 'x0'"):
            call()


@pytest.mark.parametrize(
    "times", [MONTHS[:60].to_timestamp(), pd.to_timedelta(np.arange(60), "D")]
)
def test_times_are_no_categories(times):
    X = noise()[:60].assign(since=times)
    with pytest.raises(TypeError, match="Got times in column 'since'"):
        forecaster().fit(wave()[:60], X=X, fh=[1])


def test_labels_are_plain_values():
    X = pd.DataFrame(
        {"a": ["y", "x", None], "b": pd.Categorical([3, 1, 3]), "c": [1, 2, 3]}
    )
    labels = Labels.learn(X)
    assert labels == Labels({"a": ["x", "y"], "b": [1, 3]})
    assert labels.encode(X).to_numpy().tolist()[:2] == [[1, 1, 1], [0, 0, 2]]
