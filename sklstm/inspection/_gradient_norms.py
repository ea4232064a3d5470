"""How much of the gradient of the loss arrives at each step."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..estimators._start import Units, as_samples, where_known
from ..estimators._training import as_data, net_of
from ..network._core import RecurrentStack, as_stepwise
from ..training import TrainedModel
from ._inside import inside

# Sequences whose states are kept at a time.
BATCH_SIZE = 256


def gradient_norms(estimator: Any, X: Any, y: Any) -> NDArray[np.float64]:
    r"""Norm of the gradient of the loss with respect to the state after each step [1]_.

    .. math:: \left\lVert \frac{\partial L}{\partial (h_t, c_t)} \right\rVert_2

    over all samples, all layers, and both the hidden and the cell state. :math:`L` is the
    mean loss, as in training, without dropout. A state acts on it by what reads that state
    later: the next step, and, of the last layer, what pools the hidden states.

    Parameters
    ----------
    estimator : estimator
        A fitted LSTM, a pipeline or a search that ends in one, or one of whole series of
        `sklstm.sktime`.
    X : array-like
        As the `predict` of `estimator` takes it. Every step must be observed.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.

    Returns
    -------
    norms : ndarray of shape (n_timesteps,)
        Oldest step first, in the unit of the loss. The steps of a patch share its norm.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If there is no LSTM in it.
    ValueError
        If it is bidirectional, or a step is unobserved.

    References
    ----------
    .. [1] Hochreiter, S. and Schmidhuber, J. (1997). Long short-term memory. Neural
       Computation, 9(8), 1735-1780.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import gradient_norms
    >>> X = np.random.default_rng(0).normal(size=(60, 30))
    >>> model = LSTMRegressor(max_epochs=1, random_state=0).fit(X, X[:, -1])
    >>> norms = gradient_norms(model, X, X[:, -1])
    >>> norms.shape, bool(norms[0] < 1e-3 * norms[-1])
    ((30,), True)
    """
    lstm, sequences = inside(estimator, X)
    model, windows = lstm._fitted(sequences)
    if model.targets.kind == "future_rows":
        raise TypeError(
            "estimator must be no forecaster or detector, whose targets are rows of X. Got"
            f" {type(estimator).__name__}."
        )
    samples = where_known(as_samples(windows, model.targets, y, None), model.targets)
    units = Units(model.architecture, model.encoding, model.targets)
    data = as_data(model.network, units, samples)
    network, core = _with_states_kept(model)
    criterion = net_of(lstm, model).criterion_
    squares = torch.zeros((), dtype=torch.float64)
    with torch.enable_grad():
        for inputs, target in data.batches(BATCH_SIZE):
            lengths = inputs["lengths"]
            if lengths is not None and bool((lengths < windows.shape[1]).any()):
                raise ValueError(
                    "X must have every step observed, so that norms belong to steps. Got"
                    " steps that are NaN, or before the start of a series."
                )
            output = network(*(inputs[k] for k in ("x", "lengths", "future", "history")))
            loss = criterion(output, target, inputs["weight"], inputs["size"])
            (loss * len(output) / len(data)).backward()
            squares = squares + core.squares()
    if network.patches is not None:
        steps = squares[None, :, None]
        squares = network.patches.spread(steps, None, windows.shape[1]).flatten()
    return squares.sqrt().numpy()


def _with_states_kept(model: TrainedModel) -> tuple[Any, _KeptStates]:
    """Give a copy of the network, and its core, which keeps all states."""
    network: Any = copy.deepcopy(model.in_eval())
    if model.architecture.get("bidirectional"):
        raise ValueError(
            "estimator must read in one direction: of two, the state after a step depends"
            " on all steps. Got bidirectional=True."
        )
    network.core = _KeptStates(network.core)
    return network, network.core


class _KeptStates(nn.Module):
    """A recurrent core that keeps the state after each step, with its gradient."""

    def __init__(self, core: RecurrentStack) -> None:
        super().__init__()
        self.layers = [as_stepwise(layer.forwards) for layer in core.layers]  # type: ignore[arg-type]
        self.states: list[list[Tensor]] = []

    def forward(self, x: Tensor, lengths: Tensor | None) -> Tensor:
        """Give the hidden state of the last layer at each step."""
        self.states = [[] for _ in range(x.shape[1])]
        for layer in self.layers:
            state: tuple[Tensor, Tensor] | None = None
            hidden = []
            for kept, step in zip(self.states, x.split(1, dim=1), strict=True):
                values = next(layer._steps(step, state))
                # What is read of a state stands apart from what follows from the same step:
                # a hidden state from its cell state, a layer from the one below.
                own = [
                    values[name].clone() for name in ("hidden", "cell") if name in values
                ]
                kept += own
                state = own[0][None], own[-1][None]
                hidden.append(own[0] if layer is self.layers[-1] else values["hidden"])
            x = torch.stack(hidden, dim=1)
        for kept in self.states:
            for part in kept:
                part.retain_grad()
        return x

    def squares(self) -> Tensor:
        """Give the squared norm of the gradient at each step, in float64."""
        return torch.stack(
            [sum(map(_square, kept), torch.zeros(())) for kept in self.states]
        )


def _square(state: Tensor) -> Tensor:
    # A state that nobody reads any more has none.
    if state.grad is None:
        return torch.zeros(())
    return state.grad.double().square().sum().cpu()
