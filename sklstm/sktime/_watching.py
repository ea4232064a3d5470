"""Watching the fit of the estimator inside of an sktime estimator, and its own picture."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, ClassVar

from ..fitting._available import available_where
from ..fitting._callbacks import CallbackSupportMixin
from ..fitting._doc_links import doc_link_html

# sktime keeps what is configured through `reset`, which each fit begins with, and through
# clones, those of estimators within others among them.
_CONFIG = "sklearn_callbacks"


class _Shared:
    """Callbacks that clones and copies share, as those of scikit-learn's estimators do."""

    def __init__(self, callbacks: list[Any]) -> None:
        self.callbacks = callbacks

    def __deepcopy__(self, memo: Any) -> _Shared:
        return self


def _knows_callbacks(adapter: Any) -> None:
    if not hasattr(CallbackSupportMixin, "set_callbacks"):
        raise AttributeError("set_callbacks needs scikit-learn 1.9 or later.")


def of_inside(name: str) -> property:
    """Show a fitted attribute of the estimator inside."""

    def look(adapter: Any) -> Any:
        try:
            estimator = attrgetter(adapter._inside)(adapter)
        except AttributeError:
            kind = type(adapter).__name__
            raise AttributeError(f"{kind} has no {name} before fit is called.") from None
        return getattr(estimator, name)

    return property(look)


class LinkedMixin:
    """Puts a link to the documentation below the picture of an sktime estimator.

    As scikit-learn does for its own; sktime's pictures have none.
    """

    def _repr_html_inner(self) -> str:
        return _linked(self, super()._repr_html_inner())  # type: ignore[misc]

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] = _linked(self, bundle["text/html"])
        return bundle


def _linked(estimator: Any, picture: str) -> str:
    link = doc_link_html(estimator)
    return f"{picture}<div>{link}</div>" if link else picture


class WatchedMixin(LinkedMixin):
    """Lets an sktime estimator tell how the one inside is trained, and was."""

    # Where the fitted estimator inside is.
    _inside: ClassVar[str]

    @available_where(_knows_callbacks)
    def set_callbacks(self, *callbacks: Any) -> Any:
        """Set scikit-learn's callbacks, which hear the fit of the estimator inside.

        Parameters
        ----------
        *callbacks : callbacks of scikit-learn
            Such as `sklearn.callback.ProgressBar`. None is to take away those that are set.

        Returns
        -------
        self : estimator

        Raises
        ------
        TypeError
            If one of them is no such callback.
        """
        CallbackSupportMixin().set_callbacks(*callbacks)  # which checks them
        self._skl_callbacks = list(callbacks)
        return self

    @property
    def _skl_callbacks(self) -> list[Any]:
        """The callbacks, under the name by which scikit-learn looks for them."""
        shared = self.get_config().get(_CONFIG)  # type: ignore[attr-defined]
        if shared is None or not shared.callbacks:
            raise AttributeError(f"{type(self).__name__} has no callbacks.")
        return shared.callbacks

    @_skl_callbacks.setter
    def _skl_callbacks(self, callbacks: list[Any]) -> None:
        self.set_config(**{_CONFIG: _Shared(callbacks)})  # type: ignore[attr-defined]

    n_epochs_ = of_inside("n_epochs_")
    best_epoch_ = of_inside("best_epoch_")
    loss_curve_ = of_inside("loss_curve_")
    validation_loss_curve_ = of_inside("validation_loss_curve_")
