import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TokenEncoder, pad_sequences
from sklstm.io import load, save

TEXTS = [["a", "dull", "film"], ["a", "fine", "play"], ["fine"]]


def test_each_token_has_one_number_wherever_it_stands():
    X = TokenEncoder().fit_transform(TEXTS)
    # a dull film fine play
    expected = [[1, 2, 3], [1, 4, 5], [np.nan, np.nan, 4]]
    np.testing.assert_array_equal(X[:, :, 0], expected)


def test_tokens_that_fit_has_not_seen_are_number_0():
    X = TokenEncoder().fit(TEXTS).transform([["a", "new", "film"]])
    np.testing.assert_array_equal(X[:, :, 0], [[1, 0, 3]])


def test_rare_tokens_are_unknown():
    encoder = TokenEncoder(min_frequency=2).fit(TEXTS)
    assert encoder.vocabulary_.tolist() == ["a", "fine"]
    X = encoder.transform(TEXTS[:2])
    np.testing.assert_array_equal(X[:, :, 0], [[1, 0, 0], [1, 2, 0]])


def test_fewest_steps_are_those_asked_for_and_longer_lists_are_kept_whole():
    encoder = TokenEncoder(min_length=2).fit(TEXTS)
    np.testing.assert_array_equal(encoder.transform([["a"]])[:, :, 0], [[np.nan, 1]])
    both = encoder.transform([["a"], ["a", "fine", "film"]])
    np.testing.assert_array_equal(both[:, :, 0], [[np.nan, np.nan, 1], [1, 4, 3]])


def test_an_empty_list_is_a_sequence_without_an_observed_step():
    X = TokenEncoder().fit(TEXTS).transform([[], ["a", "fine"]])
    np.testing.assert_array_equal(X[:, :, 0], [[np.nan, np.nan], [1, 4]])


def test_whole_numbers_are_tokens_too():
    encoder = TokenEncoder().fit([[1000, 7], np.array([7, 20])])
    assert encoder.vocabulary_.tolist() == [7, 20, 1000]
    np.testing.assert_array_equal(encoder.transform([[20, 21]])[:, :, 0], [[2, 0]])


@pytest.mark.parametrize("container", [list, tuple, pd.Series, iter])
def test_lists_come_in_any_container(container):
    X = TokenEncoder().fit(container(TEXTS)).transform(container(TEXTS))
    np.testing.assert_array_equal(X[2, :, 0], [np.nan, np.nan, 4])


def test_an_array_of_text_is_a_list_of_its_rows():
    X = TokenEncoder().fit_transform(np.array([["b", "a"], ["a", "a"]]))
    np.testing.assert_array_equal(X[:, :, 0], [[2, 1], [1, 1]])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("a text", "X must hold lists of tokens. Got 'a text'"),
        (["a text"], r"Got the text 'a text': split it first"),
        ([1, 2], "X must hold lists of tokens. Got 1"),
        ([["a", 1.5]], "Tokens must be text or whole numbers. Got 1.5"),
        ([["a", None]], "Tokens must be text or whole numbers. Got None"),
        ([["a", True]], "Tokens must be text or whole numbers. Got True"),
        ([["a", 1]], "Tokens must be all text or all whole numbers. Got 'a' and 1"),
        ([[]], "X must have tokens"),
        ([], "X must have tokens"),
    ],
)
def test_what_holds_no_lists_of_tokens_is_refused_and_the_encoder_stays(X, message):
    encoder = TokenEncoder().fit(TEXTS)
    with pytest.raises(ValueError, match=message):
        encoder.fit(X)
    assert encoder.vocabulary_.tolist() == ["a", "dull", "film", "fine", "play"]


def test_tokens_all_too_rare_are_refused():
    with pytest.raises(ValueError, match=r"min_frequency=3 times or more. Got 5 tokens"):
        TokenEncoder(min_frequency=3).fit(TEXTS)


def test_nothing_to_transform_is_refused():
    with pytest.raises(ValueError, match=r"X must hold lists of tokens\. Got none"):
        TokenEncoder().fit(TEXTS).transform([])


@pytest.mark.parametrize("tokens", [TEXTS, [[3, 1], [2]]], ids=["text", "numbers"])
def test_pickles_copies_and_files_number_alike(tokens, tmp_path):
    encoder = TokenEncoder().fit(tokens)
    save(encoder, tmp_path / "encoder.safetensors")
    for again in (
        pickle.loads(pickle.dumps(encoder)),
        clone(encoder).fit(tokens),
        load(tmp_path / "encoder.safetensors"),
    ):
        np.testing.assert_array_equal(again.transform(tokens), encoder.transform(tokens))


# In front of a network


def sentences(n):
    """Sentences of two to six words, of which one that stands anywhere decides."""
    rng = np.random.default_rng(0)
    words = np.array(["the", "a", "film", "play", "was", "good", "bad"])
    texts = [words[rng.integers(5, size=rng.integers(1, 6))].tolist() for _ in range(n)]
    verdicts = rng.choice(["good", "bad"], size=n)
    for text, verdict in zip(texts, verdicts, strict=True):
        text.insert(rng.integers(len(text) + 1), str(verdict))
    return texts, verdicts


def reader(**options):
    return make_pipeline(
        TokenEncoder(),
        LSTMClassifier(
            categorical_features=0, hidden_size=8, max_epochs=15, random_state=0, **options
        ),
    )


def test_a_pipeline_reads_texts_and_is_searched():
    texts, verdicts = sentences(200)
    search = GridSearchCV(reader(), {"tokenencoder__min_frequency": [1, 50]}, cv=2)
    search.fit(texts, verdicts)
    assert search.best_score_ > 0.95
    assert search.predict([["so", "very", "good"], ["bad"]]).tolist() == ["good", "bad"]


def test_predictions_do_not_depend_on_the_length_of_other_texts():
    texts, verdicts = sentences(60)
    model = reader().fit(texts, verdicts)
    alone = model.predict_proba([["a", "good", "film"]])
    beside = model.predict_proba([["a", "good", "film"], ["the"] * 30])
    np.testing.assert_allclose(beside[:1], alone, rtol=1e-6)


def test_labels_at_each_step_are_cross_validated():
    texts, _ = sentences(150)
    tags = [["+" if word in ("good", "bad") else "-" for word in text] for text in texts]
    _, y = pad_sequences([[0] * len(text) for text in texts], tags)
    model = reader(return_sequences=True).set_params(tokenencoder__min_length=y.shape[1])
    assert cross_val_score(model, texts, y, cv=KFold(3)).min() > 0.9
