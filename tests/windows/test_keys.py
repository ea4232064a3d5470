"""Rows keep their series and their time, however these are told."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm import SlidingWindowTransformer, future_targets, sliding_windows

from .oracle import naive_forecast_pairs, naive_future, naive_windows
from .panels import LABELS, TIMES, Panel, days, panels

quick = settings(deadline=None, max_examples=60)
pytestmark = pytest.mark.filterwarnings("ignore:Gaps in the time index of X cut")

DATED = sorted(kind for kind in TIMES if "integers" not in kind)
WHOLE = sorted(kind for kind in TIMES if "integers" in kind)
STACKED = Panel(np.repeat([0, 1], 4), np.tile(np.arange(4), 2))


def freq_of(times):
    """Days; periods bring their own step."""
    return None if "eriod" in times else "D"


def windows_of(X, **params):
    windows = SlidingWindowTransformer(window_length=3, **params).fit_transform(X)
    return np.asarray(windows)[:, :, 0]


def wanted_windows(panel, time=True):
    times = panel.day if time else None
    return naive_windows(panel.value[:, None], range(3), panel.series, times)[:, :, 0]


def runs_of(panel):
    """For each row the number of its run of days without a gap."""
    labels, last, count = [], {}, {}
    for series, day in zip(panel.series, panel.day, strict=True):
        count[series] = count.get(series, 0) + (day - last.get(series, day) > 1)
        last[series] = day
        labels.append(100 * series + count[series])
    return labels


def check_pairs(panel, X, **params):
    """Whole windows of two days, and the third."""
    runs = runs_of(panel)
    if np.unique(runs, return_counts=True)[1].max() < 3:
        with pytest.raises(ValueError, match="must have a series of at least 3 rows"):
            sliding_windows(X, window_length=2, **params)
        return
    wanted = naive_forecast_pairs(panel.value[:, None], panel.value, range(2), 1, 1, runs)
    windows, targets = sliding_windows(X, window_length=2, **params)
    order, by = np.argsort(targets), np.argsort(wanted[1][:, 0])
    np.testing.assert_array_equal(np.asarray(windows)[order], wanted[0][by])
    np.testing.assert_array_equal(targets[order], wanted[1][by, 0])


# Levels of an index


@quick
@given(panels(), st.sampled_from(DATED), st.sampled_from(sorted(LABELS)), st.integers(0, 2))
def test_the_level_of_times_is_the_time_wherever_it_stands(panel, times, labels, place):
    X = panel.indexed(labels, times, place % (1 + len(panel.labels(labels))))
    freq = freq_of(times)
    np.testing.assert_array_equal(windows_of(X, freq=freq), wanted_windows(panel))
    targets = future_targets(X["value"], 2, freq=freq)
    wanted = naive_future(panel.value, 2, panel.series, panel.day)
    np.testing.assert_array_equal(targets, wanted)
    assert targets.index.equals(X.index)
    check_pairs(panel, X, freq=freq)


@quick
@given(panels(gaps=False), st.sampled_from(WHOLE), st.integers(0, 2))
def test_integers_beside_names_are_the_time_wherever_they_stand(panel, times, place):
    for labels in ("text", "two levels", "categories"):
        X = panel.indexed(labels, times, place % (1 + len(panel.labels(labels))))
        np.testing.assert_array_equal(windows_of(X), wanted_windows(panel))


@quick
@given(panels(gaps=False), st.sampled_from(["numbers", "text and numbers"]))
def test_of_several_levels_of_integers_the_last_is_the_time(panel, labels):
    X = panel.indexed(labels, "integers")
    np.testing.assert_array_equal(windows_of(X), wanted_windows(panel))


def test_a_missing_integer_is_a_gap():
    X = Panel(np.zeros(6, int), np.array([0, 1, 2, 5, 6, 7])).indexed("text", "integers")
    np.testing.assert_array_equal(windows_of(X)[3], [np.nan, np.nan, 5])
    np.testing.assert_array_equal(windows_of(X, gaps="ignore")[3], [1, 2, 5])


@pytest.mark.parametrize("times", DATED)
def test_an_index_of_times_of_any_class_has_gaps_and_an_order(times):
    panel = Panel(np.zeros(5, int), np.array([0, 1, 2, 5, 6]))
    X = pd.DataFrame({"value": panel.value}, index=panel.times(times))
    np.testing.assert_array_equal(windows_of(X), wanted_windows(panel))
    for call in (SlidingWindowTransformer().fit, sliding_windows):
        with pytest.raises(ValueError, match="not sorted"):
            call(X[::-1])
    with pytest.raises(ValueError, match="not sorted"):
        future_targets(X["value"][::-1], 1)


def test_the_usual_order_of_finance():
    index = pd.MultiIndex.from_product(
        [pd.date_range("2024", periods=4), ["AAA", "BBB"]], names=["date", "ticker"]
    )
    prices = pd.DataFrame({"px": [1.0, 100.0] * 4}, index=index)
    np.testing.assert_array_equal(windows_of(prices)[4], [1, 1, 1])
    targets = sliding_windows(prices, window_length=2)[1]
    np.testing.assert_array_equal(targets, [1, 1, 100, 100])


UNCERTAIN = {
    "two levels of times": (
        [days([0, 1]), days([1, 2])],
        r"X must have one time for each row. Got times in level 'a' and level 'b'",
    ),
    "times as text": (
        [["x", "y"], ["2024-01-01", "2024-01-02"]],
        r"X must tell which level of its MultiIndex is .* Got what looks.*to_datetime",
    ),
    "no level of times": ([["x", "y"], ["u", "v"]], "Got no times.*time="),
    "stores that are integers": (
        [[1, 2], ["2024-01-01", "2024-01-02"]],
        "Got what looks like times in level 'b'.*to_datetime",
    ),
    "categories of times": (
        [[1, 1], pd.Categorical(["2024-01-01", "2024-01-02"])],
        "Got what looks like times in level 'b'",
    ),
    "times between names": (
        [["x", "x"], [1, 1], ["2024-01-01", "2024-01-02"]],
        "Got what looks like times in level 'c'",
    ),
    "numbers that are no integers": (
        [["x", "x"], [0.5, 1.5]],
        "Got what looks like times in level 'b'.*time=",
    ),
    "integers beside numbers": (
        [[1, 1], [0.5, 1.5]],
        "Got what looks like times in level 'b'.*time=",
    ),
    "integers that are not last": (
        [[1, 1], [1, 2], ["x", "y"]],
        "several levels of integers, level 'a' and level 'b'",
    ),
}


@pytest.mark.parametrize("case", UNCERTAIN)
def test_what_cannot_be_told_for_certain_is_an_error(case):
    levels, message = UNCERTAIN[case]
    index = pd.MultiIndex.from_arrays(levels, names=list("abc")[: len(levels)])
    X = pd.DataFrame({"value": [1.0, 2.0]}, index=index)
    for call in (SlidingWindowTransformer().fit, sliding_windows):
        with pytest.raises(ValueError, match=message):
            call(X)
    with pytest.raises(ValueError, match=message.replace("X must", "y must")):
        future_targets(X, 1)


def test_names_tell_what_was_uncertain():
    rows = np.arange(4)
    index = pd.MultiIndex.from_arrays(
        [days(rows), days(rows[::-1]), [0, 0, 1, 1]], names=["day", "made", "store"]
    )
    X = pd.DataFrame({"value": [1.0, 2.0, 3.0, 4.0]}, index=index)
    found = windows_of(X, time="day", groups="store")
    np.testing.assert_array_equal(found[:, 1], [np.nan, 1, np.nan, 3])
    with pytest.raises(ValueError, match="besides the time that was given, times in level"):
        windows_of(X, time="day")
    text = X.droplevel("made").set_index(
        pd.MultiIndex.from_arrays([list("aabb"), list("wxyz")], names=["store", "row"])
    )
    found = windows_of(text, groups="store")
    np.testing.assert_array_equal(found[:, 1], [np.nan, 1, np.nan, 3])


# Columns


@quick
@given(
    panels(),
    st.sampled_from(DATED),
    st.sampled_from(sorted(LABELS)),
    st.sampled_from(["pandas", "index", "polars"]),
)
def test_named_columns_and_levels_say_series_and_time(panel, times, labels, where):
    if where == "polars":
        # What polars can hold.
        times = times if times in ("datetimes", "dates", "elapsed") else "datetimes"
        X, keys = panel.columns(labels, times, pl)
    else:
        X, keys = panel.columns(labels, times)
    if where == "index":
        X = X.set_index([*keys, "time"]).sample(frac=1.0, random_state=0)
        X = X.loc[panel.indexed(labels, times).index]
    groups = keys[0] if len(keys) == 1 else keys
    named = {"groups": groups, "time": "time", "freq": freq_of(times)}
    np.testing.assert_array_equal(windows_of(X, **named), wanted_windows(panel))
    targets = future_targets(X, 2, **named)
    wanted = naive_future(panel.value, 2, panel.series, panel.day)
    np.testing.assert_array_equal(np.asarray(targets), wanted)
    assert list(targets.columns) == ["value_lead_1", "value_lead_2"]
    assert type(targets) is type(X)
    check_pairs(panel, X, **named)


@quick
@given(panels(), st.sampled_from(sorted(TIMES)), st.booleans())
def test_arrays_say_series_and_time(panel, times, named):
    X, labels, time = panel.value[:, None], panel.labels("text")[0], panel.times(times)
    freq = None if times in WHOLE else freq_of(times)
    panel_wanted = wanted_windows(panel)
    if freq is None:
        panel_wanted = wanted_windows(panel, time=False)
    params = {"freq": freq, "gaps": "split" if freq else "ignore"}
    found = SlidingWindowTransformer(3, **params).fit_transform(X, groups=labels, time=time)
    np.testing.assert_array_equal(np.asarray(found)[:, :, 0], panel_wanted)
    targets = future_targets(panel.value, 2, labels, time=time, **params)
    wanted = naive_future(panel.value, 2, panel.series, panel.day if freq else None)
    np.testing.assert_array_equal(targets, wanted)
    assert isinstance(targets, np.ndarray)


@pytest.mark.parametrize("library", [pd, pl])
def test_keys_are_no_features(library):
    panel = STACKED
    X, keys = panel.columns("text", "datetimes", library)
    transformer = SlidingWindowTransformer(2, groups=keys, time="time")
    assert transformer.fit_transform(X).shape == (8, 2, 1)
    assert transformer.n_features_in_ == 3
    assert transformer.feature_names_in_.tolist() == ["key 0", "value", "time"]
    flat = clone(transformer).set_params(output="2d").set_output(transform="pandas")
    flat.fit(X)
    assert flat.get_feature_names_out().tolist() == ["value_lag_1", "value_lag_0"]
    columns = flat.transform(X)
    assert list(columns.columns) == ["value_lag_1", "value_lag_0"]
    np.testing.assert_array_equal(columns["value_lag_0"], panel.value)
    with pytest.raises(ValueError, match="must have a column besides"):
        transformer.fit(X[[*keys, "time"]])


def test_context_is_that_of_the_named_series():
    panel = Panel(np.tile([0, 1, 2], 6), np.repeat(np.arange(6), 3))
    X, keys = panel.columns("numbers", "dates")
    transformer = SlidingWindowTransformer(3, groups=keys, time="time", context="fit")
    late = np.asarray(transformer.fit(X[:9]).transform(X[9:][::-1][::-1]))[:, :, 0]
    np.testing.assert_array_equal(late, wanted_windows(panel)[9:])


def test_groups_must_name_something_else_than_the_time():
    X, _ = STACKED.columns("text", "dates")
    for groups in ([], ["key 0", "key 0"], "time", ["key 0", "time"]):
        with pytest.raises(ValueError, match="groups must name at least one column"):
            SlidingWindowTransformer(groups=groups, time="time").fit(X)


def test_a_multiindex_of_one_level_is_no_exception():
    days_alone = pd.MultiIndex.from_arrays([days([0, 1, 4])])
    X = pd.DataFrame({"value": [0.0, 1.0, 4.0]}, index=days_alone)
    np.testing.assert_array_equal(windows_of(X, freq="D")[:, 1], [np.nan, 0, np.nan])
    names = pd.MultiIndex.from_arrays([list("aba")])
    with pytest.raises(ValueError, match="X must tell which level"):
        windows_of(X.set_axis(names))


# Errors


def test_names_and_metadata_together_are_an_error():
    X, keys = STACKED.columns("text", "dates")
    for key, name, values in (("groups", keys, [0] * 8), ("time", "time", range(8))):
        transformer = SlidingWindowTransformer(**{key: name})
        with pytest.raises(ValueError, match=rf"{key} must be given once.*Got both"):
            transformer.fit(X, **{key: values})


def test_a_name_that_is_not_there_is_an_error_that_says_what_to_do():
    X, keys = STACKED.columns("text", "dates")
    X = X.assign(value2=1.0)
    dropped = FunctionTransformer(lambda X: X[["value", "value2"]])
    for step in (make_pipeline(dropped, StandardScaler()), dropped):
        for name in ("groups", "time"):
            model = make_pipeline(step, SlidingWindowTransformer(**{name: "key 0"}))
            message = rf"{name}='key 0' must be one column.*Got .*set_output\(transform='p"
            with pytest.raises(ValueError, match=message):
                model.fit(X)
    with pytest.raises(ValueError, match=r"Got columns \['key 0', 'value', 'time'.*\[None"):
        SlidingWindowTransformer(groups="store").fit(X)
    with pytest.raises(ValueError, match="Got several of that name"):
        SlidingWindowTransformer(groups="value").fit(X.rename_axis("value"))
    fitted = SlidingWindowTransformer(groups=keys, time="time").fit(X)
    with pytest.raises(ValueError, match="groups='key 0' must be one column"):
        fitted.transform(X.drop(columns="key 0"))


@pytest.mark.parametrize(
    ("time", "message"),
    [
        (["mon", "tue"], "time must hold datetimes.*Got str: see pandas.to_datetime"),
        ([0.5, 1.5], "time must hold datetimes.*Got float"),
        ([True, False], "time must hold datetimes"),
        (days([0]), "time must have one time for each of the 2 rows of X. Got 1"),
        (5, "time must have one time for each row of X. Got 5"),
        (np.ma.masked_equal([0, 1], 1), "time must have no missing values"),
        ([date(2024, 1, 1), None], "without missing values"),
    ],
    ids=repr,
)
def test_what_is_no_time_is_refused(time, message):
    X = [[1.0], [2.0]]
    with pytest.raises(ValueError, match=message):
        SlidingWindowTransformer(1).fit(X, time=time)
    with pytest.raises(ValueError, match=message):
        sliding_windows(X, window_length=1, time=time)
    with pytest.raises(ValueError, match=message):
        future_targets([1.0, 2.0], 1, time=time)


def test_missing_labels_in_one_of_several_columns_are_named():
    X, keys = STACKED.columns("two levels", "dates")
    X[keys[1]] = X[keys[1]].astype(object).where(X.index != 3, None)
    with pytest.raises(ValueError, match=r"groups must have no missing values.*row 3"):
        SlidingWindowTransformer(groups=keys, time="time").fit(X)


def test_masked_labels_are_missing():
    labels = np.ma.masked_equal([0, 0, 1, 1], 1)
    with pytest.raises(ValueError, match=r"groups must have no missing .* in row 2"):
        SlidingWindowTransformer().fit(np.zeros((4, 1)), groups=labels)


def test_a_list_of_names_is_told_from_a_list_of_labels():
    X = pd.DataFrame({"a": [1, 1, 2], "b": [3, 3, 3], "c": [1.0, 2.0, 3.0]})
    for groups, wanted in (
        (["a", "b"], [2.0]),
        (["a", "b", "b"], [3.0]),
        (np.array(["a", "a", "b"]), [2.0]),
        (["a", "a", "a"], [2.0, 3.0]),
    ):
        targets = sliding_windows(X, X["c"], window_length=1, groups=groups)[1]
        np.testing.assert_array_equal(targets, wanted)


@pytest.mark.parametrize("freq", ["D", pd.offsets.Day()])
def test_a_step_without_times_is_an_error(freq):
    X, counted = [[1.0], [2.0]], STACKED.indexed("text", "integers")
    for rows, came in ((X, "no time index"), (counted, "integers")):
        message = f"must come with times. Got rows with {came}"
        with pytest.raises(ValueError, match=message):
            SlidingWindowTransformer(freq=freq).fit(rows)
        with pytest.raises(ValueError, match=message):
            sliding_windows(rows, window_length=1, freq=freq)
        with pytest.raises(ValueError, match=message):
            future_targets(rows, 1, freq=freq)


def test_periods_have_a_step_of_their_own():
    X = STACKED.indexed("text", "periods")
    SlidingWindowTransformer(freq="D").fit(X)
    with pytest.raises(ValueError, match=r"freq must be None, since the periods.*'D'"):
        SlidingWindowTransformer(freq="2D").fit(X)


# What was told in fit is told later


def test_groups_of_fit_cannot_be_left_out_later():
    X, labels = np.zeros((6, 1)), list("aaabbb")
    for context in (None, "fit"):
        transformer = SlidingWindowTransformer(3, context=context)
        message = r"Got them in fit and not in transform.*groups='store'"
        with pytest.raises(ValueError, match=message):
            transformer.fit(X, groups=labels).transform(X)
        with pytest.raises(ValueError, match="Got them in transform and not in fit"):
            transformer.fit(X).transform(X, groups=labels)
    panel = STACKED.indexed("text", "dates")
    with pytest.raises(ValueError, match="Got them in fit and not in transform"):
        SlidingWindowTransformer().fit(panel).transform(panel.reset_index(drop=True))


def test_the_time_of_fit_cannot_be_left_out_later():
    X, keys = STACKED.columns("text", "dates")
    table, labels = X[["value"]], X[keys[0]]
    fitted = SlidingWindowTransformer().fit(table, groups=labels, time=X["time"])
    with pytest.raises(ValueError, match="expected DatetimeIndex, got no time index"):
        fitted.transform(table, groups=labels)
    aware = pd.DatetimeIndex(X["time"]).tz_localize("UTC")
    with pytest.raises(ValueError, match="got DatetimeIndex in time zone UTC"):
        fitted.transform(table, groups=labels, time=aware)
    with pytest.raises(ValueError, match="expected DatetimeIndex, got integers"):
        fitted.transform(table, groups=labels, time=np.tile(range(4), 2))


def test_a_failed_transform_and_a_failed_fit_change_nothing():
    X, keys = STACKED.columns("text", "dates")
    transformer = SlidingWindowTransformer(2, groups=keys, time="time").fit(X)
    before = {**vars(transformer)}
    with pytest.raises(ValueError, match="not sorted"):
        transformer.fit(X[::-1].rename(columns={"value": "other"}))
    assert vars(transformer) == before
    np.testing.assert_array_equal(
        np.asarray(transformer.transform(X))[:, :, 0], wanted_windows(STACKED)[:, 1:]
    )
