"""LSTM forecasts for sktime."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.forecasting.base import BaseForecaster, ForecastingHorizon
from sktime.utils.validation.forecasting import check_fh

from ..estimators._documented import documented
from ..estimators._forecast_regressor import Seq2SeqRegressor
from ..estimators._predictive import levels_of
from ..fitting._callbacks import handed_on
from ..inspection._inside import Inside
from ..losses import POINT
from ..windows._windows import Windows
from ._backtest import calibrate, rows_to_calibrate, slide
from ._channels import Channels, split_channels
from ._checks import (
    STRATEGIES,
    check_columns,
    check_covariates,
    check_kind,
    check_observed,
    check_steps,
    check_times,
    in_order,
    is_auto,
    untrained,
)
from ._frequency import check_frequency, common_frequency
from ._history import History
from ._horizon import Horizon, all_steps, horizons_from, with_freq
from ._known_ahead import known_ahead
from ._model import ForecastModel
from ._new_model import are_of_one_size, new_model, pretrained_copy, says_quantiles
from ._panel import Panel, as_frame, join
from ._parameters import FORECASTING
from ._predict import parameters_at, samples_at
from ._rows import Rows, count_missing
from ._said import Said
from ._strategy import chosen_model
from ._watching import WatchedMixin

Array = NDArray[Any]

# The quantiles that are learnt by default.
LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@documented(
    FORECASTING,
    instance_norm="level",
    loss="quantile",
    quantile=LEVELS,
    max_epochs=60,
    max_steps=500,
    dropout=0.3,
    optimizer="adamw",
    weight_decay=0.3,
)
class LSTMForecaster(WatchedMixin, BaseForecaster):
    """Long short-term memory network that forecasts one or many time series.

    The network reads the last `window_length` rows of a series: its own past, all columns
    of a multivariate series at once, and the past of exogenous columns.

    Parameters
    ----------
    strategy : {"auto", "direct", "recursive", "seq2seq"}
        How the steps of the horizon are forecast. "direct": one network gives all steps of
        `fh` at once. "recursive": a network for one step is fed its own forecasts; `fh` may
        then be given in `predict`. "seq2seq": a second LSTM, the decoder, goes through all
        steps up to the last of `fh` and reads what is known of each [Cho2014]_. "auto" is
        "direct" as long as X has no columns that are known ahead. Where it has, and all
        steps of `fh` follow each other from the first on, "direct" is compared in `fit`
        with a "seq2seq" that leaves the season to them and has neither `dropout` nor
        `weight_decay` (of `season_length` and these it keeps what is not the default):
        both are trained without the last rows (a fifth, but a horizon at least, and two
        horizons or 24 rows at most), and the one that forecasts these better is trained on
        all. That takes three fits; `callbacks`, `checkpoint` and `verbose` are for the
        last. It is "direct" in `pretrain`, in ``distributed(rows="own")``, and where too
        few rows would be left to train on.
    window_length : int or "auto"
        Number of rows that the network reads. "auto": three seasons, or as many whole
        ones as three quarters of the rows of a typical series hold; without a season twelve
        rows. Then the first rows of a series are learnt from, too: a third of a window will
        do.
    past_covariates : list of column names or None
        Columns of X that are known only up to the cutoff, such as a measurement. `predict`
        does not need them and does not read them. All others are known in advance, such as
        a calendar: their values at the forecast steps are used.
    channel_independent : bool
        Whether each column of a multivariate y is standardised and forecast by itself, from
        its own past, by one network that all columns share [Nie2023]_. Else one network
        reads all columns and forecasts all. X is read with each column.
    forking_sequences : bool
        Whether training forecasts from each step of a window as if it were the last, and
        not from the last alone (the forking sequences of MQ-RNN [Wen2017]_; DeepAR and
        ES-RNN train alike). A window of 36 rows then shows 24 forecasts: for few series,
        and few steps of training. The first third of a window is only read. Level, size and
        season are those known at each step, and what is read is relative to the level of
        the step before.
    categorical_features : list of column names or None
        Columns of X that are categories, as numbers from 0, such as a month or a store. The
        network learns a vector for each. Columns of text or of the dtype `category` are
        categories without being named.
    instance_norm
        By default forecasts are learnt as changes from a smoothed last value, so that they
        follow a trend.
    loss
        By default one network learns many quantiles. Forecasts are medians, which few
        unusual months do not move (and which are about zero where more than half of a
        series is). `predict_interval`, `predict_quantiles`, `predict_var` and, with skpro,
        `predict_proba` come from the same network, as they do with a distribution. A
        recursive forecast carries its uncertainty along by 500 paths, drawn step by step:
        its median is that of the paths, while `predict` follows the medians themselves.
    calibration_fraction : float or None
        Share of the windows of each series, its last ones, by which quantiles are
        calibrated: a first network is trained on the rows before them alone, and its
        quantiles are stretched about the median, step by step, until they hold what they
        promise [Vovk2005]_. Then a second one is trained on all rows, and its quantiles are
        stretched as much. `update` goes on: the scores of new rows take the place of the
        oldest, and the share that is covered adapts [Gibbs2021]_. With a distribution,
        forecasts are its medians then.
    {parameters}

    Attributes
    ----------
    strategy_ : {"direct", "recursive", "seq2seq"}
        The strategy; that which was chosen, with "auto".
    model_ : ForecastModel
        What forecasts. Its `regressor` is the fitted `sklstm.LSTMRegressor`.
    pretrained_model_ : ForecastModel
        The same after `pretrain`; `fit` leaves it as it is.
    n_epochs_, best_epoch_ : int
        Epochs trained, and the one, counted from 1, whose weights are kept.
    loss_curve_, validation_loss_curve_ : list of float
        Mean loss of each epoch; the second is empty if nothing validates.

    See Also
    --------
    sklstm.LSTMRegressor : The regressor inside.

    References
    ----------
    {references}

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from sklstm.sktime import LSTMForecaster
    >>> y = load_airline()
    >>> forecaster = LSTMForecaster(random_state=0)
    >>> forecaster.fit(y[:"1959-12"], fh=range(1, 13))
    LSTMForecaster(...)
    >>> y_pred = forecaster.predict()
    >>> y_pred.index[[0, -1]]
    PeriodIndex(['1960-01', '1960-12'], dtype='period[M]', name='Period')
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "sklstm developers",
        "maintainers": "sklstm developers",
        "python_dependencies": ["torch", "skorch"],
        "y_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "X_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "capability:multivariate": True,
        "capability:exogenous": True,
        "capability:categorical_in_X": True,
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:missing_values": True,
        "capability:unequal_length": True,
        "capability:update": True,
        "capability:pretrain": True,
        "pretrain:fitted_params": ["pretrained_model_"],
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "requires-fh-in-fit": True,
    }

    _inside = "model_.regressor"

    # The rows are kept here; sktime need not keep them once more.
    _config: ClassVar[dict[str, Any]] = {"remember_data": False}
    _y = None
    _X = None

    def __init__(
        self,
        strategy: str = "auto",
        window_length: int | str = "auto",
        past_covariates: Sequence[Any] | None = None,
        *,
        channel_independent: bool = False,
        forking_sequences: bool = False,
        hidden_size: int = 32,
        num_layers: int = 1,
        dropout: float = 0.3,
        bidirectional: bool = False,
        cell: str = "lstm",
        layer_norm: bool = False,
        memory_length: int | None = None,
        instance_norm: Any = "level",
        instance_scale: bool | str = "auto",
        season_length: int | Sequence[int] | str | None = "auto",
        season: str = "auto",
        patch_length: int | str = "auto",
        convolution: str | None = None,
        conv_filters: Sequence[int] | str = "auto",
        conv_kernel_sizes: Sequence[int] | str = "auto",
        squeeze_excite: bool = False,
        categorical_features: Any = None,
        embedding_size: int | None = None,
        pooling: str = "last",
        head_sizes: Sequence[int] = (),
        loss: Any = "quantile",
        quantile: float | Sequence[float] = LEVELS,
        n_mixtures: int = 3,
        optimizer: Any = "adamw",
        learning_rate: float = 0.01,
        learning_rate_schedule: Any = "cosine",
        weight_decay: float | None = 0.3,
        weight_averaging: float | None = None,
        max_grad_norm: float | None = 1.0,
        max_epochs: int | str = 60,
        max_steps: int | None = 500,
        validation_steps: int | None = None,
        batch_size: int = 32,
        standardize: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_epochs_no_change: int = 10,
        calibration_fraction: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        callbacks: list[Any] | None = None,
        dtype: str = "float32",
        device: Any = "cpu",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.strategy = strategy
        self.window_length = window_length
        self.past_covariates = past_covariates
        self.channel_independent = channel_independent
        self.forking_sequences = forking_sequences
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
        self.categorical_features = categorical_features
        self.embedding_size = embedding_size
        self.pooling = pooling
        self.head_sizes = head_sizes
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
        self.n_epochs_no_change = n_epochs_no_change
        self.calibration_fraction = calibration_fraction
        self.checkpoint = checkpoint
        self.callbacks = callbacks
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        super().__init__()

    def __dynamic_tags__(self) -> None:
        """Tell sktime what the strategy needs."""
        recursive, says = self.strategy == "recursive", says_quantiles(self)
        self.set_tags(
            **{
                "requires-fh-in-fit": not recursive,
                "capability:pred_int": says,
                "capability:pred_int:insample": says,
                "capability:non_contiguous_X": self.strategy == "direct",
            }
        )

    # ------------------------------------------------------------------ training

    def _fit(self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any) -> LSTMForecaster:
        self._y_columns = y.columns
        self._freq = self._look_at(y, X)
        self._channels = self._learn_channels(y)
        y, X = split_channels(self._channels, y, X)
        if hasattr(self, "pretrained_model_"):
            model = pretrained_copy(self, y, X, fh)
            panel = self._read(y, X, model)
            self._train(model, ForecastModel.fine_tune, panel)
        else:
            model = chosen_model(self, y, X, fh, partial(self._read, y, X))
            panel = self._read(y, X, model)
            self._train(model, ForecastModel.fit, panel)
        self.model_ = model
        self._history = History((panel,))
        self._keep(panel)
        return self

    def _pretrain(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None
    ) -> LSTMForecaster:
        if fh is None and self.strategy != "recursive":
            raise ValueError(
                f"fh must be given to pretrain when strategy={self.strategy!r}. Got None."
            )
        self._freq = self._look_at(y, X)
        y, X = split_channels(self._learn_channels(y), y, X)
        model = new_model(self, y, X, fh)
        if self.instance_scale == "auto":
            # The series to come may be of any size.
            model.regressor.set_params(instance_scale=not are_of_one_size(self))
        self._train(model, ForecastModel.fit, self._read(y, X, model))
        self.pretrained_model_ = model
        return self

    def _pretrain_update(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None
    ) -> LSTMForecaster:
        if not hasattr(self, "pretrained_model_"):
            return self._pretrain(y, X, fh)
        self._freq = self._look_at(y, X)
        y, X = split_channels(self._learn_channels(y), y, X)
        model = pretrained_copy(self, y, X, fh)
        panel = self._read(y, X, model)
        self._train(model, ForecastModel.fine_tune, panel)
        self.pretrained_model_ = model
        return self

    def _update(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True
    ) -> LSTMForecaster:
        check_times(y, "y")
        check_times(X, "X")
        check_covariates(X, self.model_.covariates)
        if self._channels is not None:
            y = in_order(y, list(self._y_columns))
        y, X = split_channels(self._channels, y, X)
        new = self._read(y, X, self.model_)
        check_kind(new.frame, self._context.frame)
        panel = self._context.followed_by(new)
        check_frequency(panel, self._freq)
        panel = panel.regular(self._freq)
        slide(self.model_, panel, self._context)
        if update_params:
            # A step on a single window would be all noise: older ones fill up a batch.
            n_recent = max(new.lengths.max(), -(-self.batch_size // len(new)))
            n_rows = self.model_.n_context + n_recent
            with handed_on(self, self.model_.regressor):
                self.model_.update(panel.only(new.names()).tail(n_rows))
        self._history = self._history.followed_by(new)
        self._keep(panel)
        return self

    def _train(
        self,
        model: ForecastModel,
        train: Callable[[ForecastModel, Panel], None],
        panel: Panel,
    ) -> None:
        """Train on all rows; calibrate by a copy that does not know the last ones.

        It knows less than the one that forecasts, so that its scores err on the wide side.
        """
        # A pretrained one may come from elsewhere.
        model.regressor.set_params(checkpoint=self.checkpoint)
        if self.calibration_fraction is not None:
            n_later = rows_to_calibrate(panel, model, self.calibration_fraction)
            other = copy.deepcopy(model)
            with handed_on(self, other.regressor):
                train(other, panel.without_last(n_later))
            calibrate(other, panel, n_later, self.calibration_fraction)
            model.calibration = other.calibration
        with handed_on(self, model.regressor):
            train(model, panel)

    @staticmethod
    def _look_at(y: pd.DataFrame, X: pd.DataFrame | None) -> Any:
        """Check rows to learn from, and find the step of their time stamps."""
        check_times(y, "y")
        check_times(X, "X")
        check_observed(X)
        return common_frequency(Panel.of(y))

    def _learn_channels(self, y: pd.DataFrame) -> Channels | None:
        """Learn to read each column by itself, if the network shall."""
        if not self.channel_independent:
            return None
        return Channels.learn(
            y,
            standardize=are_of_one_size(self),
            may_multiply=self.season in ("auto", "multiplicative")
            and self.season_length is not None
            and self.instance_norm is not None,
        )

    def _keep(self, panel: Panel) -> None:
        """Remember the rows that forecasts and updates begin from."""
        values = panel.values[:, : self.model_.n_targets]
        n_missing = count_missing(values, panel.stops - 1, panel.starts).max(axis=1)
        n_rows = self.model_.n_context + self.batch_size
        self._context = panel.tail(n_rows + np.maximum(n_missing, 0))

    def _read(self, y: pd.DataFrame, X: pd.DataFrame | None, model: ForecastModel) -> Panel:
        """Find the model's columns in y and X, by name, and the rows that are missing."""
        y = in_order(y, model.targets)
        if model.covariates and X is not None:
            check_columns("X", X, model.covariates)
            X = model.labels.encode(X)
        panel = Panel.of(join(y, X, model.covariates))
        check_frequency(panel, self._freq)
        return panel.regular(self._freq)

    # ------------------------------------------------------------------ forecasts

    def _check_fh(self, fh: Any, pred_int: bool = False) -> ForecastingHorizon | None:
        """Let a fitted network forecast any of the steps that it gives.

        sktime has it forecast those of `fit` alone while `requires-fh-in-fit` is set.
        """
        if fh is None or not self.is_fitted or not self.get_tag("requires-fh-in-fit"):
            return super()._check_fh(fh, pred_int)
        asked = check_fh(fh, freq=self._cutoff)
        if not self._gives(asked):
            return super()._check_fh(fh, pred_int)  # which refuses it
        as_fitted = copy.copy(self)
        as_fitted._fh = asked
        return super(LSTMForecaster, as_fitted)._check_fh(None, pred_int)

    @property
    def strategy_(self) -> str:
        """How the steps of the horizon are forecast, where that was chosen in `fit`."""
        self.check_is_fitted()
        if is_auto(self.strategy):
            decodes = isinstance(self.model_.regressor, Seq2SeqRegressor)
            return "seq2seq" if decodes else "direct"
        return self.strategy

    def _gives(self, fh: ForecastingHorizon) -> bool:
        """Tell whether all steps of a horizon lie in sample or were trained for."""
        steps = all_steps(horizons_from(with_freq(fh, self._freq), self._context))
        return not len(untrained(steps, self.model_.steps, dates=not fh.is_relative))

    def _predict(self, fh: ForecastingHorizon, X: pd.DataFrame | None) -> pd.DataFrame:
        return self._say(fh, X).points()

    def _predict_quantiles(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, alpha: list[float]
    ) -> pd.DataFrame:
        said = self._say(fh, X, with_paths=True)
        return replace(said, columns=self._get_varnames()).quantile_frame(alpha)

    def _predict_interval(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, coverage: list[float]
    ) -> pd.DataFrame:
        levels = [level for share in coverage for level in levels_of(share)]
        said = self._say(fh, X, with_paths=True)
        ends = said.quantiles(levels)
        names = pd.MultiIndex.from_product(
            [self._get_varnames(), coverage, ["lower", "upper"]]
        )
        return pd.DataFrame(ends.reshape(len(ends), -1), said.index, names)

    def _predict_var(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, cov: bool = False
    ) -> pd.DataFrame:
        return self._say(fh, X, with_paths=True).variances()

    def _predict_proba(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, marginal: bool = True
    ) -> Any:
        return self._say(fh, X, with_paths=True).distributions()

    def _say(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, *, with_paths: bool = False
    ) -> Said:
        """Forecast: all that is predicted of the values to come is read from this.

        A network that is fed its own forecasts carries their uncertainty along by paths.
        """
        panel, model = self._context, self.model_
        fh = with_freq(fh, self._freq)
        horizons = horizons_from(fh, panel)
        steps = all_steps(horizons)
        if self.strategy != "recursive":
            check_steps(steps, model.steps, dates=not fh.is_relative)
        n_ahead = max(steps[-1], model.steps[-1])
        future = self._future(fh, horizons, X, n_ahead)
        follows = with_paths and steps[-1] > model.steps[-1]
        say = samples_at if follows else parameters_at
        past = partial(self._history.panel, self._freq)
        values = say(model, horizons, panel, past, future)
        index = panel.index_at([h.times for h in horizons])
        if self._channels is not None:
            roles = POINT * values.shape[2] if follows else model.loss.roles
            index, values = self._channels.join(index, values, roles)
        return Said(index, self._y_columns, values, model.loss, follows).in_order()

    def _future(
        self,
        fh: ForecastingHorizon,
        horizons: list[Horizon],
        X: pd.DataFrame | None,
        n_ahead: int,
    ) -> Array:
        """Find the rows to come in X, of shape (n_series, n_ahead, n_columns)."""
        model, panel = self.model_, self._context
        if not len(model.known):
            return np.full((len(panel), n_ahead, panel.frame.shape[1]), np.nan)
        if X is not None:
            check_columns("X", X, model.known_names)
            X = X[[name for name in model.covariates if name in X.columns]]
            X = model.labels.encode(X)
            if self._channels is not None:
                X = self._channels.repeat(X)
        steps = ForecastingHorizon(range(1, n_ahead + 1), is_relative=True, freq=fh.freq)
        rows = [h.times for h in horizons_from(steps, panel)]
        return known_ahead(model, horizons, X, panel.index_at(rows))

    # ------------------------------------------------------------------ inspection

    def _inspected(self, X: Any) -> Inside:
        """Give the regressor, and sequences: those that it forecasts from, or of rows.

        X is a series or a panel, or a tuple of it and the columns beside it. None in the
        place of the series is the rows seen, with the columns known ahead beside it; and
        ``...`` asks for the regressor alone.
        """
        self.check_is_fitted()
        model = self.model_
        if X is ... or isinstance(X, Windows | np.ndarray):
            return Inside(model.regressor, X)
        y, beside = (as_frame(part) for part in (X if isinstance(X, tuple) else (X, None)))
        if y is None:
            panel, targets = self._context, None
            steps = with_freq(ForecastingHorizon(model.steps, is_relative=True), self._freq)
            horizons = horizons_from(steps, panel)
            future = self._future(steps, horizons, beside, model.steps[-1])
            rows = Rows.of(panel, future)
            windows = model.windows(rows.table, rows.lasts, rows.starts)
            series = np.arange(len(panel))
        else:
            y, beside = split_channels(self._channels, y, beside)
            panel = self._read(y, beside, model)
            windows, coming = model.samples(panel)
            if not len(windows):
                raise ValueError(
                    f"X must have a series of {model.least_rows} rows and a target after"
                    f" them. Got {panel.lengths.max(initial=0)} rows in its longest."
                )
            targets = np.asarray(coming).reshape(len(coming), -1)
            series = np.searchsorted(panel.starts, windows.starts, side="right") - 1
        return Inside(model.regressor, windows, targets, self._units(panel, series))

    def _units(self, panel: Panel, series: Array) -> tuple[Array, Array] | None:
        """Give the level and the scale of the channel of each window, if it has any."""
        if self._channels is None:
            return None
        channels = np.array([name[0] for name in panel.names()], dtype=int)[series]
        scaling = self._channels.scaling
        return scaling.mean[channels], scaling.scale[channels]

    # ------------------------------------------------------------------ tests

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Give parameters for sktime's checks: one small network for each strategy.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        params : list of dict
        """
        small = {"window_length": 3, "hidden_size": 2, "max_epochs": 1, "random_state": 0}
        alone = {"channel_independent": True, "cell": "gru", "patch_length": 2}
        calibrated = {"calibration_fraction": 0.3, "quantile": (0.25, 0.5, 0.75)}
        return [
            *({**small, "strategy": s} for s in ("auto", *STRATEGIES[1:])),
            {**small, **alone},
            {**small, **calibrated},
        ]
