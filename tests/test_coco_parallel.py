"""A COCO file read on two cores is the file read on one, wherever the cut falls."""

import json
import os
import signal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import read
from anchoraudit.formats.coco import parallel, segmentations, structure
from anchoraudit.formats.coco.entries import decode
from anchoraudit.io.meanwhile import meanwhile
from anchoraudit.io.unchanged import Stamp


@pytest.fixture(autouse=True)
def always_in_halves(monkeypatch):
    monkeypatch.setattr(parallel, "WORTH_IT", 0)
    monkeypatch.setattr(parallel, "helpers", lambda *_, **__: 1)


def document(images=3, annotations=40, **more):
    return {
        "info": {"description": 'a "quoted" text with }, { in it'},
        "images": [{"id": i, "file_name": f"{i}.jpg", "width": 64, "height": 48} for i in range(images)],
        "annotations": [
            {"id": i, "image_id": i % images, "bbox": [i, 1.5, 10, 20], "category_id": 1, "iscrowd": i % 2}
            for i in range(annotations)
        ],
        "categories": [{"id": 1, "name": "cat"}],
        **more,
    }


def assert_same(path, content):
    path.write_bytes(content)
    whole = decode(path, content)
    parts = parallel.decode_in_halves(path)
    if parts is None:
        return False
    for name in ("ids", "image_ids", "category_ids", "xyxy", "crowd", "difficult", "traits", "entry"):
        ours, theirs = getattr(parts.annotations, name), getattr(whole.annotations, name)
        assert np.array_equal(ours, theirs), name
    as_rows = [(i.id, i.file_name, i.width, i.height) for i in whole.images]
    assert [(i.id, i.file_name, i.width, i.height) for i in parts.images] == as_rows
    assert [(c.id, c.name) for c in parts.categories] == [(c.id, c.name) for c in whole.categories]
    assert parts.has_info == whole.has_info
    return True


@pytest.mark.parametrize("indent", [None, 1])
def test_a_plain_file_is_read_in_halves(tmp_path, indent):
    assert assert_same(tmp_path / "a.json", json.dumps(document(), indent=indent).encode())


def test_info_may_be_in_either_part_or_in_none(tmp_path):
    content = document()
    info = content.pop("info")
    for whole in (content, {"info": info, **content}, {**content, "info": info}):
        assert assert_same(tmp_path / "a.json", json.dumps(whole).encode())


@pytest.mark.parametrize("position", [0, 39])
def test_flat_lists_are_counted_in_one_piece(tmp_path, position):
    content = document()
    content["annotations"][position]["segmentation"] = [1, 2, 3, 4, 5, 6]
    text = json.dumps(content).encode()
    assert not assert_same(tmp_path / "a.json", text)
    (found,) = decode(tmp_path / "a.json", text).findings
    assert (found.code, found.place) == ("PAR009", f"annotations[{position}].segmentation")
    assert found.message.startswith("1 of 40 annotations")


def test_a_large_file_is_searched_in_parts():
    entry = b'{"segmentation": [[1, 2, 3]], "note": "' + b"x" * 200 + b'"},'
    flat = entry.replace(b"[[1, 2, 3]]", b"[1, 2, 3]")
    assert not structure.may_hold_flat(entry * 40_000)
    assert structure.may_hold_flat(flat * 40_000)
    assert structure.may_hold_flat(entry * 39_999 + flat)


def test_string_ids(tmp_path):
    content = document()
    for entry in content["annotations"][30:]:
        entry["id"] = f"a{entry['id']}"
    assert assert_same(tmp_path / "a.json", json.dumps(content).encode())


def test_annotations_before_images(tmp_path):
    content = document()
    content = {key: content[key] for key in ("annotations", "categories", "images")}
    assert assert_same(tmp_path / "a.json", json.dumps(content).encode())


@pytest.mark.parametrize(
    "content",
    [
        document(images=300, annotations=2),
        document(annotations=0),
        document(other=[{"image_id": 1, "bbox": [1, 2, 3, 4]} for _ in range(200)]),
        document(annotations=0, other=[{"image_id": 1, "bbox": [1, 2, 3, 4]} for _ in range(200)]),
        {**document(), "annotations": [{"image_id": 1, "bbox": [0, 0, 1, 1], "parts": [{"a": 1}] * 400}]},
        {**document(), "annotations": [{"image_id": 1, "bbox": [0, 0, 1, 1], "text": "x}, {y" * 400}]},
    ],
    ids=[
        "cut in images",
        "no annotation",
        "cut in another list",
        "cut in the only list",
        "cut in a nested list",
        "cut in a string",
    ],
)
def test_a_cut_elsewhere_is_noticed(tmp_path, content):
    assert not assert_same(tmp_path / "a.json", json.dumps(content).encode())


