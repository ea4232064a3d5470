"""What the search of the guide gains over the defaults, and what it costs."""

import numpy as np
import pytest

from tests.skill import panels, search, series
from tests.skill.runs import for_each, spread

pytestmark = pytest.mark.skill

N_SEEDS = 3


# What the first candidate is told, which is the default; and what frees the network.
DEFAULT = {"season": "auto", "hidden_size": 32}
FREE = {"dropout", "weight_decay", "max_epochs", "max_steps"}


def described(found):
    """What a search has found, where it is not the default."""
    told = [
        f"`{name}={value!r}`".replace("'", '"')
        for name, value in found.items()
        if name not in FREE and not (name in DEFAULT and value == DEFAULT[name])
    ]
    return ", ".join(told + ["free"] * (found.keys() >= FREE)) or "the default"


def table_of(judged):
    """Rows of the table, and the mean ratio of each series; by series, one run a seed."""
    rows, ratios = [], []
    for name, runs in judged.items():
        found, default, seconds, n_fits, best = zip(*runs, strict=True)
        ratio = np.divide(found, default)
        ratios.append(ratio.mean())
        chosen = "; ".join(dict.fromkeys(described(each) for each in best))
        shown = spread(ratio, 2) if len(ratio) > 1 else f"{ratio[0]:.2f}"
        rows.append([name, chosen, shown, n_fits[0], f"{np.mean(seconds):.0f}"])
    return rows, np.array(ratios)


@pytest.mark.skipif(not panels.DATA.exists(), reason="the data are not redistributed")
def test_search_beside_the_defaults(write_table):
    names = [*series.SERIES, *search.LONG]
    cases = [(name, seed) for name in names for seed in range(N_SEEDS)]
    runs, _ = for_each(search.judge, cases)
    judged = dict(zip(names, runs.reshape(len(names), N_SEEDS, -1), strict=True))
    rows, ratios = table_of(judged)
    n_single = len(series.SERIES)
    mean = np.exp(np.log(ratios[:n_single]).mean())
    single = ["**Geometric mean of these**", "", f"**{mean:.3f}**", "", ""]
    rows.insert(n_single, single)
    header = ["Series", "found", "to `LSTMForecaster()`", "fits", "CPU s a search"]
    write_table("search", header, rows, "Three seeds.")
    assert mean < 1.1
