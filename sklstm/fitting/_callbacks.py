"""scikit-learn's callbacks (1.9 and later), for estimators that run without them too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["CallbackSupportMixin", "fit_context", "fit_task", "handed_on"]

# Where an estimator keeps, while it is trained, the name of what it is inside of.
_NAME = "_fitted_as"

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # scikit-learn before 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stands in where scikit-learn has no callbacks."""


def fit_context(estimator: Any, max_epochs: int) -> Any:
    """Open the task of fit for scikit-learn's callbacks.

    Parameters
    ----------
    estimator : estimator
    max_epochs : int
        Number of tasks within it.

    Returns
    -------
    context : sklearn.callback.CallbackContext or None
        None where scikit-learn has no callbacks, or none is listening.
    """
    listening = hasattr(estimator, "_skl_callbacks") or hasattr(
        estimator, "_parent_callback_ctx"
    )
    if not listening or not hasattr(estimator, "_init_callback_context"):
        return None
    context = estimator._init_callback_context(max_subtasks=max_epochs)
    # scikit-learn's progress bar writes these before the estimator's own name, which leaves
    # no room for a bar in 80 columns; and where they are set, it draws one of a fit without
    # parts. The context's parent tells as much.
    context.source_estimator_name = context.source_task_name = None
    context.estimator_name = vars(estimator).get(_NAME, context.estimator_name)
    return context


@contextmanager
def fit_task(estimator: Any, X: Any, y: Any) -> Iterator[None]:
    """Make a fit without parts known to scikit-learn's callbacks.

    Parameters
    ----------
    estimator : estimator
    X, y : object
        The arguments of fit.

    Yields
    ------
    None
        Once, for the fit itself.
    """
    context = fit_context(estimator, 0)
    if context is not None:
        context.call_on_fit_task_begin(estimator=estimator, X=X, y=y)
    yield
    if context is not None:
        context.call_on_fit_task_end(estimator=estimator, X=X, y=y)


@contextmanager
def handed_on(adapter: Any, estimator: Any) -> Iterator[None]:
    """Let the callbacks of an adapter hear the fit of the estimator inside it.

    Parameters
    ----------
    adapter : estimator
        Its callbacks, and what a search or a pipeline around it has attached to it, are the
        estimator's meanwhile; and so is its name, the one that users know.
    estimator : estimator
        Has neither afterwards, so that they do not travel with it.

    Yields
    ------
    None
        Once, for the fit itself.

    Examples
    --------
    >>> from sklstm import LSTMRegressor
    >>> adapter, inside = LSTMRegressor(), LSTMRegressor()
    >>> adapter._skl_callbacks = ["a callback"]
    >>> with handed_on(adapter, inside):
    ...     inside._skl_callbacks
    ['a callback']
    >>> hasattr(inside, "_skl_callbacks")
    False
    """
    names = ("_skl_callbacks", "_parent_callback_ctx")
    handed = {name: getattr(adapter, name) for name in names if hasattr(adapter, name)}
    handed[_NAME] = vars(adapter).get(_NAME, type(adapter).__name__)
    vars(estimator).update(handed)
    try:
        yield
    finally:
        for name in handed:
            vars(estimator).pop(name, None)
