"""An LSTM that tells sequences that are not like those that it has learnt."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import OutlierMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from ..fitting._callbacks import CallbackSupportMixin, handed_on
from ..fitting._one_step import as_it_stands, in_one_step
from ..fitting._pickling import VersionedPickle
from ..samples._encoding import Layout
from ..samples._inputs import (
    check_callbacks,
    draw_seed,
    plain,
    read_sample_weight,
    read_sequences,
)
from ..training import described, digest_of, hold_out, kept_random_state, stem_of
from ..windows._windows import Windows
from ._documented import documented
from ._expected import Errors, Expectation
from ._forecast_regressor import ForecastRegressor
from ._nets import check_layers
from ._parameters import constraints_of
from ._task_parameters import DETECTION
from ._usual import AUTO_SHARE, size_that_few_reach, weighted_quantile

Array = NDArray[Any]

# Samples looked at together.
CHUNK = 1000
# What the detector has and the regressor inside has not, or has in another sense.
_OWN = ("method", "contamination", "horizon")


@documented(DETECTION)
class LSTMOutlierDetector(OutlierMixin, CallbackSupportMixin, VersionedPickle):
    r"""Long short-term memory network that tells which sequences are out of the ordinary.

    It learns what comes next, or to tell a sequence again, and judges a sequence by its
    errors. Error :math:`e` of each step and feature is standardised by the mean :math:`\mu`
    and the deviation :math:`\sigma` that it has on samples held out; the score is

    .. math:: s = -\sqrt{\overline{\left((e - \mu) / \sigma\right)^2}} \: / \: c_n,

    the lower, the odder. Where only :math:`n` of the steps that are read are observed, as
    at the first rows of a series, errors are larger: :math:`c_n` is how much larger those
    are that one in a hundred of the samples held out has, cut down to their last :math:`n`
    steps. It is 1 where all are observed.

    A score depends on its sequence alone: there is no memory. Behind
    `SlidingWindowTransformer` each row has the score of the window that ends with it, and
    no later row has a part in it. What goes on for a while is found sooner and more surely
    from many scores in a row: see `sklstm.anomaly.tail_likelihood`.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    offset_ : float
        The score below which a sequence is an outlier. With ``contamination="auto"`` and
        fewer than 50 samples held out it is lower than all of their scores: so low that
        one in a hundred is expected below, of normal errors whose deviation is known from
        so few.
    error_location_, error_scale_ : ndarray of shape (n_expected, n_features)
        Mean and deviation of the errors of samples held out: of the steps that are
        forecast, or of all steps, the last first. Of a step and feature that fewer than ten
        of them have, those of the feature at all steps; of one that is so rare at all
        steps, those on all samples. NaN for a feature that is never observed in `fit`: it
        is not judged.
    estimator_ : estimator
        The regressor inside.
    n_features_in_ : int
        Number of columns of a 2-D X, or of features (the last axis) of a 3-D X.
    feature_names_in_ : ndarray of str of shape (n_features_in_,)
        Names of the columns, if X had names that are all strings.

    See Also
    --------
    sklearn.ensemble.IsolationForest : For rows that are independent of each other.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMOutlierDetector, SlidingWindowTransformer
    >>> from sklearn.pipeline import make_pipeline
    >>> signal = np.sin(np.arange(600) / 5)[:, None]
    >>> signal[500] += 1
    >>> detector = make_pipeline(
    ...     SlidingWindowTransformer(window_length=20, context="fit"),
    ...     LSTMOutlierDetector(max_epochs=20, random_state=0),
    ... ).fit(signal[:400])
    >>> int(detector.score_samples(signal[400:]).argmin())
    100
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = constraints_of(DETECTION)

    def __init__(
        self,
        *,
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

    # ------------------------------------------------------------------ fit

    def fit(
        self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> LSTMOutlierDetector:
        """Learn what sequences are usually like.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first. A step of nothing but NaN is unobserved.
        y : object, default=None
            Not used: here for scikit-learn's sake.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts. A weight of 0 is the same as leaving it out.

        Returns
        -------
        self : LSTMOutlierDetector

        Raises
        ------
        ValueError
            If an argument or a parameter is out of range or could have no effect, before
            training starts; or if there is nothing to learn from.
        KeyboardInterrupt
            If Ctrl-C interrupts the training. The detector is as it was before the call. A
            checkpoint is kept, and taken up by the next `fit`.
        """
        self._fit_holding_out(X, sample_weight)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def _fit_holding_out(
        self, X: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> NDArray[np.intp]:
        """Fit, and give the numbers of the samples that were held out."""
        check_callbacks(self.callbacks)
        check_layers(self)
        self._check_effects()
        windows, layout = read_sequences(X, self)
        weight = read_sample_weight(sample_weight, windows)
        numbers = np.arange(len(windows))
        if weight is not None:
            numbers = np.flatnonzero(weight > 0)
            windows, weight = windows.take(numbers), weight[numbers]
        expectation = self._expectation(windows)
        checkpoint, seed = self._find_unfinished(windows, weight)
        train, valid = hold_out(
            windows, self.validation_fraction, self.validation_split, seed=seed
        )
        trained, held_out = (_part(windows, weight, index) for index in (train, valid))
        read, target = _read_and_expected(expectation, trained[0], "to learn from")
        known = _read_and_expected(expectation, held_out[0], "to hold out")
        regressor = self._regressor(expectation, windows.shape[2], seed)
        regressor.set_params(checkpoint=checkpoint)
        with in_one_step(self) as draft:
            with handed_on(self, regressor):
                regressor.fit(read, target, trained[1], *known, held_out[1])
            draft._layout = layout
            draft._errors = Errors.learn(expectation, regressor, held_out, trained)
            draft.offset_ = draft._find_offset((windows, weight), held_out)
        return numbers[valid]

    def _find_unfinished(
        self, windows: Windows, weight: Array | None
    ) -> tuple[str | os.PathLike[str] | None, int]:
        """Give the path of the checkpoint, and the seed of the fit.

        Without a random state, which sequences are held out has to be as it was: the path
        then has a digest of all, and in the file below it the seed stands.
        """
        path = self.checkpoint
        if path is None or self.random_state is not None:
            return path, draw_seed(self.random_state)
        params = self.get_params(deep=False)
        said = {name: described(value, by_class=True) for name, value in params.items()
                if name not in ("checkpoint", "verbose")}  # fmt: skip
        own = f"{stem_of(path)}.{digest_of((said, windows, weight))[:16]}"
        kept = kept_random_state(own)
        return own, draw_seed(None) if kept is None else kept

    def _check_effects(self) -> None:
        """Refuse parameters that could have no effect, or none with a meaning."""
        if self.method != "reconstruction":
            return
        if self.horizon != 1:
            raise ValueError(
                "horizon must be 1, its default, with method='reconstruction', which"
                f" forecasts nothing: all steps are told again. Got {self.horizon!r}."
            )
        if self.season == "skip":
            raise ValueError(
                "season must be 'auto', 'additive' or 'multiplicative' with"
                " method='reconstruction': 'skip' forecasts from past periods, and all"
                " steps are told again. Got 'skip'."
            )

    def _expectation(self, windows: Windows) -> Expectation:
        """Tell which steps of the sequences are expected from which others."""
        n_steps = windows.shape[1]
        if self.method == "reconstruction":
            return Expectation(n_steps, None)
        horizon = int(plain(self.horizon))
        if horizon >= n_steps:
            raise ValueError(
                "horizon must be shorter than the sequences, whose last steps are forecast"
                " from those before them; rows of a series become sequences by"
                f" SlidingWindowTransformer. Got horizon={horizon}, and sequences of"
                f" {n_steps} steps, {n_steps * windows.shape[2]} feature(s) in all."
            )
        return Expectation(n_steps, horizon)

    def _regressor(
        self, expectation: Expectation, n_features: int, seed: int
    ) -> ForecastRegressor:
        """Make the regressor inside."""
        kind = expectation.regressor
        shared = {name: value for name, value in self.get_params(deep=False).items()
                  if name not in _OWN}  # fmt: skip
        return kind(
            **shared | {"random_state": seed}, target_features=list(range(n_features))
        )

    def _find_offset(
        self,
        samples: tuple[Windows, Array | None],
        held_out: tuple[Windows, Array | None],
    ) -> float:
        """Find the score below which a sequence is an outlier."""
        is_auto = self.contamination == "auto"
        windows, weight = held_out if is_auto else samples
        sizes = self._errors.of_sequences(windows)
        known = ~np.isnan(sizes)
        sizes, weight = sizes[known], None if weight is None else weight[known]
        if not is_auto:
            return weighted_quantile(-sizes, float(self.contamination), weight)
        return -size_that_few_reach(sizes, AUTO_SHARE, weight)

    # ------------------------------------------------------------------ scores

    def score_samples(self, X: ArrayLike) -> Array:
        """Tell how ordinary sequences are.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the steps and dimensions seen in fit.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The lower, the odder; 0 is exactly as expected, and about -1 is usual. NaN where
            nothing is observed that would be expected.
        """
        _, errors, windows = self._fitted(X)
        return -errors.of_sequences(windows)

    def score_steps(self, X: ArrayLike) -> Array:
        """Tell how ordinary each step of sequences is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])

        Returns
        -------
        scores : ndarray of shape (n_samples, n_timesteps)
            As in `score_samples`; NaN at steps that are not observed, or from which the
            others are forecast.
        """
        _, errors, windows = self._fitted(X)
        return -errors.by_step(windows)

    def decision_function(self, X: ArrayLike) -> Array:
        """Tell how far sequences are from being outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])

        Returns
        -------
        decision : ndarray of shape (n_samples,)
            `score_samples` less `offset_`: below 0 is an outlier.
        """
        snapshot, errors, windows = self._fitted(X)
        return -errors.of_sequences(windows) - snapshot.offset_

    def predict(self, X: ArrayLike) -> Array:
        """Tell which sequences are outliers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])

        Returns
        -------
        label : ndarray of int of shape (n_samples,)
            -1 for an outlier, else 1; also where there is no score.
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _fitted(self, X: Any) -> tuple[LSTMOutlierDetector, Errors, Windows]:
        """Give the detector as it stands, what it learnt, and sequences to judge."""
        check_is_fitted(self)
        snapshot = as_it_stands(self)
        errors = snapshot._errors
        windows, _ = read_sequences(X, snapshot, like=snapshot._layout)
        n_steps = errors.expectation.n_steps
        if windows.shape[1] != n_steps:
            raise ValueError(
                f"X must have sequences of {n_steps} steps, as in fit. Got"
                f" {windows.shape[1]}."
            )
        return snapshot, errors, windows

    def _inspected(self, X: Any) -> tuple[ForecastRegressor, Windows | None, Array | None]:
        """Give the regressor inside, what it reads of sequences, and what is expected."""
        check_is_fitted(self)
        if X is ...:  # the regressor alone is asked for
            return self.estimator_, None, None
        _, errors, windows = self._fitted(X)
        expectation = errors.expectation
        targets = np.asarray(expectation.targets(windows)).reshape(len(windows), -1)
        return errors.regressor, expectation.read(windows), targets

    # ------------------------------------------------------------------ what was learnt

    def __sklearn_is_fitted__(self) -> bool:
        return "_errors" in vars(self)

    @property
    def estimator_(self) -> ForecastRegressor:
        """The regressor inside."""
        return self._learnt("estimator_")[0].regressor

    @property
    def error_location_(self) -> Array:
        """Mean of the errors of samples held out."""
        return self._learnt("error_location_")[0].location

    @property
    def error_scale_(self) -> Array:
        """Deviation of the errors of samples held out."""
        return self._learnt("error_scale_")[0].scale

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in fit."""
        return self._learnt("n_features_in_")[1].n_features_in

    @property
    def feature_names_in_(self) -> Array:
        """Names of the features seen in fit."""
        names = self._learnt("feature_names_in_")[1].feature_names_in
        if names is None:
            raise AttributeError(
                f"{type(self).__name__} has no feature_names_in_ from this fit."
            )
        return names

    def _learnt(self, name: str) -> tuple[Errors, Layout]:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__} has no {name} before fit is called."
            )
        return self._errors, self._layout

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _part(
    windows: Windows, weight: Array | None, index: NDArray[np.intp]
) -> tuple[Windows, Array | None]:
    """Give some samples and their weights."""
    return windows.take(index), None if weight is None else weight[index]


def _read_and_expected(
    expectation: Expectation, windows: Windows, purpose: str
) -> tuple[Windows, Windows]:
    """Give what is read and what is expected of samples; refuse it if nothing is there."""
    targets = expectation.targets(windows)
    chunks = (targets[i : i + CHUNK] for i in range(0, len(targets), CHUNK))
    if all(np.isnan(np.asarray(chunk)).all() for chunk in chunks):
        raise ValueError(
            f"X must have a sequence {purpose} of which a step that is expected is"
            " observed. Got none: all are NaN."
        )
    return expectation.read_in_training(windows), targets
