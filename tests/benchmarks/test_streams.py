"""One row through a stream beside the bare module; memory over a million rows."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer, StreamPredictor
from tests.benchmarks.by_hand import predict, rows, seconds

pytestmark = pytest.mark.bench

N_PAIRS = 3000


def stream_and_module(n_timesteps, hidden_size):
    """A stream whose windows are whole, and the module on a window."""
    X = rows(1, 2 * n_timesteps + 100)
    model = make_pipeline(
        SlidingWindowTransformer(n_timesteps),
        LSTMRegressor(hidden_size=hidden_size, max_epochs=1, random_state=0),
    ).fit(X, X[:, 0])
    stream, window = StreamPredictor(model), torch.from_numpy(X[None, :n_timesteps])
    for row in X:
        stream.observe_predict(row)
    module = model[-1].module_
    return lambda: stream.observe_predict(X[0]), lambda: predict(module, window)


@pytest.mark.parametrize(("n_timesteps", "hidden_size"), [(24, 32), (168, 64), (336, 32)])
def test_a_row_takes_little_more_than_the_module(benchmark, n_timesteps, hidden_size):
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours, module = stream_and_module(n_timesteps, hidden_size)
        times = benchmark.pedantic(
            lambda: np.array([(seconds(ours), seconds(module)) for _ in range(N_PAIRS)])
        )
    finally:
        torch.set_num_threads(n_threads)
    mine, beside = 1e3 * np.median(times, axis=0)
    most = 1.5 * beside + 0.1
    benchmark.extra_info.update(
        section="A row of a stream",
        row=f"{n_timesteps} x 1, {hidden_size} units, module {beside:.3f} ms",
        measured=float(mine),
        target=float(most),
        unit="ms",
    )
    print(f"\none row: {mine:.3f} ms, module {beside:.3f} ms (at most {most:.3f})")
    assert mine <= most


MILLION = """
import numpy as np
from sklearn.pipeline import make_pipeline
from sklstm import LSTMOutlierDetector, SlidingWindowTransformer, StreamPredictor

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if "RssAnon" in line) / 1024

X = np.random.default_rng(0).normal(size=(1000, 8))
model = make_pipeline(
    SlidingWindowTransformer(window_length=168),
    LSTMOutlierDetector(hidden_size=8, max_epochs=1, random_state=0),
).fit(X)
stream = StreamPredictor(model, likelihood=False)

def run(n_laps):
    for _ in range(n_laps):
        for row in X:
            stream.observe(row)
        stream.predict("score_samples")

run(2)
before = resident()
run(1000)
print(resident() - before)
"""


def test_memory_is_the_same_after_a_million_rows(benchmark):
    child = benchmark.pedantic(
        lambda: subprocess.run(
            [sys.executable, "-c", MILLION], capture_output=True, text=True, check=True
        )
    )
    mib = float(child.stdout)
    benchmark.extra_info.update(
        section="A row of a stream",
        row="a million rows of 8, windows of 168",
        measured=mib,
        target=1,
        unit="MiB more",
    )
    print(f"\na million rows: {mib:.2f} MiB more (at most 1)")
    assert mib <= 1
