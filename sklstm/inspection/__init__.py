"""Look into a trained LSTM: its parts, its gates, and what its predictions rest on."""

from ._attributions import attributions
from ._gates import gate_activations, saturation
from ._gradient_norms import gradient_norms
from ._importance import sequence_permutation_importance
from ._summary import summary

__all__ = [
    "attributions",
    "gate_activations",
    "gradient_norms",
    "saturation",
    "sequence_permutation_importance",
    "summary",
]
