"""
Read short reviews
==================

Is a review good or bad? Each word is a category: `LSTMClassifier` learns a vector for it,
reads the words in their order, and tells by its attention which of them counted. The
reviews are made up from a small grammar with "not", "never" and "but", so that the words
alone are not enough. Of 500 new reviews the LSTM reads all rightly, and a logistic
regression on word counts 57 %.

As a script, ``python examples/plot_reviews.py folder`` saves the picture in that folder. It
needs ``pip install "sklstm[examples]"`` and takes a few seconds.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier

GOOD = ["good", "great", "funny", "moving", "clever", "charming"]
BAD = ["bad", "dull", "boring", "clumsy", "awful", "predictable"]
SUBJECTS = ["the film", "the plot", "the acting", "the music", "the ending"]
NEGATIONS = ["is not", "was never", "is hardly"]


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# The reviews
# -----------


def make_clause(rng: np.random.Generator, is_good: bool) -> str:
    """Make one judgement; a third of them negate the opposite word."""
    negated = rng.random() < 1 / 3
    words = GOOD if is_good != negated else BAD
    verb = rng.choice(NEGATIONS) if negated else rng.choice(["is", "was"])
    return f"{rng.choice(SUBJECTS)} {verb} {rng.choice(words)}"


def make_review(rng: np.random.Generator) -> tuple[str, bool]:
    """Make a review whose last clause is its judgement, not what comes before "but"."""
    is_good = bool(rng.random() < 0.5)
    review = make_clause(rng, is_good)
    if rng.random() < 0.5:
        review = f"{make_clause(rng, not is_good)} but {review}"
    return review, is_good


def make_reviews(n: int, seed: int) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    texts, labels = zip(*(make_review(rng) for _ in range(n)), strict=True)
    return list(texts), np.where(labels, "good", "bad")


# %%
# From words to numbers
# ---------------------


def make_vocabulary(texts: list[str]) -> dict[str, int]:
    words = sorted({word for text in texts for word in text.split()})
    return {word: i for i, word in enumerate(words)}


def tokenise(texts: list[str], vocabulary: dict[str, int]) -> np.ndarray:
    """Numbers of the words, of shape (n_texts, n_words, 1); NaN before the first.

    With three dimensions later texts may be longer. A word that is not known is -1.
    """
    rows = [[vocabulary.get(word, -1) for word in text.split()] for text in texts]
    length = max(map(len, rows))
    padded = [[np.nan] * (length - len(row)) + row for row in rows]
    return np.array(padded)[:, :, None]


# %%
# What the network looks at
# -------------------------


def plot_attention(
    model: LSTMClassifier, texts: list[str], vocabulary: dict[str, int]
) -> plt.Figure:
    X = tokenise(texts, vocabulary)
    shares = zip(texts, model.attention_weights(X), model.predict_proba(X), strict=True)
    figure, axes = plt.subplots(len(texts), figsize=(8, 5), layout="constrained")
    for ax, (text, weights, probability) in zip(axes, shares, strict=True):
        words = text.split()
        title = f"good: {probability[1]:.0%}"
        pd.Series(weights[-len(words) :], words).plot.bar(
            ax=ax, ylim=(0, 1), rot=0, title=title, ylabel="weight"
        )
    return figure


# %%
# Read, and counted
# -----------------

texts, labels = make_reviews(1500, seed=0)
new_texts, new_labels = make_reviews(500, seed=1)
vocabulary = make_vocabulary(texts)

model = LSTMClassifier(
    categorical_features=0,
    embedding_size=8,
    bidirectional=True,
    pooling="attention",
    max_epochs=20,
    random_state=0,
).fit(tokenise(texts, vocabulary), labels)
counts = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, labels)

print("Share of 500 new reviews that are read rightly")
print(f"LSTM         {model.score(tokenise(new_texts, vocabulary), new_labels):.3f}")
print(f"Word counts  {counts.score(new_texts, new_labels):.3f}")

# %%
# Words that decide
# -----------------

looked_at = ["the plot is clever", "the ending was never dull",
             "the music is great but the acting is not good"]  # fmt: skip
figure = plot_attention(model, looked_at, vocabulary)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "reviews_attention.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
