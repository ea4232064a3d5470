"""Pickles that know the version that wrote them."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning

from .._version import __version__
from ._doc_links import DocLinks

_VERSION = "_sklstm_version"


class VersionedPickle(DocLinks, BaseEstimator):
    """Note the version of this package in a pickle, and warn where another reads it.

    scikit-learn does so for its own estimators alone, as it links its own alone to their
    pages: what all estimators of this package have beside `BaseEstimator`.

    Examples
    --------
    >>> from sklstm import SequenceReshaper
    >>> SequenceReshaper().__getstate__()["_sklstm_version"] == __version__
    True
    """

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), _VERSION: __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        version = state.pop(_VERSION, "unknown")
        if version != __version__:
            # The class and the versions are all that scikit-learn's message names.
            warning = InconsistentVersionWarning(
                estimator_name=type(self).__name__,
                current_sklearn_version=__version__,
                original_sklearn_version=version,
            )
            warnings.warn(warning, stacklevel=2)
        super().__setstate__(state)
