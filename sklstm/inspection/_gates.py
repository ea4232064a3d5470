"""What the gates and the states of a recurrent layer do at each step."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Bunch

from ..fitting._numbers import is_integer
from ..training import TrainedModel
from ._inside import inside

Array = NDArray[Any]
DIRECTIONS = ("forwards", "backwards")
# What lies between 0 and 1; the rest has both signs.
GATES = ("input", "forget", "output", "reset", "update")


def gate_activations(
    estimator: Any,
    X: Any,
    *,
    layer: int = -1,
    direction: Literal["forwards", "backwards"] = "forwards",
) -> Bunch:
    r"""Compute the gates and the states of a recurrent layer at each step.

    Of an LSTM [1]_, with :math:`\sigma` the logistic function,

    .. math::
        i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i), \quad
        f_t = \sigma(W_f x_t + U_f h_{t-1} + b_f), \\
        g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g), \quad
        o_t = \sigma(W_o x_t + U_o h_{t-1} + b_o), \\
        c_t &= f_t \, c_{t-1} + i_t \, g_t, \quad h_t = o_t \tanh(c_t)

    The input gate :math:`i` lets the candidate :math:`g` into the cell, the forget gate
    :math:`f` keeps what is there, and the output gate :math:`o` shows it. A GRU has the
    gates "reset" :math:`s` and "update" :math:`z`, which keeps what is there,

    .. math:: n_t = \tanh(W_n x_t + b_n + s_t (U_n h_{t-1} + b'_n)), \quad
        h_t = (1 - z_t) n_t + z_t h_{t-1};

    a plain RNN has its hidden state alone.

    Parameters
    ----------
    estimator : estimator
        A fitted `LSTMRegressor` or `LSTMClassifier`, a pipeline or a search that ends in
        one, or an estimator of `sklstm.sktime`.
    X : array-like of shape (n_samples, n_timesteps[, n_features])
        What the estimator predicts from: rows, for a pipeline over rows; series, for an
        estimator of whole series. For `LSTMForecaster` series as in its `fit`, whose
        windows with a known target are taken, or a tuple of them and the columns beside;
        or None for the windows that it forecasts from, with ``(None, X)`` where columns are
        known ahead.
    layer : int, default=-1
        Number of the recurrent layer, from the input on; negative from the output.
    direction : {"forwards", "backwards"}, default="forwards"
        Which of two directions, with ``bidirectional=True``.

    Returns
    -------
    activations : Bunch
        Arrays of shape (n_samples, n_timesteps, hidden_size) by name: "input", "forget",
        "candidate", "output", "cell" and "hidden" of an LSTM; "reset", "update",
        "candidate" and "hidden" of a GRU; "hidden" of an RNN. Steps are those of X,
        whichever direction reads them; unobserved steps are NaN. All steps of a patch have
        the values of its recurrent step.

    Raises
    ------
    ValueError
        If there is no such layer or direction.

    References
    ----------
    .. [1] Gers, F. A., Schmidhuber, J. & Cummins, F. (2000). Learning to forget: continual
       prediction with LSTM. Neural Computation, 12(10).

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import gate_activations
    >>> X = np.random.default_rng(0).normal(size=(40, 6, 2))
    >>> model = LSTMRegressor(hidden_size=3, max_epochs=2).fit(X, X[:, 0, 0])
    >>> gates = gate_activations(model, X)
    >>> gates.forget.shape
    (40, 6, 3)
    >>> bool(np.allclose(gates.hidden, gates.output * np.tanh(gates.cell), atol=1e-6))
    True
    """
    if direction not in DIRECTIONS:
        raise ValueError(f"direction must be 'forwards' or 'backwards'. Got {direction!r}.")
    lstm, sequences = inside(estimator, X)
    model, windows = lstm._fitted(sequences)
    backwards = direction == "backwards"
    return Bunch(
        **model.trace(windows, _depth(model, layer, backwards), backwards=backwards)
    )


def saturation(
    activations: ArrayLike, *, low: float = 0.1, high: float = 0.9
) -> tuple[Array, Array]:
    """Tell how often each unit of a gate is nearly shut, and how often nearly open.

    As Karpathy et al. [1]_ draw it. A unit whose forget gate is nearly always open keeps
    what it has seen; one whose gates are nearly always shut does nothing.

    Parameters
    ----------
    activations : array-like of shape (n_samples, n_timesteps, hidden_size)
        Of one gate, as `gate_activations` gives them. NaN is an unobserved step. Candidates
        and states are no gates: they have both signs, and nothing to shut.
    low, high : float, default=0.1 and 0.9
        Below and above which a gate is nearly shut, or nearly open.

    Returns
    -------
    shut, open : ndarray of shape (hidden_size,)
        Shares of the observed steps; NaN if there is none.

    Raises
    ------
    ValueError
        If activations are not of three dimensions, or not between 0 and 1; or if `low` and
        `high` are no shares.

    See Also
    --------
    sklstm.plotting.SaturationDisplay : Both shares of each unit, gate by gate.

    References
    ----------
    .. [1] Karpathy, A., Johnson, J. & Fei-Fei, L. (2015). Visualizing and understanding
       recurrent networks. arXiv:1506.02078.

    Examples
    --------
    >>> from sklstm.inspection import saturation
    >>> forget = [[[0.95, 0.5], [0.99, 0.05]]]
    >>> saturation(forget)
    (array([0. , 0.5]), array([1., 0.]))
    """
    gate = np.asarray(activations, np.float64)
    if gate.ndim != 3:
        raise ValueError(
            "activations must be of shape (n_samples, n_timesteps, hidden_size). Got shape"
            f" {gate.shape}."
        )
    least, most = np.nanmin(gate, initial=np.inf), np.nanmax(gate, initial=-np.inf)
    if least < 0 or most > 1:
        raise ValueError(
            "activations must be those of a gate, between 0 and 1. Got values from"
            f" {least:.3g} to {most:.3g}."
        )
    if not 0 <= low <= high <= 1:
        raise ValueError(
            f"low and high must be shares, 0 <= low <= high <= 1. Got {low} and {high}."
        )
    units = gate.reshape(-1, gate.shape[2])
    n_observed = (~np.isnan(units)).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return (units < low).sum(axis=0) / n_observed, (units > high).sum(
            axis=0
        ) / n_observed


def _depth(model: TrainedModel, layer: int, backwards: bool) -> int:
    """Check which layer and direction are asked for; give the number of the layer."""
    layers = model.network.core.layers
    if not is_integer(layer) or not -len(layers) <= layer < len(layers):
        raise ValueError(
            f"layer must be an int from {-len(layers)} to {len(layers) - 1}, as there are"
            f" {len(layers)} recurrent layers. Got {layer!r}."
        )
    if backwards and not model.architecture["bidirectional"]:
        raise ValueError(
            "direction must be 'forwards' where bidirectional=False. Got 'backwards'."
        )
    return int(layer) % len(layers)
