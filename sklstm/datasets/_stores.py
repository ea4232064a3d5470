"""Daily sales of many stores, made by habits, promotions and a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]

# What is wanted from Monday to Sunday, relative to a day's average.
WEEK = np.array([0.85, 0.8, 0.85, 0.95, 1.25, 1.5, 0.8])
FIRST_DAY = "2023-01-02"  # a Monday
DISCOUNTS = (0.1, 0.2, 0.3)


def make_stores(
    n_stores: int = 20, n_days: int = 730, random_state: Any = 0
) -> pd.DataFrame:
    """Make the daily sales of many stores, with promotions and openings known ahead.

    Stores differ in size by a factor of up to 100, in how much their customers follow a
    promotion, in their trend, and in whether they open on Sundays. The first days of a
    promotion sell most. Customers then have full pantries and buy less for a while, and of
    what they miss on a closed day they buy half on the next. Needs pandas.

    Parameters
    ----------
    n_stores : int, default=20
    n_days : int, default=730
        Days from 2023-01-02, a Monday, on.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    sales : pandas.DataFrame of shape (n_stores * n_days, 5)
        A long frame: the columns "store" and "day", "sales" (in pieces), "discount" (0, or
        .1 to .3 in a promotion) and "open" (1 or 0).

    Notes
    -----
    Forecasts of the next seven days, from each of the last twelve weeks, with promotions
    and openings known ahead; the mean absolute error relative to the store's mean sales:

    ============================================================  ====
    the same weekday of the last week                             .329
    the same weekday that was open, and 0 where it is closed      .290
    ridge regression on the last two weeks, for all stores        .177
    `LSTMForecaster` with its defaults, meant for few rows        .161
    gradient boosting on the same, relative to the store's size   .079
    `LSTMForecaster` with the settings below                      .056
    ============================================================  ====

    ``LSTMForecaster("seq2seq", window_length=28, season_length=None, hidden_size=64,
    dropout=0, weight_decay=0, max_steps=2000)`` with the weekday as a category: 15 seconds
    of one core, one seed. It was the best of five settings that were tried *on these
    weeks*; the others had one setting each. With ``random_state=1``, on which nothing was
    chosen: .058, boosting .083.

    Examples
    --------
    >>> from sklstm.datasets import make_stores
    >>> sales = make_stores(n_stores=2, n_days=3)
    >>> sales.columns.tolist()
    ['store', 'day', 'sales', 'discount', 'open']
    >>> sales.groupby("store")["sales"].mean().round().tolist()
    [925.0, 4235.0]
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("make_stores needs pandas: pip install pandas.") from error
    rng = check_random_state(random_state)
    days = pd.date_range(FIRST_DAY, periods=n_days)
    frames = [
        pd.DataFrame({"store": f"store_{number:02}", "day": days, **_store(days, rng)})
        for number in range(1, n_stores + 1)
    ]
    return pd.concat(frames, ignore_index=True)


def _store(days: pd.DatetimeIndex, rng: Any) -> dict[str, Array]:
    """Make one store: its size, its openings, its promotions and what is sold."""
    n, weekday = len(days), days.dayofweek.to_numpy()
    size = 100 * 100 ** rng.rand()
    is_open = (weekday < 6) | (rng.rand() < 0.3)
    is_open &= rng.rand(n) > 0.02
    discount = _discounts(n, rng)
    year = 1 + 0.15 * np.sin(2 * np.pi * (days.dayofyear.to_numpy() / 365.25 - rng.rand()))
    level = size * year * np.exp(np.cumsum(rng.normal(scale=0.008, size=n)))
    level *= rng.lognormal(sigma=0.05, size=n)
    sold = _sell(WEEK[weekday], is_open, discount, pull=rng.uniform(3, 7))
    return {
        "sales": np.round(level * sold),
        "discount": discount,
        "open": is_open.astype(float),
    }


def _discounts(n: int, rng: Any) -> Array:
    """Make promotions of three to ten days, and quiet weeks between them."""
    discount = np.zeros(n)
    day = rng.randint(5, 30)
    while day < n:
        end = day + rng.randint(3, 11)
        discount[day:end] = rng.choice(DISCOUNTS)
        day = end + rng.randint(6, 30)
    return discount


def _sell(wanted: Array, is_open: Array, discount: Array, pull: float) -> Array:
    """Sell what is wanted each day, more in a promotion, and less after it.

    The first days of a promotion sell most. What is bought ahead fills the customers'
    pantries, which they empty before they buy again. Of what is wanted on a closed day,
    half is bought on the next one.
    """
    sold = np.zeros(len(wanted))
    pantry = waiting = age = 0.0
    for day, usual in enumerate(wanted):
        if not is_open[day]:
            waiting += 0.5 * usual
            continue
        age = age + 1 if discount[day] else 0.0
        ahead = usual * pull * discount[day] * 0.8 ** max(age - 1, 0)
        spared = usual * 0.6 * np.tanh(pantry / 3)
        sold[day] = usual - spared + ahead + waiting
        pantry = 0.97 * pantry + ahead - spared
        waiting = 0.0
    return sold
