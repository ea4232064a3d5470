"""The data that a seed makes: what is in them, and what a network gains on them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SlidingWindowTransformer, future_targets
from sklstm.datasets import make_load, make_stores

HOURS = 24


# Load


def test_load_has_a_row_an_hour_and_columns_in_range():
    load = make_load(n_days=400)
    assert list(load.columns) == ["load", "temperature", "cloud", "workday"]
    assert load.index.freq == "h"
    assert load.index[0] == pd.Timestamp("2023-01-01")
    assert len(load) == 400 * HOURS
    assert (load["load"] > 10).all()
    assert load["cloud"].between(0, 1).all()
    assert not load.isna().any(axis=None)


def test_load_is_known_by_its_seed():
    pd.testing.assert_frame_equal(make_load(5), make_load(5))
    assert not make_load(5).equals(make_load(5, random_state=1))


def test_workdays_are_neither_weekends_nor_holidays():
    workday = make_load(n_days=400)["workday"]
    assert (workday["2023-05-01"] == 0).all()  # a Monday, and a holiday
    assert (workday["2023-05-02"] == 1).all()
    assert (workday["2023-05-06":"2023-05-07"] == 0).all()


def test_a_cold_week_takes_more_than_a_mild_one_at_the_same_hour_of_a_workday():
    load = make_load(n_days=400)
    winter = load[(load.index.month == 1) & (load["workday"] == 1)]
    spring = load[(load.index.month == 5) & (load["workday"] == 1)]
    by_hour = [part.groupby(part.index.hour)["load"].mean() for part in (winter, spring)]
    assert (by_hour[0] > by_hour[1] + 10).all()


def past_and_known(load):
    """What is known of the load, and of weather and calendar 24 hours ahead."""
    ahead = load.drop(columns="load").shift(-HOURS).add_suffix("_ahead")
    return load[["load"]].join(ahead)


def rows_by_lead(load, start, stop):
    """Loads now, a day and a week before, and what is known of the hour."""
    values = load["load"]
    known = load.drop(columns="load").assign(hour=load.index.hour)
    leads = []
    for lead in range(1, HOURS + 1):
        columns = {
            "now": values,
            "before": values.shift(1),
            "day": values.shift(HOURS - lead),
            "week": values.shift(7 * HOURS - lead),
        }
        columns = pd.DataFrame(columns).join(known.shift(-lead)).assign(lead=lead)
        leads.append(columns[start:stop].to_numpy())
    return np.concatenate(leads)


def test_a_network_forecasts_the_load_better_than_boosting_and_the_day_before():
    load = make_load(n_days=400)
    n, test = len(load), len(load) - 60 * HOURS
    X, y = past_and_known(load), future_targets(load["load"], horizon=HOURS)
    truth = y[test : n - HOURS].to_numpy()

    boosting = HistGradientBoostingRegressor(max_iter=200, random_state=0).fit(
        rows_by_lead(load, 168, test - HOURS)[::2],
        y[168 : test - HOURS].to_numpy().T.ravel()[::2],
    )
    boosted = boosting.predict(rows_by_lead(load, test, n - HOURS)).reshape(HOURS, -1).T
    network = make_pipeline(
        SlidingWindowTransformer(72, context="fit"),
        LSTMRegressor(
            hidden_size=64,
            horizon=HOURS,
            loss="absolute_error",
            patch_length=6,
            batch_size=128,
            max_epochs=10,
            random_state=0,
        ),
    ).fit(X[:test], y[:test])
    rows = np.arange(test, n - HOURS)
    values = load["load"].to_numpy()
    day_before = np.column_stack([values[rows + lead - HOURS] for lead in range(1, 25)])

    errors = [
        np.abs(truth - forecast).mean()
        for forecast in (network.predict(X[test : n - HOURS]), boosted, day_before)
    ]
    assert errors[0] < 0.8 * errors[1]
    assert errors[0] < 0.5 * errors[2]


# Stores


def test_stores_have_a_row_a_day():
    sales = make_stores(n_stores=3, n_days=60)
    assert list(sales.columns) == ["store", "day", "sales", "discount", "open"]
    assert sales.groupby("store").size().tolist() == [60, 60, 60]
    assert not sales.isna().any(axis=None)
    assert set(sales["discount"]) == {0.0, 0.1, 0.2, 0.3}


def test_stores_are_known_by_their_seed():
    pd.testing.assert_frame_equal(make_stores(2, 30), make_stores(2, 30))
    assert not make_stores(2, 30).equals(make_stores(2, 30, random_state=1))


def test_nothing_is_sold_on_closed_days_alone():
    sales = make_stores(n_stores=10, n_days=200)
    assert ((sales["sales"] == 0) == (sales["open"] == 0)).all()


def test_stores_differ_in_size():
    means = make_stores().groupby("store")["sales"].mean()
    assert means.max() > 30 * means.min()


def test_promotions_sell_more_at_first_and_leave_less_behind():
    sales = make_stores(n_stores=40)
    usual = sales.groupby(["store", sales["day"].dt.dayofweek])["sales"].transform("median")
    relative = (sales["sales"] / usual).where((sales["open"] == 1) & (usual > 0))
    promoted = sales["discount"] > 0
    begins = promoted & ~promoted.groupby(sales["store"]).shift(fill_value=False)
    ended = ~promoted & promoted.groupby(sales["store"]).shift(fill_value=False)
    by_day = [relative[begins], relative[promoted], relative[~promoted], relative[ended]]
    means = [part.mean() for part in by_day]
    assert means == sorted(means, reverse=True)
    assert means[0] > 1.5
    assert means[3] < 0.9


WEEKS = range(400 - 6 * 7, 400, 7)  # where each week to forecast begins


def by_network(panel):
    """Forecasts of the weeks by one network for all stores."""
    from sklstm.sktime import LSTMForecaster

    day = panel.index.get_level_values("day")
    days = day.unique()
    y, X = panel[["sales"]], panel[["discount", "open"]].assign(weekday=day.dayofweek)
    past = day < days[WEEKS[0]]
    forecaster = LSTMForecaster(
        "seq2seq",
        window_length=28,
        season_length=None,
        categorical_features=["weekday"],
        hidden_size=64,
        dropout=0,
        weight_decay=0,
        max_steps=1000,
        random_state=0,
    ).fit(y[past], X=X[past], fh=range(1, 8))
    for start in WEEKS:
        week = day.isin(days[start : start + 7])
        yield forecaster.predict(X=X[week])["sales"].unstack("store").to_numpy()
        forecaster.update(y[week], X=X[week], update_params=False)


def by_boosting(panel):
    """Forecasts by gradient boosting, in units of the store's last eight weeks."""
    sold, discount, is_open = (
        panel[name].unstack("store").to_numpy() for name in ("sales", "discount", "open")
    )

    def size(start):
        return sold[start - 56 : start].mean(axis=0)

    def rows(start):
        """Two weeks of sales, three of promotions and openings, and the day, for each."""
        known = [(sold[start - 14 : start] / size(start)).T]
        known += [part[start - 14 : start + 7].T for part in (discount, is_open)]
        known = np.concatenate(known, axis=1)
        leads = range(7)
        return [np.c_[known, np.full((len(known), 2), [k, (start + k) % 7])] for k in leads]

    train = range(60, WEEKS[0] - 7)
    model = HistGradientBoostingRegressor(max_iter=200, random_state=0).fit(
        np.concatenate([row for start in train for row in rows(start)]),
        np.concatenate([(sold[t : t + 7] / size(t)).ravel() for t in train]),
    )
    for start in WEEKS:
        yield model.predict(np.concatenate(rows(start))).reshape(7, -1) * size(start)


def test_a_network_forecasts_stores_better_than_boosting_and_the_week_before():
    pytest.importorskip("sktime")
    panel = make_stores(n_stores=10, n_days=400).set_index(["store", "day"])
    sold = panel["sales"].unstack("store").to_numpy()
    size = sold[: WEEKS[0]].mean(axis=0)

    def error(forecasts):
        pairs = zip(forecasts, WEEKS, strict=True)
        return np.mean([np.abs(week - sold[at : at + 7]) / size for week, at in pairs])

    network, boosting = error(by_network(panel)), error(by_boosting(panel))
    assert network < 0.85 * boosting
    assert network < 0.4 * error(sold[at - 7 : at] for at in WEEKS)
