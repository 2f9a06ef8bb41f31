"""A COCO file read in chunks, on any number of cores, is that read in one piece, wherever the cuts fall."""

import json
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import read
from anchoraudit.formats.coco import chunks, segmentations, structure
from anchoraudit.formats.coco.entries import decode
from anchoraudit.formats.coco.stretches import Stretch, read_part
from anchoraudit.io import handing_over
from anchoraudit.io.meanwhile import meanwhile
from anchoraudit.io.unchanged import Stamp, recorded


@pytest.fixture(autouse=True)
def always_in_chunks(monkeypatch):
    """In two chunks on two cores, unless a test says otherwise."""
    monkeypatch.setattr(chunks, "WORTH_IT", 0)
    monkeypatch.setattr(chunks, "helpers", lambda *_, **__: 1)


@pytest.fixture
def some_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "CHUNK", 500)


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
    parts = chunks.decode_in_chunks(path)
    if parts is None:
        return False
    for name in ("ids", "image_ids", "category_ids", "xyxy", "crowd", "difficult", "traits", "entry"):
        ours, theirs = getattr(parts.annotations, name), getattr(whole.annotations, name)
        assert np.array_equal(ours, theirs), name
    assert (parts.images.ids, parts.images.names) == (whole.images.ids, whole.images.names)
    assert np.array_equal(parts.images.declared, whole.images.declared, equal_nan=True)
    assert np.array_equal(parts.images.traits, whole.images.traits)
    assert parts.images.lvis == whole.images.lvis
    assert [(c.id, c.name) for c in parts.categories] == [(c.id, c.name) for c in whole.categories]
    assert parts.has_info == whole.has_info
    return True


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("size", [200, 500, 100_000])
@pytest.mark.parametrize("beside", [0, 1, 3])
def test_a_plain_file_is_read_in_chunks(tmp_path, monkeypatch, indent, size, beside):
    monkeypatch.setattr(chunks, "CHUNK", size)
    monkeypatch.setattr(chunks, "helpers", lambda *_, **__: beside)
    assert assert_same(tmp_path / "a.json", json.dumps(document(images=30), indent=indent).encode())


def test_a_small_file_is_read_in_one_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(chunks, "WORTH_IT", 10_000)
    assert not assert_same(tmp_path / "a.json", json.dumps(document()).encode())


def test_without_memory_to_share(tmp_path, monkeypatch):
    monkeypatch.delattr(handing_over.os, "memfd_create")
    assert assert_same(tmp_path / "a.json", json.dumps(document()).encode())


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
    assert structure.may_begin_flat(flat * 40_000)
    assert structure.may_hold_flat(flat * 40_000)
    assert structure.may_hold_flat(entry * 39_999 + flat)


def test_string_ids(tmp_path):
    content = document()
    for entry in content["annotations"][30:]:
        entry["id"] = f"a{entry['id']}"
    assert assert_same(tmp_path / "a.json", json.dumps(content).encode())


@pytest.mark.usefixtures("some_chunks")
@pytest.mark.parametrize("size", [3, 40])
def test_the_lists_may_have_any_order(tmp_path, size):
    content = document(images=size)
    for keys in (("annotations", "categories", "images"), ("categories", "annotations", "images", "info")):
        other = {key: content[key] for key in keys}
        assert assert_same(tmp_path / "a.json", json.dumps(other).encode())


@pytest.mark.parametrize(
    "content",
    [
        document(images=300, annotations=2),
        document(annotations=0, images=80),
        document(categories=[{"id": i, "name": str(i)} for i in range(200)]),
        document(other=[{"image_id": 1, "bbox": [1, 2, 3, 4]} for _ in range(200)]),
        document(annotations=0, other=[{"image_id": 1, "bbox": [1, 2, 3, 4]} for _ in range(200)]),
        {**document(), "annotations": [{"image_id": 1, "bbox": [0, 0, 1, 1], "parts": [{"a": 1}] * 400}]},
        {**document(), "annotations": [{"image_id": 1, "bbox": [0, 0, 1, 1], "text": "x}, {y" * 400}]},
    ],
    ids=[
        "images",
        "no annotation",
        "categories",
        "another list",
        "the only list",
        "a nested list",
        "a string",
    ],
)
def test_a_cut_may_be_anywhere(tmp_path, monkeypatch, content):
    """Two chunks with a cut in a wrong place are one; where too many are wrong, the file is read whole."""
    text = json.dumps(content).encode()
    assert assert_same(tmp_path / "a.json", text)
    for size in (200, 500, 1_000, 3_000):
        monkeypatch.setattr(chunks, "CHUNK", size)
        assert_same(tmp_path / "a.json", text)


