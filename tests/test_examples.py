"""The example runs as a user runs it: as a script, in a process of its own."""

import os
import re
import subprocess
import sys
from math import ceil
from pathlib import Path

import numpy as np
import pytest

from sklstm.datasets import load_netflix

pytest.importorskip("matplotlib")

SCRIPT = Path(__file__).parent.parent / "examples" / "plot_netflix.py"
PICTURES = {"close", "panels", "histograms", "split", "losses", "forecast"}
PNG = b"\x89PNG\r\n\x1a\n"


def run_netflix(folder):
    return subprocess.run(
        [sys.executable, SCRIPT, folder],
        env={**os.environ, "MPLBACKEND": "Agg"},
        cwd=folder.parent,
        capture_output=True,
        text=True,
        timeout=600,
    )


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
    done = run_netflix(tmp_path / "pictures")
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    missing = re.search(r"^Close +(\d+)$", done.stdout, re.M)
    assert missing.group(1) == "0"

    test_table = done.stdout[done.stdout.index("\nTest, 151 days") :]
    persistence = errors_of("Persistence", test_table)
    np.testing.assert_allclose(persistence, errors_of_persistence(), atol=5.1e-4)
    # Nobody beats persistence by much from prices alone: a forecast far better has seen
    # the future, and one far worse has learnt nothing.
    chosen = re.search(r"^Chosen: (.*)$", done.stdout, re.M).group(1)
    assert np.all(np.abs(errors_of(chosen, test_table) / persistence - 1) < 0.1)
    price = re.search(r"trading day, 2019-12-17: \$([\d.]+)", done.stdout)
    assert abs(float(price.group(1)) / 304.21 - 1) < 0.05

    saved = {path.name: path for path in (tmp_path / "pictures").iterdir()}
    assert set(saved) == {f"netflix_{name}.png" for name in PICTURES}
    for path in saved.values():
        picture = path.read_bytes()
        assert picture.startswith(PNG)
        assert len(picture) > 20_000
