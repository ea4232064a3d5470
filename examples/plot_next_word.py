"""
The next word
=============

Which word comes next? In "girls dogs follow ..." (girls whom dogs follow) two nouns wait
for two verbs, of which one has come: a Markov chain, which knows the last one or two words,
does not count them. An LSTM that reads the sentence from its beginning does, word by word.

On new sentences the choice is as if among 24 words with the LSTM, among 30 with the best of
the chains, and among 37 for who knows nothing but how often words come. After "girls dogs
follow" the LSTM expects a verb three times as much as the chain, and after "dogs follow" a
quarter as much.

As a script, ``python examples/plot_next_word.py folder`` saves the picture in that folder.
It needs ``pip install "sklstm[examples]"`` and takes ten seconds.
"""  # noqa: D205, D400

import sys
from collections import Counter, defaultdict
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TokenEncoder, pad_sequences
from sklstm.datasets import make_sentences

Sentences = list[list[str]]
BEGIN, END = "<", "."


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# Sentences with a beginning and an end
# -------------------------------------
#
# The grammar of `make_sentences` lets relative clauses stand without "that", one in the
# other. What is learnt from and what is judged by are different sentences.


def with_ends(sentences: Sentences) -> Sentences:
    """Put a mark before and behind each sentence, once of those that come twice."""
    return [[BEGIN, *words, END] for words in dict.fromkeys(map(tuple, sentences))]


train = with_ends(make_sentences(4000)[0])
test = [s for s in with_ends(make_sentences(1500, random_state=1)[0]) if s not in train]
known = {word for sentence in train for word in sentence}
test = [sentence for sentence in test if known.issuperset(sentence)]
following = np.concatenate([sentence[1:] for sentence in test])

# %%
# The LSTM: at each step, the word that follows
# ---------------------------------------------

network = make_pipeline(
    TokenEncoder(),
    LSTMClassifier(
        return_sequences=True,
        categorical_features=0,
        embedding_size=16,
        hidden_size=64,
        max_steps=800,
        dropout=0.3,
        random_state=0,
    ),
)
before = [sentence[:-1] for sentence in train]
_, y = pad_sequences([np.zeros(len(s)) for s in before], [s[1:] for s in train])
said = network.fit(before, y).predict_proba([sentence[:-1] for sentence in test])
said = said[~np.isnan(said[:, :, 0])]  # word by word
words = network.classes_
by_network = said[np.arange(len(said)), np.searchsorted(words, following)]

# %%
# Beside it: Markov chains
# ------------------------
#
# The chance of a word after the last two is mixed with that after the last one, the more
# the rarer the two are (Witten and Bell, 1991), and so on down to all words alike.


def counts(order: int) -> dict[tuple[str, ...], Counter]:
    """Count what follows each run of words of some length."""
    found: dict[tuple[str, ...], Counter] = defaultdict(Counter)
    for sentence in train:
        for i in range(1, len(sentence)):
            if i >= order:
                found[tuple(sentence[i - order : i])][sentence[i]] += 1
    return found


COUNTS = [counts(order) for order in range(4)]


def chance(past: list[str], word: str, order: int) -> float:
    """Give the probability of a word after others, of which the last `order` count."""
    if order < 0:
        return 1 / len(words)
    shorter = chance(past, word, order - 1)
    seen = COUNTS[order].get(tuple(past[-order:] if order else ()))
    if not seen:
        return shorter
    return (seen[word] + len(seen) * shorter) / (seen.total() + len(seen))


def by_chain(order: int) -> np.ndarray:
    """Give the probability of each word of the test sentences."""
    return np.array(
        [chance(s[:i], s[i], order) for s in test for i in range(1, len(s))], dtype=float
    )


chances = {
    "How often words come": by_chain(0),
    "The last word": by_chain(1),
    "The last two": by_chain(2),
    "The last three": by_chain(3),
    "LSTM": by_network,
}

# %%
# How many words there are to choose from, so to say
# --------------------------------------------------
#
# The perplexity is that of a choice among so many words that are as likely as each other.
# The longer the past of a chain, the fewer of the sentences have it: chains of two and
# three words have too little to count.

perplexity = {name: np.exp(-np.log(p).mean()) for name, p in chances.items()}
print("Perplexity of new sentences")
for name, value in perplexity.items():
    print(f"{name:20}  {value:6.2f}")

# %%
# Two nouns, and then?
# --------------------
#
# After two nouns and a verb another verb is due (or an adverb before it); after one noun
# and a verb none is. The chain of two words sees "dogs follow" in both. Of the verbs those
# are counted that are nothing else: "light" or "plays" may be nouns.

begun = [[BEGIN, "girls", "dogs", "follow"], [BEGIN, "dogs", "follow"]]
verbs = ["see", "follow", "admire", "forget", "carry", "hear"]
last = network.predict_proba(begun)[:, -1]
after = pd.DataFrame(
    {
        " ".join(past[1:]): {
            "LSTM": p[np.isin(words, verbs)].sum(),
            "The last two": sum(chance(past, verb, 2) for verb in verbs),
        }
        for past, p in zip(begun, last, strict=True)
    }
).T

print(after.round(2))

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
pd.Series(perplexity).plot.barh(ax=left, xlabel="perplexity")
left.invert_yaxis()
after.plot.bar(ax=right, rot=0, ylabel="chance that a plain verb follows", ylim=(0, 1))

# %%
# Sentences of its own
# --------------------
#
# Not all are right. Read "paints" and "light" as nouns, verbs or colours, as it suits.

rng = np.random.default_rng(0)
for _ in range(4):
    sentence = [BEGIN]
    while sentence[-1] != END and len(sentence) < 20:
        p = network.predict_proba([sentence])[0, -1]
        sentence.append(str(rng.choice(words, p=p / p.sum())))
    print(" ".join(sentence[1:]))

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "next_word.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
