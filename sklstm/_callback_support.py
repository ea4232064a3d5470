"""scikit-learn's callbacks (1.9 and later), for estimators that run without them too."""

from __future__ import annotations

from typing import Any

__all__ = ["CallbackSupportMixin", "fit_context"]

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
