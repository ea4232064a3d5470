"""Targets: what is learnt of them, and when; and the words of river."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import ConformalClassifier, ConformalRegressor, StreamPredictor
from tests.streams.models import (
    LABELS,
    N_FIT,
    ROWS,
    Y,
    classifier,
    frame,
    is_near,
    is_same,
    pipeline,
    regressor,
)


def fitted(*between, **options):
    model = pipeline({"window_length": 6}, regressor(**options))
    if between:
        model = make_pipeline(model[0], *between, model[1])
    return model.fit(ROWS[:N_FIT], Y[:N_FIT])


@pytest.mark.parametrize("options", [{}, {"horizon": 1}], ids=str)
@pytest.mark.parametrize("between", [(), (FunctionTransformer(np.arcsinh),)], ids=len)
def test_the_network_learns_as_by_partial_fit(options, between):
    model = fitted(*between, **options)
    stream = StreamPredictor(model, learn_every=16)
    later = fitted(*between, **options)
    assert is_same(later.predict(ROWS), model.predict(ROWS))
    windows = later[:-1].transform(ROWS)
    for i, (row, y) in enumerate(zip(ROWS, Y, strict=True)):
        said = stream.observe_predict(row, y)
        assert is_near(said, later[-1].predict(windows[i : i + 1]))
        if i % 16 == 15:
            part = windows[i - 15 : i + 1]
            if options:
                part.ahead = 1  # all targets are known
            later[-1].partial_fit(part, Y[i - 15 : i + 1])
    assert is_near(stream.model_.predict(ROWS), later.predict(ROWS))


def test_targets_that_come_later_are_learnt_for_their_rows():
    model = fitted()
    stream, at_once = StreamPredictor(model, 8), StreamPredictor(model, 8)
    for i, row in enumerate(ROWS[:64]):
        at_once.observe(row, Y[i])
        stream.observe(row)
        if i >= 5:
            stream.learn_one(ROWS[i - 5], Y[i - 5])
    for i in range(59, 64):
        stream.learn_one(ROWS[i], Y[i])
    assert stream.predict() == at_once.predict()
    assert len(stream._flow.panel.journal) == 64


def test_a_prediction_is_made_before_its_target_is_learnt():
    model = fitted()
    stream = StreamPredictor(model, learn_every=1)
    assert stream.observe_predict(ROWS[0], Y[0]) == model.predict(ROWS[:1])[0]
    assert stream.observe_predict(ROWS[0], Y[0]) != model.predict(ROWS[[0, 0]])[1]


def test_rows_that_are_taken_back_take_their_targets_along():
    model = fitted()
    stream, beside = StreamPredictor(model, 4), StreamPredictor(model, 4)
    for row in ROWS[:3]:
        stream.observe(row, 1e3)
    stream.rewind(3)
    for row, y in zip(ROWS[:6], Y[:6], strict=True):
        stream.observe(row, y)
        beside.observe(row, y)
    assert stream.predict() == beside.predict()
    # Of four targets the first two are left.
    stream.rewind(2).observe(ROWS[4], 1e3).observe(ROWS[5]).rewind(2)
    beside.rewind(2)
    for row, y in zip(ROWS[4:9], Y[4:9], strict=True):
        assert stream.observe_predict(row, y) == beside.observe_predict(row, y)


def test_a_late_target_goes_with_its_row_alone():
    model = fitted()
    stream, beside = StreamPredictor(model, 3), StreamPredictor(model, 3)
    for one in (stream, beside):
        one.observe(ROWS[0]).observe(ROWS[1])
    stream.learn_one(ROWS[0], Y[0]).learn_one(ROWS[1], 1e3).rewind()
    beside.learn_one(ROWS[0], Y[0]).rewind()
    for row, y in zip(ROWS[1:6], Y[1:6], strict=True):
        assert stream.observe_predict(row, y) == beside.observe_predict(row, y)


def test_a_target_that_comes_too_late_is_refused():
    stream = StreamPredictor(fitted(), 8, max_rewind=5)
    for row in ROWS[:20]:
        stream.observe(row)
    said = stream.predict()
    with pytest.raises(ValueError, match="x must be one of the last max_rewind rows that"):
        stream.learn_one(ROWS[3], Y[3])
    assert stream.predict() == said
    stream.learn_one(ROWS[17], Y[17]).observe(ROWS[20], Y[20])


def test_series_learn_together():
    X = frame(store=np.tile(["a", "b"], 60))
    model = pipeline({"window_length": 4, "groups": "store"}, regressor()).fit(X, Y)
    stream = StreamPredictor(model, learn_every=20)
    for row, y in zip(X[:20].to_dict("records"), Y, strict=False):
        stream.observe(row, y)
    by_hand = pipeline({"window_length": 4, "groups": "store"}, regressor()).fit(X, Y)
    by_hand[1].partial_fit(by_hand[0].transform(X[:20]), Y[:20])
    assert is_near(stream.model_.predict(X), by_hand.predict(X))


def test_conformal_intervals_adapt():
    model = ConformalRegressor(
        pipeline({"window_length": 6}, regressor(horizon=1)), coverage=0.8, adaptation=0.05
    ).fit(ROWS[:N_FIT], Y[:N_FIT])
    stream = StreamPredictor(model)
    said = []
    for row, y in zip(ROWS, Y, strict=True):
        said.append(stream.observe_predict(row, y, method="predict_interval"))
    level, share = stream.model_.level_, stream.model_.coverage_
    assert is_near(said, model.update_predict(ROWS, Y))
    assert level == pytest.approx(model.level_)
    assert share == pytest.approx(model.coverage_)
    assert stream.model_._seen is not stream._parts.tail._seen


def test_conformal_sets_adapt():
    model = ConformalClassifier(
        pipeline({"window_length": 6}, classifier()), coverage=0.8, adaptation=0.05
    ).fit(ROWS[:N_FIT], LABELS[:N_FIT])
    stream = StreamPredictor(model)
    for row, y in zip(ROWS, LABELS, strict=True):
        stream.observe(row, y)
    again = stream.model_
    assert again.level_ == pytest.approx(model.update(ROWS, LABELS).level_)
    assert again.coverage_ == model.coverage_
    assert is_same(again.predict_set(ROWS), model.predict_set(ROWS))


# ---------------------------------------------------------------------- river


def test_the_words_of_river():
    X = frame()
    model = pipeline({"window_length": 6}, regressor()).fit(X, Y)
    stream, beside = StreamPredictor(model, 16), StreamPredictor(model, 16)
    for x, y in zip(X.to_dict("records"), Y, strict=True):
        said = stream.predict_one(x)
        assert stream.predict_one(x) == said
        stream.learn_one(x, y)
        assert type(said) is float
        assert said == beside.observe_predict(x, y)


def test_probabilities_by_label():
    X = frame()
    model = pipeline({"window_length": 6}, classifier()).fit(X, LABELS)
    stream = StreamPredictor(model, 16)
    for x, y in zip(X[:20].to_dict("records"), LABELS, strict=False):
        probability = stream.predict_proba_one(x)
        assert list(probability) == ["down", "up"]
        assert sum(probability.values()) == pytest.approx(1)
        assert stream.predict_one(x) == max(probability, key=probability.get)
        stream.learn_one(x, y)


def test_a_row_is_looked_at_and_not_taken_in():
    days = pd.date_range("2024-01-01", periods=120)
    X = frame(day=days)
    windows = {"window_length": 6, "time": "day", "context": "fit"}
    model = pipeline(windows, regressor()).fit(X[:N_FIT], Y[:N_FIT])
    stream = StreamPredictor(model, max_rewind=3)
    rows = X[N_FIT:].to_dict("records")
    for i in range(10):
        said = stream.predict_one(rows[i])
        for later in rows[i + 1 : i + 4] if i else ():
            stream.predict_one(later)
        assert stream.observe_predict(rows[i]) == said
    stream.rewind(3)
    assert stream.predict() == pytest.approx(model.predict(X[N_FIT:])[6], rel=1e-5)


def test_a_target_that_is_not_known_is_none():
    stream = StreamPredictor(fitted(), learn_every=1)
    before = stream.model_.predict(ROWS)
    for y in (None, np.nan):
        stream.observe(ROWS[0], y)
    assert is_same(stream.model_.predict(ROWS), before)
