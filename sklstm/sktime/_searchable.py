"""What scikit-learn's searches ask of an sktime estimator."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.base import BaseEstimator

from ..inspection._inside import Inside
from ._sequences import inspected

# Set by scikit-learn (1.9 and later) around a fit, taken away by it afterwards.
_ATTACHED = "_parent_callback_ctx"


class SearchableMixin:
    """Lets an sktime estimator of whole series be searched by scikit-learn.

    sktime's estimators have no tags in the form of scikit-learn, and `fit` resets them,
    which takes away what scikit-learn's searches have attached to them.
    """

    _estimator_class: ClassVar[type[BaseEstimator]]

    def __sklearn_tags__(self) -> Any:
        """Give the tags of the estimator inside."""
        return self._estimator_class().__sklearn_tags__()

    def _inspected(self, X: Any) -> Inside:
        return inspected(self, X)

    def reset(self) -> Any:
        """Reset to the state after construction, as sktime does.

        Returns
        -------
        self : estimator
        """
        attached = {_ATTACHED: getattr(self, _ATTACHED)} if hasattr(self, _ATTACHED) else {}
        super().reset()  # type: ignore[misc]
        self.__dict__.update(attached)
        return self
