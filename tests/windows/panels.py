"""Tables of several series in which every value names its series and its time."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import strategies as st

START = pd.Timestamp("2024-01-01")


def days(numbers):
    return pd.DatetimeIndex(START + pd.to_timedelta(np.asarray(numbers), unit="D"))


def objects(values):
    return pd.Index(list(values), dtype=object)


# Day numbers as times of every class.
TIMES = {
    "datetimes": days,
    "in a time zone": lambda n: days(n).tz_localize("Europe/Berlin"),
    "periods": lambda n: days(n).to_period("D"),
    "elapsed": lambda n: days(n) - START,
    "Arrow timestamps": lambda n: pd.Index(days(n)).astype("timestamp[ns][pyarrow]"),
    "Arrow dates": lambda n: objects(days(n).date).astype("date32[day][pyarrow]"),
    "Arrow durations": lambda n: (days(n) - START).astype("duration[ns][pyarrow]"),
    "dates": lambda n: objects(days(n).date),
    "Python datetimes": lambda n: objects(days(n).to_pydatetime()),
    "Timestamps": lambda n: objects(list(days(n))),
    "Period objects": lambda n: objects(list(days(n).to_period("D"))),
    "timedelta objects": lambda n: objects((days(n) - START).to_pytimedelta()),
    "categories": lambda n: pd.CategoricalIndex(days(n)),
    "intervals": lambda n: pd.IntervalIndex.from_arrays(days(n), days(np.add(n, 1))),
    "integers": lambda n: pd.Index(np.asarray(n)),
    "Arrow integers": lambda n: pd.Index(np.asarray(n)).astype("int64[pyarrow]"),
}

# Series numbers as labels of several kinds, some of them in two levels.
LABELS = {
    "text": lambda s: [[f"store {i}" for i in s]],
    "numbers": lambda s: [[7 - i for i in s]],
    "categories": lambda s: [pd.Categorical([f"s{i}" for i in s])],
    "two levels": lambda s: [[f"r{i % 2}" for i in s], [f"p{i // 2}" for i in s]],
    "text and numbers": lambda s: [[f"r{i % 2}" for i in s], [i // 2 for i in s]],
}


class Panel(NamedTuple):
    """Rows in some order; `value` is 1000 times the series' number plus the day."""

    series: np.ndarray
    day: np.ndarray

    @property
    def value(self):
        return 1000.0 * self.series + self.day

    def labels(self, kind):
        return LABELS[kind](self.series)

    def times(self, kind):
        return TIMES[kind](self.day)

    def indexed(self, labels, times, place=-1):
        """A frame whose index has the labels, and the time at some place among them."""
        levels = self.labels(labels)
        place = len(levels) if place == -1 else place
        levels.insert(place, self.times(times))
        names = [f"key {i}" for i in range(len(levels) - 1)]
        names.insert(place, "time")
        index = pd.MultiIndex.from_arrays(levels, names=names)
        return pd.DataFrame({"value": self.value}, index=index)

    def columns(self, labels, times, library=pd):
        """A frame with the keys as columns around the value, and the labels' names."""
        keys = {f"key {i}": label for i, label in enumerate(self.labels(labels))}
        if library is pl:
            keys = {name: list(label) for name, label in keys.items()}
            time = pd.Series(self.times(times)).astype(object)
            # An older polars knows no Timedelta of pandas.
            plain = [getattr(t, "to_pytimedelta", lambda t=t: t)() for t in time]
            time = pl.Series(plain)
            return pl.DataFrame({**keys, "value": self.value, "time": time}), list(keys)
        data = {**keys, "value": self.value, "time": pd.Series(self.times(times))}
        return pd.DataFrame(data), list(keys)


@st.composite
def panels(draw, gaps=True):
    """Several series whose rows stand one after the other, by time, or mixed."""
    series, day = [], []
    for number in range(draw(st.integers(1, 4))):
        steps = draw(st.lists(st.sampled_from([1, 1, 1, 3] if gaps else [1]), max_size=6))
        times = draw(st.integers(0, 3)) + np.cumsum([0, *steps])
        series += [number] * len(times)
        day += list(times)
    series, day = np.array(series), np.array(day)
    order = draw(st.sampled_from(["stacked", "by time", "mixed"]))
    if order == "by time":
        rows = np.lexsort((series, day))
    elif order == "mixed":
        mixed = np.array(draw(st.permutations(list(series))))
        rows = np.empty(len(series), dtype=int)
        for number in set(series):
            rows[mixed == number] = np.flatnonzero(series == number)
    else:
        rows = np.arange(len(series))
    return Panel(series[rows], day[rows])
