"""Rows into windows and targets: transformers, functions, and the lazy array."""

from ._cut import cut_sequences, join_sequences, pad_sequences
from ._function import sliding_windows
from ._reshaper import SequenceReshaper
from ._targets import future_targets
from ._tokens import TokenEncoder
from ._transformer import SlidingWindowTransformer
from ._windows import Windows

__all__ = [
    "SequenceReshaper",
    "SlidingWindowTransformer",
    "TokenEncoder",
    "Windows",
    "cut_sequences",
    "future_targets",
    "join_sequences",
    "pad_sequences",
    "sliding_windows",
]
