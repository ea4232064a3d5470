"""A graph as ONNX's own message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._version import __version__
from ._graph import Graph

if TYPE_CHECKING:
    from onnx import ModelProto

# What the operators are read by. Runtimes of 2023 and later know these.
OPSETS = {"": 18, "ai.onnx.ml": 3}
IR_VERSION = 8

# Name by input or output: its type, and the names of its axes.
Signature = dict[str, tuple[Any, tuple[str | int, ...]]]


def as_model(
    graph: Graph, inputs: Signature, outputs: Signature, metadata: dict[str, str]
) -> ModelProto:
    """Turn a graph into a model of ONNX.

    Parameters
    ----------
    graph : Graph
        Whose outputs have the names of `outputs`.
    inputs, outputs : dict of str to (dtype, shape)
        An axis that has a name in place of a size may have any.
    metadata : dict of str to str

    Returns
    -------
    model : onnx.ModelProto

    Raises
    ------
    ImportError
        If onnx is not installed.
    """
    try:
        from onnx import helper, numpy_helper
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx. Install it with `pip install sklstm[onnx]`."
        ) from error

    def attribute(value: Any) -> Any:
        if isinstance(value, Graph):
            return helper.make_graph(nodes(value), "branch", [], infos(value))
        if isinstance(value, np.dtype):
            return helper.np_dtype_to_tensor_dtype(value)
        return numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value

    def nodes(graph: Graph) -> list[Any]:
        return [
            helper.make_node(
                node.operator,
                node.inputs,
                node.outputs,
                name=node.outputs[0],
                domain=node.domain,
                **{name: attribute(value) for name, value in node.attributes.items()},
            )
            for node in graph.nodes
        ]

    def info(name: str, dtype: Any, shape: Any = None) -> Any:
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return helper.make_tensor_value_info(name, kind, shape)

    def infos(graph: Graph) -> list[Any]:
        return [info(name, dtype) for name, dtype in graph.outputs.items()]

    model = helper.make_model(
        helper.make_graph(
            nodes(graph),
            "sklstm",
            [info(name, *value) for name, value in inputs.items()],
            [info(name, *value) for name, value in outputs.items()],
            [numpy_helper.from_array(v, name) for name, v in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid(*opset) for opset in OPSETS.items()],
        ir_version=IR_VERSION,
        producer_name="sklstm",
        producer_version=__version__,
    )
    helper.set_model_props(model, metadata)
    return model
