"""The example of the engines, run on engines that are made up."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("matplotlib")

EXAMPLE = Path(__file__).parents[2] / "examples" / "plot_turbofan.py"
N_ENGINES = 100


def engines(lengths, lives, rng):
    """Rows of engines, one sensor of which falls the faster the nearer the end is."""
    parts = []
    for engine, (n_rows, life) in enumerate(zip(lengths, lives, strict=True), start=1):
        cycle = np.arange(1, n_rows + 1)
        left = life + n_rows - cycle
        sensors = np.tile(np.arange(24.0), (n_rows, 1))
        sensors[:, 3] = -((1 + left) ** -0.5) + rng.normal(scale=0.02, size=n_rows)
        sensors[:, 4] = rng.normal(size=n_rows)
        parts.append(np.column_stack([np.full(n_rows, engine), cycle, sensors]))
    return pd.DataFrame(np.concatenate(parts)).astype({0: int, 1: int})


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    tables = {
        "train": engines(rng.integers(60, 100, N_ENGINES), np.zeros(N_ENGINES), rng),
    }
    lives = rng.integers(5, 60, N_ENGINES)
    tables["test"] = engines(rng.integers(30, 40, N_ENGINES), lives, rng)
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}_FD001.txt", sep=" ", header=False, index=False)
    np.savetxt(tmp_path / "RUL_FD001.txt", lives, fmt="%d")
    return tmp_path


def test_lives_of_made_up_engines_are_predicted(folder):
    figures = folder / "figures"
    done = subprocess.run(
        [sys.executable, EXAMPLE, folder, figures],
        env={**os.environ, "MPLBACKEND": "Agg"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    errors = {
        line[:16].strip(): [float(error) for error in line[16:].split()]
        for line in done.stdout.splitlines()
        if line.startswith(("always", "network"))
    }
    # No life is longer than the cap, so the two truths are one.
    assert errors["network"][0] == errors["network"][1]
    assert errors["network"][0] < 0.7 * errors["always the mean"][0]
    held = int(done.stdout.splitlines()[-1].partition("%")[0])
    assert 75 <= held <= 100
    assert (figures / "turbofan.png").stat().st_size > 10_000
