"""Rows into windows: the transformer, the reshaper, the function, and the lazy array."""

from ._function import sliding_windows
from ._reshaper import SequenceReshaper
from ._transformer import SlidingWindowTransformer
from ._windows import Windows

__all__ = ["SequenceReshaper", "SlidingWindowTransformer", "Windows", "sliding_windows"]
