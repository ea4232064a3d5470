"""The Numenta Anomaly Benchmark, and its score of a detector.

A. Lavin and S. Ahmad (2015). Evaluating real-time anomaly detection algorithms: the
Numenta Anomaly Benchmark. ICMLA, arXiv:1510.03336.

58 series of one value each; where something is wrong, a window stands around it. A row
whose score reaches the threshold is an alarm. The first rows of a series, the probation,
count nothing. Of the alarms in a window only the one that earns most counts, and the
earlier in the window, the more it earns. An alarm outside costs the less, the shorter after
a window it comes; a window without an alarm costs most. The threshold is one for all
series: the best. The sum is then put on a scale on which no alarm at all is 0, and one at
the beginning of each window, and none elsewhere, is 100.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd

PATH = Path(__file__).parents[3] / "shared" / "data" / "nab"


@dataclass(frozen=True)
class Series:
    """One series of the corpus.

    Attributes
    ----------
    times : DatetimeIndex of length n_rows
    values : ndarray of shape (n_rows,)
    windows : list of (first, last)
        Rows between which, both included, an alarm is right.
    """

    times: pd.DatetimeIndex
    values: np.ndarray
    windows: list[tuple[int, int]]

    @property
    def probation(self):
        """Number of rows from which a detector may learn before it is scored."""
        return probation(len(self.values))


@dataclass(frozen=True)
class Profile:
    """What an alarm, and what a window without any, counts."""

    hit: float = 1.0
    miss: float = 1.0
    false_alarm: float = 0.11


PROFILES = {
    "standard": Profile(),
    "reward_low_FP_rate": Profile(false_alarm=0.22),
    "reward_low_FN_rate": Profile(miss=2.0),
}


def probation(n_rows):
    """15 % of a series, but not more than of one of 5000 rows."""
    return int(0.15 * min(n_rows, 5000))


@cache
def load():
    """All series by the names of their files."""
    labels = json.loads((PATH / "combined_windows.json").read_text("utf-8"))
    with ZipFile(PATH / "data.zip") as files:
        return {
            name: _read(files.open(f"data/{name}"), windows)
            for name, windows in sorted(labels.items())
        }


def _read(file, windows):
    table = pd.read_csv(file, parse_dates=["timestamp"])
    times = pd.DatetimeIndex(table["timestamp"])
    # The clock goes back once in some files: rows are looked up, not sorted.
    rows = [tuple(int(np.flatnonzero(times == pd.Timestamp(t))[i])
                  for t, i in zip(window, (0, -1), strict=True))
            for window in windows]  # fmt: skip
    return Series(times, table["value"].to_numpy(float), rows)


def reference_scores():
    """Scores of two published detectors: for each, one array per series."""
    table = pd.read_csv(PATH / "reference_scores.csv.gz", float_precision="round_trip")
    return {
        detector: {name: rows[detector].to_numpy() for name, rows in table.groupby("file")}
        for detector in table.columns[1:]
    }


def score(scores, corpus, profile="standard"):
    """Score a detector at the threshold that is best for it.

    Parameters
    ----------
    scores : dict of str to ndarray of shape (n_rows,)
        For each series the higher, the less like what is normal.
    corpus : dict of str to Series
    profile : {"standard", "reward_low_FP_rate", "reward_low_FN_rate"}

    Returns
    -------
    score : float
        0 is no alarm at all, 100 perfect.
    threshold : float
        An alarm is a score that reaches it.
    """
    counts = PROFILES[profile]
    scored = [
        (scores[name][series.probation :], gains(scores[name], series, counts))
        for name, series in corpus.items()
    ]
    level, gain = (np.concatenate(parts) for parts in zip(*scored, strict=True))
    order = np.argsort(-level, kind="stable")
    level, total = level[order], np.cumsum(gain[order])
    # Rows with the same score are alarms together, and there may be none at all.
    whole = np.append(level[1:] != level[:-1], True)
    level, total = np.append(np.inf, level[whole]), np.append(0.0, total[whole])
    best = np.argmax(total)
    n_windows = sum(len(series.windows) for series in corpus.values())
    perfect = n_windows * (counts.hit + counts.miss)
    return 100 * float(total[best]) / perfect, float(level[best])


def gains(scores, series, profile):
    """What each row adds to the score once the threshold is so low that it is an alarm.

    Parameters
    ----------
    scores : ndarray of shape (n_rows,)
    series : Series
    profile : Profile

    Returns
    -------
    gains : ndarray of shape (n_rows - probation,)
        Beside the score without any alarm.
    """
    rows = np.arange(len(scores))
    gain = np.full(len(rows), -profile.false_alarm)
    for first, last in series.windows:
        after = (rows - last) / (last - first)
        gain[last + 1 :] = profile.false_alarm * sigmoid(after[last + 1 :])
    for first, last in series.windows:
        inside = slice(first, last + 1)
        before_end = (rows[inside] - last - 1) / (last - first + 1)
        value = profile.hit * sigmoid(before_end) / sigmoid(-1.0)
        # The best alarm so far, from the highest score down to the lowest.
        order = np.argsort(-scores[inside], kind="stable")
        best = np.maximum.accumulate(np.append(-profile.miss, value[order]))
        gain[first + order] = np.diff(best)
    return gain[series.probation :]


def sigmoid(position):
    """From 1, far before, over 0 to -1, far behind the end of a window."""
    return 2 / (1 + np.exp(5 * np.asarray(position))) - 1
