"""
The next item of a shopper
==========================

What will a shopper put into the basket next? Whoever bakes a cake takes flour, sugar, eggs,
butter and vanilla, in the order of the recipe, and bread or milk whenever they come into
sight. Recipes have items in common, so that the last item says little: one has to remember
which recipe it was, and how far the shopper has come. A Markov chain knows the last item
alone; a logistic regression knows all items so far, but not their order.

Of the next items in 500 new sessions 75 % are among the five that the LSTM recommends. The
regression finds 64 %, the Markov chain 48 %, and the five most popular items are 20 %.

As a script, ``python examples/plot_next_item.py folder`` saves the picture in that folder.
It needs ``pip install "sklstm[examples]"`` and takes half a minute.
"""  # noqa: D205, D400

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, TokenEncoder, pad_sequences

Sessions = list[list[str]]
ITEMS = [f"item {number:02}" for number in range(40)]
EVERYDAY = ITEMS[:10]
N_RECIPES, N_RECOMMENDED = 25, 5


torch.set_num_threads(1)  # a network this small is slower with more

# %%
# Shoppers with recipes
# ---------------------


def make_recipes() -> Sessions:
    """Make recipes of five to eight items, all from the same thirty."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(5, 9, size=N_RECIPES)
    return [list(rng.choice(ITEMS[10:], size=n, replace=False)) for n in sizes]


def make_sessions(n: int, seed: int) -> Sessions:
    """Let shoppers follow one to three recipes, and be distracted on the way."""
    rng, recipes = np.random.default_rng(seed), make_recipes()
    sessions = []
    for _ in range(n):
        items: list[str] = []
        for number in rng.choice(N_RECIPES, size=rng.integers(1, 4), replace=False):
            for item in recipes[number]:
                while rng.random() < 0.3:
                    items.append(rng.choice(EVERYDAY))
                items.append(item)
        sessions.append([str(item) for item in items])
    return sessions


train, test = make_sessions(2000, seed=1), make_sessions(500, seed=2)


def before(sessions: Sessions) -> Sessions:
    return [items[:-1] for items in sessions]


def after(sessions: Sessions) -> Sessions:
    return [items[1:] for items in sessions]


# %%
# The LSTM learns from each step of each session
# ----------------------------------------------
#
# At each step the target is the item that follows. `pad_sequences` makes one array of the
# targets, some more and some fewer; what is predicted of steps that are not there is NaN.

network = make_pipeline(
    TokenEncoder(),
    LSTMClassifier(
        return_sequences=True,
        categorical_features=0,
        embedding_size=32,
        hidden_size=64,
        max_epochs=20,
        random_state=0,
    ),
)
_, y = pad_sequences([np.zeros(len(items) - 1) for items in train], after(train))
said = network.fit(before(train), y).predict_proba(before(test))
said = said[~np.isnan(said[:, :, 0])]  # step by step, as the items after them

# %%
# Beside it: what is popular, what follows the last item, and all items so far
# ----------------------------------------------------------------------------

following = np.concatenate(after(train))
last, new_last = (np.concatenate(before(sessions)) for sessions in (train, test))
chain = pd.crosstab(last, following, normalize="index")
popular = chain.assign(**pd.Series(following).value_counts(normalize=True))


def so_far(sessions: Sessions) -> np.ndarray:
    """Mark the items of the basket at each step, and the last of them."""
    steps = [np.array(items)[:, None] == ITEMS for items in before(sessions)]
    baskets = [np.maximum.accumulate(step) for step in steps]
    return np.hstack([np.concatenate(baskets), np.concatenate(steps)]).astype(float)


regression = LogisticRegression(max_iter=300).fit(so_far(train), following)
chances = {
    "Popular items": popular.loc[new_last].to_numpy(),
    "Markov chain": chain.loc[new_last].to_numpy(),
    "Regression, basket": regression.predict_proba(so_far(test)),
    "LSTM": said,
}

# %%
# How often is the next item among those that are recommended?
# ------------------------------------------------------------

truth = np.searchsorted(ITEMS, np.concatenate(after(test)))


def hits(chance: np.ndarray, n: int) -> float:
    """Give the share of items that are among the n likeliest ones."""
    rank = (chance > chance[np.arange(len(truth)), truth][:, None]).sum(axis=1)
    return float(np.mean(rank < n))


print(f"Share of next items that are among {N_RECOMMENDED} recommended ones")
for name, chance in chances.items():
    print(f"{name:18}  {hits(chance, N_RECOMMENDED):.3f}")

# %%
# More recommendations, and one session: the probability of what came next
# ------------------------------------------------------------------------

figure, (above, below) = plt.subplots(2, figsize=(8, 6.5), layout="constrained")
by_number = {name: [hits(c, n) for n in range(1, 11)] for name, c in chances.items()}
pd.DataFrame(by_number, index=range(1, 11)).plot(
    ax=above, ylim=(0, 1), xlabel="items recommended", ylabel="share of next items"
)
above.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False)
came = after(test)[0]
steps = np.arange(len(came))
probability = {n: chances[n][steps, truth[steps]] for n in ("LSTM", "Markov chain")}
pd.DataFrame(probability, index=came).plot.bar(
    ax=below, ylim=(0, 1), ylabel="probability", title="Items of one session"
)

# sphinx_gallery_start_ignore
if len(sys.argv) > 1:  # where pictures are to be saved
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "next_item.png", dpi=120)
    print(f"Picture saved in {folder}")
else:
    plt.show()
# sphinx_gallery_end_ignore
