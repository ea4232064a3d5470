"""scikit-learn's callbacks (1.9 and later), for estimators that run without them too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["CallbackSupportMixin", "fit_context", "fit_task"]

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
    return estimator._init_callback_context(max_subtasks=max_epochs)


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
