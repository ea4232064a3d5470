"""A single row by onnxruntime beside `predict`."""

import numpy as np
import pytest

from sklstm.export import to_onnx
from tests.benchmarks.by_hand import Work

pytestmark = pytest.mark.bench

onnxruntime = pytest.importorskip("onnxruntime", reason="runs the graphs")
# One call is too short to be timed by itself.
N_CALLS = 50


def the_graph_and_predict(work):
    X, y = work.windows()
    model = work.estimator(max_epochs=1).fit(X, y)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # a second one would wait for the first
    graph = to_onnx(model).SerializeToString()
    session = onnxruntime.InferenceSession(graph, options)
    row = np.asarray(X[:1])
    inputs = {"x": row, "lengths": np.array([work.n_timesteps])}
    return (
        lambda: [session.run(None, inputs) for _ in range(N_CALLS)],
        lambda: [model.predict(row) for _ in range(N_CALLS)],
    )


@pytest.mark.parametrize(
    "work",
    [
        Work(24, 1, 32, 1, 32, n_rows=500),
        Work(30, 3, 64, 1, 32, n_rows=500),
        Work(168, 7, 64, 2, 32, n_rows=500),
    ],
    ids=str,
)
def test_a_single_row_is_faster_by_onnxruntime(side_by_side, work):
    ratio = side_by_side(
        "ONNX",
        f"a single row of {work.n_timesteps} x {work.n_features}, {work.hidden_size} units",
        the_graph_and_predict,
        work,
        target=0.4,
        lasting=10,
    )
    assert ratio <= 0.4
