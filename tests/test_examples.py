"""The examples run as a user runs them: as scripts, in processes of their own."""

import os
import re
import subprocess
import sys
from math import ceil
from pathlib import Path

import numpy as np
import pytest

from sklstm.datasets import load_netflix

image = pytest.importorskip("matplotlib.image")

EXAMPLES = Path(__file__).parent.parent / "examples"
PNG = b"\x89PNG\r\n\x1a\n"


def run(script, folder):
    """Run an example and give what it prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, folder],
        env={**os.environ, "MPLBACKEND": "Agg", "PYTHONUTF8": "1"},
        cwd=folder.parent,
        capture_output=True,
        encoding="utf-8",
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def assert_pictures(folder, names):
    saved = {path.name: path for path in folder.iterdir()}
    assert set(saved) == {f"{name}.png" for name in names}
    for path in saved.values():
        assert path.read_bytes().startswith(PNG)
        # Axes with titles, on which nothing is drawn, cover a fortieth.
        is_drawn = (image.imread(path)[:, :, :3] < 1).any(axis=2)
        assert is_drawn.mean() > 0.04


def shares_of(printed):
    """Rows of a printed table: a name and a share, or an error."""
    rows = re.findall(r"^(\S.*?) +(\d+\.\d{2,3})$", printed, re.M)
    return {name: float(share) for name, share in rows}


def errors_of(name, text):
    """Read MAE, RMSE and MAPE from a row of a printed table."""
    row = re.search(rf"^{re.escape(name)} +([\d.]+) +([\d.]+) +([\d.]+)$", text, re.M)
    assert row, text
    return np.array(row.groups(), dtype=float)


def errors_of_persistence():
    """MAE, RMSE and MAPE of "tomorrow is like today" over the last 15 % of the days."""
    close = load_netflix()["Close"].to_numpy()
    n_test = ceil(0.15 * (len(close) - 1))
    today, tomorrow = close[-n_test - 1 : -1], close[-n_test:]
    error = np.abs(tomorrow - today)
    return np.array(
        [error.mean(), (error**2).mean() ** 0.5, 100 * (error / tomorrow).mean()]
    )


def test_netflix_prints_its_tables_and_saves_its_pictures(tmp_path):
    printed = run("plot_netflix.py", tmp_path / "pictures")
    missing = re.search(r"^Close +(\d+)$", printed, re.M)
    assert missing.group(1) == "0"

    test_table = printed[printed.index("\nTest, 151 days") :]
    persistence = errors_of("Persistence", test_table)
    np.testing.assert_allclose(persistence, errors_of_persistence(), atol=5.1e-4)
    # Nobody beats persistence by much from prices alone: a forecast far better has seen
    # the future, and one far worse has learnt nothing.
    chosen = re.search(r"^Chosen: (.*)$", printed, re.M).group(1)
    assert np.all(np.abs(errors_of(chosen, test_table) / persistence - 1) < 0.1)
    price = re.search(r"trading day, 2019-12-17: \$([\d.]+)", printed)
    assert abs(float(price.group(1)) / 304.21 - 1) < 0.05

    pictures = ("close", "panels", "histograms", "split", "losses", "forecast")
    assert_pictures(tmp_path / "pictures", [f"netflix_{name}" for name in pictures])


def test_reviews_are_read_better_than_by_counting_words(tmp_path):
    printed = run("plot_reviews.py", tmp_path / "pictures")
    share = dict(re.findall(r"^(LSTM|Word counts) +([\d.]+)$", printed, re.M))
    assert float(share["LSTM"]) > 0.97
    assert float(share["Word counts"]) < 0.7
    assert_pictures(tmp_path / "pictures", ["reviews_attention"])


def test_a_melody_begins_as_the_theme_and_goes_on(tmp_path):
    printed = run("plot_melody.py", tmp_path / "pictures")
    lines = dict(
        re.findall(r"^(The theme|Drawn at temperature [\d.]+): (.*)$", printed, re.M)
    )
    theme = lines.pop("The theme").split()
    assert len(lines) == 3
    for line in lines.values():
        notes = line.split()
        assert len(notes) == 60
        assert notes[:12] == theme[:12]
        assert notes != theme
    # A cold melody keeps to the notes of its key; chance would give seven of twelve.
    cold = lines["Drawn at temperature 0.3"].split()
    assert np.isin(cold, theme).mean() > 0.9
    share = shares_of(printed)
    assert share["LSTM"] > 2 * share["Markov chain"]
    assert_pictures(tmp_path / "pictures", ["melody"])


def test_a_mixture_draws_the_circles_that_a_mean_forgets(tmp_path):
    printed = run("plot_loops.py", tmp_path / "pictures")
    rows = re.findall(r"^(\w+).*: ([\d.]+) circles .*, (\d+)% to the left$", printed, re.M)
    circles = {name: (float(size), int(left)) for name, size, left in rows}
    assert abs(circles["Drawn"][0] - 1) < 0.1
    assert 20 < circles["Drawn"][1] < 80
    assert circles["Predicted"][0] < 0.5
    assert_pictures(tmp_path / "pictures", ["loops"])


def test_airline_forecasts_are_judged_beside_two_others(tmp_path):
    pytest.importorskip("sktime")
    printed = run("plot_sktime_forecasting.py", tmp_path / "pictures")
    rows = re.findall(r"^(LSTM|Year before|Smoothing) +([\d.]+) +([\d.]+)$", printed, re.M)
    errors = {name: np.array(values, dtype=float) for name, *values in rows}
    assert (errors["LSTM"] < 0.7 * errors["Year before"]).all()
    from sktime.datasets import load_airline

    y = load_airline().to_numpy()
    expected = 100 * np.mean(np.abs(y[-12:] - y[-24:-12]) / y[-12:])
    np.testing.assert_allclose(errors["Year before"][0], expected, atol=0.006)
    assert_pictures(tmp_path / "pictures", ["airline_forecast", "airline_backtest"])


def test_words_are_tagged_better_by_who_reads_the_whole_sentence(tmp_path):
    share = shares_of(run("plot_tags.py", tmp_path / "pictures"))
    assert share["LSTM, both directions"] > share["Regression, 5 words"] + 0.02
    assert share["LSTM, both directions"] > share["LSTM, to the right"] + 0.03
    assert share["Regression, 5 words"] > share["The most frequent tag"] + 0.05
    assert_pictures(tmp_path / "pictures", ["tags"])


def test_activities_are_told_better_than_by_means_over_seconds(tmp_path):
    share = shares_of(run("plot_activities.py", tmp_path / "pictures"))
    assert share["LSTM"] > share["Gradient boosting"] + 0.08
    assert_pictures(tmp_path / "pictures", ["activities"])


def test_dates_are_read_with_attention(tmp_path):
    share = shares_of(run("plot_dates.py", tmp_path / "pictures"))
    assert share["attention"] > 0.98
    assert share["last"] < 0.4
    assert_pictures(tmp_path / "pictures", ["dates_attention"])


def test_the_load_of_a_day_is_forecast_better_than_by_boosting(tmp_path):
    printed = run("plot_load.py", tmp_path / "pictures")
    error = shares_of(printed)
    assert error["LSTM"] < 0.9 * error["Boosting, and means"]
    assert error["LSTM"] < 0.75 * error["Boosting on lags"]
    assert error["LSTM"] < 0.4 * error["The day before"]
    assert error["The day before"] < error["Persistence"]
    inside = re.search(r"^Share within intervals of [\d.]+ MW: ([\d.]+)$", printed, re.M)
    assert 0.87 < float(inside.group(1)) < 0.95
    assert_pictures(tmp_path / "pictures", ["load_forecast", "load_errors"])


def test_stores_are_forecast_better_than_by_boosting(tmp_path):
    pytest.importorskip("sktime")
    error = shares_of(run("plot_stores.py", tmp_path / "pictures"))
    assert error["LSTM"] < 0.7 * error["Boosting"]
    assert error["LSTM"] < 0.25 * error["The week before"]
    assert_pictures(tmp_path / "pictures", ["stores"])


def test_the_next_item_is_recommended_better_by_who_remembers_the_recipe(tmp_path):
    share = shares_of(run("plot_next_item.py", tmp_path / "pictures"))
    assert share["LSTM"] > share["Regression, basket"] + 0.07
    assert share["LSTM"] > share["Markov chain"] + 0.2
    assert share["Markov chain"] > share["Popular items"] + 0.2
    assert_pictures(tmp_path / "pictures", ["next_item"])


def test_the_next_word_is_foreseen_better_than_by_markov_chains(tmp_path):
    perplexity = shares_of(run("plot_next_word.py", tmp_path / "pictures"))
    chains = ["How often words come", "The last word", "The last two", "The last three"]
    assert perplexity["LSTM"] < 0.85 * min(perplexity[name] for name in chains)
    assert_pictures(tmp_path / "pictures", ["next_word"])


def test_odd_heartbeats_are_found_by_what_comes_next(tmp_path):
    printed = run("plot_heartbeats.py", tmp_path / "pictures")
    rows = re.findall(r"^(\S.*?) +(\d\.\d{3}) found, (\d+) false alarms$", printed, re.M)
    found = {name: float(share) for name, share, _ in rows}
    assert found["LSTM"] > found["Nearest window"] + 0.15
    assert found["LSTM"] > max(found["Isolation forest"], found["Height"]) + 0.5
    assert all(int(false) <= 8 for *_, false in rows)
    assert "As the batch says: True" in printed
    assert_pictures(tmp_path / "pictures", ["heartbeats"])


def test_gates_open_where_there_is_something_to_keep(tmp_path):
    printed = run("plot_gates.py", tmp_path / "pictures")
    explained = shares_of(printed)
    assert explained["LSTM"] > 0.99
    assert explained["Boosting"] < 0.4
    gates = re.findall(
        r"^(\w+) +gate: ([\d.]+) at marks, ([\d.]+) elsewhere$", printed, re.M
    )
    means = {name: (float(at), float(elsewhere)) for name, at, elsewhere in gates}
    assert means["input"][0] > 2 * means["input"][1]
    assert means["forget"][1] > 2 * means["forget"][0]
    assert_pictures(tmp_path / "pictures", ["gates", "units"])


def test_three_hundred_steps_are_remembered(tmp_path):
    printed = run("plot_long_memory.py", tmp_path / "pictures")
    rows = re.findall(r"^(\S.*?) +(-?\d\.\d{3})$", printed, re.M)
    explained = {name: float(share) for name, share in rows}
    assert explained["LSTM, memory_length"] > 0.99
    assert explained["LSTM"] < 0.9
    assert max(explained["Linear regression"], explained["Boosting"]) < 0.1
    assert_pictures(tmp_path / "pictures", ["long_memory"])


def test_patients_are_told_better_than_by_summaries_of_their_records(tmp_path):
    area = shares_of(run("plot_patients.py", tmp_path / "pictures"))
    assert area["LSTM"] > area["Regression, summaries"] + 0.06
    assert area["LSTM"] > area["Boosting, summaries"] + 0.08
    assert area["Regression, summaries"] > area["Regression, last values"] + 0.05
    assert_pictures(tmp_path / "pictures", ["patients"])


def test_speakers_and_movements_are_told_best_with_convolutions(tmp_path):
    pytest.importorskip("sktime")
    printed = run("plot_vowel.py", tmp_path / "pictures")
    rows = re.findall(r"^(\S.*?) +(\d\.\d{3}) +(\d\.\d{3})$", printed, re.M)
    share = {name: np.array(values, dtype=float) for name, *values in rows}
    assert (share["Convolutions beside"] >= share["Convolutions before"]).all()
    assert (share["Convolutions before"] > share["LSTM alone"]).all()
    assert (share["Convolutions beside"] > share["Regression"] + 0.015).all()
    assert (share["Convolutions beside"] > share["Nearest neighbour"] + 0.02).all()
    assert_pictures(tmp_path / "pictures", ["vowel"])
