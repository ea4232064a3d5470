"""Files of models: arrays and plain values, which run no code when they are read."""

from ._estimators import load, save
from ._trusted import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES", "load", "save"]
