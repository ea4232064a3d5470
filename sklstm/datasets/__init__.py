"""Data to learn with, packaged or made by a seed: nothing is downloaded."""

from ._load import make_load
from ._netflix import load_netflix
from ._sequences import make_activities, make_dates, make_sentences
from ._stores import make_stores

__all__ = [
    "load_netflix",
    "make_activities",
    "make_dates",
    "make_load",
    "make_sentences",
    "make_stores",
]
