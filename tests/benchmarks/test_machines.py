"""A fit of two processes beside one of one; panels of a million series; data sets."""

import subprocess
import sys
import time
from contextlib import nullcontext

import numpy as np
import pytest

from sklstm import distributed
from tests.benchmarks.by_hand import Work
from tests.machines.ranks import team_of

pytestmark = pytest.mark.bench

WORKS = [Work(48, 7, 64, 1, 1024, horizon=24), Work(96, 7, 128, 1, 512)]
ROUNDS = 7


def seconds_of_a_fit(rank, work, together):
    """Seconds of one pass through the samples; alone, only the first process has work."""
    if rank and not together:
        return 0.0
    X, y = work.windows()
    model = work.estimator(max_epochs=1)
    begin = time.perf_counter()
    with distributed() if together else nullcontext():
        model.fit(X, y)
    return time.perf_counter() - begin


@pytest.mark.parametrize("work", WORKS, ids=str)
def test_two_processes_take_less_time_than_one(benchmark, work):
    def measure():
        with team_of(2) as team:
            times = [
                [max(team(seconds_of_a_fit, work, together)) for together in (False, True)]
                for _ in range(ROUNDS + 1)
            ]
        return np.array(times[1:]).T

    alone, together = benchmark.pedantic(measure)
    ratio = float(np.median(together / alone))
    benchmark.extra_info.update(
        section="Two processes beside one, one thread each",
        row=str(work),
        beside=float(np.median(alone)),
        ours=float(np.median(together)),
        measured=ratio,
        target=1 / 1.6,
    )
    print(f"\n{work}: {ratio:.2f} (at most {1 / 1.6:.3g})")
    assert ratio <= 1 / 1.6


PANEL = """
import sys, threading, time
import numpy as np
from sklstm import SlidingWindowTransformer

def resident():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if "RssAnon" in line) / 1024

def watch():
    while True:
        peaks[0] = max(peaks[0], resident())
        time.sleep(0.001)

windows = SlidingWindowTransformer(window_length=24)
windows.fit_transform(np.zeros((100, 8), np.float32), groups=np.arange(100) // 50)
values = np.load(sys.argv[1], mmap_mode="r")
series = np.repeat(np.arange(1_000_000, dtype=np.int32), 50)
before = resident()
peaks = [before]
threading.Thread(target=watch, daemon=True).start()
begin = time.perf_counter()
X = windows.fit_transform(values, groups=series)
print(time.perf_counter() - begin, (max(peaks) - before) / (values.nbytes / 2**20))
"""


def test_a_million_series_make_windows(benchmark, tmp_path):
    path = tmp_path / "values.npy"
    values = np.lib.format.open_memmap(path, "w+", np.float32, (50_000_000, 8))
    values.flush()
    del values
    command = [sys.executable, "-c", PANEL, str(path)]
    done = benchmark.pedantic(
        lambda: subprocess.run(command, capture_output=True, text=True, check=True)
    )
    lasted, share = map(float, done.stdout.split())
    row = "windows of 1,000,000 series x 50 rows x 8 float32"
    for measured, target, unit in ((lasted, 10, "s"), (share, 1.5, "times the rows")):
        print(f"\n{row}: {measured:.2f} {unit} (at most {target})")
    benchmark.extra_info.update(
        section="A million series", row=row, measured=lasted, target=10, unit="s"
    )
    assert lasted <= 10
    assert share <= 1.5


MAP = """
import resource, sys
from sklstm.io import map_dataset

small, large, folder = sys.argv[1:]
map_dataset(small, folder, groups="series", time="time")
with open("/proc/self/status") as status:
    used = next(int(line.split()[1]) for line in status if line.startswith("VmData"))
limit = (used << 10) + (200 << 20)
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
print(map_dataset(large, folder, groups="series", time="time").values.nbytes)
"""


def write(path, n_series, n_rows, n_columns):
    """Rows that come time by time, all series at each: none stands where it belongs."""
    import pyarrow as pa
    from pyarrow import parquet

    order = np.random.default_rng(0).permutation(n_series)
    values = {f"v{i}": order.astype("float32") + i for i in range(n_columns)}
    writer = None
    for time_ in range(n_rows):
        table = pa.table({"series": order, "time": np.full(n_series, time_), **values})
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is Linux's")
def test_a_data_set_is_mapped_in_a_third_of_its_memory(tmp_path):
    write(tmp_path / "small.parquet", 50, 10, 500)
    write(tmp_path / "large.parquet", 3000, 100, 500)
    names = [tmp_path / "small.parquet", tmp_path / "large.parquet", tmp_path]
    command = [sys.executable, "-c", MAP, *map(str, names)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 2.8 * (200 << 20)
