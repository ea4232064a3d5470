"""Recordings cut into sequences and put together again; sequences of unequal length."""

import numpy as np
import pandas as pd
import pytest

from sklstm import LSTMClassifier, cut_sequences, join_sequences, pad_sequences

rng = np.random.default_rng(0)
# A value is its recording and its time.
GROUPS = np.repeat(["c", "a", "b"], [7, 3, 5])
CODE = np.r_[np.arange(7) + 300, np.arange(3) + 100, np.arange(5) + 200].astype(float)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 100, None])
@pytest.mark.parametrize("mixed", [False, True])
def test_each_row_stands_once_with_those_before_it(length, mixed):
    key = rng.random(15) if mixed else np.arange(15.0)
    for group in "abc":  # the rows of a recording stay in order
        key[group == GROUPS] = np.sort(key[group == GROUPS])
    order = np.argsort(key)
    code, groups = CODE[order], GROUPS[order]
    X, y, rows = cut_sequences(code, groups.astype(object), length=length, groups=groups)
    values = np.asarray(X)[:, :, 0]
    assert values.shape == y.shape == rows.shape
    assert values.shape[1] == min(length or 7, 7)
    stands = rows >= 0
    assert sorted(rows[stands]) == list(range(15))
    np.testing.assert_array_equal(values[stands], code[rows[stands]])
    assert np.isnan(values[~stands]).all()
    assert (np.ma.getmaskarray(y) == ~stands).all()
    for x, label, there in zip(values, y, stands, strict=True):
        assert len(set(np.ma.getdata(label)[there])) == 1
        assert (np.diff(x[there]) == 1).all()
        assert (np.diff(there.astype(int)) >= 0).all()
        assert (x[there][0] % 100) % (length or 100) == 0
    np.testing.assert_array_equal(join_sequences(values, rows), code)
    np.testing.assert_array_equal(join_sequences(y, rows), groups)


def test_groups_and_time_are_named_and_gaps_part():
    frame = pd.DataFrame({"who": GROUPS, "day": np.arange(15), "x": CODE})
    frame.loc[frame.index > 3, "day"] += 5
    X, y, rows = cut_sequences(frame, CODE, groups="who", time="day")
    values = np.asarray(X)[:, :, 0]
    assert X.shape == (4, 5, 1)
    np.testing.assert_array_equal(values, y)
    assert (np.isfinite(values).sum(axis=1) == [3, 5, 4, 3]).all()
    whole = cut_sequences(frame, groups="who", time="day", gaps="ignore")
    assert whole.X.shape == (3, 7, 1)
    assert whole.y is None
    np.testing.assert_array_equal(join_sequences(values, rows), CODE)


def test_numbers_labels_and_masks_of_several_outputs():
    both = np.stack([CODE, -CODE], axis=1)
    masked = np.ma.masked_where(both == 201, both)
    _, y, rows = cut_sequences(CODE, masked, length=4, groups=GROUPS)
    assert y.shape == (*rows.shape, 2)
    assert np.ma.getmaskarray(y)[rows >= 0].sum() == 1
    assert np.ma.getmaskarray(y)[rows < 0].all()
    whole = cut_sequences(CODE[:6], np.arange(6), length=3)
    assert whole.y.dtype == int
    probabilities = np.stack([y.data, y.data], axis=3)
    np.testing.assert_array_equal(join_sequences(probabilities, rows)[:, 0, 1], CODE)


def test_rows_are_not_copied():
    X = cut_sequences(rng.normal(size=(10_000, 3)), length=100).X
    assert X.nbytes == 10_000 * 3 * 8
    assert X.shape == (100, 100, 3)


def test_a_classifier_of_recordings_says_something_of_each_row():
    x = rng.normal(size=300)
    state = np.where(pd.Series(x).rolling(3, min_periods=1).sum() > 0, "up", "down")
    groups = np.repeat(np.arange(6), 50)
    X, y, rows = cut_sequences(x, state, length=20, groups=groups)
    model = LSTMClassifier(return_sequences=True, max_epochs=60, random_state=0).fit(X, y)
    said = join_sequences(model.predict(X), rows)
    assert said.shape == (300,)
    assert np.mean(said == state) > 0.9
    assert np.mean(said == state) == pytest.approx(model.score(X, y))


