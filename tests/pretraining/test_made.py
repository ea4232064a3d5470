"""Series that are made have the statistics that their parts promise; so do the tasks."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklstm.sktime._pretrained._view import HORIZON
from tests.pretraining import made
from tests.pretraining.made import FREQUENCIES, Frequency, make
from tests.pretraining.tasks import BATCH, ORIGINS, draw

MONTHLY = FREQUENCIES["monthly"]


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", FREQUENCIES)
def test_series_are_finite_and_seeded(name):
    y = make(rng(), 50, 200, FREQUENCIES[name])
    assert y.shape == (50, 200)
    assert np.isfinite(y).all()
    assert_array_equal(y, make(rng(), 50, 200, FREQUENCIES[name]))
    assert not np.array_equal(y, make(rng(1), 50, 200, FREQUENCIES[name]))


def test_filter_is_the_recursion():
    shocks = rng().normal(size=(2, 30))
    first, second = np.array([[0.5], [1.2]]), np.array([[0.2], [-0.6]])
    y = made.filtered(shocks, first, second)
    for i in range(2):
        expected = np.zeros(32)
        for t in range(30):
            a, b = first[i, 0], second[i, 0]
            expected[t + 2] = shocks[i, t] + a * expected[t + 1] + b * expected[t]
        assert_allclose(y[i], expected[2:])


@pytest.mark.parametrize("period", [4, 7, 12, 24])
def test_seasons_come_again(period):
    y = made.season(rng(), 400, 20 * period, period)
    one = y[:, : 10 * period] - y[:, : 10 * period].mean(axis=1, keepdims=True)
    later = np.roll(y, -period, axis=1)[:, : 10 * period]
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(one, later, strict=True)]
    assert np.mean(r) > 0.8
    halfway = np.roll(y, -(period // 2), axis=1)[:, : 10 * period]
    other = [np.corrcoef(a, b)[0, 1] for a, b in zip(one, halfway, strict=True)]
    assert np.mean(other) < 0.3


def test_noise_has_unit_size_and_some_heavy_tails():
    e = made.noise(rng(), 2000, 200)
    assert 0.8 < np.sqrt(np.median((e**2).mean(axis=1))) < 1.1
    kurtosis = (e**4).mean(axis=1) / (e**2).mean(axis=1) ** 2
    assert 0.1 < (kurtosis > 5).mean() < 0.5
    change = np.array([np.corrcoef(x[1:], x[:-1])[0, 1] for x in e])
    assert 0.3 < (np.abs(change) < 0.15).mean() < 0.7  # half of them have no memory


def test_coloured_noise_has_a_falling_spectrum():
    y = made._coloured(rng(), 300, 256, np.arange(256) / 256)
    power = np.abs(np.fft.rfft(y * np.hanning(256), axis=1)) ** 2
    low, high = power[:, 2:8].mean(axis=1), power[:, 60:120].mean(axis=1)
    assert np.median(low / high) > 20


def test_some_series_are_counts_or_intermittent():
    y = make(rng(), 3000, 120, MONTHLY)
    whole = (y == np.round(y)).all(axis=1)
    assert 0.04 < whole.mean() < 0.15
    intermittent = whole & ((y == 0).mean(axis=1) > 0.25)
    assert 0.01 < intermittent.mean() < 0.08


def test_most_series_have_no_bound_and_some_grow_in_proportion():
    y = np.abs(make(rng(), 3000, 120, MONTHLY, without="counts"))
    early, late = y[:, :40], y[:, 80:]
    size = np.log((late.mean(axis=1) + 1e-9) / (early.mean(axis=1) + 1e-9))
    spread = np.log((late.std(axis=1) + 1e-9) / (early.std(axis=1) + 1e-9))
    grows = np.abs(size) > 1
    assert np.corrcoef(size[grows], spread[grows])[0, 1] > 0.5


@pytest.mark.parametrize(
    "part", ["trend", "season", "noise", "events", "counts", "calendar"]
)
def test_a_part_can_be_left_out(part):
    with_it = make(rng(), 500, 120, MONTHLY)
    without = make(rng(), 500, 120, MONTHLY, without=part)
    assert not np.array_equal(with_it, without)
    if part == "counts":
        assert (without == np.round(without)).all(axis=1).mean() < 0.01


@pytest.mark.parametrize("step", ["day", "month", "quarter"])
def test_calendars_have_unit_size(step):
    y = made.calendar(rng(), 300, 1460, step)
    assert_allclose(y.std(axis=1), 1, rtol=1e-6)


def test_feasts_come_again_in_a_year():
    y = made.calendar(rng(), 300, 1460, "day")
    pairs = zip(y[:, :-365], y[:, 365:], strict=True)
    assert np.median([np.corrcoef(a, b)[0, 1] for a, b in pairs]) > 0.99


def test_working_days_are_those_of_the_calendar():
    begin = np.arange("1970-01", "2000-01", dtype="datetime64[M]").astype("datetime64[D]")
    end = begin.astype("datetime64[M]") + 1
    working = np.busday_count(begin, end.astype("datetime64[D]"))
    y = made.calendar(rng(), 200, 240, "month")
    r = [[np.corrcoef(row, working[i : i + 240])[0, 1] for i in range(120)] for row in y]
    assert (np.max(r, axis=1) > 0.99).mean() > 0.1


def test_events_are_rare():
    e = made.events(rng(), 3000, 100)
    assert 0.5 < (e == 0).all(axis=1).mean() < 0.8
    assert (e != 0).mean() < 0.15


def test_tasks_hold_a_history_and_what_follows():
    tasks = draw(rng(), 40)
    assert len(tasks) == 40
    for task in tasks:
        n = BATCH * ORIGINS
        assert len(task.histories) == n
        assert task.future.shape == (n, HORIZON)
        assert task.periods.shape == (n, 2)
        assert (~np.isnan(task.histories)).any(axis=1).all()
        assert not np.isnan(task.future[:, 0]).any()
    lengths = [task.histories.shape[1] for task in tasks]
    assert min(lengths) < 30
    assert max(lengths) > 150


def test_what_follows_goes_on_where_the_history_ends(monkeypatch):
    """A series whose values are its steps."""
    steps = lambda rng, n, T, *_: np.tile(np.arange(T, dtype=float), (n, 1))  # noqa: E731
    monkeypatch.setattr("tests.pretraining.tasks.make", steps)
    for task in draw(rng(), 10):
        end = np.where(np.isnan(task.histories[:, -1]), np.nan, task.histories[:, -1])
        begun = ~np.isnan(end) & (end > 0)
        assert_array_equal(task.future[begun, 0], end[begun] + 1)


def test_other_frequencies_are_easily_made():
    y = make(rng(), 100, 60, Frequency((6,), (3, 60), 1.0, 1.0), without="events")
    assert y.shape == (100, 60)
