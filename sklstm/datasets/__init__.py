"""Data to learn with, packaged: nothing is downloaded."""

from ._netflix import load_netflix

__all__ = ["load_netflix"]
