"""WebDataset: shards of images and JSON, the shapes of boxes in it, archives that are broken."""

import contextlib
import gzip
import io
import json
import random
import tarfile

import pytest
from PIL import Image

from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import _samples, read, webdataset
from anchoraudit.formats._boxes_of import boxes_of, shape_of
from anchoraudit.formats._builder import Remarks
from anchoraudit.formats._shapes import Tally
from tests.builders import make, run
from tests.mutations import mutate_bytes

CAT = {"annotations": [{"bbox": [10, 20, 100, 50], "category": "cat"}]}


def tar(members, mode="w"):
    """The bytes of an archive: sizes become JPEGs, bytes stay, all else becomes JSON."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            if isinstance(content, tuple):
                picture = io.BytesIO()
                Image.new("L", content).save(picture, "JPEG")
                data = picture.getvalue()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


SHARD = {
    "0.jpg": (640, 480),
    "0.json": {**CAT, "width": 640, "height": 400},
    "0.txt": b"a cat",
    "1.jpg": (64, 48),
    "1.json": {"annotations": []},
    "2.jpg": (64, 48),
    "2.cls": b"3",
    "3.jpg": (9, 9),
    "3.json": b"{",
    "4.json": CAT,
    "5.jpg": (9, 9),
    "5.json": {"text": "a dog"},
}


def test_a_shard(tmp_path):
    make(tmp_path, {"train-000000.tar": tar(SHARD)})
    dataset = read(tmp_path)
    assert (dataset.format, dataset.splits) == ("webdataset", ("train",))
    assert dataset.images.ids == ["0", "1"]
    assert dataset.images.width.tolist() == [640, 64]
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]]
    assert [(f.code, f.place) for f in dataset.findings] == [
        ("IMG006", "sample 1, 0.json"),
        ("PAR003", "sample 4, 3.json"),
    ]
    assert dataset.notes == [
        "boxes are read from `annotations` with `bbox` (x, y, width, height)",
        "train-000000.tar: 1 sample without JSON: unlabelled, so not blank, and not read",
        "train-000000.tar: 1 sample without an image, and not read",
        "train-000000.tar: 1 sample whose JSON has no boxes that are understood, so not blank, and not read",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["train-000000.tar"]  # nothing is unpacked


def test_shards_of_splits_also_compressed(tmp_path, here, capsys):
    boxes = {"boxes": [[10, 20, 110, 70]], "labels": [3]}
    files = {
        "train-000000.tar": tar({"a/0.jpg": (640, 480), "a/0.json": CAT}),
        "val-000000.tar.gz": tar({"0.seg.png": b"", "0.jpg": (640, 480), "0.json": boxes}, "w:gz"),
    }
    dataset = read(make(tmp_path, files))
    assert dataset.splits == ("train", "val")
    assert dataset.boxes.xyxy.tolist() == [[10, 20, 110, 70]] * 2
    assert [one.name for one in dataset.categories] == ["cat", "class_3"]
    assert dataset.images.ids == ["train-000000/a/0", "val-000000/0"]
    assert run("filter", tmp_path, "-o", "clean.json", "--detector", "none") == 0
    assert len(json.loads((here / "clean.json").read_text())["annotations"]) == 2


def test_an_unpacked_shard(tmp_path):
    files = {webdataset.EXAMPLE_PATH: webdataset.EXAMPLE, **webdataset.EXAMPLE_BESIDE}
    dataset = read(make(tmp_path, files))
    assert (dataset.format, dataset.boxes.xyxy.tolist()) == ("webdataset", [[10, 20, 110, 70]])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (CAT, "`annotations` with `bbox` (x, y, width, height)"),
        (
            [{"bbox": [10, 20, 100, 50], "label": "cat"}],
            "a list of objects with `bbox` (x, y, width, height)",
        ),
        (
            {"objects": [{"xmin": 10, "ymin": 20, "xmax": 110, "ymax": 70, "name": "cat"}]},
            "`objects` with `xmin, ymin, xmax, ymax` (corners)",
        ),
        (
            {"objects": {"bbox": [[10, 20, 100, 50]], "categories": ["cat"]}},
            "`objects.bbox` (x, y, width, height)",
        ),
        ({"boxes": [[10, 20, 110, 70]], "labels": ["cat"]}, "`boxes` (corners)"),
        (
            {"shapes": [{"label": "cat", "points": [[110, 70], [10, 20]]}]},
            "`shapes` with `points` (points)",
        ),
    ],
)
def test_shapes_of_boxes(value, words):
    shape = shape_of(value)
    remarks = Remarks()
    (row,) = boxes_of(shape, "a.tar", "sample 1", remarks, Tally())
    assert (shape.words, row.xyxy, row.label, remarks.findings) == (words, (10, 20, 110, 70), "cat", [])


@pytest.mark.parametrize(
    "value", [None, 5, "x", {}, [], {"text": "x"}, {"images": [], "annotations": []}, {"labels": ["cat"]}]
)
def test_what_has_no_boxes(value):
    assert shape_of(value) is None


def test_broken_boxes_are_findings(tmp_path):
    value = {"objects": [{"bbox": [1, 2, 3]}, 7, {"bbox": [1, 2, 3, 4], "category_id": 2}]}
    dataset = read(make(tmp_path, {"a.tar": tar({"0.jpg": (9, 9), "0.json": value})}) / "a.tar")
    assert [(f.code, f.place) for f in dataset.findings] == [
        ("PAR003", "sample 1, 0.json, objects[0]"),
        ("PAR003", "sample 1, 0.json, objects[1]"),
    ]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_shard_that_ends_too_early(tmp_path, compressed):
    members = {}
    for n in range(40):
        members |= {f"{n}.jpg": (64, 48), f"{n}.json": CAT}
    data = tar(members, "w:gz" if compressed else "w")
    path = make(tmp_path, {"a.tar": data[: len(data) // 2]}) / "a.tar"
    dataset = read(path)
    assert 2 < len(dataset.images) < 40
    assert [f.code for f in dataset.findings] == ["PAR001"]
    assert "cut off or broken behind sample" in dataset.findings[0].message


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_samples, "_ALWAYS", 1 << 16)
    bomb = tar({"0.jpg": (64, 48), "0.json": CAT, "1.bin": b"\0" * (1 << 24)})
    path = make(tmp_path, {"a.tar.gz": gzip.compress(bomb)}) / "a.tar.gz"
    (found,) = read(path).findings
    assert "it unpacks to far more than images do" in found.message


def test_damaged_shards_end_in_an_answer(tmp_path):
    for number in range(60):
        name = "a.tar.gz" if number % 3 == 0 else "a.tar"
        whole = tar(SHARD, "w:gz" if number % 3 == 0 else "w")
        path = tmp_path / name
        path.write_bytes(mutate_bytes(whole, random.Random(number)))
        with contextlib.suppress(AnchorauditError):
            read(path)


def test_what_is_no_shard(tmp_path):
    make(tmp_path, {"a.tar": b"no tar at all", "b.tar": tar({"0.jpg": (9, 9), "0.txt": b"a caption"})})
    for name in ("a.tar", "b.tar"):
        assert webdataset.detect(tmp_path / name) is None
    with pytest.raises(AnchorauditError, match="no data set recognised"):
        read(tmp_path / "a.tar")
