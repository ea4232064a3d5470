"""What the pretrained network sees, against plain loops; and that it is fair."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.sktime._panel import Panel
from sklstm.sktime._periods import periods_of, periods_of_step
from sklstm.sktime._pretrained._histories import MOST_STEPS, Origins
from sklstm.sktime._pretrained._tuning import every_origin
from sklstm.sktime._pretrained._view import CONTEXT, HORIZON, view_of

from .plain_view import plain_view


def made(rng, n_steps, period=12):
    t = np.arange(n_steps)
    season = rng.normal(size=period)[t % period] if period else 0.0
    return 50 + 0.3 * t + 5 * season + rng.normal(size=n_steps)


KINDS = {
    "one value": lambda rng: np.array([3.0]),
    "two values": lambda rng: np.array([3.0, 4.0]),
    "short": lambda rng: made(rng, 9),
    "a year": lambda rng: made(rng, 12),
    "months": lambda rng: made(rng, 61),
    "long": lambda rng: made(rng, 500),
    "constant": lambda rng: np.full(40, 7.0),
    "zeros": lambda rng: np.zeros(30),
    "counts": lambda rng: rng.poisson(0.4, 80).astype(float),
    "steep": lambda rng: np.exp(np.arange(50) / 8),
    "large": lambda rng: 1e9 + made(rng, 70),
    "gaps": lambda rng: np.where(rng.random(90) < 0.3, np.nan, made(rng, 90)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("periods", [(0, 0), (12, 0), (7, 28), (4, 0), (200, 0)])
def test_view_equals_plain_loops(kind, periods):
    history = KINDS[kind](np.random.default_rng(0))
    history[-1] = 1.0 if np.isnan(history[-1]) else history[-1]
    view = view_of(history[None], np.array([periods]))
    rows, baseline, scale, unit = plain_view(history, *periods)
    assert_allclose(view.scale, [scale], rtol=1e-9)
    assert_allclose(view.unit, [unit], rtol=1e-9)
    assert_allclose(view.baseline[0], baseline, rtol=1e-9, atol=1e-9 * scale)
    assert_allclose(view.windows.table, rows, rtol=2e-5, atol=2e-5)


def test_series_of_all_kinds_at_once_are_seen_as_each_alone():
    rng = np.random.default_rng(1)
    histories = [kind(rng) for kind in KINDS.values()]
    longest = max(map(len, histories))
    together = np.full((len(histories), longest), np.nan)
    for row, y in zip(together, histories, strict=True):
        y[-1] = 1.0 if np.isnan(y[-1]) else y[-1]
        row[longest - len(y) :] = y
    periods = np.array([[12, 0], [7, 28]])[np.arange(len(histories)) % 2]
    view = view_of(together, periods)
    for i, y in enumerate(histories):
        alone = view_of(y[None], periods[i : i + 1])
        assert_allclose(view.baseline[i], alone.baseline[0], rtol=1e-9)
        rows = view.windows.table.reshape(len(histories), -1, view.windows.shape[2])[i]
        assert_allclose(rows, alone.windows.table, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e7])
def test_view_is_the_same_in_any_unit(factor):
    y = made(np.random.default_rng(2), 80)[None]
    periods = np.array([[12, 0]])
    one, other = view_of(y, periods), view_of(factor * y, periods)
    assert_allclose(other.windows.table, one.windows.table, atol=1e-5)
    assert_allclose(other.baseline, factor * one.baseline)


def test_targets_come_back_from_units():
    rng = np.random.default_rng(3)
    y, future = made(rng, 60)[None], 50 + rng.normal(size=(1, HORIZON))
    view = view_of(y, np.array([[12, 0]]))
    z = np.asarray(view.in_units(future)).reshape(1, HORIZON, 1)
    assert_allclose(view.restored(z)[..., 0], future, rtol=1e-5)


def test_steps_before_a_series_begins_are_not_observed():
    view = view_of(np.arange(10.0)[None], np.array([[0, 0]]))
    seen = np.asarray(view.windows)[0]
    n_rows = -(-10 // 4)
    assert np.isnan(seen[:-n_rows]).all()
    assert not np.isnan(seen[-n_rows:]).any()
    assert seen.shape[0] == CONTEXT // 4


# ------------------------------------------------------------------ histories


def named(n_series=3, n_rows=20, n_columns=2):
    """Each value tells its series, its column and its row."""
    s, r, c = np.meshgrid(
        np.arange(n_series), np.arange(n_rows), np.arange(n_columns), indexing="ij"
    )
    return (10_000.0 * s + 1_000 * c + r).reshape(-1, n_columns)


def test_histories_hold_their_own_series_up_to_the_last_value():
    table = named()
    table[25:28, 1] = np.nan
    origins = Origins(
        table, np.array([19, 27, 40]), np.array([0, 20, 40]), np.array([0, 1, 1])
    )
    assert_array_equal(origins.missing, [0, 3, 0])
    first, second, third = origins.histories()
    assert_array_equal(first, np.arange(20))
    assert_array_equal(second[-5:], 11_000 + np.arange(5))
    assert np.isnan(second[:-5]).all()
    assert_array_equal(third[-1:], [21_000])
    assert np.isnan(third[:-1]).all()


def test_values_ahead_follow_the_last_that_is_observed():
    table = named()
    table[25:28, 1] = np.nan
    origins = Origins(table, np.array([27, 38]), np.array([20, 20]), np.array([1, 0]))
    ahead = origins.ahead(5, np.array([40, 40]))
    assert_array_equal(ahead[0], [np.nan, np.nan, np.nan, 11_008, 11_009])
    assert_array_equal(ahead[1], [10_019, np.nan, np.nan, np.nan, np.nan])


def test_only_so_much_of_the_past_is_read():
    table = np.arange(3_000.0)[:, None]
    at = np.array([2_999])
    history = Origins(table, at, 0 * at, 0 * at).histories()
    assert history.shape == (1, MOST_STEPS)
    assert history[0, -1] == 2_999


def test_every_origin_names_its_series():
    table = named(n_series=2, n_rows=3)
    origins, stops = every_origin(table, np.array([0, 3]), np.array([3, 6]))
    at = table[origins.last, origins.column]
    first = [0, 1, 2, 10_000, 10_001, 10_002]
    assert_array_equal(at, [*first, *(1_000 + value for value in first)])
    assert_array_equal(origins.start, [0, 0, 0, 3, 3, 3] * 2)
    assert_array_equal(stops, [3, 3, 3, 6, 6, 6] * 2)


# ------------------------------------------------------------------ seasons


@pytest.mark.parametrize(
    ("step", "periods"),
    [
        ("YE", (0, 0)),
        ("YS-OCT", (0, 0)),
        ("QS", (4, 0)),
        ("QE-NOV", (4, 0)),
        ("MS", (12, 0)),
        ("ME", (12, 0)),
        ("3MS", (4, 0)),
        ("5MS", (0, 0)),
        ("W-SUN", (52, 0)),
        ("4W-SUN", (13, 0)),
        ("7D", (52, 0)),
        ("7h", (24, 0)),
        ("D", (7, 365)),
        ("B", (5, 260)),
        ("h", (24, 168)),
        ("6h", (4, 28)),
        ("30min", (48, 336)),
        ("10min", (144, 1008)),
        ("min", (60, 1440)),
        ("s", (60, 3600)),
        ("WOM-3FRI", (12, 0)),
        ("CBMS", (12, 0)),
        ("bh", (0, 0)),
        (pd.DateOffset(months=1), (0, 0)),
    ],
)
def test_step_of_an_index_suggests_seasons(step, periods):
    assert periods_of_step(step) == periods
    times = pd.date_range("2020-01-01", periods=30, freq=step)
    panel = Panel.of(pd.DataFrame({0: np.arange(30.0)}, times))
    told = tuple(period if period <= MOST_STEPS else 0 for period in periods)
    if any(told):
        assert periods_of(panel, times.freq, MOST_STEPS) == told


@pytest.mark.parametrize("period", [4, 7, 12, 24, 30])
def test_autocorrelation_finds_a_season_where_the_index_says_nothing(period):
    rng = np.random.default_rng(4)
    found = []
    for _ in range(20):
        y = made(rng, 12 * period, period) + np.cumsum(rng.normal(size=12 * period))
        found.append(periods_of(Panel.of(pd.DataFrame({0: y})), None)[0])
    assert np.mean(np.array(found) == period) >= 0.9


@pytest.mark.parametrize("kind", ["noise", "walk", "line", "short"])
def test_autocorrelation_finds_none_where_there_is_none(kind):
    rng = np.random.default_rng(5)
    found = []
    for _ in range(40):
        y = {
            "noise": lambda: rng.normal(size=100),
            "walk": lambda: np.cumsum(rng.normal(size=100)),
            "line": lambda: np.arange(100.0),
            "short": lambda: rng.normal(size=4),
        }[kind]()
        found.append(periods_of(Panel.of(pd.DataFrame({0: y})), None)[0])
    assert np.mean(np.array(found) == 0) >= 0.85


def test_short_series_of_a_panel_show_their_season_together():
    rng = np.random.default_rng(6)
    season = 5 * rng.normal(size=6)
    index = pd.MultiIndex.from_product([range(50), range(15)])
    y = season[np.arange(750) % 15 % 6] + rng.normal(size=750)
    assert periods_of(Panel.of(pd.DataFrame({0: y}, index)), None) == (6, 0)