@pytest.mark.parametrize("first", [40, 4])
def test_of_two_lists_of_a_name_the_last_counts(tmp_path, first):
    """As in the file read in one piece, wherever the cut is."""
    counted = document(annotations=44 - first)["annotations"]
    counted[0]["segmentation"] = []
    other = json.dumps({"annotations": counted})
    content = f"{json.dumps(document(annotations=first))[:-1]}, {other[1:]}".encode()
    assert_same(tmp_path / "a.json", content)
    data = read(tmp_path)
    assert len(data.boxes) == 44 - first
    whole = segmentations.segmentation_traits(data)
    assert whole[0] not in whole[1:]
    with pytest.MonkeyPatch.context() as undone:
        undone.setattr(segmentations, "helpers", lambda *_, **__: 1)
        undone.setattr(segmentations, "WORTH_IT", 0)
        assert np.array_equal(segmentations.segmentation_traits(data), whole)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-5], lambda b: b.replace(b'"image_id": 2', b'"image_id": NaN')]
)
def test_a_damaged_file_is_left_to_the_careful_reader(tmp_path, damage):
    path = tmp_path / "a.json"
    path.write_bytes(damage(json.dumps(document()).encode()))
    assert parallel.decode_in_halves(path) is None


def rest_of(path, start=5_000):
    stamp = Stamp.of(path.stat())
    return parallel.Stretch(path, stamp, start, stamp.size, parallel._OPENING, b"")


def test_a_part_that_is_mapped_is_the_part_that_is_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document(annotations=900)).encode())
    content = path.read_bytes()
    for start in (len(parallel._OPENING), 4_096, 5_000, len(content) - 1):
        with parallel._mapped(rest_of(path, start)) as view:
            assert bytes(view) == bytes(parallel.read_part(rest_of(path, start)))
    assert path.read_bytes() == content


def test_a_file_that_changes_while_it_is_mapped_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document(annotations=900)).encode())
    stretch = rest_of(path)
    with pytest.raises(OSError), parallel._mapped(stretch):
        path.write_bytes(json.dumps(document(annotations=901)).encode())
    with pytest.raises(OSError), parallel._mapped(stretch):
        pass


def test_a_file_that_becomes_shorter_ends_the_other_process_and_no_more(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document(annotations=900)).encode())

    def look(view):
        signal.signal(signal.SIGBUS, signal.SIG_DFL)  # pytest would print where it was
        os.truncate(path, 10)
        return bytes(view)

    monkeypatch.setattr(parallel, "_decode_rest", look)
    assert parallel.decode_in_halves(path) is None
    assert path.stat().st_size == 10


def test_imports_are_done_while_the_other_process_works(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document()).encode())
    done = []
    with meanwhile(lambda: done.append(1)):
        assert parallel.decode_in_halves(path) is not None
        assert done == [1]
        parallel.decode_in_halves(path)
    with meanwhile(lambda: done.append(2)):
        pass  # nothing was waited for
    parallel.decode_in_halves(path)
    assert done == [1]


@pytest.mark.parametrize("key", ["images", "categories"])
def test_a_list_that_is_null_the_second_time_is_left_to_the_careful_reader(tmp_path, key):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document()).encode()[:-1] + f', "{key}": null}}'.encode())
    assert parallel.decode_in_halves(path) is None


text = st.text(alphabet='}{,[]" ab\\', max_size=12)
entry = st.fixed_dictionaries(
    {"image_id": st.integers(0, 2), "bbox": st.lists(st.floats(0, 9), min_size=4, max_size=4)},
    optional={
        "id": st.integers(),
        "note": text,
        "nested": st.lists(st.fixed_dictionaries({"k": text}), max_size=4),
    },
)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(entry, min_size=1, max_size=30),
    text,
    st.sampled_from([(", ", ": "), (",", ":"), (" ,\n", " : ")]),
)
def test_random_documents(tmp_path_factory, entries, note, separators):
    content = {**document(), "annotations": entries, "note": note}
    assert_same(tmp_path_factory.mktemp("h") / "a.json", json.dumps(content, separators=separators).encode())
