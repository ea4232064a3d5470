"""What a stream remembers: rows taken back, copies, pickles, bounded memory."""

import os
import pickle
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from sklstm import StreamPredictor
from sklstm.streams._ring import Ring
from tests.streams.models import ROWS, Y, is_near, is_same, pipeline, regressor, two_stores

WINDOWS = {"window_length": 6, "padding": "edge"}


@pytest.fixture(scope="module")
def model():
    return pipeline(WINDOWS, regressor()).fit(ROWS, Y)


@pytest.fixture(scope="module")
def panel():
    return two_stores(regressor())


def test_rows_that_are_taken_back_have_not_come(model):
    stream = StreamPredictor(model, max_rewind=10)
    said = [stream.observe_predict(row) for row in ROWS[:40]]
    for n_rows in (1, 3, 10):
        assert stream.rewind(n_rows).predict() == said[-n_rows - 1]
        for i in range(40 - n_rows, 40):
            assert stream.observe_predict(ROWS[i]) == said[i]


def test_rewinding_over_a_gap_and_the_begin_of_a_series(panel):
    model, rows = panel
    stream = StreamPredictor(model)
    said = [stream.observe_predict(row) for row in rows[:70]]
    stream.rewind(69)
    assert stream.predict() == said[0]
    with pytest.raises(ValueError, match="of the series 'b' is observed"):
        stream.predict(groups="b")
    assert [stream.observe_predict(row) for row in rows[1:70]] == said[1:]
    assert stream.predict(groups="a") == said[-2]


def test_a_rewind_has_an_end(model):
    stream = StreamPredictor(model, max_rewind=5)
    with pytest.raises(ValueError, match="n_rows must be an int of at most 0"):
        stream.rewind()
    for row in ROWS[:30]:
        stream.observe(row)
    with pytest.raises(ValueError, match=r"n_rows .* at most 5.*max_rewind=5.*Got 6"):
        stream.rewind(6)
    for wrong in (-1, 1.0, True):
        with pytest.raises(ValueError, match="n_rows must be an int"):
            stream.rewind(wrong)


COPIES = {
    "copy": StreamPredictor.copy,
    "deepcopy": deepcopy,
    "pickle": lambda stream: pickle.loads(pickle.dumps(stream)),
}


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("learn_every", [None, 8])
def test_copies_go_on_by_themselves(panel, copied, learn_every):
    model, rows = panel
    stream = StreamPredictor(model, learn_every)
    for row, y in zip(rows[:50], Y, strict=False):
        stream.observe(row, y)
    other = copied(stream)
    said, again = [], []
    for row, y in zip(rows[50:], Y[50:], strict=True):
        said.append(stream.observe_predict(row, y))
        again.append(other.observe_predict(row, y))
    assert said == again
    assert other.rewind(3).predict() == stream.rewind(3).predict()


def test_a_reset_stream_begins_anew(panel):
    model, rows = panel
    stream = StreamPredictor(model)
    said = [stream.observe_predict(row) for row in rows[:50]]
    stream.reset()
    with pytest.raises(ValueError, match="predict must come after a row is observed"):
        stream.predict()
    assert [stream.observe_predict(row) for row in rows[:50]] == said


def test_a_row_that_is_refused_changes_nothing(model):
    stream, beside = StreamPredictor(model, 8), StreamPredictor(model, 8)
    for row in ROWS[:20]:
        for one in (stream, beside):
            one.observe(row)
    for refused in (
        lambda: stream.observe([1.0, np.inf]),
        lambda: stream.observe(ROWS[20], y="up"),
        lambda: stream.observe_predict(ROWS[20], 1.0, method="nothing"),
        lambda: stream.observe_predict(ROWS[20], [1.0, 2.0]),
    ):
        with pytest.raises((ValueError, AttributeError)):
            refused()
    for row in ROWS[20:]:
        assert stream.observe_predict(row, 1.0) == beside.observe_predict(row, 1.0)


def test_a_ring_holds_the_last_rows():
    ring, rows = Ring(n_kept=30, n_features=1), []
    rng = np.random.default_rng(0)
    for i in range(500):
        ring.append(np.array([float(i)]))
        rows.append(i)
        for _ in range(rng.integers(0, 3) if i > 60 and i % 7 == 0 else 0):
            ring.pop()
            rows.pop()
        n_rows = min(28, len(rows))
        assert ring.last(n_rows).ravel().tolist() == rows[-n_rows:]
        assert ring.last(n_rows - 1, 1).ravel().tolist() == rows[-n_rows:-1]
    assert len(ring.rows) <= 60


def test_rows_of_a_wider_type_widen_the_ring():
    ring = Ring(4, 1, np.float32)
    ring.append(np.array([0.1], np.float32))
    ring.append(np.array([0.1]))
    assert ring.rows.dtype == np.float64
    assert ring.last(2).ravel().tolist() == [float(np.float32(0.1)), 0.1]


def test_memory_does_not_grow_with_the_rows():
    # In a process of its own, as others' threads would count in this one.
    script, root = Path(__file__).parent / "endless.py", Path(__file__).parents[2]
    paths = [str(root), os.environ.get("PYTHONPATH", "")]
    child = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=600,
        # Blocks are counted by Python's own allocator alone.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONMALLOC": ""},
    )
    assert child.returncode == 0, child.stderr
    size, more_bytes, more_blocks = map(int, child.stdout.split())
    assert more_bytes < size / 100
    assert more_blocks < 120  # a tenth of one for each row


def test_a_model_that_is_fitted_again_is_another():
    steps = {"window_length": 6, "context": "fit"}, regressor(), StandardScaler()
    model = pipeline(*steps).fit(ROWS[:60], Y[:60])
    before = model.predict(ROWS[60:])
    stream = StreamPredictor(model)
    model.fit(100 * ROWS[60:], Y[60:])
    assert is_near([stream.observe_predict(row) for row in ROWS[60:]], before)


def test_the_model_stays_as_it_was(model):
    before = pickle.dumps(model)
    stream = StreamPredictor(model, learn_every=4)
    for row, y in zip(ROWS, Y, strict=True):
        stream.observe(row, y)
    assert pickle.dumps(model) == before
    assert not is_same(stream.model_.predict(ROWS), model.predict(ROWS))
