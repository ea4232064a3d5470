"""Anomalies in a series, for sktime."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.detection.base import BaseDetector

from ..anomaly import TailLikelihood
from ..estimators import LSTMOutlierDetector
from ..estimators._documented import documented
from ..estimators._task_parameters import DETECTION
from ..fitting._callbacks import handed_on
from ..fitting._numbers import is_integer
from ..windows import SlidingWindowTransformer, Windows
from ..windows._features import refuse_times
from ._parameters import core_parameters
from ._watching import WatchedMixin

# What shapes the likelihood, with the defaults of `TailLikelihood`.
LIKELIHOOD = {"threshold": 0.99999, "short": 10, "long": 8000, "refractory": 0.06}
# Rows that tell whether a table is that of fit.
N_COMPARED = 8


@documented(DETECTION)
class LSTMDetector(WatchedMixin, BaseDetector):
    """Long short-term memory network that finds anomalies in a time series.

    It learns to forecast the series (or to tell windows of it again), and takes for an
    anomaly what it did not expect. One large error is common where a series is noisy: by
    default the errors go through `sklstm.anomaly.TailLikelihood`, which raises an alarm
    where the last of them are larger than usual together, and once for each change. Usual
    are the errors on the rows that were held out in `fit`, and on those seen since. A row
    is judged by what was learnt in `fit` and by the rows up to it, and by no later one: of
    the rows of `fit` themselves, too, usual are those before.

    Rows that follow those of `fit` without a gap in time see the last of these as history.
    A row has no score (NaN), and raises no alarm, where its window is not whole: the first
    ``window_length - 1`` rows of X without history, and after a gap; and after missing rows
    if `fit` had none. So rows that come in batches are best given together with all since
    `fit`, or at least `window_length` rows before them. What is learnt should be known to
    be good: what was there in `fit` is not found.

    Parameters
    ----------
    window_length : int, default=24
        Rows of a window: the `horizon` last are forecast from those before them.
    gaps : {"split", "ignore"}, default="split"
        Whether a missing time stamp ends what a window may hold: a step in the index of
        more than one and a half times the median one in `fit`, unless the index has a
        frequency that says otherwise. "ignore" takes rows as equally spaced, and any later
        rows as those that follow: right for trading days, whose calendar has holidays.
    likelihood : bool, default=True
        Whether errors become a likelihood. False takes each row by itself, by the threshold
        that `contamination` sets, which has no effect, and is refused, otherwise.
    threshold : float, default=0.99999
        Likelihood from which a row is an anomaly.
    short, long : int, default=10, 8000
        Errors in an average, and averages that say what is usual: see
        `~sklstm.anomaly.TailLikelihood`.
    refractory : float, default=0.06
        How long there is no other alarm after one: see `~sklstm.anomaly.TailLikelihood`.
    {parameters}

    Attributes
    ----------
    detector_ : sklstm.LSTMOutlierDetector
        The fitted detector of windows.
    threshold_ : float
        Score from which a row is an anomaly; with ``likelihood=False``, above which.
    n_epochs_, best_epoch_ : int
        Epochs trained, and the one, counted from 1, whose weights are kept.
    loss_curve_, validation_loss_curve_ : list of float
        Mean loss of each epoch.

    See Also
    --------
    sklstm.LSTMOutlierDetector : The detector inside.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklstm.sktime import LSTMDetector
    >>> rng = np.random.default_rng(0)
    >>> load = np.sin(np.arange(900) / 5) + rng.normal(scale=0.1, size=900)
    >>> X = pd.DataFrame({"load": load})
    >>> X.iloc[800:] *= 2
    >>> detector = LSTMDetector(max_epochs=10, random_state=0).fit(X[:600])
    >>> detector.predict(X[600:])["ilocs"].min() < 215
    np.True_
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "sklstm developers",
        "maintainers": "sklstm developers",
        "python_dependencies": ["torch", "skorch"],
        "task": "anomaly_detection",
        "learning_type": "unsupervised",
        "capability:multivariate": True,
        "capability:missing_values": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "X_inner_mtype": "pd.DataFrame",
        "fit_is_empty": False,
    }

    _inside = "detector_.estimator_"

    def __init__(
        self,
        *,
        window_length: int = 24,
        gaps: Literal["split", "ignore"] = "split",
        likelihood: bool = True,
        threshold: float = 0.99999,
        short: int = 10,
        long: int = 8000,
        refractory: float = 0.06,
        method: Literal["forecast", "reconstruction"] = "forecast",
        horizon: int = 1,
        contamination: float | Literal["auto"] = "auto",
        hidden_size: int = 32,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        cell: str = "lstm",
        layer_norm: bool = False,
        memory_length: int | None = None,
        instance_norm: str | None = None,
        instance_scale: bool | Literal["auto"] = "auto",
        season_length: Any = None,
        season: str = "auto",
        patch_length: int = 1,
        convolution: str | None = None,
        conv_filters: Sequence[int] | str = "auto",
        conv_kernel_sizes: Sequence[int] | str = "auto",
        squeeze_excite: bool = False,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        loss: Any = "squared_error",
        optimizer: Any = "adam",
        learning_rate: float = 0.01,
        learning_rate_schedule: Any = "cosine",
        weight_decay: float | None = None,
        weight_averaging: float | None = None,
        max_grad_norm: float | None = 1.0,
        max_epochs: int | str = "auto",
        max_steps: int | None = None,
        validation_steps: int | None = None,
        batch_size: int = 32,
        standardize: bool = True,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        validation_split: Any = "auto",
        n_epochs_no_change: int = 10,
        checkpoint: str | os.PathLike[str] | None = None,
        callbacks: list[Any] | None = None,
        dtype: str = "float32",
        device: Any = "cpu",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.window_length = window_length
        self.gaps = gaps
        self.likelihood = likelihood
        self.threshold = threshold
        self.short = short
        self.long = long
        self.refractory = refractory
        self.method = method
        self.horizon = horizon
        self.contamination = contamination
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.cell = cell
        self.layer_norm = layer_norm
        self.memory_length = memory_length
        self.instance_norm = instance_norm
        self.instance_scale = instance_scale
        self.season_length = season_length
        self.season = season
        self.patch_length = patch_length
        self.convolution = convolution
        self.conv_filters = conv_filters
        self.conv_kernel_sizes = conv_kernel_sizes
        self.squeeze_excite = squeeze_excite
        self.pooling = pooling
        self.head_sizes = head_sizes
        self.loss = loss
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.learning_rate_schedule = learning_rate_schedule
        self.weight_decay = weight_decay
        self.weight_averaging = weight_averaging
        self.max_grad_norm = max_grad_norm
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.validation_steps = validation_steps
        self.batch_size = batch_size
        self.standardize = standardize
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_epochs_no_change = n_epochs_no_change
        self.checkpoint = checkpoint
        self.callbacks = callbacks
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        super().__init__()

    # ------------------------------------------------------------------ training

    def _fit(self, X: pd.DataFrame, y: Any = None) -> LSTMDetector:
        usual = self._check_likelihood()
        if not is_integer(self.window_length, least=1):
            raise ValueError(
                f"window_length must be an int of at least 1. Got {self.window_length!r}."
            )
        refuse_times(X)
        self._cutter = SlidingWindowTransformer(self.window_length, gaps=self.gaps)
        self._cutter.fit(_values(X), time=X.index)
        windows = self._windows(X)
        whole = np.flatnonzero(_are_whole(windows))
        if not len(whole):
            raise ValueError(
                f"X must have at least window_length={self.window_length} rows without a"
                f" gap in time. Got {len(X)} rows."
            )
        detector = LSTMOutlierDetector(**core_parameters(self, LSTMOutlierDetector))
        with handed_on(self, detector):
            held_out = detector._fit_holding_out(windows[whole])
        self.detector_ = detector
        self._nothing, self._usual = usual.copy(), usual
        usual.extend(-detector.score_samples(windows[whole[held_out]]))
        self.threshold_ = usual.threshold if self.likelihood else -detector.offset_
        self._knows_gaps = bool(X.isna().all(axis=1).any())
        self._fitted = X
        self._tail = X[len(X) - self.window_length + 1 :].copy()
        return self

    def _check_likelihood(self) -> TailLikelihood:
        """Give a likelihood that knows nothing; refuse parameters without effect."""
        if self.likelihood and self.contamination != "auto":
            raise ValueError(
                "contamination must be 'auto' with likelihood=True, where threshold says"
                f" what an anomaly is. Got {self.contamination!r}."
            )
        given = {name: getattr(self, name) for name in LIKELIHOOD}
        for name, default in LIKELIHOOD.items():
            if not self.likelihood and given[name] != default:
                raise ValueError(
                    f"{name} must be {default}, its default, with likelihood=False, where"
                    f" contamination says what an anomaly is. Got {given[name]!r}."
                )
        return TailLikelihood(**given)

    # ------------------------------------------------------------------ detection

    def _errors_of(self, X: pd.DataFrame) -> NDArray[np.float64]:
        """Give the error of each row; larger is worse, NaN is not known."""
        windows, n_before = self._windows(X), 0
        if self._is_later(X):
            n_before = len(self._tail)
            X = pd.concat([self._tail, X])
            windows = self._windows(X)
        whole = _are_whole(windows)
        if len(X) >= self.window_length and not whole.any():
            warnings.warn(
                f"No row of X has a whole window of {self.window_length} rows without a gap"
                " in time, so none is judged. gaps='ignore' takes rows as equally spaced.",
                UserWarning,
                stacklevel=5,
            )
        errors = np.where(whole, -self.detector_.score_samples(windows), np.nan)
        if not self._knows_gaps:
            is_missing = X.isna().all(axis=1).to_numpy(dtype=np.float64)
            n_missing = pd.Series(is_missing).rolling(self.window_length, 1).sum()
            errors[n_missing.to_numpy() > 0] = np.nan
        return errors[n_before:]

    def _windows(self, X: pd.DataFrame) -> Windows:
        """Cut the windows that end at each row."""
        return cast(Windows, self._cutter.transform(_values(X), time=X.index))

    def _is_later(self, X: pd.DataFrame) -> bool:
        """Tell whether rows come after those of fit."""
        return bool(X.index[0] > self._fitted.index[-1])

    def _begins_in_fit(self, X: pd.DataFrame) -> bool:
        """Tell whether the first rows are rows of fit: by their index and values."""
        place = self._fitted.index.get_indexer(X.index[:N_COMPARED])
        known, there = place >= 0, self._fitted.iloc[place[place >= 0]]
        same = _values(X[:N_COMPARED])[known], _values(there)
        return bool(known.any()) and np.array_equal(*same, equal_nan=True)

    def _like_fitted(self, X: pd.DataFrame | pd.Series) -> pd.DataFrame:
        """Give rows with the columns of fit; of one column the name says nothing."""
        if isinstance(X, pd.Series):  # sktime converts it for some of its methods only
            X = X.to_frame()
        refuse_times(X)
        known = self._fitted.columns
        if len(known) == 1 == X.shape[1]:
            X = X.set_axis(known, axis=1)
        elif len(known) != X.shape[1] or not set(known) <= set(X.columns):
            raise ValueError(
                f"X must have the columns of fit, {known.tolist()}. Got"
                f" {X.columns.tolist()}."
            )
        zone = getattr(self._fitted.index, "tz", None)
        if zone is not None and getattr(X.index, "tz", None) is not None:
            X = X.set_axis(X.index.tz_convert(zone), axis=0)
        return X[known]

    def _scores_of(self, X: pd.DataFrame) -> NDArray[np.float64]:
        X = self._like_fitted(X)
        if not len(X):
            return np.empty(0)
        errors = self._errors_of(X)
        if not self.likelihood:
            return errors
        # The rows of fit would count twice.
        is_fitted = self._begins_in_fit(X)
        usual = self._nothing if is_fitted else self._usual
        return usual.copy().extend(errors)

    def fit_transform(self, X: Any, y: Any = None) -> pd.DataFrame:
        """Fit, and tell of each row whether it is an anomaly.

        Parameters
        ----------
        X : series of any type that sktime knows
        y : object, default=None
            Not used.

        Returns
        -------
        labels : DataFrame of shape (n_rows, 1)
            1 for an anomaly, else 0.
        """
        # sktime's own takes places for labels of the index.
        return self.fit(X, y).transform(X)

    def _predict(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"ilocs": self._rows_above(self._scores_of(X))}, dtype="int64")

    def _predict_scores(self, X: pd.DataFrame) -> pd.DataFrame:
        scores = self._scores_of(X)
        return pd.DataFrame({"scores": scores[self._rows_above(scores)]})

    def _rows_above(self, scores: NDArray[np.float64]) -> NDArray[np.intp]:
        """Give the rows whose scores are those of anomalies."""
        if self.likelihood:
            return np.flatnonzero(scores >= self.threshold_)
        # As in scikit-learn, a score at the threshold itself is none.
        return np.flatnonzero(scores > self.threshold_)

    def _transform_scores(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"scores": self._scores_of(X)}, index=X.index)

    def _inspected(self, X: Any) -> tuple[Any, Any, Any]:
        """Give the regressor inside, what it reads of rows, and what is expected."""
        self.check_is_fitted()
        return self.detector_._inspected(
            X if X is ... else self._windows(self._like_fitted(X))
        )

    # ------------------------------------------------------------------ tests

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Give parameters for sktime's checks: two small networks.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        params : list of dict
        """
        small = {"window_length": 4, "hidden_size": 4, "max_epochs": 2, "random_state": 0}
        return [small, {**small, "method": "reconstruction", "likelihood": False}]


def _values(X: pd.DataFrame) -> NDArray[np.float64]:
    return X.to_numpy(dtype=np.float64, na_value=np.nan)


def _are_whole(windows: Windows) -> NDArray[np.bool_]:
    """Tell which windows begin within their series."""
    return windows.ends - windows.lags[0] >= windows.starts
