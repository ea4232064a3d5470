"""Forecasts without training, for sktime."""

from __future__ import annotations

from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state
from sktime.forecasting.base import BaseForecaster, ForecastingHorizon

from ..fitting._numbers import is_integer
from ._checks import check_kind, in_order, is_auto
from ._frequency import check_frequency
from ._history import History
from ._horizon import all_steps, horizons_from, with_freq
from ._panel import Panel
from ._periods import Periods, periods_of
from ._pretrained._histories import MOST_STEPS
from ._pretrained._predict import PanelForecast
from ._pretrained._regressor import PretrainedRegressor
from ._pretrained._rows import check_some_observed, read, rows_of
from ._pretrained._tuning import every_origin, train_on
from ._pretrained._view import HORIZON
from ._pretrained._weights import shipped
from ._said import Said
from ._watching import LinkedMixin


def _of_tuning(name: str) -> property:
    """Show how the training went that came after that of the package."""

    def look(forecaster: Any) -> Any:
        kind = type(forecaster).__name__
        if not hasattr(forecaster, "regressor_"):
            raise AttributeError(f"{kind} has no {name} before fit is called.")
        regressor = forecaster.regressor_
        if not regressor.loss_curve_:
            raise AttributeError(
                f"{kind} has no {name}, as nothing was trained: set fine_tune=True, or give"
                " it series that are long enough to learn from."
            )
        if name == "best_epoch_":
            # Epochs of the package's training come before the first of the curve.
            return regressor.best_epoch_ - regressor.n_epochs_ + len(regressor.loss_curve_)
        return getattr(regressor, name)

    return property(look)


