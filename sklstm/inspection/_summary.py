"""The parts of a network, what each gives, and how many weights it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from torch import nn

from ..network import Decoder, LSTMNetwork, RecurrentLayer
from ._inside import lstm_of

# Gates of each cell that have two biases where their equations have one.
ONE_BIAS = {"lstm": 4, "peephole": 4, "rnn": 1}


class Part(NamedTuple):
    """One part of a network.

    Attributes
    ----------
    name : str
    output : str
        Shape of what it gives of one sequence; T is the number of steps.
    n_parameters : int
    """

    name: str
    output: str
    n_parameters: int


@dataclass(frozen=True)
class NetworkSummary:
    """What a network is made of, as text and, in a notebook, as a table.

    Attributes
    ----------
    parts : list of Part
        In the order in which data flow through them.
    notes : list of str
    """

    parts: Sequence[Part]
    notes: Sequence[str]

    @property
    def n_parameters(self) -> int:
        """Weights in all."""
        return sum(part.n_parameters for part in self.parts)

    def __str__(self) -> str:
        rows = [("Part", "Output", "Weights"), *self._cells(), ("", "", self._total())]
        wide = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [
            f"{name:<{wide[0]}}  {output:<{wide[1]}}  {number:>{wide[2]}}".rstrip()
            for name, output, number in rows
        ]
        return "\n".join([*lines, *self.notes])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        cells = [
            f"<tr><td>{escape(name)}</td><td>{escape(output)}</td>"
            f"<td style='text-align: right'>{number}</td></tr>"
            for name, output, number in (*self._cells(), ("", "", self._total()))
        ]
        head = "<tr><th>Part</th><th>Output</th><th>Weights</th></tr>"
        notes = "".join(f"<p>{escape(note)}</p>" for note in self.notes)
        return f"<table>{head}{''.join(cells)}</table>{notes}"

    def _cells(self) -> list[tuple[str, str, str]]:
        return [(name, output, f"{number:,}") for name, output, number in self.parts]

    def _total(self) -> str:
        return f"{self.n_parameters:,}"


def summary(estimator: Any) -> NetworkSummary:
    """Sum up the network of a fitted estimator: its parts, their outputs and weights.

    Parameters
    ----------
    estimator : estimator
        A fitted `LSTMRegressor` or `LSTMClassifier`, a pipeline or a search that ends in
        one, or an estimator of `sklstm.sktime`.

    Returns
    -------
    summary : NetworkSummary
        Prints as a table, and shows as one in a notebook; `parts` and `n_parameters` have
        the numbers. T is the number of steps of a sequence.

    Notes
    -----
    torch gives each gate two biases, which are added, where the equations have one. Other
    libraries, such as Keras, count one; a note has that number. (Of a GRU both are needed
    for the candidate, and Keras counts them too.)

    Examples
    --------
    Three layers of 50 units over one feature, and one output:

    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> from sklstm.inspection import summary
    >>> X = np.random.default_rng(0).normal(size=(40, 30))
    >>> model = LSTMRegressor(hidden_size=50, num_layers=3, max_epochs=1).fit(X, X[:, 0])
    >>> summary(model)
    Part     Output   Weights
    lstm 1   (T, 50)   10,600
    lstm 2   (T, 50)   20,400
    lstm 3   (T, 50)   20,400
    pooling (last)  (50,)          0
    head     (1,)          51
                       51,451
    Of these, 600 are second biases. Counted with one bias a gate: 50,851.
    """
    model = lstm_of(estimator)._model
    parts = list(_parts(model.network, model.architecture))
    return NetworkSummary(parts, _notes(model.network, model.architecture["cell"]))


def _parts(network: LSTMNetwork, architecture: dict[str, Any]) -> Iterator[Part]:
    """Go through the parts as data do."""
    steps, n_features = "T", architecture["input_size"]
    if network.skip is not None:
        yield Part(
            "seasonal skip", f"({len(network.forecast_features)},)", _count(network.skip)
        )
    if network.normaliser is not None:
        name = f"normaliser ({architecture['instance_norm']})"
        yield Part(name, f"(T, {n_features})", _count(network.normaliser))
    if network.embedding is not None:
        n_features = len(network.read_features(n_features))
        yield Part("embedding", f"(T, {n_features})", _count(network.embedding))
    if network.convolutions is not None:
        n_features = architecture["conv_filters"][-1]
        yield Part("convolutions", f"(T, {n_features})", _count(network.convolutions))
    if network.patches is not None:
        steps = f"T/{network.patch_length}"
        shape = f"({steps}, {network.hidden_size})"
        yield Part("patches", shape, _count(network.patches))
    cell, width = architecture["cell"], network.core.output_size
    for number, layer in enumerate(network.core.layers, 1):
        both = ", both directions" if _has_both(layer) else ""
        yield Part(f"{cell} {number}{both}", f"({steps}, {width})", _count(layer))
    n_outputs = architecture["output_size"]
    if network.return_sequences:
        if network.step_attention is not None:
            shape = f"({steps}, {width})"
            yield Part("attention to the steps", shape, _count(network.step_attention))
        yield Part("head", f"({steps}, {n_outputs})", _count(network.head))
        return
    pooling = f"pooling ({network.pooling.method})"
    yield Part(pooling, f"({width},)", _count(network.pooling))
    if network.branch is not None:
        n_filters = architecture["conv_filters"][-1]
        yield Part("convolutions beside", f"({n_filters},)", _count(network.branch))
    head = "decoder" if isinstance(network.head, Decoder) else "head"
    yield Part(head, f"({n_outputs},)", _count(network.head))


def _has_both(layer: nn.Module) -> bool:
    assert isinstance(layer, RecurrentLayer)
    return layer.backwards is not None


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _notes(network: LSTMNetwork, cell: str) -> list[str]:
    """Say how many weights others would count."""
    if cell not in ONE_BIAS:
        return []
    layers = [*network.core.layers]
    n_directions = sum(1 + _has_both(layer) for layer in layers)
    second = n_directions * ONE_BIAS[cell] * network.hidden_size
    if isinstance(network.head, Decoder):
        second += ONE_BIAS[cell] * network.hidden_size
    one = _count(network) - second
    return [
        f"Of these, {second:,} are second biases. Counted with one bias a gate: {one:,}."
    ]
