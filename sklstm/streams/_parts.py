"""A fitted model taken apart: steps on rows, windows, and what reads the windows."""

from __future__ import annotations

from copy import copy
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..estimators import ConformalClassifier, ConformalRegressor, LSTMOutlierDetector
from ..estimators._lstm import LSTMEstimator
from ..fitting._inside import unwrapped
from ..fitting._numbers import is_integer
from ..fitting._one_step import as_it_stands
from ..windows import SlidingWindowTransformer

# Where estimators around a pipeline keep what they have fitted.
AROUND: dict[type, str] = {
    ConformalClassifier: "estimator_",
    ConformalRegressor: "estimator_",
    TransformedTargetRegressor: "regressor_",
}
# Where conformal ones remember the rows of their calibration.
_SEEN = "_seen"
_READERS = (LSTMEstimator, LSTMOutlierDetector)


class Parts(NamedTuple):
    """What a row goes through.

    Attributes
    ----------
    steps : list of (str, transformer)
        That see rows, in their order.
    windows : SlidingWindowTransformer
        Fitted.
    tail : estimator
        That reads windows: the end of a pipeline, with the steps between.

    Notes
    -----
    All are shallow copies: they share what they have learnt with the model, and stay as
    they are when that is fitted again.
    """

    steps: list[tuple[str, Any]]
    windows: SlidingWindowTransformer
    tail: Any


def take_apart(model: Any, window_length: int | None) -> Parts:
    """Find the windows in a model.

    Parameters
    ----------
    model : estimator
        Fitted.
    window_length : int or None
        Rows of a window, of a model that has no windows in it.

    Returns
    -------
    parts : Parts

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If it reads neither windows of rows nor sequences.
    ValueError
        If windows are made twice, or it cannot be told how many rows a window has.
    """
    if not hasattr(model, "predict") or isinstance(model, type):
        raise TypeError(
            "model must be a fitted estimator of sklstm, or a pipeline of steps on rows,"
            f" SlidingWindowTransformer and an estimator. Got {model!r:.80}."
        )
    check_is_fitted(model)
    steps, windows, tail = _split(model)
    if getattr(_reader(tail), "return_sequences", False):
        raise ValueError(
            "return_sequences must be False in a stream, which predicts what follows the"
            " last row. Got True."
        )
    if windows is not None:
        if window_length is not None:
            raise ValueError(
                "window_length must be None for a model with SlidingWindowTransformer,"
                f" which has its own. Got {window_length!r}."
            )
        # Whoever fits the model again fits its steps in place.
        steps = [(name, copy(step)) for name, step in steps]
        return Parts(steps, as_it_stands(windows), tail)
    if steps or not isinstance(_reader(tail), _READERS):
        raise TypeError(
            "model must have a SlidingWindowTransformer before what reads its windows, or"
            " be an LSTM by itself. Got one that makes none of its rows:"
            f" {type(model).__name__}."
        )
    return Parts([], _windows_of(_reader(tail), window_length), tail)


def _split(
    model: Any,
) -> tuple[list[tuple[str, Any]], SlidingWindowTransformer | None, Any]:
    """Give the steps on rows, the windows if there are any, and what comes after."""
    model = unwrapped(model)
    around = _inside_of(model)
    if around is not None:
        steps, windows, tail = _split(getattr(model, around))
        outside = as_it_stands(model)
        vars(outside)[around] = tail
        return steps, windows, outside
    if not isinstance(model, Pipeline):
        return [], None, as_it_stands(model)
    before = [(n, s) for n, s in model.steps[:-1] if s is not None and s != "passthrough"]
    inner, windows, tail = _split(model.steps[-1][1])
    steps = before + inner
    places = [i for i, (_, step) in enumerate(steps) if _makes_windows(step)]
    if len(places) + (windows is not None) > 1:
        raise ValueError(
            "model must make windows once: a second SlidingWindowTransformer looks at other"
            " rows of what the first one gives. Got several."
        )
    if not places:
        return steps, windows, tail
    place = places[0]
    after = steps[place + 1 :]
    if after:
        between = [(name, copy(step)) for name, step in after]
        tail = Pipeline([*between, (model.steps[-1][0], tail)])
    return steps[:place], steps[place][1], tail


def _inside_of(model: Any) -> str | None:
    """Name the attribute in which an estimator keeps the one inside, if there is one."""
    return next((name for kind, name in AROUND.items() if isinstance(model, kind)), None)


def _makes_windows(step: Any) -> bool:
    return isinstance(step, SlidingWindowTransformer)


def _reader(tail: Any) -> Any:
    """Give what reads the windows in the end, inside of a conformal estimator."""
    around = _inside_of(tail)
    return tail if around is None else _reader(getattr(tail, around))


def _windows_of(reader: Any, window_length: int | None) -> SlidingWindowTransformer:
    """Make the windows that an estimator of sequences reads."""
    is_detector = isinstance(reader, LSTMOutlierDetector)
    layout = reader._layout if is_detector else reader._model.encoding.layout
    if is_detector:
        known = reader._errors.expectation.n_steps
    else:
        known = layout.n_features_in if layout.n_dims == 2 else None
    if known is not None and window_length not in (None, known):
        raise ValueError(
            f"window_length must be {known}, as in fit, or None. Got {window_length!r}."
        )
    length = known if window_length is None else window_length
    if not is_integer(length, least=1):
        raise ValueError(
            "window_length must be the number of steps of a sequence, an int of at least 1,"
            f" for an LSTM that reads sequences of any length. Got {window_length!r}."
        )
    flat = layout.n_dims == 2
    windows = SlidingWindowTransformer(int(length), output="2d" if flat else "3d")
    windows.fit(np.zeros((1, 1 if flat else layout.n_features_in)))
    if not flat and layout.feature_names_in is not None:
        windows.feature_names_in_ = layout.feature_names_in
    return windows


def last_step(tail: Any) -> Any:
    """Give what predicts at the end of a tail."""
    return tail.steps[-1][1] if isinstance(tail, Pipeline) else tail


def put_together(parts: Parts, model: Any) -> Any:
    """Give the model with what its end has learnt since.

    Parameters
    ----------
    parts : Parts
    model : estimator
        As it was taken apart.

    Returns
    -------
    model : estimator
        A copy.
    """
    return _replaced(model, as_it_stands(last_step(parts.tail)))


def _replaced(model: Any, last: Any) -> Any:
    model = unwrapped(model)
    if isinstance(model, Pipeline):
        other = as_it_stands(model)
        (name, step), before = model.steps[-1], model.steps[:-1]
        other.steps = [*before, (name, _replaced(step, last))]
        return other
    around = _inside_of(model)
    if around is not None:
        # What is inside reads rows in the model, and windows in the tail; and which rows
        # have been seen, a stream knows by itself.
        kept = {
            name: value for name, value in vars(model).items() if name in (around, _SEEN)
        }
        vars(last).update(kept)
    return last
