"""The score of the Numenta Anomaly Benchmark: by hand, and of published detectors."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from tests.skill import nab

needs_corpus = pytest.mark.skipif(
    not nab.PATH.exists(), reason="the corpus is not redistributed"
)
# Scores of the three profiles, by the benchmark's authors.
PUBLISHED = {
    "windowedGaussian": (39.65, 20.87, 47.41),
    "knncad": (57.99, 43.41, 64.81),
}
rng = np.random.default_rng(0)


def series(n_rows, windows):
    times = pd.date_range("2024", periods=n_rows, freq="h")
    return nab.Series(times, np.zeros(n_rows), windows)


def by_loop(scores, corpus, threshold, profile):
    """What is counted at one threshold, as the benchmark's paper tells it."""
    total = 0.0
    for name, one in corpus.items():
        best = dict.fromkeys(one.windows, -profile.miss)
        for row in range(one.probation, len(one.values)):
            if scores[name][row] < threshold:
                continue
            inside = [w for w in one.windows if w[0] <= row <= w[1]]
            before = [w for w in one.windows if w[1] < row]
            if inside:
                first, last = inside[0]
                position = -(last - row + 1) / (last - first + 1)
                value = (2 / (1 + np.exp(5 * position)) - 1) / (2 / (1 + np.exp(-5)) - 1)
                best[inside[0]] = max(best[inside[0]], profile.hit * value)
            elif before:
                first, last = before[-1]
                position = (row - last) / (last - first)
                total += profile.false_alarm * (2 / (1 + np.exp(5 * position)) - 1)
            else:
                total -= profile.false_alarm
        total += sum(best.values())
    return total


@pytest.mark.parametrize("name", nab.PROFILES)
@pytest.mark.parametrize("has_ties", [True, False])
def test_the_best_threshold_of_a_small_corpus_is_that_of_a_loop(name, has_ties):
    corpus = {
        "a": series(60, [(20, 29), (40, 47)]),
        "b": series(80, []),
        "c": series(50, [(9, 12)]),
    }
    scores = {k: rng.random(len(one.values)) for k, one in corpus.items()}
    scores["a"][[22, 25, 44]] = scores["c"][11] = 1.0
    if has_ties:
        scores = {k: np.round(values, 1) for k, values in scores.items()}
    profile = nab.PROFILES[name]
    levels = np.append(np.unique(np.concatenate(list(scores.values()))), np.inf)
    totals = [by_loop(scores, corpus, level, profile) for level in levels]
    null, perfect = -3 * profile.miss, 3 * profile.hit
    wanted = 100 * (max(totals) - null) / (perfect - null)
    given, threshold = nab.score(scores, corpus, name)
    assert given == pytest.approx(wanted)
    assert by_loop(scores, corpus, threshold, profile) == pytest.approx(max(totals))
    assert wanted > 0


def test_no_alarm_is_0_and_the_first_rows_of_windows_are_100():
    corpus = {"a": series(100, [(20, 29), (60, 79)]), "b": series(50, [])}
    none = {name: np.zeros(len(one.values)) for name, one in corpus.items()}
    assert nab.score(none, corpus) == (0.0, np.inf)
    none["a"][[20, 60]] = 1.0
    assert nab.score(none, corpus) == (pytest.approx(100), 1.0)


def test_the_probation_counts_nothing():
    corpus = {"a": series(100, [(20, 29)])}
    scores = {"a": np.zeros(100)}
    scores["a"][[0, 14, 20]] = 1.0
    assert nab.score(scores, corpus)[0] == pytest.approx(100)
    scores["a"][15] = 1.0
    assert nab.score(scores, corpus)[0] == pytest.approx(100 - 100 * 0.11 / 2)
    assert [nab.probation(n_rows) for n_rows in (1000, 5000, 22695)] == [150, 750, 750]


def test_one_series_more_is_one_threshold_for_all():
    corpus = {name: series(100, [(40, 49)]) for name in "ab"}
    scores = {name: np.zeros(100) for name in "ab"}
    scores["a"][40], scores["b"][40] = 1.0, 0.5
    scores["a"][60:80] = 0.5  # what finds b costs 20 false alarms
    alone = 100 * (1 + 1) / 4
    assert nab.score(scores, corpus)[0] == pytest.approx(alone, abs=0.01)


@needs_corpus
def test_the_corpus_is_read():
    corpus = nab.load()
    windows = list(itertools.chain.from_iterable(one.windows for one in corpus.values()))
    assert (len(corpus), len(windows)) == (58, 116)
    assert sum(len(one.values) for one in corpus.values()) == 365_558
    assert all(first < last for first, last in windows)


@needs_corpus
@pytest.mark.parametrize("profile", nab.PROFILES)
def test_a_published_detector_scores_what_is_published(profile):
    scores = nab.reference_scores()["knncad"]
    published = PUBLISHED["knncad"][list(nab.PROFILES).index(profile)]
    assert round(nab.score(scores, nab.load(), profile)[0], 2) == published


def windowed_gaussian(values, window_length=6400, step=100):
    """Probability that a normal value lies nearer to the mean of the rows before.

    The window grows row by row until it is full, and then moves every `step` rows. The
    authors' files have twelve decimals, which decide what reaches the threshold 1.
    """
    rows = np.arange(1, len(values))
    last = np.where(rows <= window_length, rows, rows - (rows - window_length) % step) - 1
    window = pd.Series(values).rolling(window_length, min_periods=1)
    mean, deviation = (m.to_numpy()[last] for m in (window.mean(), window.std(ddof=0)))
    z = np.abs(values[1:] - mean) / np.where(deviation < 1e-6, 1e-6, deviation)
    return np.append(0.0, 1 - norm.sf(z)).round(12)


@needs_corpus
def test_the_windowed_gaussian_detector_scores_what_is_published():
    """Computed again: the stored scores, of six decimals, do not tell its alarms."""
    corpus, stored = nab.load(), nab.reference_scores()["windowedGaussian"]
    scores = {name: windowed_gaussian(one.values) for name, one in corpus.items()}
    for name, values in scores.items():
        np.testing.assert_allclose(values, stored[name], atol=1e-6, err_msg=name)
    given = [round(nab.score(scores, corpus, p)[0], 2) for p in nab.PROFILES]
    assert given == list(PUBLISHED["windowedGaussian"])
