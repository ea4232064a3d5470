"""A graph of ONNX's operators, written down one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from torch import Tensor

Array = NDArray[Any]
# What an operator reads: the name of a value, or a constant; None leaves an input out.
Input = str | Array | Tensor | float | Sequence[int] | None


@dataclass(frozen=True)
class Node:
    """One operator.

    Attributes
    ----------
    operator : str
    inputs, outputs : tuple of str
        Names of values; "" is an input that is left out.
    domain : str
        Of the operator; "" is ONNX's own.
    attributes : dict of str to object
        Numbers, strings, arrays, dtypes, sequences of them, or a `Graph`.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    domain: str
    attributes: dict[str, Any]


class Graph:
    """Operators in the order in which they are computed, and the constants they read.

    Parameters
    ----------
    around : Graph or None, default=None
        The graph of which this is a branch, whose values it may read.

    Attributes
    ----------
    nodes : list of Node
    constants : dict of str to ndarray
        By name; those of branches too.
    outputs : dict of str to dtype
        What the graph gives.

    Examples
    --------
    >>> graph = Graph()
    >>> total = graph.op("Add", "x", 1.0)
    >>> graph.nodes[0].operator, graph.nodes[0].inputs, total
    ('Add', ('x', 'constant_0'), 'add_1')
    """

    def __init__(self, around: Graph | None = None) -> None:
        self.nodes: list[Node] = []
        self.outputs: dict[str, np.dtype[Any]] = {}
        self.constants: dict[str, Array] = {} if around is None else around.constants
        self._names: list[str] = [] if around is None else around._names

    def op(self, operator: str, *inputs: Input, domain: str = "", **attributes: Any) -> str:
        """Write an operator of one output.

        Parameters
        ----------
        operator : str
        *inputs : str, constant or None
            A float is a constant of float32, an int and a sequence of int of int64, and an
            array or a tensor of its own type.
        domain : str, default=""
        **attributes : object

        Returns
        -------
        output : str
        """
        return self.ops(operator, 1, *inputs, domain=domain, **attributes)[0]

    def ops(
        self,
        operator: str,
        n_outputs: int,
        *inputs: Input,
        domain: str = "",
        **attributes: Any,
    ) -> tuple[str, ...]:
        """Write an operator of several outputs.

        Parameters
        ----------
        operator, *inputs, domain, **attributes
            As in `op`.
        n_outputs : int

        Returns
        -------
        outputs : tuple of str
        """
        names = tuple(self._name_of(value) for value in inputs)
        outputs = tuple(self._new_name(operator.lower()) for _ in range(n_outputs))
        self.nodes.append(Node(operator, names, outputs, domain, attributes))
        return outputs

    def cast(self, value: str, dtype: DTypeLike) -> str:
        """Write a change of type."""
        return self.op("Cast", value, to=np.dtype(dtype))

    def branch(self) -> Graph:
        """Give a graph that reads the values of this one."""
        return Graph(around=self)

    def give(
        self, value: str, dtype: DTypeLike = np.float32, name: str | None = None
    ) -> None:
        """Let a value be an output of the graph.

        Parameters
        ----------
        value : str
        dtype : dtype-like, default=numpy.float32
        name : str or None, default=None
            Of the output; None makes one up.
        """
        output = name or self._new_name("output")
        self.nodes.append(Node("Identity", (value,), (output,), "", {}))
        self.outputs[output] = np.dtype(dtype)

    def _name_of(self, value: Input) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        name = self._new_name("constant")
        self.constants[name] = as_array(value)
        return name

    def _new_name(self, kind: str) -> str:
        self._names.append(f"{kind}_{len(self._names)}")
        return self._names[-1]


def as_array(value: Any) -> Array:
    """Give a constant as an array of the type in which the graph computes.

    Parameters
    ----------
    value : ndarray, Tensor, float, int or sequence of int

    Returns
    -------
    array : ndarray
        Of float32 where a tensor or a number of Python's is real, of int64 where it is
        whole; an ndarray keeps its type.

    Examples
    --------
    >>> as_array(0.5).dtype, as_array([1, 2]).dtype
    (dtype('float32'), dtype('int64'))
    """
    if isinstance(value, np.ndarray):
        return value
    is_tensor = isinstance(value, Tensor)
    array = value.detach().cpu().numpy() if is_tensor else np.asarray(value)
    if array.dtype.kind == "b":
        return array
    return array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
