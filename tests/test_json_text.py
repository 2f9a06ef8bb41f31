"""JSON of people and tools: one policy for every file."""

import math

import msgspec
import pytest

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text


def file(tmp_path, data):
    path = tmp_path / "a.json"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_values(tmp_path):
    text = '\ufeff{"a": [1, 2.5, NaN, -Infinity, "é\\ud800"], "a": [true, null]}'
    assert json_text.decode(file(tmp_path, text)) == {"a": [True, None]}
    numbers = json_text.decode(file(tmp_path, "[NaN, Infinity, -Infinity, 1e999]"))
    assert math.isnan(numbers[0])
    assert numbers[1:] == [math.inf, -math.inf, math.inf]


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        ("", "", "empty"),
        (" \n", "", "empty"),
        ('{"a":\n1,}', "line 2", "not valid JSON"),
        ('{"a":\n[1, 2', "line 2", "not valid JSON"),
        ("[\n" + "[" * 100_000, "line 2", "nested too deeply"),
        ("[1,\n" + "9" * 5000 + "]", "line 2", "a number has too many digits"),
        (b'["\xff"]', "line 1, column 3", "byte 2 (0xff) is not UTF-8"),
        ("[1]".encode("utf-16"), "byte 0", "JSON is UTF-8"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(tmp_path, data, place, words):
    path = file(tmp_path, data)
    with pytest.raises(AnchorauditError) as caught:
        json_text.decode(path)
    assert (caught.value.path, caught.value.place) == (str(path), place)
    assert words in caught.value.message
    assert caught.value.remedy


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(AnchorauditError, match="cannot be read: it is a folder"):
        json_text.decode(tmp_path)


def test_lines_are_counted_from_where_the_text_begins():
    with pytest.raises(AnchorauditError) as caught:
        json_text.parse("{\n]", "a.ndjson", line=7)
    assert caught.value.place == "line 8"


def test_numbers():
    assert [json_text.as_float(v) for v in (1, 2.5, True, "3", None)] == [1, 2.5, None, None, None]
    assert [json_text.as_float(v) for v in (10**400, -(10**400))] == [math.inf, -math.inf]


def test_values_that_were_cut_out_of_a_file():
    assert json_text.decode_value(msgspec.Raw(b'{"a": 1}')) == {"a": 1}
    assert json_text.decode_value(msgspec.Raw(b"1e999")) == math.inf
    assert json_text.decode_value(msgspec.Raw(b"9" * 5000)) == math.inf
