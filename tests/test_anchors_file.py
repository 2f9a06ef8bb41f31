from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchoraudit.anchors.file import AnchorsFile, format_anchors, read_anchors, round_anchors
from anchoraudit.anchors.fit import measure_fit
from anchoraudit.detectors import load_detector
from anchoraudit.detectors.toml_text import to_toml
from anchoraudit.errors import AnchorauditError

SIDES = st.floats(0.001, 100_000)
SUFFIXES = [".toml", ".json", ".txt"]


@pytest.fixture
def file(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(anchors=st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=12))
def test_what_is_written_is_read_again(tmp_path_factory, suffix, anchors):
    path = tmp_path_factory.mktemp("anchors") / f"a{suffix}"
    rounded = round_anchors(anchors)
    path.write_text(format_anchors(anchors, suffix, input_size="960x720", metric="iou"), encoding="utf-8")
    assert read_anchors(path) == AnchorsFile(tuple(rounded), "960x720")
    assert round_anchors(rounded) == rounded


def test_rounding_keeps_two_decimals_and_never_makes_a_side_vanish():
    assert round_anchors([[51.2549, 0.001], [10, 13]]) == [(51.25, 0.01), (10.0, 13.0)]


def test_toml_text():
    fit = measure_fit([[10, 10], [10, 20]], [[10, 10]])
    assert format_anchors([[10, 10]], ".toml", input_size="640", metric="iou", fit=fit) == (
        "# Anchors by anchoraudit: width, height in pixels at the network's input size\n"
        'input_size = "640"\nmetric = "iou"\nmean_iou = 0.75\n'
        "anchors = [\n  [10.00, 10.00],\n]\n"
    )


def test_json_text():
    fit = measure_fit([[10, 10], [10, 20]], [[10, 10]])
    document = json.loads(format_anchors([[10, 10.126]], ".JSON", input_size="640", metric="ratio", fit=fit))
    assert document == {
        "input_size": "640",
        "metric": "ratio",
        "mean_iou": 0.75,
        "anchors": [[10.0, 10.13]],
    }


def test_txt_text():
    assert format_anchors([[10, 13]], ".txt", input_size="640") == (
        "# Anchors by anchoraudit: width,height in pixels at the network's input size\n"
        "# input_size = 640\n10.00,13.00\n"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "10,13\n16,30\n"),
        ("a.txt", "# mine\n10 13\n\n16x30  # tall\n"),
        ("a.txt", "10,13,  16,30"),
        ("a.cfg.txt", "anchors = 10,13,  16,30\n"),
        ("a.TXT", "\ufeff10;13\r\n16\t30\r\n"),
        ("a.json", "[[10, 13], [16, 30]]"),
        ("a.json", "[10, 13, 16, 30]"),
        ("a.json", '{"anchors": [[10, 13, 16, 30]]}'),
        ("a.toml", "anchors = [[10, 13], [16, 30]]"),
    ],
)
def test_reading_is_tolerant(file, name, text):
    assert read_anchors(file(name, text)) == AnchorsFile(((10.0, 13.0), (16.0, 30.0)), "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.toml", "input_size = 640\nanchors = [[1, 2]]"),
        ("a.json", '{"input_size": 640, "anchors": [[1, 2]]}'),
        ("a.txt", "# input_size: 640\n1,2"),
    ],
)
def test_input_size_is_recorded(file, name, text):
    assert read_anchors(file(name, text)).input_size == "640"


def test_shapes_of_a_detector_file_are_those_that_its_masks_name(tmp_path):
    path = tmp_path / "detector.toml"
    path.write_text(
        'resize = {kind = "letterbox", width = 608, height = 352}\n[anchors]\n'
        "competing = [[1, 2], [3, 4], [5, 6]]\n"
        "levels = [{stride = 8, mask = [2]}, {stride = 16, mask = [1, 2, 3]}]\n"
    )
    found = read_anchors(path)
    assert found.anchors == ((5, 6), (3, 4), (5, 6))
    assert found.input_size == "608"


def test_a_detector_file_with_masks(file):
    """An anchor that two levels name is given twice, one that none names not at all."""
    found = read_anchors(file("d.toml", to_toml(load_detector("yolov4-tiny"))))
    assert found.anchors == ((81, 82), (135, 169), (344, 319), (23, 27), (37, 58), (81, 82))
    assert found.input_size == "416x416"
    assert read_anchors(file("e.toml", to_toml(load_detector("yolov3-darknet")))).input_size == "608"


@pytest.mark.parametrize(
    ("name", "text", "place", "message"),
    [
        ("a.txt", "", "", "no anchors"),
        ("a.txt", "# nothing\n", "", "no anchors"),
        ("a.json", "{}", "", "no anchors"),
        ("a.json", "[[]]", "", "no anchors"),
        ("a.toml", "size = 1", "", "no anchors"),
        ("a.txt", "10,13\n16,30,7\n", "line 2", "3 numbers are not pairs"),
        ("a.json", "[[10, 13], [16]]", "anchors[1]", "1 numbers are not pairs"),
        ("a.json", "[10, 13, 16]", "anchors", "3 numbers are not pairs"),
        ("a.json", "[[10, 13], 16]", "anchors[1]", "16 is not a width and a height"),
        ("a.txt", "10,13\n16,-30\n", "line 2", "-30.* is not a valid side"),
        ("a.txt", "10,0\n", "line 1", "0.* is not a valid side"),
        ("a.toml", "anchors = [[10, 13], [nan, 3]]", "anchors[1]", "nan is not a valid side"),
        ("a.json", "[[Infinity, 13]]", "anchors[0]", "inf is not a valid side"),
        ("a.json", "[[1" + "0" * 400 + ", 13]]", "anchors[0]", "not a number"),
        ("a.json", "[[true, 13]]", "anchors[0]", "True is not a number"),
        ("a.json", '[["ten", 13]]', "anchors[0]", "'ten' is not a number"),
        ("a.txt", "10,13\nten,4\n", "line 2", "'ten' is not a number"),
        ("a.json", '{"anchors": 5}', "anchors", "5 is not a list"),
        ("a.json", '{"anchors": [[1, 2]], "input_size": true}', "input_size", "True is not an input size"),
        ("a.json", "[[10,\n 13", "line 2", "not valid JSON"),
        ("a.json", "[" * 100_000, "line 1", "not valid JSON"),
        ("a.toml", "anchors = [[10", "", "not valid TOML"),
        ("a.yaml", "anchors: []", "", "anchors format '.yaml'"),
        ("a", "10,13", "", "anchors format ''"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(file, name, text, place, message):
    path = file(name, text)
    with pytest.raises(AnchorauditError, match=message) as caught:
        read_anchors(path)
    assert caught.value.path == str(path)
    assert caught.value.place == place
    assert caught.value.remedy


def test_a_missing_file_a_folder_and_bytes_are_refused(tmp_path):
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "bytes.txt").write_bytes(b"10,13\n\xff\xfe")
    for name, message in (
        ("none.txt", "cannot be read"),
        ("folder.txt", "cannot be read"),
        ("bytes.txt", "not UTF-8"),
    ):
        with pytest.raises(AnchorauditError, match=message):
            read_anchors(tmp_path / name)


def test_writing_an_unknown_format_is_refused():
    with pytest.raises(AnchorauditError, match=r"anchors format '\.yaml'"):
        format_anchors([[1, 2]], ".yaml")
