"""What a model says of single windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_outlier_detector
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from ..estimators import LSTMClassifier, LSTMRegressor
from ..estimators._predictive import loss_of
from ..windows import Windows
from ._one_window import OneWindow, serves
from ._parts import AROUND, Parts, last_step
from ._row_wise import RowWise, is_trusted
from ._series import window_of

# Made-up windows that show whether a step looks at others.
N_WINDOWS = 8


class WindowReader:
    """Asks a model about one window at a time.

    Parameters
    ----------
    parts : Parts
    """

    def __init__(self, parts: Parts) -> None:
        transformer = parts.windows
        self.tail = parts.tail
        self.lags = transformer.lags_
        self.is_flat = transformer.output == "2d"
        is_edge = transformer.padding == "edge"
        self.padding: Any = "edge" if is_edge else float(transformer.padding)
        self.names = transformer._feature_names()
        self.is_detector = is_outlier_detector(last_step(self.tail))
        self._quick: OneWindow | None = None
        if isinstance(self.tail, Pipeline):
            self._check_steps(transformer._fitted.values.shape[1])
        check_target_transformers(self.tail)

    def window(self, rows: NDArray[Any]) -> Windows:
        """Give the window that ends at the last of some rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            From the first that it reaches.

        Returns
        -------
        window : Windows of shape (1, n_timesteps, n_features)
        """
        return window_of(rows, self.lags, self.padding, self.names)

    def as_read(self, windows: Windows) -> Any:
        """Give windows as the model takes them: as they are, or as flat columns."""
        if not self.is_flat:
            return windows
        table = np.asarray(windows).reshape(len(windows), -1)
        first = self.tail.steps[0][1] if hasattr(self.tail, "steps") else self.tail
        names = getattr(first, "feature_names_in_", None)
        if names is None:
            return table
        import pandas as pd

        return pd.DataFrame(table, columns=names)

    def say(self, rows: NDArray[Any], method: str, **params: Any) -> Any:
        """Give what a method of the model says of a window.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            From the first that the window reaches to its last.
        method : str
        **params : object
            Of the method.

        Returns
        -------
        said : object
            Of one sample: without the first axis of what the method gives.

        Raises
        ------
        AttributeError
            If the model has no such method.
        """
        window = self.window(rows)
        if not params and method in ("predict", "predict_proba"):
            said = self._say_quickly(window, method)
            if said is not None:
                return said
        given = getattr(self.tail, method)(self.as_read(window), **params)
        self._prepare(window)
        if isinstance(given, tuple):
            return tuple(part[0] for part in given)
        return given[0]

    def error(self, rows: NDArray[Any]) -> float:
        """Give how odd a window is; the larger, the odder."""
        return -float(self.say(rows, "score_samples"))

    def _check_steps(self, n_features: int) -> None:
        """Refuse steps between windows and estimator that look at other windows."""
        rng = np.random.default_rng(0)
        reach = int(self.lags[0])
        table = rng.normal(size=(reach + N_WINDOWS, n_features)).cumsum(axis=0)
        ends = np.arange(N_WINDOWS) + reach
        starts = np.zeros(N_WINDOWS, dtype=np.intp)
        windows = Windows(table, ends, starts, self.lags, self.padding, names=self.names)
        X = self.as_read(windows)
        for name, step in self.tail.steps[:-1]:
            if not is_trusted(step):
                RowWise(name, step).on_table(X)
            try:
                X = step.transform(X)
            except Exception:  # it wants other windows; a stream has some
                return

    def _say_quickly(self, window: Windows, method: str) -> Any:
        quick, tail = self._quick, self.tail
        if quick is None or quick.model is not tail._model:
            return None
        if type(tail) is LSTMRegressor and method == "predict":
            return loss_of(tail, quick.model).point(quick.predict(window))[0]
        if type(tail) is LSTMClassifier:
            probability = quick.predict(window)[0]
            return probability if method == "predict_proba" else tail.classes_[
                probability.argmax()
            ]  # fmt: skip
        return None

    def _prepare(self, window: Windows) -> None:
        """Make ready for the next windows, once the model has checked one of them."""
        if self.is_flat or type(self.tail) not in (LSTMRegressor, LSTMClassifier):
            return
        model = self.tail._model
        is_new = self._quick is None or self._quick.model is not model
        if is_new and serves(model):
            self._quick = OneWindow(model, window)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_quick": None}


def check_target_transformers(tail: Any) -> None:
    """Refuse targets that are transformed back by looking at others.

    Parameters
    ----------
    tail : estimator
        That reads windows; with others inside, maybe.

    Raises
    ------
    ValueError
        If one does so with made-up predictions.
    """
    if isinstance(tail, TransformedTargetRegressor) and not is_trusted(tail.transformer_):
        check = RowWise("transformer", tail.transformer_, "inverse_transform")
        check.on_made_up_rows()
    inner = getattr(tail, AROUND.get(type(tail), ""), None)
    inner = last_step(tail) if isinstance(tail, Pipeline) else inner
    if inner is not None:
        check_target_transformers(inner)
