"""Predictions of rows that come one by one."""

from ._stream import StreamPredictor

__all__ = ["StreamPredictor"]
