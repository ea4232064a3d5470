import pandas as pd
import polars as pl
import pytest
from sktime.datatypes import check_raise

from sklstm.sktime import LSTMForecaster, from_long

DAYS = pd.to_datetime(["2024-05-02", "2024-05-01", "2024-05-01", "2024-05-02"])
SALES = pd.DataFrame(
    {"day": DAYS, "store": ["b", "a", "b", "a"], "sold": [20.0, 1.0, 10.0, 2.0], "open": 1}
)


def test_rows_are_sorted_by_series_and_time():
    panel = from_long(SALES, id="store", time="day", value="sold")
    assert panel.index.names == ["store", "day"]
    assert panel.columns.tolist() == ["sold"]
    assert panel["sold"].tolist() == [1, 2, 10, 20]
    assert panel.index.tolist()[:2] == [("a", DAYS[1]), ("a", DAYS[0])]


def test_all_other_columns_are_kept_unless_some_are_named():
    assert from_long(SALES, id="store", time="day").columns.tolist() == ["sold", "open"]
    some = from_long(SALES, id="store", time="day", value=["open", "sold"])
    assert some.columns.tolist() == ["open", "sold"]


def test_the_frame_stays_as_it_is():
    frame = SALES.copy()
    panel = from_long(frame, id="store", time="day")
    panel["sold"] = 0
    pd.testing.assert_frame_equal(frame, SALES)


def test_sktime_knows_it_as_a_panel_and_several_names_as_a_hierarchy():
    assert check_raise(
        from_long(SALES, id="store", time="day", value="sold"), "pd-multiindex"
    )
    hierarchy = from_long(
        SALES.assign(region="north"), id=["region", "store"], time="day", value="sold"
    )
    assert hierarchy.index.names == ["region", "store", "day"]
    assert check_raise(hierarchy, "pd_multiindex_hier")


def test_frames_of_polars_give_the_same():
    found = from_long(pl.from_pandas(SALES), id="store", time="day", value="sold")
    expected = from_long(SALES, id="store", time="day", value="sold")
    assert found["sold"].tolist() == expected["sold"].tolist()
    assert found.index.tolist() == expected.index.tolist()


@pytest.mark.parametrize(
    ("changes", "names", "message"),
    [
        (
            {},
            {"id": "shop"},
            "id must name a column of frame, which has 'day', .* Got 'shop'",
        ),
        ({}, {"time": "hour"}, "time must name a column of frame.* Got 'hour'"),
        ({}, {"value": ["sold", "x"]}, "value must name a column of frame.* Got 'x'"),
        ({"store": ["a", None, "b", "a"]}, {}, "'store' must .* Got 1 rows"),
        ({"day": [pd.NaT, *DAYS[1:]]}, {}, "'day' must .* Got 1 rows"),
        ({"day": ["2024-05-01"] * 4}, {}, "time must .* 'day', which holds '2024-05-01'"),
        ({"day": [DAYS[0]] * 4}, {}, "one row per series and time.* for a, 2024-05-02"),
    ],
)
def test_what_tells_no_series_or_time_is_refused(changes, names, message):
    arguments = {"id": "store", "time": "day"} | names
    with pytest.raises(ValueError, match=message):
        from_long(SALES.assign(**changes), **arguments)


def test_a_forecaster_takes_it():
    days = pd.date_range("2024-01-01", periods=40)
    sold = [10.0 + (i % 2) * 5 for i in range(40)]
    long = pd.concat(
        [pd.DataFrame({"day": days, "store": s, "sold": sold}) for s in ("b", "a")]
    ).sample(frac=1, random_state=0)
    y = from_long(long, id="store", time="day", value="sold")
    forecast = LSTMForecaster(max_epochs=5, random_state=0).fit(y, fh=[1, 2]).predict()
    assert forecast.index.unique("store").tolist() == ["a", "b"]
    assert forecast.index.unique("day").tolist() == [
        days[-1] + (i * days.freq) for i in (1, 2)
    ]
