"""Files of models, which run no code when they are read; and rows in files.

`map_dataset` needs pyarrow, when it is called.
"""

from ._dataset import MappedRows, map_dataset
from ._estimators import load, save
from ._trusted import TRUSTED_TYPES

__all__ = ["TRUSTED_TYPES", "MappedRows", "load", "map_dataset", "save"]
