"""Data to learn with, packaged or made by a seed: nothing is downloaded."""

from ._netflix import load_netflix
from ._sequences import make_activities, make_dates, make_sentences

__all__ = ["load_netflix", "make_activities", "make_dates", "make_sentences"]
