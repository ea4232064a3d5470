"""scikit-learn's progress bar across pipeline, search and epochs, 80 columns wide."""

import os
import re
import struct
import subprocess
import sys

import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import LSTMRegressor, SlidingWindowTransformer

callback = pytest.importorskip("sklearn.callback", reason="needs scikit-learn 1.9")
rich = pytest.importorskip("rich")

TINY = {"hidden_size": 4, "max_epochs": 3, "batch_size": 32, "random_state": 0}
WINDOWS = ("windows", SlidingWindowTransformer(window_length=3))


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    monkeypatch.setattr(rich, "_console", rich.console.Console(width=80))


def lines_of(text):
    return [line for line in text.splitlines() if "%" in line]


def names(lines):
    return [re.match(r" *(.+?) +[━╸╺ ]*\d+%", line)[1] for line in lines]


def assert_fits(lines):
    """Each line has a bar, what is done of it, and the whole time."""
    for line in lines:
        assert len(line.rstrip()) <= 80
        assert re.search(r"[━╸╺]{9,} +\d+% \d:\d\d:\d\d$", line.rstrip()), line


def test_a_bar_of_epochs(series, capsys):
    X, y = series
    model = LSTMRegressor(**TINY).set_callbacks(callback.ProgressBar())
    model.fit(X[:, :, None], y)
    lines = lines_of(capsys.readouterr().out)
    assert names(lines) == ["LSTMRegressor - fit"]
    assert_fits(lines)


def test_bars_of_a_pipeline(series, capsys):
    """Windows are no work: a fit without parts has no bar, but counts as done."""
    model = Pipeline([WINDOWS, ("lstm", LSTMRegressor(**TINY))])
    model.set_callbacks(callback.ProgressBar()).fit(*series)
    lines = lines_of(capsys.readouterr().out)
    assert names(lines) == ["Pipeline - fit", "LSTMRegressor - fit #1"]
    assert_fits(lines)
    assert all("100%" in line for line in lines)


def test_a_transformer_alone_has_a_bar(series, capsys):
    transformer = SlidingWindowTransformer(window_length=3)
    transformer.set_callbacks(callback.ProgressBar()).fit(*series)
    lines = lines_of(capsys.readouterr().out)
    assert names(lines) == ["SlidingWindowTransformer - fit"]


def test_bars_of_a_pipeline_without_windows(series, capsys):
    model = make_pipeline(StandardScaler(), LSTMRegressor(**TINY))
    model.set_callbacks(callback.ProgressBar()).fit(*series)
    lines = lines_of(capsys.readouterr().out)
    assert len(lines) == 3
    assert names(lines)[2] == "LSTMRegressor - fit #1"
    assert "100%" in lines[2]


def test_bars_of_a_search(series, capsys):
    X, y = series
    search = GridSearchCV(LSTMRegressor(**TINY), {"hidden_size": [2, 4]}, cv=2)
    search.set_callbacks(callback.ProgressBar()).fit(X[:, :, None], y)
    lines = lines_of(capsys.readouterr().out)
    assert names(lines) == [
        "GridSearchCV - fit",
        "GridSearchCV - search #0",
        *(f"LSTMRegressor - fit #{i}" for i in range(4)),
        "LSTMRegressor - fit #1",
    ]
    assert_fits(lines)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_bars_of_a_search_over_a_pipeline(series, capsys, monkeypatch, n_jobs):
    monkeypatch.setattr(rich, "_console", rich.console.Console(width=100))
    model = Pipeline([WINDOWS, ("lstm", LSTMRegressor(**TINY))])
    search = GridSearchCV(model, {"lstm__hidden_size": [2, 4]}, cv=2, n_jobs=n_jobs)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=None)).fit(*series)
    found = names(lines_of(capsys.readouterr().out))
    # Two candidates in two folds, and the refit.
    assert found.count("GridSearchCV - fit") == 1
    assert sum("| Pipeline - fit" in name for name in found) == 5
    assert found.count("LSTMRegressor - fit #1") == 5


def test_a_search_over_a_pipeline_fits_without_its_fits(series, capsys):
    model = Pipeline([WINDOWS, ("lstm", LSTMRegressor(**TINY))])
    search = GridSearchCV(model, {"lstm__hidden_size": [2, 4]}, cv=2)
    search.set_callbacks(callback.ProgressBar(max_propagation_depth=0)).fit(*series)
    lines = lines_of(capsys.readouterr().out)
    assert names(lines) == ["GridSearchCV - fit", "GridSearchCV - search #0"]
    assert_fits(lines)


SCRIPT = """
import numpy as np
from sklearn.callback import ProgressBar
from sklearn.pipeline import Pipeline
from sklstm import LSTMRegressor, SlidingWindowTransformer

X = np.random.default_rng(0).normal(size=(90, 2))
lstm = LSTMRegressor(hidden_size=4, max_epochs=2, random_state=0)
LSTMRegressor(hidden_size=4, max_epochs=2, verbose=1).fit(X, X[:, 0])
model = Pipeline([("windows", SlidingWindowTransformer(3)), ("lstm", lstm)])
model.set_callbacks(ProgressBar()).fit(X, X[:, 0])
"""


def in_a_terminal(script, columns):
    """What a script writes to a terminal of some columns."""
    pty, fcntl, termios = map(pytest.importorskip, ("pty", "fcntl", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    other = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")
    env = {name: value for name, value in os.environ.items() if name not in other}
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**env, "TERM": "xterm"},
    )
    os.close(theirs)
    parts = []
    try:
        while part := os.read(ours, 65536):
            parts.append(part)
    except OSError:  # Linux's way to say that nobody writes there any more
        pass
    os.close(ours)
    assert child.wait() == 0, b"".join(parts).decode()
    return b"".join(parts).decode()


def test_bars_and_lines_in_a_terminal():
    written = in_a_terminal(SCRIPT, columns=80)
    first, second, drawn = written.split("\r\n", 2)
    assert re.fullmatch(r"epoch 1/2  loss \S+ +rate 0.01     \d+ s left", first)
    assert re.fullmatch(r"epoch 2/2  loss \S+ +rate 0.005", second)
    without_codes = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)
    lines = lines_of(without_codes.replace("\r", "\n"))
    # The last state that is drawn.
    assert names(lines[-2:]) == ["Pipeline - fit", "LSTMRegressor - fit #1"]
    assert_fits(lines[-2:])
