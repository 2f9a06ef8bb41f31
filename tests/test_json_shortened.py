"""What a look at a JSON file shows of it, however large it is, and at what cost."""

import json
import time
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.io import json_shortened
from anchoraudit.io.json_shortened import documents, shortened

ALL = 1 << 30
LONG = {
    "numbers": [*range(30_000)],
    "texts": {'"]}': ['"]}\\' * 20] * 5_000, "[{": 1},
    "image": "A" * 300_000,
    "entries": [{"first": ["z" * 100] * 9_000, "then": 3}, {"last": 4}],
    "end": True,
}


def look(tmp_path, content, most=ALL):
    path = tmp_path / "a.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return shortened(path, most)


@pytest.mark.parametrize("indent", [None, 2])
def test_all_keys_of_a_large_file_are_seen(tmp_path, indent):
    value, is_all = look(tmp_path, json.dumps(LONG, indent=indent))
    assert is_all and list(value) == list(LONG)
    assert value["numbers"] == [*range(64)] and value["image"] == "" and value["end"] is True
    assert list(value["texts"]) == ['"]}', "[{"]
    assert [list(entry) for entry in value["entries"]] == [["first", "then"], ["last"]]


def test_a_list_is_seen_as_far_as_its_first_entries(tmp_path):
    value, is_all = look(tmp_path, json.dumps([LONG] * 3, indent=1))
    assert is_all and [list(entry) for entry in value] == [list(LONG)] * 3
    entries = [{"number": number, "boxes": [1, 2]} for number in range(5_000)]
    assert look(tmp_path, json.dumps(entries)) == (entries[:64], True)


def test_what_is_cut_off_is_seen_as_far_as_it_goes(tmp_path):
    text = json.dumps(LONG)
    value, is_all = look(tmp_path, text, 1 << 14)
    assert (list(value), is_all) == (["numbers"], False)
    value, is_all = look(tmp_path, text[: len(text) // 2])  # the file itself
    assert ("image" in value, "end" in value, is_all) == (True, False, True)
    # A list has whole entries only, and the beginning of its first.
    assert look(tmp_path, '[{"a": 1, "b": 2}, {"a": 1, "b') == ([{"a": 1, "b": 2}], True)
    assert look(tmp_path, '[{"a": [1, 2], "b": "x') == ([{"a": [1, 2], "b": ""}], True)
    assert look(tmp_path, '{"a": [12, 34') == ({"a": [12]}, True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("12", None),
        ("<html>", None),
        ('{"a": 1,}', None),
        ('{"a" 1}', None),
        ('{"a": 1} x', None),
        ('{"a": 1}\n{"a": 2}\n', None),
        ('\ufeff {"a": [NaN, -Infinity]}\n', '{"a": [NaN, -Infinity]}'),
        ('{"a\nb": "\\ud800"}', '{"a\\nb": "\\ud800"}'),
    ],
)
@pytest.mark.parametrize("before", ["", " " * 70_000])
def test_what_is_json_and_what_is_not(tmp_path, text, value, before):
    found = look(tmp_path, text[: text.startswith("\ufeff")] + before + text[text.startswith("\ufeff") :])
    assert found.is_all and json.dumps(found.value) == (value or "null")


def test_lines_are_documents(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"line": line, **LONG, "z": 1}) + "\n" for line in range(4)))
    found = documents(path, ALL, 3)
    assert [value["line"] for value in found] == [0, 1, 2] and all(value["z"] for value in found)
    assert len(documents(path, ALL, 9, room=1000)) == 4
    path.write_text('{"a": 1}\n{"a": 1,}\n')
    assert documents(path, ALL, 2) == [{"a": 1}]


def is_part_of(less, more):
    """Whether one value is another one without some of what is in it."""
    if isinstance(less, dict):
        return isinstance(more, dict) and all(k in more and is_part_of(v, more[k]) for k, v in less.items())
    if isinstance(less, list):
        return isinstance(more, list) and all(map(is_part_of, less, more)) and len(less) <= len(more)
    return less == more or (less == "" and isinstance(more, str))


TEXTS = st.text(st.sampled_from('ab"\\[]{}, :é'), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=30,
)


@settings(max_examples=60)
@given(
    value=st.lists(VALUES, min_size=1) | st.dictionaries(TEXTS, VALUES, min_size=1, max_size=6),
    indent=st.sampled_from([None, 1]),
    share=st.floats(0.1, 1),
    shown=st.sampled_from([1, 2, 64]),
)
def test_what_is_shown_is_in_the_file(tmp_path_factory, value, indent, share, shown):
    """With limits so small that all that is passed over in large files is passed over here."""
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    path = tmp_path_factory.mktemp("look") / "a.json"
    path.write_bytes(text)
    most = int(len(text) * share)
    limits = {"_SHORT": 16, "_LEAST_ROOM": 8, "_BLOCK": 16, "SHOWN": shown, "_NESTED": 2}
    with patch.multiple(json_shortened, **limits):
        part, whole = shortened(path, most), shortened(path, ALL)
    assert part.value is None or is_part_of(part.value, value)
    assert whole.is_all and is_part_of(whole.value, value)
    if isinstance(value, dict):
        assert list(whole.value) == list(value)
    else:
        assert min(len(value), shown) <= len(whole.value) <= len(value)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": ' + "[" * 2_000_000 + "]" * 2_000_000 + ', "b": 1}',
        '{"a": "' + "\\\\" * 2_000_000 + '", "b": 1}',
        '{"a": [' + '"\\"",' * 700_000 + '0], "b": 1}',
        '{"a": ' + '{"a":' * 500_000 + "0" + "}" * 500_000 + ', "b": 1}',
    ],
)
def test_hostile_files_take_no_longer(tmp_path, text):
    start = time.process_time()
    assert "b" in look(tmp_path, text).value
    assert time.process_time() - start < 2