class PretrainedLSTMForecaster(LinkedMixin, BaseForecaster):
    """An LSTM that has learnt to forecast from series that were made for it.

    `fit` only takes the series in: the first forecast comes within milliseconds. The
    network has read millions of made series, with trends, seasons, noise, shifts, counts
    and gaps of many kinds, and no real one. It sees each series in units of its own: its
    level, its line and its seasons, as plain means find them; so series of any size and
    length are forecast, from a single value on, and many at once.

    Parameters
    ----------
    season_length : "auto", int, (int, int) or None, default="auto"
        Steps of a season, or of a short and a long one. "auto" takes what the step of the
        index suggests, such as 12 for months, 7 and 365 for days, 24 and 168 for hours; and
        where that says nothing (years, integers) the lag at which the changes of all series
        repeat themselves. None is no season. A series is seen over its last 1,440 steps,
        and so no season may be longer.
    fine_tune : bool, default=False
        Whether `fit` goes on training, on the series at hand, all of them together, for the
        steps of `fh` (48, where that is not told). It takes seconds. The last steps of each
        series are held out, and what forecasts them best is kept: the network after one of
        the epochs, that with the mean of the weights before and after, or as it was.
    max_epochs : int, default=5
        Passes over the series, in `pretrain` and where `fine_tune` is set.
    learning_rate : float, default=0.0001
        Of that training, which falls.
    random_state : int, RandomState instance or None, default=0
        Governs the order of that training, and the paths by which forecasts of more than 48
        steps go on.

    Attributes
    ----------
    season_length_ : tuple of int (short, long)
        Steps of the seasons; 0 is none.
    n_epochs_ : int
        Epochs of fine-tuning that were kept; 0 where none was better than the network as
        it was.
    loss_curve_, validation_loss_curve_ : list of float of shape (n_epochs,)
        Where the network was trained further, with `fine_tune` or by `pretrain`: the
        quantile losses after each epoch of the last time, of all levels alike and in units
        of each series' scale; of (some of) the steps that were learnt from, and of those
        that were held out.
    best_epoch_ : int
        There too: the epoch of these that was kept; 0 is the network as it was.
    regressor_ : LSTMRegressor
        The network that forecasts.

    See Also
    --------
    LSTMForecaster : Learns from the series at hand alone, and reads exogenous columns.

    Notes
    -----
    Forecasts are medians. Columns of a frame are forecast each by itself. Values that are
    missing are bridged by the one before, which the network is told. In-sample forecasts
    are one step ahead; that of the first value is the mean of the series. Forecasts of
    more than 48 steps take some thirty times as long. `pretrain` goes on training from the
    weights with a panel, and `fit` then begins from what was learnt there.

    Examples
    --------
    >>> from sktime.datasets import load_airline
    >>> from sklstm.sktime import PretrainedLSTMForecaster
    >>> y = load_airline()
    >>> forecaster = PretrainedLSTMForecaster().fit(y[:"1959"], fh=range(1, 13))
    >>> forecaster.predict().index[[0, -1]]
    PeriodIndex(['1960-01', '1960-12'], dtype='period[M]', name='Period')
    >>> forecaster.predict_interval(coverage=0.9).shape
    (12, 2)
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "sklstm developers",
        "maintainers": "sklstm developers",
        "python_dependencies": ["torch", "skorch"],
        "y_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "X_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "capability:multivariate": True,
        "capability:exogenous": False,
        "capability:insample": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:missing_values": True,
        "capability:unequal_length": True,
        "capability:update": True,
        "capability:pretrain": True,
        "pretrain:fitted_params": ["pretrained_regressor_"],
        "capability:random_state": True,
        "property:randomness": "derandomized",
        "requires-fh-in-fit": False,
    }

    _config: ClassVar[dict[str, Any]] = {"remember_data": False}
    _y = None
    _X = None

    def __init__(
        self,
        season_length: Any = "auto",
        *,
        fine_tune: bool = False,
        max_epochs: int = 5,
        learning_rate: float = 0.0001,
        random_state: Any = 0,
    ) -> None:
        self.season_length = season_length
        self.fine_tune = fine_tune
        self.max_epochs = max_epochs
        self.learning_rate = learning_rate
        self.random_state = random_state
        super().__init__()

    # ------------------------------------------------------------------ training

    def _fit(
        self, y: pd.DataFrame, X: pd.DataFrame | None, fh: Any
    ) -> PretrainedLSTMForecaster:
        self._check_parameters()
        panel, freq = read(y)
        regressor, n_epochs = self._learnt(), 0
        season_length = self._seasons(panel, freq)
        n_ahead = self._farthest(fh, freq, panel)
        if self.fine_tune:
            regressor, n_epochs = self._tuned(regressor, panel, season_length, n_ahead)
        # The same paths each time that something is asked of one forecast.
        self._seed = _seed_of(self.random_state)
        self._n_ahead = n_ahead
        self._freq = freq
        self._y_columns = y.columns
        self._history = History((panel,))
        self.season_length_ = season_length
        self.n_epochs_ = n_epochs
        self.regressor_ = regressor
        return self

    def _pretrain(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None
    ) -> PretrainedLSTMForecaster:
        self._check_parameters()
        panel, freq = read(y)
        seasons, n_ahead = self._seasons(panel, freq), self._farthest(fh, freq, panel)
        tuned, _ = self._tuned(self._learnt(), panel, seasons, n_ahead)
        self.pretrained_regressor_ = tuned
        return self

    _pretrain_update = _pretrain

    def _learnt(self) -> PretrainedRegressor:
        """Give what `pretrain` left, or the weights of the package."""
        return getattr(self, "pretrained_regressor_", None) or shipped()

    def _update(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True
    ) -> PretrainedLSTMForecaster:
        y = in_order(y, list(self._y_columns))
        new, known = rows_of(y), self._history.panel(self._freq)
        check_kind(new.frame, known.frame)
        check_frequency(known.followed_by(new), self._freq)
        history = self._history.followed_by(new)
        panel = history.panel(self._freq)
        check_some_observed(panel, y.columns)
        # An interrupt leaves the weights as they were, but not the rows.
        self._history = history
        self.season_length_ = self._seasons(panel, self._freq)
        if self.fine_tune and update_params:
            recent = int(new.lengths.max()) + 2 * HORIZON
            seasons, n_ahead = self.season_length_, self._n_ahead
            tuned = self._tuned(self.regressor_, panel, seasons, n_ahead, recent)
            self.regressor_, n_epochs = tuned
            self.n_epochs_ += n_epochs
        return self

    def _tuned(
        self,
        regressor: PretrainedRegressor,
        panel: Panel,
        season_length: Periods,
        n_ahead: int,
        recent: int | None = None,
    ) -> tuple[PretrainedRegressor, int]:
        """Go on training, on all rows, or with one epoch on the last ones."""
        origins, stops = every_origin(panel.values, panel.starts, panel.stops)
        if recent is not None:
            late = origins.last >= stops - recent
            origins, stops = origins.take(late), stops[late]
        return train_on(
            regressor,
            origins,
            stops,
            np.array(season_length),
            n_ahead,
            self.max_epochs if recent is None else 1,
            self.learning_rate,
            _seed_of(self.random_state),
        )

    def _seasons(self, panel: Panel, freq: Any) -> Periods:
        given = self.season_length
        if isinstance(given, str):
            return periods_of(panel, freq, MOST_STEPS)
        if given is None:
            return 0, 0
        if isinstance(given, tuple | list):
            return int(given[0]), int(given[1])
        return int(given), 0

    @staticmethod
    def _farthest(fh: Any, freq: Any, panel: Panel) -> int:
        """Give the last step that is asked for, if it is known."""
        if fh is None:
            return HORIZON
        return max(1, int(all_steps(horizons_from(with_freq(fh, freq), panel))[-1]))

    def _check_parameters(self) -> None:
        given = self.season_length
        lengths = list(given) if isinstance(given, tuple | list) else [given]
        is_pair = not isinstance(given, tuple | list) or len(lengths) == 2
        whole = len(lengths) > 0 and all(is_integer(length, least=2) for length in lengths)
        ascending = whole and lengths == sorted(set(lengths))
        ascending = ascending and lengths[-1] <= MOST_STEPS
        if given is not None and not is_auto(given) and not (is_pair and ascending):
            raise ValueError(
                f"season_length must be 'auto', None, an int from 2 to {MOST_STEPS}, or two"
                f" of them, a short and a long one. Got {given!r}."
            )
        if not isinstance(self.fine_tune, bool | np.bool_):
            raise ValueError(f"fine_tune must be True or False. Got {self.fine_tune!r}.")
        if not is_integer(self.max_epochs, least=1):
            raise ValueError(
                f"max_epochs must be an int of at least 1. Got {self.max_epochs!r}."
            )
        rate = self.learning_rate
        is_number = isinstance(rate, Real) and not isinstance(rate, bool)
        if not is_number or not 0 < rate < np.inf:
            raise ValueError(f"learning_rate must be a number above 0. Got {rate!r}.")

    # What is on the axis of the curves.
    _loss_name: ClassVar[str] = "Quantile loss, in units of the series' scale"

    loss_curve_ = _of_tuning("loss_curve_")
    validation_loss_curve_ = _of_tuning("validation_loss_curve_")
    best_epoch_ = _of_tuning("best_epoch_")

    # ------------------------------------------------------------------ forecasts

    def _predict(self, fh: ForecastingHorizon, X: pd.DataFrame | None) -> pd.DataFrame:
        return self._say(fh).points()

    def _predict_quantiles(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, alpha: list[float]
    ) -> pd.DataFrame:
        said = self._say(fh)
        return replace(said, columns=self._get_varnames()).quantile_frame(alpha)

    def _predict_var(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, cov: bool = False
    ) -> pd.DataFrame:
        return self._say(fh).variances()

    def _predict_proba(
        self, fh: ForecastingHorizon, X: pd.DataFrame | None, marginal: bool = True
    ) -> Any:
        return self._say(fh).distributions()

    def _say(self, fh: ForecastingHorizon) -> Said:
        """Forecast: all that is predicted of the values to come is read from this."""
        panel = self._history.panel(self._freq)
        horizons = horizons_from(with_freq(fh, self._freq), panel)
        series = np.repeat(np.arange(len(panel)), [len(h.steps) for h in horizons])
        step = np.concatenate([h.steps for h in horizons])
        forecast = PanelForecast(self.regressor_, self.season_length_, self._seed)
        values = forecast.quantiles(panel, series, step)
        index = panel.index_at([h.times for h in horizons])
        loss = self.regressor_._resolve_loss()
        return Said(index, self._y_columns, values, loss).in_order()

    # ------------------------------------------------------------------ tests

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Give parameters for sktime's checks.

        Parameters
        ----------
        parameter_set : str, default="default"
            Not used.

        Returns
        -------
        params : list of dict
        """
        return [{}, {"season_length": None, "fine_tune": True, "max_epochs": 1}]


def _seed_of(random_state: Any) -> int:
    seed: int = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return seed
