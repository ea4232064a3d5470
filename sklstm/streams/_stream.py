"""`StreamPredictor`: predictions of rows that come one by one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np

from ..anomaly import TailLikelihood
from ..fitting._numbers import is_integer
from ..fitting._one_step import as_it_stands
from ._flow import LIKELIHOOD, Flow
from ._parts import last_step, put_together, take_apart


class StreamPredictor:
    """Predict from rows that come one by one, as `predict` does from all together.

    A pipeline that is given the rows of a window to predict the last of them makes windows
    of all. A stream remembers the last rows of each series and asks the model about the
    one window that ends at the newest row. It gives the numbers that `predict` gives for
    that window, with series, gaps in time, lags, padding, ``context="fit"`` and missing
    rows as the model has them. However many rows come, it takes the same memory.

    The model itself is never changed: what is learnt from targets is learnt by a copy,
    `model_`.

    Parameters
    ----------
    model : estimator
        Fitted: a pipeline of steps that transform rows, `SlidingWindowTransformer` and any
        estimator; or an LSTM by itself, which then reads the last rows as they come. It may
        be inside a search, `FrozenEstimator`, `TransformedTargetRegressor`,
        `ConformalRegressor` or `ConformalClassifier`. Steps before the windows have to
        transform each row by itself.
    learn_every : int or None, default=None
        Once so many targets have come, the estimator goes through their windows with
        `partial_fit`. None learns nothing, but that conformal estimators always take true
        values in. 32 is a good number; 1 ruins a model.
    window_length : int or None, default=None
        Rows of a window, for an LSTM by itself that was fitted on 3-D sequences. Of others
        it is known.
    likelihood : bool or TailLikelihood, default=True
        Of a detector of outliers: whether its errors become a likelihood, which each series
        has its own of. A `TailLikelihood` that has seen errors which are usual is what each
        series begins with.
    max_rewind : int, default=100
        Rows that `rewind` can take back, and that can still get their target.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If it reads no windows of rows.
    ValueError
        If a step before the windows looks at other rows, or a parameter is out of range.

    See Also
    --------
    SlidingWindowTransformer : Makes the windows in a pipeline.
    sklstm.anomaly.TailLikelihood : The likelihood of detectors.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMRegressor, SlidingWindowTransformer, StreamPredictor
    >>> X = np.sin(np.arange(300) / 4)[:, None]
    >>> model = make_pipeline(
    ...     SlidingWindowTransformer(window_length=12, context="fit"),
    ...     LSTMRegressor(hidden_size=8, max_epochs=5, random_state=0),
    ... ).fit(X[:199], X[1:200, 0])
    >>> stream = StreamPredictor(model)
    >>> one_by_one = [stream.observe_predict(row) for row in X[199:]]
    >>> bool(np.allclose(one_by_one, model.predict(X[199:]), rtol=1e-5, atol=1e-6))
    True
    >>> bool(stream.rewind(3).predict() == one_by_one[-4])
    True
    """

    def __init__(
        self,
        model: Any,
        learn_every: int | None = None,
        *,
        window_length: int | None = None,
        likelihood: bool | TailLikelihood = True,
        max_rewind: int = 100,
    ) -> None:
        if not is_integer(max_rewind, least=1):
            raise ValueError(
                f"max_rewind must be an int of at least 1. Got {max_rewind!r}."
            )
        if not isinstance(likelihood, bool | TailLikelihood):
            raise ValueError(
                f"likelihood must be a bool or a TailLikelihood. Got {likelihood!r:.80}."
            )
        self.model = model
        self.learn_every = learn_every
        self.window_length = window_length
        self.likelihood = likelihood
        self.max_rewind = max_rewind
        self._parts = take_apart(model, window_length)
        self._flow = Flow(self._parts, learn_every, likelihood, int(max_rewind))

    # ------------------------------------------------------------------ rows

    def observe(
        self, row: Any, y: Any = None, *, groups: Any = None, time: Any = None
    ) -> StreamPredictor:
        """Take the next row in.

        Parameters
        ----------
        row : array-like of shape (n_columns,), mapping, Series or frame of one row
            The columns of fit, those of series and time included. A mapping, as river has
            them, needs their names, and may have the levels of the index that say the
            series and the time.
        y : float, label or array-like of shape (n_outputs,), default=None
            Its target. None or NaN is not yet known: `learn_one` may bring it.
        groups : label, default=None
            Its series, where `fit` was given labels, or read them from an index.
        time : object, default=None
            Its time, where `fit` was given times, or read them from an index.

        Returns
        -------
        self : StreamPredictor

        Raises
        ------
        ValueError
            If the row has other columns than those of fit, or infinity; if time does not go
            forward; or if y is no target. The stream is then as it was.
        """
        self._flow.take(self._flow.read(row, groups, time), y)
        return self

    def predict(self, method: str = "predict", *, groups: Any = None, **params: Any) -> Any:
        """Predict from the rows that have come.

        Parameters
        ----------
        method : str, default="predict"
            A method of the model that reads windows, such as "predict_proba",
            "predict_interval" or "score_samples"; or "likelihood", of a detector.
        groups : label, default=None
            Of which series. None is that of the last row.
        **params : object
            Of the method.

        Returns
        -------
        prediction : float, label or ndarray
            What the method gives for a single sample, without the axis of samples.

        Raises
        ------
        ValueError
            If no row of the series has come.
        AttributeError
            If the model has no such method.
        """
        return self._flow.say(groups, method, params)

    def observe_predict(
        self,
        row: Any,
        y: Any = None,
        *,
        method: str = "predict",
        groups: Any = None,
        time: Any = None,
        **params: Any,
    ) -> Any:
        """Take the next row in, and predict from it and those before.

        Parameters
        ----------
        row, y, groups, time
            As in `observe`. The target is learnt after the prediction.
        method, **params
            As in `predict`.

        Returns
        -------
        prediction : float, label or ndarray
        """
        read = self._flow.read(row, groups, time)
        return self._flow.take_and_say(read, y, method, params)

    def rewind(self, n_rows: int = 1) -> StreamPredictor:
        """Take the last rows back, as if they had not come.

        So are their targets, but for what has been learnt from them.

        Parameters
        ----------
        n_rows : int, default=1

        Returns
        -------
        self : StreamPredictor

        Raises
        ------
        ValueError
            If they are more than have come, or than `max_rewind`.
        """
        most = self._flow.n_remembered
        if not is_integer(n_rows, least=0) or n_rows > most:
            raise ValueError(
                f"n_rows must be an int of at most {most}, the rows that have come and are"
                f" remembered (max_rewind={self.max_rewind}). Got {n_rows!r}."
            )
        self._flow.rewind(int(n_rows))
        return self

    def reset(self) -> StreamPredictor:
        """Forget all rows. What has been learnt from targets stays.

        Returns
        -------
        self : StreamPredictor
        """
        self._flow.reset()
        return self

    def copy(self) -> StreamPredictor:
        """Give another stream, which goes on by itself from the same rows.

        Returns
        -------
        other : StreamPredictor
        """
        # What never changes is shared: models, and the steps before the windows.
        parts, last = self._parts, last_step(self._parts.tail)
        fixed = [self.model, parts.windows, *(step for _, step in parts.steps)]
        memo: dict[int, Any] = {id(part): part for part in fixed}
        memo[id(last)] = as_it_stands(last)
        return deepcopy(self, memo)

    # ------------------------------------------------------------------ river

    def learn_one(
        self, x: Any, y: Any = None, *, groups: Any = None, time: Any = None
    ) -> StreamPredictor:
        """Take a row and its target in; or the target of a row that has come.

        Parameters
        ----------
        x : mapping or row of another form
            If it is one of the last `max_rewind` rows of its series, and that has no target
            yet, y is the target of that one: the oldest, if several are alike. Else it is
            the next row: also if it came with its target before, which is then taken in
            twice.
        y : float, label or array-like of shape (n_outputs,), default=None
        groups, time
            As in `observe`.

        Returns
        -------
        self : StreamPredictor

        Raises
        ------
        ValueError
            As in `observe`. Also if it is not one of those rows, has no time, and older
            rows have no target yet: it might be one of them.
        """
        self._flow.learn(self._flow.read(x, groups, time), y)
        return self

    def predict_one(self, x: Any, *, groups: Any = None, time: Any = None) -> Any:
        """Predict from a row, and those that have come, without taking it in.

        Parameters
        ----------
        x : mapping or row of another form
        groups, time
            As in `observe`.

        Returns
        -------
        prediction : float, label or ndarray of shape (n_outputs,)
        """
        said = self._flow.peek(self._flow.read(x, groups, time), "predict")
        return said.item() if np.ndim(said) == 0 and hasattr(said, "item") else said

    def predict_proba_one(
        self, x: Any, *, groups: Any = None, time: Any = None
    ) -> dict[Any, float]:
        """Predict the probability of each class, without taking the row in.

        Parameters
        ----------
        x : mapping or row of another form
        groups, time
            As in `observe`.

        Returns
        -------
        probability : dict of label to float
        """
        said = self._flow.peek(self._flow.read(x, groups, time), "predict_proba")
        labels = np.asarray(self._parts.tail.classes_).tolist()
        return dict(zip(labels, said.tolist(), strict=True))

    def score_one(self, x: Any, *, groups: Any = None, time: Any = None) -> float:
        """Tell how odd a row is, without taking it in; for detectors.

        Parameters
        ----------
        x : mapping or row of another form
        groups, time
            As in `observe`.

        Returns
        -------
        score : float
            The likelihood; with ``likelihood=False`` the error. The larger, the odder; NaN
            before the window of the series is whole.
        """
        row, has_likelihood = self._flow.read(x, groups, time), self._flow.has_likelihood
        method = LIKELIHOOD if has_likelihood else "score_samples"
        said = float(self._flow.peek(row, method))
        return said if has_likelihood else -said

    # ------------------------------------------------------------------ what there is

    @property
    def model_(self) -> Any:
        """The model with what has been learnt since: a copy."""
        return put_together(self._parts, self.model)

    def __repr__(self) -> str:
        name = type(self.model).__name__
        n_series = len(self._flow.panel.series)
        every = self.learn_every
        return f"StreamPredictor({name}, learn_every={every}, n_series={n_series})"
