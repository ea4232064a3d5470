"""Values of all kinds come back from a file as they were, to the bit and the type."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import torch

from sklstm.files._codec import Reader
from sklstm.files._plain_file import read_plain, write_plain
from sklstm.files._values import CONSTANTS, VALUES
from sklstm.io._pandas import PANDAS, _read_zone
from tests.io.same import is_same

KINDS = (*VALUES, *PANDAS)
rng = np.random.default_rng(0)
state = np.random.RandomState(3)
state.normal(size=5)

ARRAYS = [
    *(rng.integers(0, 2, (2, 3)).astype(kind) for kind in "?bBhHiIlLefdFDg"),
    np.array([1.5, -0.0, np.nan, np.inf], ">f8"),
    np.array([1 + 2j, np.nan]),
    np.array(["a", "größer", ""]),
    np.array([b"a", b"\xff\x00b"]),
    np.array([["a"], ["bc"]], ">U3"),
    np.array(["2024-05-01", "NaT"], "M8[D]"),
    np.array([3, 4], "m8[25s]"),
    np.array(["a", None, np.nan, 1, 2.5, True], dtype=object),
    np.array([[pd.Timestamp("2024-05-01"), pd.NaT], [pd.NA, ("a", 1)]], dtype=object),
    np.empty((0, 3), dtype="U2"),
    np.empty(0, dtype=object),
    np.array("text"),
    np.array(None, dtype=object),
    np.arange(24.0).reshape(2, 3, 4)[:, ::-1, ::2],
]
SCALARS = [
    *(np.array(1).astype(kind)[()] for kind in "?bBhHiIlLefdFD"),
    np.float32(0.1),
    np.float64("nan"),
    np.str_("größer"),
    np.datetime64("2024-05-01", "D"),
    np.timedelta64(3, "h"),
]
PYTHON = [
    10**30,
    [0.1] * 20,
    [0.1, float("nan"), float("-inf"), *[-0.0] * 20],
    {1: "one", (2, "b"): [3], None: 4, np.int64(5): 6, 1.5: 7},
    slice(None, 3, np.int64(1)),
    range(1, 13, 2),
    datetime(2024, 5, 1, 12, 30, 0, 1),
    datetime(2024, 5, 1, tzinfo=UTC),
    datetime(2024, 5, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    date(2024, 5, 1),
    timedelta(days=-2, microseconds=3),
    b"\x00\xff",
    "\udcff",
    state,
    *CONSTANTS.values(),
    np.dtype("f4"),
    np.dtype(object),
    torch.device("cuda", 1),
]
LABELS = [f"größe {i % 7}" for i in range(40)]
ALIKE = [
    np.array(LABELS, dtype=object),
    np.array(LABELS, dtype=object).reshape(4, 10),
    np.array(LABELS, dtype=object)[:0],
    np.array([*LABELS, None], dtype=object),
    np.array([None] * 20, dtype=object),
    np.array(["", "\0", "\ud800"] * 10, dtype=object),
    np.array([*LABELS, 1], dtype=object),
    np.array(list(range(-20, 20)), dtype=object),
    np.array([True, 2] * 20, dtype=object),
    np.array([2**63, *range(20)], dtype=object),
    pd.Series(list(zip(LABELS, range(40), strict=True))).to_numpy(),
    pd.Series([(label, None, 0.5) for label in LABELS]).to_numpy(),
    pd.Series([(label,) * (1 + i % 2) for i, label in enumerate(LABELS)]).to_numpy(),
    pd.Series([((1, 2), "a")] * 20).to_numpy(),
    pd.Series([()] * 20).to_numpy(),
]
days = pd.date_range("2024-05-01", periods=3)
FRAMES = [
    pd.Index([*LABELS, np.nan], dtype="str"),
    pd.MultiIndex.from_product([LABELS[:7], range(20)]),
    pd.Index([3, 1], name="n"),
    pd.Index([1.5, np.nan], dtype="float32"),
    pd.Index(["a", "b", np.nan], dtype="str", name=("two", 1)),
    pd.Index(["a", None], dtype="string"),
    pd.Index(["a", 1, None], dtype=object),
    pd.Index([True, False]),
    pd.Index([]),
    pd.RangeIndex(2, 9, 3, name="r"),
    days,
    days.rename("day"),
    days[[0, 2]],
    days.as_unit("s"),
    days.tz_localize("UTC"),
    days.tz_localize("Europe/Berlin"),  # a zone of pytz, before pandas 3
    days.tz_localize(ZoneInfo("Europe/Berlin")),
    days.tz_localize(timezone(timedelta(hours=2))),
    pd.DatetimeIndex(["2024-05-01", pd.NaT]),
    pd.date_range("2024", periods=4, freq="MS"),
    pd.date_range("2024", periods=4, freq="W-WED"),
    pd.date_range("2024", periods=4, freq="15min"),
    pd.period_range("2024-01", periods=3, freq="M", name="Period"),
    pd.period_range("2024Q1", periods=3, freq="Q-NOV"),
    pd.timedelta_range("1h", periods=3, freq="2h"),
    pd.CategoricalIndex(["b", "a", None], categories=["b", "a"], ordered=True, name="c"),
    pd.MultiIndex.from_product([["x", "y"], [1, 2], days], names=["a", None, "time"]),
    pd.MultiIndex.from_product([["x"], days])[:2],
    pd.Timestamp("2024-05-01 12:00:00.000000001"),
    pd.Timestamp("2024-05-01", tz="Europe/Berlin"),
    pd.Timedelta("3h"),
    pd.Period("2024-05", freq="M"),
    pd.NaT,
    pd.NA,
    pd.offsets.MonthEnd(2),
    pd.offsets.Hour(3),
    pd.DataFrame(rng.normal(size=(3, 2)), days, pd.RangeIndex(2)),
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=pd.Index(["x", "y"], name="i")),
]


# Numbers for names: processes that share the tests have to give them the same ones.
ALL = ARRAYS + SCALARS + PYTHON + ALIKE + FRAMES


@pytest.mark.parametrize("value", ALL, ids=[str(i) for i in range(len(ALL))])
def test_a_value_comes_back(value, tmp_path):
    write_plain(tmp_path / "a", "test", {"value": [value]}, KINDS)
    (back,) = read_plain(tmp_path / "a", "test", KINDS)["value"]
    assert is_same(back, value)


def test_labels_of_many_series_have_room(tmp_path):
    # Of more than the 100 MB that the header has.
    labels = np.array([f"{i:0150}" for i in range(700_000)], dtype=object)
    write_plain(tmp_path / "a", "test", {"labels": labels})
    assert (read_plain(tmp_path / "a", "test")["labels"] == labels).all()


def test_labels_are_written_once(tmp_path):
    labels = np.array(LABELS, dtype=object)[:7]
    write_plain(tmp_path / "a", "test", np.repeat(labels, 1000))
    assert (tmp_path / "a").stat().st_size < 7000 * 8 + 1000


TEXT = {"shape": [2], "of": "bytes", "ends": "ends", "codes": "codes"}


@pytest.mark.parametrize(
    "arrays",
    [
        {"ends": np.array([1, 3])},
        {"ends": np.array([2, 1])},
        {"ends": np.array([-1, 2])},
        {"ends": np.array([1.0, 2.0])},
        {"codes": np.array([0, 2])},
        {"codes": np.array([0, -2])},
        {"codes": np.array([0, 1, 1])},
        {"bytes": np.array([255, 255], np.uint8)},
    ],
    ids=str,
)
def test_texts_that_do_not_fit_are_refused(arrays):
    given = {
        "bytes": np.frombuffer(b"ab", np.uint8),
        "ends": np.array([1, 2]),
        "codes": np.array([1, 0]),
    }
    assert list(Reader(KINDS, given).read({"$text": TEXT})) == ["b", "a"]
    with pytest.raises(ValueError, match=r"text|int64|shape|utf-8"):
        Reader(KINDS, given | arrays).read({"$text": TEXT})


def test_constants_are_the_very_objects(tmp_path):
    write_plain(tmp_path / "a", "test", list(CONSTANTS.values()))
    back = read_plain(tmp_path / "a", "test")
    assert all(a is b for a, b in zip(back, CONSTANTS.values(), strict=True))


def test_memory_order_and_writability_come_back(tmp_path):
    table = np.asfortranarray(rng.normal(size=(4, 3)))
    frame = pd.DataFrame(table)
    write_plain(tmp_path / "a", "test", [table, frame, np.arange(3)], KINDS)
    back, frame_back, flat = read_plain(tmp_path / "a", "test", KINDS)
    assert back.flags.f_contiguous
    assert not back.flags.c_contiguous
    assert frame_back.to_numpy().strides == frame.to_numpy().strides
    flat[0] = back[0, 0] = 7


def test_a_file_of_memory_is_read_as_an_array(tmp_path):
    mapped = np.memmap(tmp_path / "rows", np.float32, "w+", shape=(3, 2))
    mapped[:] = 4
    write_plain(tmp_path / "a", "test", mapped)
    assert is_same(read_plain(tmp_path / "a", "test"), np.full((3, 2), 4, "float32"))


def test_a_zone_of_pytz_becomes_what_pandas_makes_of_its_name():
    read = days.tz_localize(_read_zone("pytz:Europe/Berlin"))
    assert read.identical(days.tz_localize("Europe/Berlin"))
    with pytest.raises(ValueError, match="time zone 'pytz:Berlin' is not known"):
        _read_zone("pytz:Berlin")


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2, dtype=[("a", "f8")]),
        np.random.default_rng(0),
        pd.DataFrame({"a": [1], "b": ["x"]}),
        pd.Series([1.0]),
        pd.IntervalIndex.from_breaks([0, 1, 2]),
        pd.offsets.CustomBusinessDay(holidays=["2024-05-01"]),
        days.tz_localize("dateutil/UTC"),
        torch.zeros(2),
        print,
        np.sin,
        type("Own", (), {}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_would_not_come_back_is_refused(value, tmp_path):
    with pytest.raises(TypeError, match=r"^value\['a'\]\[1\].* must be data.* Got "):
        write_plain(tmp_path / "a", "test", {"a": [0, value]}, KINDS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "tree",
    [
        {"$bytes": {"dtype": "|O", "shape": [3], "of": "0"}},
        {"$bytes": {"dtype": "<f8,<f8", "shape": [3], "of": "0"}},
        {"$bytes": {"dtype": "<U0", "shape": [10**12], "of": "0"}},
        {"$bytes": {"dtype": "<f8", "shape": [-1], "of": "0"}},
        {"$bytes": {"dtype": "<f8", "shape": [4], "of": "0"}},
        {"$bytes": {"dtype": "<U2", "shape": [3], "of": "0"}},
        {"$objects": {"shape": [2], "items": [1]}},
        {"$scalar": {"$array": "0"}},
        {"$floats": "0"},
        {"$constant": "os.system"},
        {"$device": "privateuseone"},
        {"$step": "no step"},
        {"$random_state": [{"$array": "0"}, 0, 0, 0.0]},
        {"$index": {"kind": "Series", "names": [None], "values": {"$array": "0"}}},
        {"$index": {"kind": "RangeIndex", "names": [None], "range": [0, "x", 1]}},
        {
            "$index": {
                "kind": "DatetimeIndex",
                "names": [None],
                "values": {"$array": "1"},
                "unit": "ns",
                "zone": "../../etc/passwd",
            }
        },
    ],
    ids=str,
)
def test_a_tree_that_is_none_is_refused(tree, tmp_path):
    import json

    from safetensors.numpy import save

    arrays = {"0": np.full(24, 255, np.uint8), "1": np.arange(2)}
    header = {"format": "1", "kind": "test", "value": json.dumps(tree)}
    (tmp_path / "a").write_bytes(save(arrays, header))
    with pytest.raises(ValueError, match="cannot be read"):
        read_plain(tmp_path / "a", "test", KINDS)
