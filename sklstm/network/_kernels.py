"""Kernels of the LSTM, compiled by numba where they are first called.

Sequences are independent, and four at a time go through all their steps: the weights of a
step are read from the cache once for four, and the states stay in it. Where fewer than four
are left, the last is computed again; so a sequence has the same bits whatever stands beside
it. Sums are written in their order, and nothing but fused multiply-adds is left to the
compiler: NaN and infinity go on as they should.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, njit, types
from numba.extending import overload

OPTIONS: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz"}}

# Whether numba was told to leave functions to Python.
DISABLED = bool(config.DISABLE_JIT)  # type: ignore[attr-defined]

# Steps after which their part of the gradient of the weights is added up.
N_STEPS = 16


def _compiled(function: Callable[..., Any]) -> Any:
    """Compile a function, once for all processes where a file can be kept."""
    try:
        return njit(function, cache=True, **OPTIONS)
    except RuntimeError:  # no folder for it
        return njit(function, **OPTIONS)


def tanh(x: Any) -> Any:
    """Give the hyperbolic tangent by what a processor does for many values at once.

    In float32 it is the quotient :math:`x P(x^2) / Q(x^2)` whose largest relative error up
    to 9, from where on tanh is 1, is least: 2e-8, and with the rounding 5 units in the last
    place (the test of this module fits it). In float64 it is Lambert's continued
    fraction, twelve terms deep, of an eighth of x, doubled three times.

    Parameters
    ----------
    x : float

    Returns
    -------
    y : float
    """
    return np.tanh(x)


SINGLE = np.float32
HALF, ONE, NINE = SINGLE(0.5), SINGLE(1), SINGLE(9)
P0, P1, P2 = SINGLE(1.3381024e-01), SINGLE(3.4955863e-03), SINGLE(2.0609055e-05)
P3 = SINGLE(1.3354624e-08)
Q0, Q1, Q2 = SINGLE(4.671434e-01), SINGLE(2.5876977e-02), SINGLE(3.285632e-04)
Q3 = SINGLE(7.776543e-07)


def _tanh_single(x: Any) -> Any:
    # Comparisons that NaN passes unchanged.
    x = NINE if x > NINE else x
    x = -NINE if x < -NINE else x
    z = x * x
    p = (((P3 * z + P2) * z + P1) * z + P0) * z + ONE
    q = (((Q3 * z + Q2) * z + Q1) * z + Q0) * z + ONE
    y = x * p / q
    y = ONE if y > ONE else y
    return -ONE if y < -ONE else y


def _tanh_double(x: Any) -> Any:
    x = 20.0 if x > 20.0 else x
    x = (-20.0 if x < -20.0 else x) / 8.0
    z = x * x
    p = ((78.0 * z + 75075.0) * z + 18378360.0) * z + 1571349780.0
    p = (p * z + 45831035250.0) * z + 316234143225.0
    q = (((z + 3003.0) * z + 1351350.0) * z + 192972780.0) * z + 9820936125.0
    q = (q * z + 151242416325.0) * z + 316234143225.0
    y = x * p / q
    y = 2.0 * y / (1.0 + y * y)
    y = 2.0 * y / (1.0 + y * y)
    return 2.0 * y / (1.0 + y * y)


@overload(tanh, jit_options=OPTIONS)
def _overload_tanh(x: Any) -> Any:
    return _tanh_single if x == types.float32 else _tanh_double


@_compiled
def _add_product(left: Any, right: Any, total: Any) -> None:
    """Add ``left @ right``, where left and total have four rows, and right 4 n."""
    n, m = right.shape
    # Counted so that the compiler sees that no index is negative.
    for q in range(n // 4):
        k = 4 * q
        a0, a1, a2, a3 = left[0, k], left[0, k + 1], left[0, k + 2], left[0, k + 3]
        b0, b1, b2, b3 = left[1, k], left[1, k + 1], left[1, k + 2], left[1, k + 3]
        c0, c1, c2, c3 = left[2, k], left[2, k + 1], left[2, k + 2], left[2, k + 3]
        d0, d1, d2, d3 = left[3, k], left[3, k + 1], left[3, k + 2], left[3, k + 3]
        for j in range(m):
            x0, x1 = right[k, j], right[k + 1, j]
            x2, x3 = right[k + 2, j], right[k + 3, j]
            total[0, j] += (a0 * x0 + a1 * x1) + (a2 * x2 + a3 * x3)
            total[1, j] += (b0 * x0 + b1 * x1) + (b2 * x2 + b3 * x3)
            total[2, j] += (c0 * x0 + c1 * x1) + (c2 * x2 + c3 * x3)
            total[3, j] += (d0 * x0 + d1 * x1) + (d2 * x2 + d3 * x3)


@_compiled
def _packed(w_ih: Any, w_hh: Any, b_ih: Any, b_hh: Any, n_read: int) -> Any:
    """Give all weights as one matrix, by which what a step reads is multiplied.

    Those of the gates i, f and o are halved: sigmoid(2 z) is (1 + tanh(z)) / 2.
    """
    n_values, n_units = w_hh.shape
    n_features = w_ih.shape[1]
    weights = np.zeros((n_read, n_values), w_hh.dtype)
    for k in range(n_values):
        scale = w_hh.dtype.type(1.0 if k // n_units == 2 else 0.5)
        for j in range(n_units):
            weights[j, k] = scale * w_hh[k, j]
        for j in range(n_features):
            weights[n_units + j, k] = scale * w_ih[k, j]
        weights[n_units + n_features, k] = scale * (b_ih[k] + b_hh[k])
    return weights


@_compiled
def forward(
    x: Any,
    w_ih: Any,
    w_hh: Any,
    b_ih: Any,
    b_hh: Any,
    hidden: Any,
    read: Any,
    cells: Any,
    gates: Any,
) -> None:
    """Go through the steps, from states of zero on.

    Parameters
    ----------
    x : array of shape (n_samples, n_timesteps, n_features)
    w_ih, w_hh, b_ih, b_hh : arrays
        Weights and biases as torch has them.
    hidden : array of shape (n_samples, n_timesteps, n_units)
        Is written: the hidden state after each step.
    read : array of shape (n_blocks, n_timesteps, 4, n_read)
        Is written: the hidden state before each step, its inputs, 1, and zeros.
    cells : array of shape (n_blocks, n_timesteps + 1, 4, n_units)
        Is written: the cell state before each step and after the last.
    gates : array of shape (n_blocks, n_timesteps, 4, 4 * n_units)
        Is written: the hyperbolic tangents of which the gates i, f, g and o are made.
    """
    n_samples, n_timesteps, n_features = x.shape
    n_units, n_read = hidden.shape[2], read.shape[3]
    zero, half = x.dtype.type(0), x.dtype.type(0.5)
    weights = _packed(w_ih, w_hh, b_ih, b_hh, n_read)
    all_read = read.reshape((-1, 4 * n_read))
    all_cells = cells.reshape((-1, 4 * n_units))
    all_gates = gates.reshape((-1, 16 * n_units))
    parts = gates.reshape((-1, 4, n_units))
    now = np.empty((4, n_read), x.dtype)
    cell = np.empty((4, n_units), x.dtype)
    total = np.empty((4, 4 * n_units), x.dtype)
    flat_now, flat_cell, flat_total = now.ravel(), cell.ravel(), total.ravel()
    for block in range(len(read)):
        flat_now[:] = zero
        flat_cell[:] = zero
        now[:, n_units + n_features] = 1
        for t in range(n_timesteps):
            step = block * n_timesteps + t
            for i in range(4):
                row = min(4 * block + i, n_samples - 1)
                for j in range(n_features):
                    now[i, n_units + j] = x[row, t, j]
            for j in range(4 * n_read):
                all_read[step, j] = flat_now[j]
            for j in range(4 * n_units):
                all_cells[step + block, j] = flat_cell[j]
            for j in range(16 * n_units):
                flat_total[j] = zero
            _add_product(now, weights, total)
            for j in range(16 * n_units):
                all_gates[step, j] = tanh(flat_total[j])
            for i in range(4):
                k = 4 * step + i
                for j in range(n_units):
                    f = half + half * parts[k, 1, j]
                    put_in = (half + half * parts[k, 0, j]) * parts[k, 2, j]
                    cell[i, j] = f * cell[i, j] + put_in
                    o = half + half * parts[k, 3, j]
                    now[i, j] = o * tanh(cell[i, j])
            for i in range(min(4, n_samples - 4 * block)):
                for j in range(n_units):
                    hidden[4 * block + i, t, j] = now[i, j]
        for j in range(4 * n_units):
            all_cells[(block + 1) * (n_timesteps + 1) - 1, j] = flat_cell[j]


@_compiled
def backward(
    w_ih: Any,
    w_hh: Any,
    read: Any,
    cells: Any,
    gates: Any,
    grad: Any,
    d_x: Any,
    d_ih: Any,
    d_hh: Any,
    d_bias: Any,
) -> None:
    """Go through the steps backwards.

    Parameters
    ----------
    w_ih, w_hh, read, cells, gates : arrays
        As `forward` takes and gives them.
    grad : array of shape (n_samples, n_timesteps, n_units)
        Gradient of the hidden states.
    d_x : array of shape (n_samples, n_timesteps, n_features), or with no features
        Is written, if it has any.
    d_ih, d_hh : arrays of the shapes of the weights
    d_bias : array of shape (4 * n_units,)
        Are written.
    """
    n_samples, n_timesteps, n_units = grad.shape
    n_read, n_features = read.shape[3], d_x.shape[2]
    zero, one = grad.dtype.type(0), grad.dtype.type(1)
    half, quarter = grad.dtype.type(0.5), grad.dtype.type(0.25)
    weights = np.empty((4 * n_units, n_units + n_features), grad.dtype)
    weights[:, :n_units] = w_hh
    if n_features > 0:
        weights[:, n_units:] = w_ih
    rows_read = read.reshape((-1, n_read))
    rows_cells = cells.reshape((-1, n_units))
    all_cells = cells.reshape((-1, 4 * n_units))
    parts = gates.reshape((-1, 4, n_units))
    d_now = np.empty((4, n_units + n_features), grad.dtype)
    d_cell = np.empty((4, n_units), grad.dtype)
    after = np.empty((4, n_units), grad.dtype)
    flat_now, flat_cell, flat_after = d_now.ravel(), d_cell.ravel(), after.ravel()
    # The gradient of what goes into the gates, for some steps.
    kept = np.empty((4 * N_STEPS, 4 * n_units), grad.dtype)
    d_gates = kept.reshape((-1, 4, n_units))
    # What these steps have read, column by column: fetched in the order of memory.
    columns = np.empty((n_read, 4 * N_STEPS), grad.dtype)
    d_weights = np.zeros((n_read, 4 * n_units), grad.dtype)
    for block in range(len(read)):
        n_rows = min(4, n_samples - 4 * block)
        flat_now[:] = zero
        flat_cell[:] = zero
        for t in range(n_timesteps - 1, -1, -1):
            step, place = block * n_timesteps + t, 4 * (t % N_STEPS)
            for i in range(n_rows):
                for j in range(n_units):
                    d_now[i, j] += grad[4 * block + i, t, j]
            for j in range(4 * n_units):
                flat_after[j] = tanh(all_cells[step + block + 1, j])
            for i in range(4):
                k, m = 4 * step + i, place + i
                before = 4 * (step + block) + i
                for j in range(n_units):
                    a, f = parts[k, 0, j], parts[k, 1, j]
                    g, o = parts[k, 2, j], parts[k, 3, j]
                    y, d_y = after[i, j], d_now[i, j]
                    d = d_cell[i, j] + d_y * (half + half * o) * (one - y * y)
                    d_gates[m, 0, j] = d * g * quarter * (one - a * a)
                    d_gates[m, 1, j] = d * rows_cells[before, j] * quarter * (one - f * f)
                    d_gates[m, 2, j] = d * (half + half * a) * (one - g * g)
                    d_gates[m, 3, j] = d_y * y * quarter * (one - o * o)
                    d_cell[i, j] = d * (half + half * f)
            for j in range(len(flat_now)):
                flat_now[j] = zero
            _add_product(kept[place : place + 4], weights, d_now)
            for i in range(n_rows):
                for j in range(n_features):
                    d_x[4 * block + i, t, j] = d_now[i, n_units + j]
            if place == 0:
                n = 4 * min(N_STEPS, n_timesteps - t)
                for m in range(n):
                    for k in range(n_read):
                        columns[k, m] = rows_read[4 * step + m, k]
                for k in range(0, n_read, 4):
                    _add_product(columns[k : k + 4, :n], kept[:n], d_weights[k : k + 4])
    for k in range(4 * n_units):
        for j in range(n_units):
            d_hh[k, j] = d_weights[j, k]
        for j in range(d_ih.shape[1]):
            d_ih[k, j] = d_weights[n_units + j, k]
        d_bias[k] = d_weights[n_units + d_ih.shape[1], k]
