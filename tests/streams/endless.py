"""Print what a stream holds after 1,200 rows, and what 1,200 more add to it."""

import gc
import pickle
import sys

import pandas as pd

from sklstm import StreamPredictor
from tests.streams.models import Y, regressor, two_stores

LAP = pd.Timedelta(days=200)
model, rows = two_stores(regressor())
stream = StreamPredictor(model, max_rewind=20)


def run(laps):
    for i in laps:
        for row, y in zip(rows, Y, strict=True):
            stream.observe({**row, "day": row["day"] + i * LAP}, y if i % 2 else None)


def held():
    """Bytes of the stream, and blocks of memory of the process."""
    gc.collect()
    return len(pickle.dumps(stream)), sys.getallocatedblocks()


run(range(10))
size, blocks = held()
run(range(10, 20))
size_after, blocks_after = held()
print(size, size_after - size, blocks_after - blocks)
