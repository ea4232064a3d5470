"""
Dates in words become digits
============================

One sequence into another of different length: "the third of march nineteen ninety four"
into 19940303. The words are followed by eight steps that ask for a digit each, so that one
LSTM encodes the words and then decodes. Only the digits count in training: the words are
masked. With ``pooling="attention"`` each digit looks back at the words that it needs (Luong
et al., 2015), and the picture shows at which.

Of 1,000 new dates more than 99 % are right in all eight digits. Without attention, all that
the words say has to pass through one state: 11 %.

As a script, ``python examples/plot_dates.py folder`` saves the picture in that folder. It
needs ``pip install "sklstm[examples]"`` and takes a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch

from sklstm import LSTMClassifier, Windows, pad_sequences
from sklstm.datasets import make_dates

# Each digit is asked for by a word of its own.
ASKED = ["year 1", "year 2", "year 3", "year 4", "month 1", "month 2", "day 1", "day 2"]
N_DIGITS = len(ASKED)


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# The words, then the questions; the digits, which stand at the questions alone
# -----------------------------------------------------------------------------


def asked(sentences: list[list[str]], vocabulary: list[str]) -> Windows:
    return pad_sequences(
        [[vocabulary.index(word) for word in words + ASKED] for words in sentences]
    )


def answers(digits: list[str], n_timesteps: int) -> np.ma.MaskedArray:
    """Mask what nobody asks: what stands at the words."""
    y = np.full((len(digits), n_timesteps), "", dtype="<U1")
    y[:, -N_DIGITS:] = [list(date) for date in digits]
    return np.ma.masked_equal(y, "")


# %%
# With attention, and without
# ---------------------------

words, digits = make_dates(2000)
new_words, new_digits = make_dates(1000, random_state=1)
vocabulary = sorted({word for sentence in words for word in sentence}) + ASKED
X, new_X = asked(words, vocabulary), asked(new_words, vocabulary)

print("Share of 1,000 new dates with all digits right")
for pooling in ("last", "attention"):
    model = LSTMClassifier(
        return_sequences=True,
        pooling=pooling,
        categorical_features=0,
        embedding_size=16,
        hidden_size=48,
        max_epochs=20,
        random_state=0,
    ).fit(X, answers(digits, X.shape[1]))
    said = ["".join(row[-N_DIGITS:]) for row in model.predict(new_X)]
    print(f"{pooling:9}  {np.mean(np.array(said) == new_digits):.3f}")

# %%
# Which words a digit looks at
# ----------------------------

sentence = ["the", "third", "of", "march", "nineteen", "ninety", "four"]
weights = model.attention_weights(asked([sentence], vocabulary))[0]
figure, ax = plt.subplots(figsize=(7, 5), layout="constrained")
seen = ax.imshow(weights[-N_DIGITS:, : len(sentence)], cmap="cividis", vmin=0)
ax.set_xticks(range(len(sentence)), sentence, rotation=45)
said = model.predict(asked([sentence], vocabulary))[0, -N_DIGITS:]
rows = [f"{name}: {digit}" for name, digit in zip(ASKED, said, strict=True)]
ax.set_yticks(range(N_DIGITS), rows)
figure.colorbar(seen, label="weight")

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "dates_attention.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
