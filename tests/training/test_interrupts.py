"""Ctrl-C at any moment leaves the process as it was, and a model of whole epochs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "interrupted.py"
ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
@pytest.mark.parametrize("seed", [0, 1])
def test_real_interrupts_change_nothing(seed):
    child = subprocess.run(
        [sys.executable, SCRIPT, "25", str(seed)],
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.returncode == 0, child.stderr
    n_within, n_fitted, found = child.stdout.split(maxsplit=2)
    assert found == "[]\n"
    assert int(n_within) > 10
    assert int(n_fitted) > 3
