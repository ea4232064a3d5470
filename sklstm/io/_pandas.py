"""What pandas knows rows and their times by; it is imported where that is needed alone.

Each index that is written is read back at once: what is not the same then is refused.
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray

from ..files._codec import Kind, Reader, Writer, as_list, refusal

_OFFSET = re.compile(r"UTC([+-])(\d\d):(\d\d)")
_INDEXES = (
    *("Index", "RangeIndex", "MultiIndex", "DatetimeIndex", "PeriodIndex"),
    *("TimedeltaIndex", "CategoricalIndex"),
)
_MOMENTS = ("Timestamp", "Timedelta", "Period")
_MISSING = {"NaTType": "NaT", "NAType": "NA"}


def _is_of_pandas(value: Any, names: Any) -> bool:
    kind = type(value)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in names


def _is_offset(value: Any) -> bool:
    if type(value).__module__.partition(".")[0] != "pandas":
        return False
    from pandas.tseries.offsets import BaseOffset

    return isinstance(value, BaseOffset)


# ---------------------------------------------------------------------- time zones, steps


def _write_zone(zone: Any, place: str) -> str | None:
    if zone is None or isinstance(zone, timezone):
        return None if zone is None else str(zone)
    package = type(zone).__module__.partition(".")[0]
    name = getattr(zone, "zone" if package == "pytz" else "key", None)
    if package not in ("zoneinfo", "pytz") or name not in _zones():
        raise refusal(place, zone)
    return f"pytz:{name}" if package == "pytz" and name != "UTC" else str(name)


def _read_zone(text: Any) -> Any:
    if text is None or text == "UTC":
        return text
    if not isinstance(text, str):
        raise ValueError("a time zone must be a name")
    if found := _OFFSET.fullmatch(text):
        sign = -1 if found[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(found[2]), minutes=int(found[3])))
    name = text.removeprefix("pytz:")
    # A name of another would have files and packages looked for.
    if name not in _zones():
        raise ValueError(f"a time zone {text!r:.80} is not known")
    # A name alone becomes a zone of pytz in pandas before its version 3.
    return ZoneInfo(name) if name == text else name


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _write_offset(value: Any, writer: Writer, place: str) -> str:
    from pandas.tseries.frequencies import to_offset

    text: str = value.freqstr
    try:
        is_same = to_offset(text) == value
    except ValueError:
        is_same = False
    if not is_same:
        raise refusal(place, value)
    return text


def _read_offset(text: Any, reader: Reader | None = None) -> Any:
    from pandas.tseries.frequencies import to_offset

    if not isinstance(text, str):
        raise ValueError(f"a step of time {text!r} is not known")
    return to_offset(text)


# ---------------------------------------------------------------------- indexes


def _write_index(index: Any, writer: Writer, place: str) -> dict[str, Any]:
    part = Writer(writer.kinds)
    tree = _index_tree(index, part, place)
    again = _read_index(tree, Reader(part.kinds, part.arrays))
    if not (again.identical(index) and _dtypes(again) == _dtypes(index)):
        raise refusal(place, index)
    return _index_tree(index, writer, place)


def _dtypes(index: Any) -> list[Any]:
    return list(index.dtypes) if hasattr(index, "levels") else [index.dtype]


def _index_tree(index: Any, writer: Writer, place: str) -> dict[str, Any]:
    kind = type(index).__name__
    tree = {"kind": kind, "names": writer.write(list(index.names), f"{place}.names")}
    step = getattr(index, "freq", None)
    if step is not None:
        tree["step"] = _write_offset(step, writer, place)
    if kind == "RangeIndex":
        return {**tree, "range": [index.start, index.stop, index.step]}
    if kind == "MultiIndex":
        return {
            **tree,
            "levels": [writer.write(level, f"{place}.levels") for level in index.levels],
            "codes": [writer.write(np.asarray(codes)) for codes in index.codes],
        }
    if kind == "CategoricalIndex":
        return {
            **tree,
            "categories": writer.write(index.categories, place),
            "codes": writer.write(np.asarray(index.codes)),
            "ordered": bool(index.ordered),
        }
    if kind == "PeriodIndex":
        return {**tree, "values": writer.write(index.asi8)}
    if kind == "DatetimeIndex":
        tree["zone"] = _write_zone(index.tz, place)
        return {**tree, "values": writer.write(index.asi8), "unit": index.unit}
    if kind == "TimedeltaIndex":
        return {**tree, "values": writer.write(index.asi8), "unit": index.unit}
    if type(index.dtype).__name__ == "StringDtype":
        missing = "NA" if index.dtype.na_value is not np.nan else "nan"
        texts = [text if isinstance(text, str) else None for text in index]
        tree["text"] = [index.dtype.storage, missing]
        return {**tree, "values": writer.write(np.array(texts, dtype=object), place)}
    if not isinstance(index.dtype, np.dtype):
        raise refusal(place, index)
    return {**tree, "values": writer.write(index.to_numpy(), place)}


def _read_index(tree: Any, reader: Reader) -> Any:
    import pandas as pd

    kind, names = tree["kind"], as_list(reader.read(tree["names"]))
    if kind == "MultiIndex":
        levels = [_an_index(part, reader) for part in as_list(tree["levels"])]
        codes = [_an_array(part, reader) for part in as_list(tree["codes"])]
        return pd.MultiIndex(levels, codes, names=names)
    (name,) = names
    if kind == "RangeIndex":
        return pd.RangeIndex(*as_list(tree["range"]), name=name)
    if kind == "CategoricalIndex":
        categories = _an_index(tree["categories"], reader)
        places = _an_array(tree["codes"], reader)
        labels = pd.Categorical.from_codes(places, categories, ordered=tree["ordered"])
        return pd.CategoricalIndex(labels, name=name)
    if "text" in tree:
        texts = reader.read(tree["values"])
        # A list in files of the first release.
        texts = as_list(texts.tolist() if isinstance(texts, np.ndarray) else texts)
        if not all(text is None or type(text) is str for text in texts):
            raise ValueError("an index of text must hold text")
        storage, missing = as_list(tree["text"])
        return _text_index(texts, storage, missing, name)
    values = _an_array(tree["values"], reader)
    if kind == "Index":
        return pd.Index(values, name=name, dtype=values.dtype)
    if values.dtype != np.int64:
        raise ValueError("times must be of int64")
    step = _read_offset(tree["step"]) if "step" in tree else None
    if kind == "PeriodIndex":
        return pd.PeriodIndex.from_ordinals(values, freq=step, name=name)
    unit = tree["unit"]
    if unit not in ("s", "ms", "us", "ns"):
        raise ValueError(f"a unit of time {unit!r} is not known")
    if kind == "TimedeltaIndex":
        return pd.TimedeltaIndex(values.view(f"m8[{unit}]"), freq=step, name=name)
    if kind != "DatetimeIndex":
        raise ValueError(f"an index {kind!r} is not known")
    index = pd.DatetimeIndex(values.view(f"M8[{unit}]"))
    if zone := _read_zone(tree["zone"]):
        index = index.tz_localize("UTC").tz_convert(zone)
    return pd.DatetimeIndex(index, freq=step, name=name)


def _an_array(tree: Any, reader: Reader) -> NDArray[Any]:
    values = reader.read(tree)
    if not isinstance(values, np.ndarray):
        raise ValueError("an array must stand where there is none")
    return values


def _an_index(tree: Any, reader: Reader) -> Any:
    index = reader.read(tree)
    if not _is_of_pandas(index, _INDEXES):
        raise ValueError("an index must stand where there is none")
    return index


def _text_index(texts: Any, storage: Any, missing: Any, name: Any) -> Any:
    import pandas as pd

    if storage not in ("python", "pyarrow"):
        raise ValueError(f"a storage of text {storage!r} is not known")
    na = {"nan": np.nan, "NA": pd.NA}[missing]
    try:
        dtype = pd.StringDtype(storage, na_value=na)
    except ImportError:  # it was written where there was pyarrow
        dtype = pd.StringDtype("python", na_value=na)
    return pd.Index(pd.array(texts, dtype=dtype), name=name)


# ---------------------------------------------------------------------- frames, moments


def _write_frame(frame: Any, writer: Writer, place: str) -> dict[str, Any]:
    kinds = set(frame.dtypes)
    if len(kinds) > 1 or not all(isinstance(kind, np.dtype) for kind in kinds):
        raise refusal(place, frame)
    parts = {"values": frame.to_numpy(), "index": frame.index, "columns": frame.columns}
    return {name: writer.write(part, f"{place}.{name}") for name, part in parts.items()}


def _read_frame(content: Any, reader: Reader) -> Any:
    import pandas as pd

    values = _an_array(content["values"], reader)
    index, columns = (_an_index(content[name], reader) for name in ("index", "columns"))
    if values.shape != (len(index), len(columns)):
        raise ValueError("a frame must have a value for each row and column")
    return pd.DataFrame(values, index, columns)


def _write_moment(value: Any, writer: Writer, place: str) -> Any:
    import pandas as pd

    index = pd.Index([value])
    if index[0] != value:
        raise refusal(place, value)
    return writer.write(index, place)


def _read_moment(content: Any, reader: Reader) -> Any:
    (value,) = _an_index(content, reader)
    return value


def _read_missing(content: Any, reader: Reader) -> Any:
    import pandas as pd

    return {"NaT": pd.NaT, "NA": pd.NA}[content]


PANDAS = (
    Kind(
        "$index",
        lambda value: _is_of_pandas(value, _INDEXES),
        _write_index,
        _read_index,
    ),
    Kind(
        "$frame",
        lambda value: _is_of_pandas(value, ("DataFrame",)),
        _write_frame,
        _read_frame,
    ),
    Kind(
        "$moment",
        lambda value: _is_of_pandas(value, _MOMENTS),
        _write_moment,
        _read_moment,
    ),
    Kind(
        "$missing",
        lambda value: _is_of_pandas(value, _MISSING),
        lambda value, writer, place: _MISSING[type(value).__name__],
        _read_missing,
    ),
    Kind("$step", _is_offset, _write_offset, _read_offset),
)