@pytest.mark.parametrize("key", ["images", "annotations"])
def test_entries_that_could_be_of_both_lists(tmp_path, monkeypatch, key):
    content = document(images=40)
    for number, entry in enumerate(content["images"]):
        entry |= {"image_id": number % 3, "bbox": [1, 2, 3, 4]}
    for entry in content["annotations"] if key == "annotations" else ():
        entry |= {"file_name": "b.jpg", "width": 5, "height": 6}
    for size in (300, 700, 100_000):
        monkeypatch.setattr(chunks, "CHUNK", size)
        assert assert_same(tmp_path / "a.json", json.dumps(content).encode())


def test_a_file_that_nobody_can_cut_is_soon_given_up(tmp_path, monkeypatch):
    nested = [{"image_id": 1, "bbox": [0, 0, 1, 1], "parts": [{"a": 1}] * 50} for _ in range(50)]
    decoded = []

    def counted(self, *args, **more):
        decoded.append(1)
        return own(self, *args, **more)

    own = chunks._Reader._decoded
    monkeypatch.setattr(chunks._Reader, "_decoded", counted)
    monkeypatch.setattr(chunks, "helpers", lambda *_, **__: 0)
    monkeypatch.setattr(chunks, "CHUNK", 200)
    assert not assert_same(tmp_path / "a.json", json.dumps(document(parts=nested)).encode())
    assert len(decoded) < 40


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
    assert chunks.decode_in_chunks(path) is None


@pytest.mark.parametrize(
    "change", [lambda path: os.truncate(path, 10), lambda path: path.write_text("{}" * 4000)]
)
def test_a_file_that_changes_is_left_to_the_careful_reader(tmp_path, monkeypatch, change):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document(annotations=90)).encode())

    def cuts(*args):
        found = own(*args)
        change(path)
        return found

    own = chunks._cuts
    monkeypatch.setattr(chunks, "_cuts", cuts)
    assert chunks.decode_in_chunks(path) is None


@pytest.mark.usefixtures("some_chunks")
@pytest.mark.parametrize("beside", [0, 2])
def test_what_is_recorded_does_not_depend_on_who_reads(tmp_path, monkeypatch, beside):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document()).encode())
    monkeypatch.setattr(chunks, "helpers", lambda *_, **__: beside)
    with recorded():
        found = chunks.decode_in_chunks(path)
    assert found.reading.has(path.read_bytes())
    assert [end for end, _ in found.reading.pieces] == chunks._cuts(path, Stamp.of(path.stat()))[1:]


def test_a_part_with_what_is_put_around_it(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b"0123456789")
    stamp = Stamp.of(path.stat())
    assert bytes(read_part(Stretch(path, stamp, 3, 6, b"<", b">>"))) == b"<345>>"
    with pytest.raises(EOFError):
        read_part(Stretch(path, stamp, 3, 11, b"", b""))
    path.write_bytes(b"01234567890")
    with pytest.raises(OSError, match="it changed while it was read"):
        read_part(Stretch(path, stamp, 3, 6, b"", b""))


def test_imports_are_done_while_the_other_process_works(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document()).encode())
    done = []
    with meanwhile(lambda: done.append(1)):
        assert chunks.decode_in_chunks(path) is not None
        assert done == [1]
        chunks.decode_in_chunks(path)
    with meanwhile(lambda: done.append(2)):
        pass  # nothing was waited for
    chunks.decode_in_chunks(path)
    assert done == [1]


@pytest.mark.parametrize("key", ["images", "categories"])
def test_a_list_that_is_null_the_second_time_is_left_to_the_careful_reader(tmp_path, key):
    path = tmp_path / "a.json"
    path.write_bytes(json.dumps(document()).encode()[:-1] + f', "{key}": null}}'.encode())
    assert chunks.decode_in_chunks(path) is None


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
    st.sampled_from([150, 600, 5_000]),
)
def test_random_documents(tmp_path_factory, entries, note, separators, size):
    content = {**document(), "annotations": entries, "note": note}
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(chunks, "CHUNK", size)
        path = tmp_path_factory.mktemp("h") / "a.json"
        assert_same(path, json.dumps(content, separators=separators).encode())
