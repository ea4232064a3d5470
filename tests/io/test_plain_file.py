"""Files of arrays and plain values: what goes in comes out, and nothing else gets in."""

import json
import math
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from safetensors.numpy import save

from sklstm.files._plain_file import read_plain, write_plain
from tests.io.same import is_same

VALUES = [
    None,
    True,
    -3,
    0.1,
    1e-320,
    math.inf,
    -math.inf,
    math.nan,
    "größer\n\0",
    [],
    (),
    {},
    (1, [2, (3, None)], {"a": ()}),
    {1: "one", (2, "b"): [3], None: 4, "$array": 5},
    {"$array": "0"},
    {"$nothing": 1},
    np.arange(6, dtype="float32").reshape(2, 3),
    np.array(3.5),
    np.zeros((0, 4), dtype="int64"),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    {"weights": {"a": np.ones(2), "b": [np.array([True, False])]}, "n": 2},
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_come_back(value, tmp_path):
    write_plain(tmp_path / "a", "test", value)
    assert is_same(read_plain(tmp_path / "a", "test"), value)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "value",
    [object(), {"a": [lambda: 0]}, {1, 2}, np.array([object()]), np.ma.array([1]), os],
)
def test_code_is_not_written(value, tmp_path):
    with pytest.raises(TypeError, match="must be data"):
        write_plain(tmp_path / "a", "test", value)
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "a"
    with pytest.raises(FileNotFoundError):
        read_plain(path, "test")
    write_plain(path, "test", 1)
    with pytest.raises(ValueError, match="must hold 'model'"):
        read_plain(path, "model")
    path.write_bytes(save({"a": np.ones(2)}, {"by": "others"}))
    with pytest.raises(ValueError, match="must be a file that sklstm wrote"):
        read_plain(path, "test")
    path.write_bytes(save({}, {"format": "2", "kind": "test", "value": "1"}))
    with pytest.raises(ValueError, match="a newer sklstm wrote: unknown"):
        read_plain(path, "test")
    header = {"format": "2", "version": "7.1", "kind": "test", "value": "1"}
    path.write_bytes(save({}, header))
    with pytest.raises(ValueError, match=r"format 2, .* wrote: 7\.1\. This one, "):
        read_plain(path, "test")
    for text in (
        "{",
        '{"$array": "7"}',
        '{"$code": "1"}',
        '{"$float": "9"}',
        '{"$pairs": 3}',
        "NaN",
    ):
        path.write_bytes(save({}, {"format": "1", "kind": "test", "value": text}))
        with pytest.raises(ValueError, match="cannot be read"):
            read_plain(path, "test")


def test_header_is_json_that_others_can_read(tmp_path):
    write_plain(tmp_path / "a", "test", {"b": np.arange(2), "c": (1,)})
    raw = (tmp_path / "a").read_bytes()
    n = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + n])["__metadata__"]
    assert header["format"] == "1"
    assert json.loads(header["value"]) == {"b": {"$array": "0"}, "c": {"$tuple": [1]}}
    assert_array_equal(read_plain(tmp_path / "a", "test")["b"], [0, 1])


def test_nothing_is_left_where_writing_fails(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="director"):
        write_plain(tmp_path / "a", "sums", {"a": np.ones(3)})
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


posix = pytest.mark.skipif(os.name != "posix", reason="as POSIX has it")


@posix
def test_a_link_stays_one(tmp_path):
    (tmp_path / "link").symlink_to("target")
    for value in (1, 2):
        write_plain(tmp_path / "link", "test", value)
        assert read_plain(tmp_path / "target", "test") == value
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_permissions_stay(mode, tmp_path):
    write_plain(tmp_path / "a", "test", 1)
    (tmp_path / "a").chmod(mode)
    write_plain(tmp_path / "a", "test", 2)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


@posix
def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", os.devnull):
        with pytest.raises(ValueError, match="path must be one of a file"):
            write_plain(path, "test", 1)
        assert not Path(path).is_file()


@pytest.mark.parametrize("name", ["missing/a.safetensors", "."])
def test_errors_name_the_path_that_was_given(name, tmp_path):
    path = f"{tmp_path}/{name}"
    with pytest.raises(OSError, match="director") as error:
        write_plain(path, "test", 1)
    assert error.value.filename == path
    assert list(tmp_path.iterdir()) == []


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_plain("~/a", "test", 1)
    assert read_plain("~/a", "test") == read_plain(tmp_path / "a", "test") == 1
