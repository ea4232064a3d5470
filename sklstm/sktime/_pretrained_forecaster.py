"""Forecasts without training, for sktime."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.utils import check_random_state
from sktime.forecasting.base import BaseForecaster, ForecastingHorizon

from ..fitting._numbers import is_integer
from ._checks import check_times, in_order
from ._frequency import check_frequency, common_frequency
from ._history import History
from ._horizon import all_steps, horizons_from, with_freq
from ._panel import Panel, join, series_name
from ._predict import training_moments
from ._pretrained._forecast import N_PATHS, quantiles_ahead
from ._pretrained._histories import Origins
from ._pretrained._periods import Periods, periods_of
from ._pretrained._regressor import PretrainedRegressor
from ._pretrained._tuning import every_origin, train_on
from ._pretrained._view import HORIZON
from ._pretrained._weights import shipped
from ._said import Said

Array = NDArray[Any]
Index = NDArray[np.intp]

# Origins that are forecast from at once, and the longest season that can be told.
AT_ONCE = 2_048
LONGEST_SEASON = 1_000_000


class PretrainedLSTMForecaster(BaseForecaster):
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
        repeat themselves. None is no season.
    fine_tune : bool, default=False
        Whether `fit` goes on training, on the series at hand, all of them together. It
        takes seconds, and pays where there are many series or long ones.
    max_epochs : int, default=5
        Passes over the series, in `pretrain` and where `fine_tune` is set.
    learning_rate : float, default=0.0003
        Of that training.
    random_state : int, RandomState instance or None, default=0
        Governs the order of that training, and the paths by which forecasts of more than 48
        steps go on.

    Attributes
    ----------
    season_length_ : tuple of int (short, long)
        Steps of the seasons; 0 is none.
    regressor_ : LSTMRegressor
        The network that forecasts.

    See Also
    --------
    LSTMForecaster : Learns from the series at hand alone, and reads exogenous columns.

    Notes
    -----
    Forecasts are medians. Columns of a frame are forecast each by itself. Values that are
    missing are bridged by the one before, which the network is told. In-sample forecasts
    are one step ahead. `pretrain` goes on training from the weights with a panel, and `fit`
    then begins from what was learnt there.

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
        learning_rate: float = 0.0003,
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
        panel, freq = _read(y)
        regressor = getattr(self, "pretrained_regressor_", None) or shipped()
        season_length = self._seasons(panel, freq)
        if self.fine_tune:
            n_ahead = self._farthest(fh, freq, panel)
            regressor = self._tuned(regressor, panel, season_length, n_ahead)
        # The same paths each time that something is asked of one forecast.
        self._seed = _seed_of(self.random_state)
        self._freq = freq
        self._y_columns = y.columns
        self._history = History((panel,))
        self.season_length_ = season_length
        self.regressor_ = regressor
        return self

    def _pretrain(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, fh: Any = None
    ) -> PretrainedLSTMForecaster:
        self._check_parameters()
        panel, freq = _read(y)
        before = getattr(self, "pretrained_regressor_", None) or shipped()
        seasons, n_ahead = self._seasons(panel, freq), self._farthest(fh, freq, panel)
        self.pretrained_regressor_ = self._tuned(before, panel, seasons, n_ahead)
        return self

    _pretrain_update = _pretrain

    def _update(
        self, y: pd.DataFrame, X: pd.DataFrame | None = None, update_params: bool = True
    ) -> PretrainedLSTMForecaster:
        y = in_order(y, list(self._y_columns))
        new = _rows_of(y)
        check_frequency(new, self._freq)
        history = self._history.followed_by(new)
        panel = history.panel(self._freq)
        _check_observed(panel, y.columns)
        # An interrupt leaves the weights as they were, but not the rows.
        self._history = history
        if self.fine_tune and update_params:
            recent = int(new.lengths.max()) + HORIZON
            tuned = self._tuned(
                self.regressor_, panel, self.season_length_, HORIZON, recent, max_epochs=1
            )
            self.regressor_ = tuned
        return self

    def _tuned(
        self,
        regressor: PretrainedRegressor,
        panel: Panel,
        season_length: Periods,
        n_ahead: int,
        recent: int | None = None,
        **settings: Any,
    ) -> PretrainedRegressor:
        """Go on training, on all origins or on those of the last rows."""
        origins, stops = every_origin(panel.values, panel.starts, panel.stops)
        if recent is not None:
            late = origins.last >= stops - recent
            origins, stops = origins.take(late), stops[late]
        seed = _seed_of(self.random_state)
        tuned = train_on(
            regressor,
            origins,
            stops,
            np.array(season_length),
            n_ahead,
            np.random.default_rng(seed),
            **{
                "max_epochs": self.max_epochs,
                "learning_rate": self.learning_rate,
                "learning_rate_schedule": "cosine",
                "batch_size": 64,
                "random_state": seed,
                **settings,
            },
        )
        return regressor if tuned is None else tuned

    def _seasons(self, panel: Panel, freq: Any) -> Periods:
        given = self.season_length
        if isinstance(given, str):
            return periods_of(panel, freq)
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
        is_auto = isinstance(given, str) and given == "auto"
        is_pair = not isinstance(given, tuple | list) or len(lengths) == 2
        whole = all(is_integer(length, least=2) for length in lengths)
        ascending = whole and lengths == sorted(set(lengths))
        ascending = ascending and lengths[-1] <= LONGEST_SEASON
        if given is not None and not is_auto and not (is_pair and ascending):
            raise ValueError(
                "season_length must be 'auto', None, an int of at least 2, or two of them,"
                f" a short and a long one. Got {given!r}."
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
        n_columns = panel.frame.shape[1]
        levels = self.regressor_.quantile
        values = np.empty((len(step), n_columns, len(levels)))
        out = step > 0
        if out.any():
            values[out] = self._ahead(panel, series[out], step[out])
        if not out.all():
            values[~out] = self._in_sample(panel, series[~out], step[~out])
        index = panel.index_at([h.times for h in horizons])
        loss = self.regressor_._resolve_loss()
        return Said(index, self._y_columns, values, loss).in_order()

    def _ahead(self, panel: Panel, series: Index, step: Index) -> Array:
        """Forecast from the end of each series."""
        n_columns = panel.frame.shape[1]
        which, place = np.unique(series, return_inverse=True)
        origins = Origins(
            panel.values,
            np.tile(panel.stops[which] - 1, n_columns),
            np.tile(panel.starts[which], n_columns),
            np.repeat(np.arange(n_columns), len(which)),
        )
        said = self._from(origins, int(step.max()))
        said = said.reshape(n_columns, len(which), *said.shape[1:])
        return np.moveaxis(said[:, place, step - 1], 0, 1)

    def _in_sample(self, panel: Panel, series: Index, step: Index) -> Array:
        """Forecast values that are known, each from the rows before it."""
        n_columns = panel.frame.shape[1]
        last = panel.stops[series] - 2 + step
        means, deviations = training_moments(panel, n_columns)
        z = ndtri(np.asarray(self.regressor_.quantile))
        unknown = means[..., None] + deviations[..., None] * z
        values = unknown[series]
        begun = np.flatnonzero(last >= panel.starts[series])
        if len(begun):
            origins = Origins(
                panel.values,
                np.tile(last[begun], n_columns),
                np.tile(panel.starts[series[begun]], n_columns),
                np.repeat(np.arange(n_columns), len(begun)),
            )
            seen = origins.missing() >= 0
            column, row = (
                np.repeat(np.arange(n_columns), len(begun)),
                np.tile(begun, n_columns),
            )
            said = self._from(origins.take(seen), 1)[:, 0]
            values[row[seen], column[seen]] = said
        return values

    def _from(self, origins: Origins, n_ahead: int) -> Array:
        """Forecast the steps after some rows, of shape (n_origins, n_ahead, n_levels)."""
        values = np.empty((len(origins), n_ahead, len(self.regressor_.quantile)))
        # What is missing at the end is forecast too.
        all_missing = origins.missing()
        is_far = all_missing + n_ahead > HORIZON
        for chosen in _parts(is_far):
            part, missing = origins.take(chosen), all_missing[chosen]
            periods = np.tile(np.array(self.season_length_), (len(part), 1))
            said = quantiles_ahead(
                self.regressor_,
                part.histories(),
                periods,
                n_ahead + int(missing.max()),
                self._seed,
            )
            steps = missing[:, None] + np.arange(n_ahead)
            values[chosen] = np.take_along_axis(said, steps[:, :, None], axis=1)
        return values

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


def _rows_of(y: pd.DataFrame) -> Panel:
    """Check the rows of y."""
    check_times(y, "y")
    return Panel.of(join(y, None, []))


def _read(y: pd.DataFrame) -> tuple[Panel, Any]:
    """Check rows, find the step of their time stamps, and add rows that are missing."""
    panel = _rows_of(y)
    freq = common_frequency(panel)
    check_frequency(panel, freq)
    panel = panel.regular(freq)
    _check_observed(panel, y.columns)
    return panel, freq


def _check_observed(panel: Panel, columns: pd.Index) -> None:
    """Refuse series without a value."""
    observed = np.logical_or.reduceat(~np.isnan(panel.values), panel.starts)
    if not observed.all():
        i, j = np.argwhere(~observed)[0]
        raise ValueError(
            "y must have a value in each column of each series. Got none in column"
            f" {columns[j]!r} of {series_name(panel.names()[i])}."
        )


def _seed_of(random_state: Any) -> int:
    seed: int = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return seed


def _parts(is_far: NDArray[np.bool_]) -> Iterator[Index]:
    """Give origins part by part: many of those without paths, few of those with them."""
    for which, at_once in ((~is_far, AT_ONCE), (is_far, AT_ONCE // N_PATHS)):
        chosen = np.flatnonzero(which)
        for i in range(0, len(chosen), at_once):
            yield chosen[i : i + at_once]