@pytest.mark.parametrize("kind", ["lists", "arrays", "frames"])
@pytest.mark.parametrize("flat", [False, True])
def test_padded_sequences_begin_later_with_their_targets(kind, flat):
    lengths = (3, 1, 5)
    # A value is its sequence and its step.
    parts = [100.0 * i + np.arange(n)[:, None] + [0, 0.5] for i, n in enumerate(lengths)]
    make = {"lists": np.ndarray.tolist, "arrays": np.asarray}.get(
        kind, lambda part: pd.DataFrame(part, columns=["a", "b"])
    )
    given = [part[:, 0] if flat and kind != "frames" else make(part) for part in parts]
    labels = [[f"{i} {t}" for t in range(n)] for i, n in enumerate(lengths)]
    X, y = pad_sequences(given, labels)
    assert X.shape == (3, 5, np.shape(given[0])[1] if np.ndim(given[0]) > 1 else 1)
    assert y.shape == (3, 5)
    for i, part in enumerate(parts):
        n = 5 - len(part)
        np.testing.assert_array_equal(X[i][n:, 0], part[:, 0])
        assert np.isnan(X[i][:n]).all()
        assert y[i].tolist() == [None] * n + labels[i]  # of a masked array
    assert (X.names is None) == (kind != "frames")
    both = pad_sequences(given, parts)[1]
    np.testing.assert_array_equal(both[:, :, 0], np.asarray(X)[:, :, 0])
    assert pad_sequences(given).shape == X.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cut_sequences(CODE, length=0), "length must be an int of at least 1. Got"),
        (
            lambda: cut_sequences(CODE, CODE[1:]),
            "one row for each of the 15 rows of X. Got",
        ),
        (
            lambda: join_sequences(np.zeros((2, 3)), np.zeros((2, 4))),
            "rows must be the row",
        ),
        (lambda: pad_sequences([]), "sequences must be sequences of at least one step"),
        (lambda: pad_sequences([[1.0], []]), "of at least one step each. Got none"),
        (lambda: pad_sequences([[1.0], [[1.0]]]), r"the same columns in all. Got \(1"),
        (
            lambda: pad_sequences([[1.0], [2.0]], [["a"], ["a", "b"]]),
            "each step of each of",
        ),
        (lambda: pad_sequences([[1.0], [2.0]], [["a"]]), "y must have a target f"),
        (
            lambda: pad_sequences([pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]})]),
            r"the same columns in all. Got .*'a'.*'b'",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_part_of_the_sequences_stands_at_its_rows():
    cut = cut_sequences(CODE, CODE.astype(int), length=3, groups=GROUPS)
    later = [2, 4]
    whole = join_sequences(np.asarray(cut.X)[later, :, 0], cut.rows[later], n_rows=15)
    there = np.isin(np.arange(15), cut.rows[later])
    np.testing.assert_array_equal(whole[there], CODE[there])
    assert np.isnan(whole[~there]).all()
    labels = join_sequences(np.array([["a", "b"]]), np.array([[3, 1]]))
    assert labels.tolist() == [None, "b", None, "a"]
    with pytest.raises(ValueError, match="rows must name each row once"):
        join_sequences([[1.0, 2.0]], np.array([[1, 1]]))
    with pytest.raises(ValueError, match=r"n_rows must be at least 4.* Got 2"):
        join_sequences([[1.0]], np.array([[3]]), n_rows=2)


@pytest.mark.parametrize(
    "labels",
    [[["a", "b", "a"], ["b"]], [[True, False, True], [True]], [[2**60 + 1, 3, 3], [3]]],
    ids=["text", "bool", "int"],
)
def test_padded_labels_keep_their_kind_and_their_masks(labels):
    y = pad_sequences([[1.0, 2.0, 3.0], [4.0]], labels)[1]
    assert y.dtype == np.asarray(labels[0]).dtype
    assert y.compressed().tolist() == labels[0] + labels[1]
    some = np.ma.array(labels[0], mask=[0, 1, 0])
    y = pad_sequences([[1.0, 2.0, 3.0], [4.0]], [some, np.ma.array(labels[1])])[1]
    assert np.ma.getmaskarray(y).tolist() == [[False, True, False], [True, True, False]]
    missing = pad_sequences([[1.0, 2.0]], [["a", float("nan")]])[1]
    assert missing.tolist()[0][0] == "a"
    assert missing.tolist()[0][1] != missing.tolist()[0][1]
