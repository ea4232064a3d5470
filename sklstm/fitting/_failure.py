"""Fits that fail or are interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ._callbacks import CALLBACK_STATE


@contextmanager
def unchanged_by_failure(estimator: Any) -> Iterator[dict[str, Any]]:
    """Take back what a failed or interrupted fit has set on an estimator.

    Parameters
    ----------
    estimator : estimator

    Yields
    ------
    kept : dict
        The attributes to go back to. A fit that keeps its whole epochs puts what they
        have set in here.
    """
    kept = estimator.__dict__.copy()
    try:
        yield kept
    except BaseException:
        now = estimator.__dict__
        # scikit-learn's callbacks are torn down after this, by what they left here.
        callbacks = {name: now[name] for name in CALLBACK_STATE if name in now}
        now.clear()
        now.update(kept | callbacks)
        raise
