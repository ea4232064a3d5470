"""An LSTM that predicts numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score

from ..fitting._available import available_where
from ..losses import Loss, check_coverage, check_levels
from ..metrics import over_steps, where_known
from ..samples._encoding import Encoding, Layout, Season
from ..samples._features import feature_numbers
from ..samples._horizon import forecast_feature
from ..samples._inputs import plain
from ..samples._samples import Samples
from ..samples._scaling import Scaling
from ..samples._steps import StepNumbers
from ..samples._targets import Numbers
from ..training import Course
from ..windows._windows import Windows
from ._choice import choose_start
from ._documented import documented
from ._learnt import Learnt
from ._lstm import Array, LSTMEstimator
from ._parameters import constraints_of
from ._predictive import (
    check_says,
    check_trained_levels,
    levels_of,
    loss_of,
    regression_loss,
    sample,
    std_of,
)
from ._season import check_holds, check_season, may_multiply, seasons_of
from ._start import Start, Units
from ._task_parameters import REGRESSION
from ._zeros import sizes_after_zeros


def _says_quantiles(method: str) -> Callable[[Any], bool]:
    """Tell whether the trained loss gives quantiles, or else the one that is described."""

    def check(estimator: Any) -> bool:
        model = getattr(estimator, "_model", None)
        loss = estimator._resolve_loss() if model is None else loss_of(estimator, model)
        check_says(loss, method, estimator.loss)
        return True

    return check


def _is_empty(target_features: Any) -> bool:
    """Tell whether outputs are said to forecast no feature."""
    given = plain(target_features)
    return isinstance(given, tuple | list) and not given


def _penalties_of(course: Course) -> Array | None:
    return None if course.head_penalties is None else np.array(course.head_penalties)


def _season_of(season: Season | None) -> tuple[int, str] | None:
    return None if season is None else (season.length, season.method)


@documented(REGRESSION)
class LSTMRegressor(RegressorMixin, LSTMEstimator):
    """Long short-term memory network for regression on sequences.

    An LSTM reads each sequence, oldest step first; a linear head turns the hidden state
    after its last observed step into one or many outputs [Hochreiter1997]_. Every part of
    the network can be another: the layers, what they read, how their states are pooled, the
    head.

    Parameters
    ----------
    callbacks
        For scikit-learn's own callbacks use `set_callbacks`.
    {parameters}

    Attributes
    ----------
    n_outputs_ : int
        Number of targets.
    loss_curve_ : list of float of length n_epochs_
        Mean training loss of each epoch, of standardised targets; of the last 1,000 only,
        once `partial_fit` has made more.
    season_ : tuple of (int, str) or None
        The season that is taken out of each sequence: its length and its kind.
    level_decay_ : float
        With ``instance_norm="level"``, the weight of a step beside the one after it; 0 is
        the last step alone.
    head_penalties_ : ndarray of shape (n_outputs_,) or None
        With `refit_head`, how much the weights of each output were shrunk: 1e-5 is least,
        NaN an output whose layer stayed as it was trained. None where none was solved anew.
    {attributes}

    See Also
    --------
    LSTMClassifier : The same for classes.
    SlidingWindowTransformer : Makes sequences from the rows of a time series.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor, sliding_windows
    >>> wave = np.sin(np.arange(200) / 5)
    >>> X, y = sliding_windows(wave, window_length=20)
    >>> X.shape
    (180, 20, 1)
    >>> model = LSTMRegressor(hidden_size=16, max_epochs=30, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.99
    True

    With ``return_sequences=True`` each step has a target, and a prediction:

    >>> sums = X[:, :, 0].cumsum(axis=1)
    >>> steps = LSTMRegressor(return_sequences=True, max_epochs=20, random_state=0)
    >>> steps = steps.fit(X, sums)
    >>> steps.predict(X).shape, steps.score(X, sums) > 0.9
    ((180, 20), True)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = constraints_of(REGRESSION)

    _structure: ClassVar[tuple[str, ...]] = (
        *LSTMEstimator._structure,
        "instance_scale",
        "season_length",
        "season",
        "target_features",
    )
    _of_loss: ClassVar[tuple[str, ...]] = ("loss", "quantile", "n_mixtures")
    # Whether each step of a sequence is forecast from in training.
    _forks: ClassVar[bool] = False

    def __init__(
        self,
        *,
        hidden_size: int = 32,
        num_layers: int = 1,
        dropout: float = 0.0,
        bidirectional: bool = False,
        cell: str = "lstm",
        layer_norm: bool = False,
        memory_length: int | None = None,
        instance_norm: str | None = None,
        instance_scale: bool | str = "auto",
        season_length: ArrayLike | None = None,
        season: str = "auto",
        target_features: Any = None,
        patch_length: int = 1,
        convolution: str | None = None,
        conv_filters: Sequence[int] | str = "auto",
        conv_kernel_sizes: Sequence[int] | str = "auto",
        squeeze_excite: bool = False,
        categorical_features: Any = None,
        embedding_size: int | None = None,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        refit_head: bool | str = False,
        horizon: int | None = None,
        return_sequences: bool = False,
        loss: Any = "squared_error",
        quantile: float | Sequence[float] = 0.5,
        n_mixtures: int = 3,
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
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: str = "auto",
        n_epochs_no_change: int = 10,
        warm_start: bool = False,
        checkpoint: str | os.PathLike[str] | None = None,
        callbacks: list[Any] | None = None,
        dtype: str = "float32",
        device: Any = "cpu",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
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
        self.target_features = target_features
        self.patch_length = patch_length
        self.convolution = convolution
        self.conv_filters = conv_filters
        self.conv_kernel_sizes = conv_kernel_sizes
        self.squeeze_excite = squeeze_excite
        self.categorical_features = categorical_features
        self.embedding_size = embedding_size
        self.pooling = pooling
        self.head_sizes = head_sizes
        self.refit_head = refit_head
        self.horizon = horizon
        self.return_sequences = return_sequences
        self.loss = loss
        self.quantile = quantile
        self.n_mixtures = n_mixtures
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
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.callbacks = callbacks
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    season_ = Learnt(lambda model: _season_of(model.encoding.season), may_be_none=True)
    level_decay_ = Learnt(lambda model: model.architecture.get("level_decay"))
    head_penalties_ = Learnt(lambda model: _penalties_of(model.course), may_be_none=True)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> LSTMRegressor:
        """Go once through some samples, and leave the model ready for more.

        The first call learns the scaling; later ones keep it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts. With `return_sequences`, y and weights are as in
            `fit`.

        Returns
        -------
        self : LSTMRegressor
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Predict the targets of sequences, in their own units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit. The number of steps
            of a 3-D X may differ from that in fit.
        return_std : bool, default=False
            Whether to give the standard deviation too, if `loss` is a distribution.

        Returns
        -------
        y : ndarray of float64 of shape (n_samples,) or (n_samples, n_outputs)
            The mean of a distribution, the median of quantiles. With `return_sequences`
            there is an axis for the steps after the first, and NaN where one is unobserved;
            so it is with all that is predicted.
        std : ndarray of the shape of `y`
            Only with ``return_std=True``.

        Raises
        ------
        AttributeError
            If `return_std` is asked for, and `loss` is no distribution.
        """
        loss, parameters = self._parameters_of(X)
        if not return_std:
            return loss.point(parameters)
        return loss.point(parameters), std_of(loss, parameters, self.loss)

    @available_where(_says_quantiles("predict_quantiles"))
    def predict_quantiles(
        self, X: ArrayLike, quantiles: Sequence[float] | None = None
    ) -> Array:
        """Predict quantiles of the targets; they never cross.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.
        quantiles : sequence of float or None, default=None
            Ascending levels in (0, 1). None takes those of the parameter `quantile`; of a
            distribution .05, .25, .5, .75 and .95. With ``loss="quantile"`` other levels
            than those lie on straight lines between them, over the scale of normal
            quantiles, and beyond the outermost these lines go on.

        Returns
        -------
        values : ndarray of shape (n_samples[, n_outputs], n_quantiles)

        Raises
        ------
        AttributeError
            If `loss` knows a point alone.
        ValueError
            If a level is out of range.
        """
        loss, parameters = self._parameters_of(X)
        if quantiles is None:
            return loss.quantiles(parameters, loss.levels)
        return loss.quantiles(parameters, check_levels(quantiles, "quantiles"))

    @available_where(_says_quantiles("predict_interval"))
    def predict_interval(self, X: ArrayLike, coverage: float = 0.9) -> Array:
        """Predict the interval that holds a share of all targets, as many below as above.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.
        coverage : float, default=0.9
            In (0, 1). What is trained is not calibrated: `ConformalRegressor` is.

        Returns
        -------
        interval : ndarray of shape (n_samples[, n_outputs], 2)
            Lower and upper ends.

        Raises
        ------
        AttributeError
            If `loss` knows a point alone.
        """
        levels = levels_of(check_coverage(coverage))
        loss, parameters = self._parameters_of(X)
        return loss.quantiles(parameters, levels)

    @available_where(_says_quantiles("sample_y"))
    def sample_y(self, X: ArrayLike, n_samples: int = 1, random_state: Any = 0) -> Array:
        """Draw targets from what is predicted of them, each by itself.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.
        n_samples : int, default=1
            Draws for each target.
        random_state : int, RandomState or None, default=0

        Returns
        -------
        samples : ndarray of shape (n_samples[, n_outputs], n_draws)

        Raises
        ------
        AttributeError
            If `loss` knows a point alone.
        """
        loss, parameters = self._parameters_of(X)
        return sample(loss, parameters, n_samples, random_state)

    def _parameters_of(self, X: Any) -> tuple[Loss, Array]:
        """Give the loss that was trained, and what it needs to know of each target."""
        model, windows = self._fitted(X)
        season = model.encoding.season
        if season is not None:
            check_holds(windows, season.length)
        return loss_of(self, model), model.predict(windows)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Give the coefficient of determination of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps[, n_features])
            Sequences, oldest step first, of the dimensions seen in fit.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets. With `horizon`, those that are NaN or None are not yet known and count
            nothing.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts. With `return_sequences`, y and weights are as in
            `fit`, and what is compared are the steps that count.

        Returns
        -------
        score : float
        """
        metric = r2_score if self.horizon is None else where_known(r2_score)
        if self.return_sequences:
            metric = over_steps(r2_score)
        return float(metric(y, self.predict(X), sample_weight=sample_weight))

    def _resolve_loss(self) -> Loss:
        return regression_loss(self.loss, plain(self.quantile), plain(self.n_mixtures))

    def _check_parameters(self) -> None:
        check_trained_levels(self.loss, self.quantile)
        check_season(self.season, self.season_length)
        asks = {
            "instance_scale": self.instance_scale is True,
            "season_length": self.season_length is not None,
        }
        if _is_empty(self.target_features) and any(asks.values()):
            name = next(name for name, asked in asks.items() if asked)
            raise ValueError(
                f"target_features must name what the outputs forecast with {name}, which"
                f" they get back. Got {self.target_features!r}, and {name}="
                f"{getattr(self, name)!r}."
            )

    def _refits_head(self, holds_out: bool) -> bool:
        asked = plain(self.refit_head)
        if not asked:
            return False
        is_squared = isinstance(self.loss, str) and self.loss == "squared_error"
        lacking = []
        if not is_squared:
            lacking.append(f"loss='squared_error'. Got loss={self.loss!r}")
        if self.return_sequences:
            lacking.append("an output for each sequence. Got return_sequences=True")
        if not holds_out:
            lacking.append(
                "samples held out, by early_stopping=True or given as X_val and y_val. Got"
                " early_stopping=False and none of these"
            )
        if lacking and asked is True:
            raise ValueError(
                f"refit_head=True needs {lacking[0]}. refit_head='auto' leaves the last"
                " layer as it is trained then."
            )
        return not lacking

    def _check_targets(self, target: Any) -> None:
        self._resolve_loss().check_target(getattr(target, "table", target))

    def _learn_targets(self, y: Any) -> Numbers:
        if self.return_sequences:
            return StepNumbers.learn(y, type(self).__name__)
        return Numbers.learn(y, type(self).__name__, may_miss=self.horizon is not None)

    @property
    def _forecasts(self) -> bool:
        """Whether the outputs forecast features, in their units."""
        if _is_empty(self.target_features):
            return False
        is_relative = self.instance_norm is not None or self.instance_scale is True
        return is_relative or self.season_length is not None

    def _relative_features(self, start: Start, categorical: list[int]) -> list[int]:
        windows = start.train.windows
        series, by_itself = windows.series, self.instance_scale == "auto"
        of_several = series is not None and bool((series != series[0]).any())
        if not (of_several if by_itself else self.instance_scale):
            return []
        features: list[int] = []
        if self._forecasts:
            features = self._target_features(start.targets, start.layout, windows.shape[2])
        elif self.horizon is not None and not _is_empty(self.target_features):
            found = forecast_feature(windows, start.train.target, self.horizon)
            features = [] if found is None or found in categorical else [found]
        self._check_have_level(features, categorical)
        return sorted(set(features))

    def _learn_encoding(self, start: Start) -> Encoding:
        encoding = super()._learn_encoding(start)
        if not encoding.relative:
            return encoding
        features = self._features_of_outputs(start.targets, encoding)
        parts = start.train, encoding.scaling, encoding.relative
        return replace(encoding, zero_sizes=sizes_after_zeros(*parts, features))

    def _uncentred_features(self, start: Start) -> list[int]:
        if not self._forecasts:
            return []
        n_features = start.train.windows.shape[2]
        features = self._target_features(start.targets, start.layout, n_features)
        is_counted = not self._resolve_loss().is_centred
        if is_counted or may_multiply(self, start.train.windows, features):
            return sorted(set(features))
        return []

    def _choose(self, units: Units, start: Start) -> Units:
        seasons = seasons_of(self, units, start) if self._forecasts else [None]
        return choose_start(units, start, seasons)

    def _features_of_outputs(self, targets: Numbers, encoding: Encoding) -> list[int]:
        """Give the feature that each output forecasts; none if they forecast no feature."""
        if self._forecasts:
            n_features = len(encoding.scaling.mean)
            return self._target_features(targets, encoding.layout, n_features)
        # What y itself has shown.
        return list(encoding.relative) * targets.n_outputs

    def _scale_targets(
        self, targets: Numbers, samples: Samples, encoding: Encoding
    ) -> Numbers:
        scaling = None
        features = self._features_of_outputs(targets, encoding)
        if features:
            # A forecast is scaled like the feature that it forecasts.
            mean, scale = encoding.scaling.mean, encoding.scaling.scale
            scaling = Scaling(mean[features], scale[features])
        elif self.standardize:
            scaling = Scaling.of_columns(*samples.rows)
            if not self._resolve_loss().is_centred:
                scaling = scaling.about_zero(range(targets.n_outputs))
        if scaling is not None:
            scaling.check_finite("y")
        return replace(targets, scaling=scaling)

    def _architecture(
        self, encoding: Encoding, targets: Numbers, windows: Windows, seed: int
    ) -> dict[str, Any]:
        architecture = super()._architecture(encoding, targets, windows, seed)
        features = self._features_of_outputs(targets, encoding)
        if features:
            self._check_have_level(features, encoding.categories)
            architecture["target_features"] = features
        # A level that no output gets back may tell something itself.
        architecture["reads_level"] = not features and self.instance_norm is not None
        return architecture

    def _target_features(
        self, targets: Numbers, layout: Layout, n_features: int
    ) -> list[int]:
        """Give the feature that each output forecasts."""
        n_outputs, features = targets.n_outputs, self.target_features
        cycle = feature_numbers(features, "target_features", layout, n_features)
        if features is None:
            if n_features > 1:
                raise ValueError(
                    "target_features must tell which features the outputs forecast with"
                    " instance_norm, instance_scale or season_length, when X has more than"
                    " one; () if, with instance_norm, they forecast none. Got None, with"
                    f" {n_features} features."
                )
            cycle = [0]
        if not cycle or n_outputs % len(cycle):
            raise ValueError(
                "target_features must be features of X whose number divides that of the"
                f" outputs, {n_outputs}. Got {self.target_features!r}."
            )
        return cycle * (n_outputs // len(cycle))

    def _check_have_level(self, features: list[int], categorical: Iterable[int]) -> None:
        if set(features) & set(categorical):
            raise ValueError(
                "target_features must not be among categorical_features: a category has no"
                f" level. Got {self.target_features!r} and {self.categorical_features!r}."
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
