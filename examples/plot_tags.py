"""
Tag each word of a sentence
===========================

A label for each step: is a word a noun or a verb? Half of the nouns here are verbs as well
("guards", "watches", "dances"), and only the rest of the sentence tells, at times words
that come much later. A logistic regression sees a word and two on each side of it. An LSTM
that reads from left to right knows all that came before; one in both directions knows all.

Of 500 new sentences the last tags 95 % of the words rightly, the regression 91 %, and the
most frequent tag of each word 81 %.

As a script, ``python examples/plot_tags.py folder`` saves the picture in that folder. It
needs ``pip install "sklstm[examples]"`` and takes half a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from sklstm import LSTMClassifier, Windows, pad_sequences
from sklstm.datasets import make_sentences

Sentences = list[list[str]]
SIDES = 2


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# A word is a number; sentences of unequal length become one array
# ----------------------------------------------------------------


def numbered(sentences: Sentences, vocabulary: list[str]) -> list[list[int]]:
    return [[vocabulary.index(word) for word in words] for words in sentences]


def learn(X: Windows, y: np.ndarray, **options: object) -> LSTMClassifier:
    model = LSTMClassifier(
        return_sequences=True,
        categorical_features=0,
        embedding_size=16,
        max_epochs=30,
        random_state=0,
        **options,
    )
    return model.fit(X, y)


# %%
# What a regression sees: each word and its neighbours
# ----------------------------------------------------


def neighbours(sentences: Sentences) -> np.ndarray:
    rows = []
    for words in sentences:
        padded = ["<"] * SIDES + words + [">"] * SIDES
        rows += [padded[i : i + 2 * SIDES + 1] for i in range(len(words))]
    return np.array(rows)


# %%
# Tags of new sentences
# ---------------------

words, tags = make_sentences(1000)
new_words, new_tags = make_sentences(500, random_state=1)
vocabulary = sorted({word for sentence in words for word in sentence})
truth = np.concatenate(new_tags)

known = pd.Series(np.concatenate(tags)).groupby(np.concatenate(words))
frequent = known.agg(lambda tag: tag.mode()[0])[np.concatenate(new_words)]
regression = make_pipeline(
    OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=500, C=10)
).fit(neighbours(words), np.concatenate(tags))
X, y = pad_sequences(numbered(words, vocabulary), tags)
forwards = learn(X, y)
both = learn(X, y, bidirectional=True, num_layers=2)

X, y = pad_sequences(numbered(new_words, vocabulary), new_tags)
print("Share of words of 500 new sentences that are tagged rightly")
print(f"The most frequent tag  {np.mean(frequent == truth):.3f}")
print(f"Regression, 5 words    {regression.score(neighbours(new_words), truth):.3f}")
print(f"LSTM, to the right     {forwards.score(X, y):.3f}")
print(f"LSTM, both directions  {both.score(X, y):.3f}")

# %%
# A word that only what follows tells
# -----------------------------------

models = {"Read to the right": forwards, "Read in both directions": both}
wrong, right = ((model.predict(X) == y) for model in models.values())
told_later = right.all(axis=1) & ~wrong.all(axis=1)
number = min(np.flatnonzero(told_later), key=lambda i: len(new_words[i]))
sentence = new_words[number]
figure, axes = plt.subplots(2, figsize=(7, 4.5), sharex=True, layout="constrained")
for ax, (name, model) in zip(axes, models.items(), strict=True):
    said = model.predict_proba(X[[number]])[0, -len(sentence) :]
    shares = pd.DataFrame(said, sentence, model.classes_)[["noun", "verb"]]
    shares.plot.bar(ax=ax, rot=0, ylim=(0, 1), title=name, ylabel="probability")

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "tags.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
