"""Peak memory, measured in a child process that does nothing else."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.bench

FIT = """
import threading, time
import numpy as np, torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklstm import LSTMRegressor, SlidingWindowTransformer

def resident():
    # Pages of files, torch's code among them, come and go as the system likes.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if "RssAnon" in line) / 1024

def watch():
    begin.wait()
    while True:
        now = resident()
        peaks[0] = max(peaks[0], now)
        time.sleep(0.001)

torch.set_num_threads(2)
# The allocator gives each thread memory of its own. This one must not take over what the
# first fit leaves to the next.
begin = threading.Event()
threading.Thread(target=watch, daemon=True).start()
small = np.random.default_rng(0).normal(size=(500, 8))
model = make_pipeline(
    StandardScaler(),
    SlidingWindowTransformer(window_length={window}),
    LSTMRegressor(**{{"hidden_size": 8, "max_epochs": 1, "random_state": 0}} | {options}),
)
model.fit(small, small[:, 0])  # what torch loads and keeps at its first use
rows = np.random.default_rng(0).standard_normal(size=({n_rows}, 8), dtype="{dtype}")
before = resident()
peaks = [before]
begin.set()
model.fit(rows, rows[:, 0])
model.predict(rows)
print(max(peaks) - before)
"""


@pytest.fixture
def extra_mib(benchmark):
    """Peak memory of fit and predict above the imports and the rows."""

    def measure(n_rows, window, target, options=None, dtype="float64"):
        code = FIT.format(
            n_rows=n_rows,
            window=window,
            options={"batch_size": 256} | (options or {}),
            dtype=dtype,
        )
        child = benchmark.pedantic(
            lambda: subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
        )
        mib = float(child.stdout)
        stopping = ", early stopping" if options and "early_stopping" in options else ""
        row = f"{n_rows:,} rows x 8 {dtype}, windows of {window}{stopping}"
        benchmark.extra_info.update(
            section="Memory", row=row, measured=mib, target=target, unit="MiB more"
        )
        print(f"\n{row}: {mib:.0f} MiB more (at most {target})")
        return mib

    return measure


@pytest.mark.parametrize("options", [{}, {"early_stopping": True}])
def test_300_000_rows(extra_mib, options):
    assert extra_mib(300_000, 168, 200, options) < 200


def test_a_million_rows(extra_mib):
    assert extra_mib(1_000_000, 168, 250, {"batch_size": 1024}, dtype="float32") < 250


@pytest.mark.parametrize("window", [12, 336])
def test_memory_does_not_grow_with_the_window(extra_mib, window):
    assert extra_mib(100_000, window, 80) < 80
