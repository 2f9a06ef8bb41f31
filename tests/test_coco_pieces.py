"""COCO part by part: the same answer as that of the whole file, wherever it is cut."""

import json
import pickle
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import audit_partitions, merge
from anchoraudit.formats.coco.ranges import NotCleanError, list_in_ranges
from anchoraudit.formats.coco.set_aside import BUCKETS, hashes, image_hashes, read_back, set_aside
from anchoraudit.io.unchanged import Stamp
from anchoraudit.loaders import loader_names
from tests.forks import in_another_process
from tests.in_parts import InThisProcess

LOADERS = loader_names()


def each_here(work, pieces, at_once, attempts=3):
    """Do what `each_apart` does, in this process; the last piece first."""
    del at_once, attempts
    for index in reversed(range(len(pieces))):
        yield index, pickle.loads(pickle.dumps(work(pickle.loads(pickle.dumps(pieces[index])))))


@contextmanager
def pieces_of(rows):
    """Within the block, pieces have about so many boxes, and are read in this process."""
    with (
        mock.patch("anchoraudit.partitions.reading.rows_of_part", lambda *_: rows),
        mock.patch("anchoraudit.formats.coco.ranges.each_apart", each_here),
        mock.patch("anchoraudit.formats.coco.pieces.each_apart", each_here),
    ):
        yield


def in_pieces(path, detector="reference", rows=24, **options):
    with pieces_of(rows):
        return list(audit_partitions(path, detector, engine=InThisProcess(), **options))


def as_one_piece(path, detector="reference", **options):
    with mock.patch("anchoraudit.formats.coco.parts", lambda *_: None):
        (part,) = audit_partitions(path, detector, engine=InThisProcess(), **options)
    return part


def require_same(path, detector="reference", rows=24, **options):
    """Hold the pieces against the whole. Return the merged audit, and how many pieces there were."""
    parts = in_pieces(path, detector, rows, **options)
    merged, whole = merge(parts), as_one_piece(path, detector, **options)
    audited = anchoraudit.audit(
        anchoraudit.read(path, splits=options.pop("splits", ())), detector, images="none", **options
    )
    assert merged.summary() == whole.summary() == audited.summary()
    assert merged.counts == whole.counts
    for name in ("images", "boxes", "labels"):
        assert (getattr(merged.totals, name) == getattr(whole.totals, name)).all()
    assert merged.sizes.to_builtins() == whole.sizes.to_builtins()
    said = tuple(note for note in merged.notes if "read as a whole" not in note)
    assert said == whole.notes == tuple(sorted({*audited.original.notes, *audited.dataset.notes}))
    skipped = {rule.code for rule in merged.findings.not_checked}
    of_whole = {code: number for code, number in audited.findings.counts.items() if code not in skipped}
    assert dict(merged.findings.counts) == of_whole
    for code, number in of_whole.items():
        found, expected = ({*each.findings.of(code)} for each in (merged, audited))
        assert found == expected or (number > len(found) and found <= expected), code
    assert sorted(map(str, merged.flagged)) == sorted(map(str, whole.flagged))
    return merged, len(parts)


def write(path, plain, **spelling):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, **spelling), encoding="utf-8")
    return path


def coco(images, annotations, categories=("cat", "dog")):
    return {
        "info": {"note": 'a text with }, {"id": 1}, {"id": 2}'},
        "images": images,
        "annotations": annotations,
        "categories": [{"id": i, "name": name} for i, name in enumerate(categories, 1)],
    }


def image(identity, **other):
    return {"id": identity, "file_name": f"{identity}.jpg", "width": 640, "height": 480, **other}


def box(identity, image_id, xywh=(10, 20, 100, 200), **other):
    area = xywh[2] * xywh[3]
    return {
        "id": identity,
        "image_id": image_id,
        "category_id": 1,
        "bbox": list(xywh),
        "area": area,
        "iscrowd": 0,
        "segmentation": [[1, 2, 30, 40, 50.5, 60]],
        **other,
    }


def simple(images=40, boxes=3):
    every = [box(i * boxes + j, i, (5 * j, 8, 30 + i, 50)) for i in range(images) for j in range(boxes)]
    return coco([image(i) for i in range(images)], every[::2] + every[1::2])


# Generated files

identities = st.one_of(
    st.integers(0, 12),
    st.integers(0, 12).map(str),
    st.sampled_from([1_234_561, 1_234_562, 99_999_950, 10**15, -7, "-7", "a", "007", "é"]),
)
numbers = st.one_of(st.integers(-20, 700), st.floats(-20, 700), st.sampled_from([0, 0.5, 1e9]))
segmentations = st.sampled_from(
    [
        [[1, 2, 3, 4, 5, 6]],
        [[1, 2, 3, 4]],
        [],
        None,
        {"counts": [1, 2], "size": [4, 4]},
        {"counts": "abc", "size": [4, 4]},
        {"size": [1, 1]},
        "text }, {",
    ]
)
extras = st.dictionaries(
    st.sampled_from(["note", "attributes", "parts"]),
    st.sampled_from(["}, {", [{"a": 1}, {"b": 2}, {"id": 3, "bbox": [1, 2, 3, 4]}], {"x": [{}, {}]}, None]),
    max_size=1,
)


@st.composite
def an_image(draw, names, image_ids):
    entry = {"id": draw(image_ids), "file_name": draw(names), "width": 640, "height": 480}
    odd = draw(st.sampled_from(["", "", "", "width", "height", "null", "zero", "name"]))
    if odd in {"width", "height"}:
        del entry[odd]
    elif odd == "name":
        del entry["file_name"]
    elif odd:
        entry["width"] = None if odd == "null" else 0
    return {**draw(extras), **entry}


@st.composite
def a_box(draw, image_ids):
    entry = box(
        draw(st.one_of(st.integers(0, 10**6), identities)),
        draw(image_ids),
        draw(st.tuples(numbers, numbers, numbers, numbers)),
        category_id=draw(st.sampled_from([1, 1, 2, 2, 3, 90, "1"])),
        iscrowd=draw(st.sampled_from([0, 0, 0, 1])),
        segmentation=draw(segmentations),
        ignore=draw(st.sampled_from([0, 0, 1])),
    )
    for key in draw(st.sets(st.sampled_from(["id", "category_id", "iscrowd", "segmentation", "area"]))):
        if draw(st.integers(0, 9)) == 0:
            del entry[key]
    return {**draw(extras), **entry}


@st.composite
def a_file(draw, split):
    own = draw(st.sampled_from([split, split, "shared", "folder/"]))
    names = st.integers(0, 30).map(lambda i: f"{own}{i}.jpg")
    image_ids = draw(st.sampled_from([st.integers(0, 25), identities]))
    plain = {
        "info": {"note": "}, {"},
        "licenses": [{"id": 1}, {"id": 2}],
        "images": draw(st.lists(an_image(names, image_ids), max_size=12)),
        "annotations": draw(st.lists(a_box(image_ids), max_size=24)),
        "categories": draw(
            st.sampled_from(
                [
                    [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog", "supercategory": "pet"}],
                    [{"id": 2, "name": "dog"}, {"id": 1, "name": "cat"}, {"id": 1, "name": "again"}],
                    [],
                ]
            )
        ),
    }
    if draw(st.integers(0, 5)) == 0:
        del plain["info"]
    keys = draw(st.permutations(list(plain)))
    indent = draw(st.sampled_from([None, None, 1]))
    return json.dumps({key: plain[key] for key in keys}, indent=indent)


@st.composite
def a_folder(draw):
    splits = draw(st.sampled_from([("train",), ("train", "val"), ("train", "val", "extra")]))
    return {f"annotations/instances_{split}.json": draw(a_file(split)) for split in splits}


class TestAgainstTheWhole:
    @settings(
        max_examples=10,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(a_folder(), st.sampled_from(LOADERS), st.sampled_from([3, 12, 40]))
    def test_any_files(self, files, loader, rows):
        with TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder, name)
                path.parent.mkdir(exist_ok=True)
                path.write_text(text, encoding="utf-8")
            require_same(Path(folder), "reference", rows, loader=loader)

    @pytest.mark.parametrize("detector", ["yolov5", "torchvision-fcos_resnet50_fpn", "rt-detr", None])
    def test_detectors(self, tmp_path, detector):
        path = write(tmp_path / "a.json", simple())
        assert require_same(path, detector)[1] > 5

    def test_of_more_flagged_images_than_are_kept_the_first_are_those_of_the_file(self, tmp_path):
        images = [{"id": i * 7919, "file_name": f"{i}.jpg", "width": 640, "height": 480} for i in range(60)]
        path = write(tmp_path / "a.json", {"images": images, "annotations": [], "categories": []})
        merged, pieces = require_same(path, rows=4)
        assert pieces > 5
        assert [image["file_name"] for image in merged.flagged] == [f"{i}.jpg" for i in range(20)]

    def test_sample_data(self):
        assert require_same("sample_data/coco", rows=12)[1] > 3
        assert require_same("sample_data/coco", rows=8, splits=("val",))[1] > 1

    def test_processes(self, tmp_path):
        path = write(tmp_path / "a.json", simple())
        whole = as_one_piece(path)
        with mock.patch("anchoraudit.partitions.reading.rows_of_part", lambda *_: 50):
            parts = list(audit_partitions(path, workers=2))
        assert len(parts) > 2
        assert merge(parts).counts == whole.counts


class TestWholeFileFacts:
    """What follows from all of a file, though each piece has some of its images."""

    def test_repeated_image_ids(self, tmp_path):
        plain = simple()
        plain["images"] += [image(3, file_name="again.jpg"), image(17, file_name="once more.jpg")]
        found, _ = require_same(write(tmp_path / "a.json", plain))
        assert [finding.place for finding in found.findings.of("SET001")] == [
            "images[40].id",
            "images[41].id",
        ]

    @pytest.mark.parametrize("loader", LOADERS)
    def test_repeated_annotation_ids(self, tmp_path, loader):
        plain = simple()
        plain["annotations"][100]["id"] = plain["annotations"][7]["id"]
        plain["annotations"][60]["id"] = plain["annotations"][61]["id"] = "text"
        path = write(tmp_path / "a.json", plain)
        found, _ = require_same(path, rows=50, loader=loader)
        places = [finding.place for finding in found.findings.of("SET002")]
        assert sorted(places) == ["annotations[100].id", "annotations[61].id"]

    def test_ids_that_are_equal_with_six_digits(self, tmp_path):
        plain = simple()
        for i, entry in enumerate(plain["images"]):
            entry["id"] = 1_000_000 + 3 * i
        for i, entry in enumerate(plain["annotations"]):
            entry["image_id"] = 1_000_000 + 3 * (i % 40)
        found, _ = require_same(write(tmp_path / "a.json", plain), loader="yolov5")
        print(found.counts)

    def test_strays(self, tmp_path):
        plain = simple()
        plain["annotations"][5]["image_id"] = 99
        plain["annotations"][6]["image_id"] = "7"
        found, _ = require_same(write(tmp_path / "a.json", plain))
        messages = sorted(finding.message for finding in found.findings.of("SET003"))
        assert len(messages) == 2
        assert "write both alike" in messages[0]

    def test_classes_that_are_not_declared(self, tmp_path):
        plain = simple()
        for at, identity in ((5, 90), (70, 90), (3, "x")):
            plain["annotations"][at]["category_id"] = identity
        found, _ = require_same(write(tmp_path / "a.json", plain))
        assert [(finding.message, finding.place) for finding in found.findings.of("CLS001")] == [
            ("category id 'x' of 1 annotations is not in `categories`", "annotations[3].category_id"),
            ("category id 90 of 2 annotations is not in `categories`", "annotations[5].category_id"),
        ]

    def test_flat_segmentations(self, tmp_path):
        plain = simple()
        for at in (31, 90):
            plain["annotations"][at]["segmentation"] = [1, 2, 3, 4, 5, 6]
        found, _ = require_same(write(tmp_path / "a.json", plain), loader="torchvision")
        (finding,) = found.findings.of("PAR009")
        assert finding.message.startswith("2 of 120 annotations")
        assert finding.place == "annotations[31].segmentation"

    def test_names_that_lead_to_no_file(self, tmp_path):
        plain = simple()
        (tmp_path / "images" / "kept").mkdir(parents=True)
        for i, entry in enumerate(plain["images"]):
            entry["file_name"] = f"{'kept' if i % 2 else 'moved'}/{i}.jpg"
            (tmp_path / "images" / ("kept" if i % 2 else "") / f"{i}.jpg").touch()
        found, _ = require_same(write(tmp_path / "a.json", plain))
        (finding,) = found.findings.of("IMG012")
        assert finding.message.startswith("`file_name` of 20 of 40 images leads to no file: 'moved/0.jpg'")

    def test_absent_images(self, tmp_path):
        (tmp_path / "images").mkdir()
        for i in (0, 3, 39):
            (tmp_path / "images" / f"{i}.jpg").touch()
        found, _ = require_same(write(tmp_path / "a.json", simple()))
        assert found.findings.counts["IMG001"] == 37

    def test_a_file_without_images(self, tmp_path):
        found, _ = require_same(write(tmp_path / "a.json", coco([], [])))
        assert found.findings.counts["SET006"] == 1


def listed(path, size=100):
    with (
        TemporaryDirectory() as folder,
        mock.patch("anchoraudit.formats.coco.ranges.each_apart", each_here),
    ):
        found = list_in_ranges(path, Stamp.of(path.stat()), Path(folder, "0"), size, 2)
        images, boxes = (
            [
                (chunk.first + entry, value)
                for chunk in chunks
                for columns in [read_back(chunk.path, 0, BUCKETS, ("entry", name))]
                for entry, value in zip(columns["entry"].tolist(), columns[name], strict=True)
            ]
            for chunks, name in ((found.images, "ids"), (found.annotations, "ids"))
        )
    return [value for _, value in sorted(images)], [value for _, value in sorted(boxes)], found


class TestRanges:
    @pytest.mark.parametrize("size", [1, 7, 64, 100, 1_000, 10_000_000])
    @pytest.mark.parametrize("indent", [None, 2])
    def test_all_entries_in_order(self, tmp_path, size, indent):
        plain = simple(8)
        path = write(tmp_path / "a.json", plain, indent=indent)
        images, boxes, found = listed(path, size)
        assert images == [entry["id"] for entry in plain["images"]]
        assert boxes == [entry["id"] for entry in plain["annotations"]]
        assert [category.name for category in found.categories] == ["cat", "dog"]
        assert found.has_info

    def test_cuts_in_texts_and_nested_lists(self, tmp_path):
        plain = simple(6)
        for entry in (*plain["images"], *plain["annotations"]):
            entry["note"] = "}, {" * 20 + '"\\"}, {'
            entry["parts"] = [{"id": 1, "image_id": 2, "bbox": [1, 2, 3, 4]}] * 3
        path = write(tmp_path / "a.json", plain)
        assert listed(path, 1_500)[1] == [entry["id"] for entry in plain["annotations"]]

    @pytest.mark.parametrize("key", ["videos", "segment_infos"])
    def test_other_lists_of_objects(self, tmp_path, key):
        plain = {key: [box(i, 99) for i in range(1000, 1020)], **simple(6), "z": [image(i) for i in range(9)]}
        images, boxes, _ = listed(write(tmp_path / "a.json", plain))
        assert images == list(range(6))
        assert sorted(boxes) == list(range(18))

    def test_images_that_look_like_annotations(self, tmp_path):
        plain = simple(6)
        for entry in plain["images"]:
            entry |= {"image_id": 5, "bbox": [1, 2, 3, 4]}
        assert listed(write(tmp_path / "a.json", plain))[0] == list(range(6))

    def test_the_mark_of_utf8(self, tmp_path):
        path = write(tmp_path / "a.json", simple(6))
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        assert listed(path)[0] == list(range(6))

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "it is not plain JSON"),
            ("[1, 2]", "it is no object"),
            ('{"images": [], "annotations": [}', "it is not plain JSON"),
            ('{"images": []}', "it lacks a list"),
            ('{"images": null, "annotations": []}', "an entry of `images` is unusual"),
            ('{"images": [], "annotations": [], "images": []}', "twice"),
            ('{"images": [{"id": 1}], "annotations": [{"image_id": 1, "bbox": [1, 2, NaN, 4]}]}', "plain"),
            ('{"images": [{"id": 1}], "annotations": [{"image_id": 1, "bbox": [1, 2, "3", 4]}]}', "unusual"),
            ('{"images": [{"id": 9999999999999999999999}], "annotations": []}', "unusual"),
        ],
    )
    def test_what_is_left_to_the_whole(self, tmp_path, text, why):
        path = tmp_path / "a.json"
        path.write_text(text)
        with pytest.raises(NotCleanError, match=why):
            listed(path)

    def test_a_list_that_is_there_twice_far_apart(self, tmp_path):
        text = json.dumps(simple(20))
        path = tmp_path / "a.json"
        path.write_text(text[:-1] + ', "annotations": ' + json.dumps([box(1, 1)]) + "}")
        with pytest.raises(NotCleanError, match="twice"):
            listed(path)


class TestSplits:
    """Images whose files have the name of one in another split are read together."""

    @pytest.mark.parametrize("loader", ["none", "yolov5", "torchvision-coco"])
    def test_an_image_in_two_splits(self, tmp_path, loader):
        for split, first in (("train", 0), ("val", 35)):
            plain = simple()
            for i, entry in enumerate(plain["images"]):
                entry["file_name"] = f"{first + i}.jpg"
                entry["id"] = 2_000_000 + 3 * i
            for i, entry in enumerate(plain["annotations"]):
                entry["image_id"] = 2_000_000 + 3 * (i % 40)
                entry["id"] += first * 1_000
            plain["annotations"][7]["id"] = plain["annotations"][90]["id"]
            write(tmp_path / "annotations" / f"instances_{split}.json", plain)
        found, _ = require_same(tmp_path, loader=loader)
        assert found.findings.counts["SET004"] == 5
        assert found.findings.counts["SET002"] == 2


class TestReadWhole:
    def test_an_odd_entry_is_said_and_reported(self, tmp_path):
        plain = simple()
        plain["annotations"][50]["bbox"] = "none"
        path = write(tmp_path / "a.json", plain)
        (part,) = in_pieces(path)
        assert part.findings.counts["PAR003"] == 1
        assert "a.json: an entry of `annotations` is unusual" in part.notes[-1]
        assert part.summary() == anchoraudit.audit(str(path), images="none").summary()

    def test_many_annotations_with_one_id(self, tmp_path, monkeypatch):
        monkeypatch.setattr("anchoraudit.formats.coco.pieces._FEW", 10)
        plain = simple()
        for entry in plain["annotations"]:
            entry["id"] = entry["id"] % 3
        (part,) = in_pieces(write(tmp_path / "a.json", plain))
        assert "many annotations share their ids" in part.notes[-1]
        assert part.findings.counts["SET002"] == 117

    def test_a_file_that_may_repeat_another(self, tmp_path):
        write(tmp_path / "annotations" / "instances_val.json", simple())
        write(tmp_path / "annotations" / "instances_val50.json", simple(10))
        (part,) = in_pieces(tmp_path)
        assert part.findings.counts["SET015"] == 1
        assert part.summary()["images"] == 40

    def test_image_ids_that_begin_alike(self, tmp_path):
        plain = simple()
        plain["images"] = [image(10**15 + i) for i in range(2_000)]
        (part,) = in_pieces(write(tmp_path / "a.json", plain))
        assert "begin with the same six digits" in part.notes[-1]


class TestSetAside:
    def test_columns_come_back_by_bucket(self, tmp_path):
        rng = np.random.default_rng(0)
        buckets = rng.integers(0, BUCKETS, 500)
        columns = {
            "small": np.arange(500) % 100,
            "large": rng.integers(-(2**62), 2**62, 500),
            "wide": rng.normal(size=(500, 4)),
            "flags": rng.random(500) < 0.5,
            "mixed": [f"{i}" if i % 3 else i for i in range(500)],
            "empty": [""] * 500,
        }
        counts = set_aside(tmp_path / "a", buckets, columns)
        assert counts.tolist() == np.bincount(buckets, minlength=BUCKETS).tolist()
        for first, last in ((0, BUCKETS), (0, 1), (17, 400), (BUCKETS - 1, BUCKETS), (5, 5)):
            own = np.flatnonzero((buckets >= first) & (buckets < last))
            own = own[np.argsort(buckets[own], kind="stable")]
            found = read_back(tmp_path / "a", first, last, list(columns))
            for name, column in columns.items():
                expected = [column[i] for i in own] if isinstance(column, list) else column[own].tolist()
                assert (found[name] if isinstance(column, list) else found[name].tolist()) == expected

    @given(st.lists(st.one_of(st.integers(-(2**63), 2**63 - 1), st.text(max_size=5)), max_size=20))
    def test_hashes_of_ids(self, ids):
        column = np.empty(len(ids), dtype=object)
        column[:] = ids
        found = hashes(column).tolist()
        assert len(set(found)) == len(set(ids))
        if all(isinstance(identity, int) for identity in ids):
            assert hashes(np.array(ids, dtype=np.int64)).tolist() == found

    @given(st.integers(-(2**63), 2**63 - 1), st.integers(-100, 100))
    def test_images_that_a_loader_takes_for_one_have_one_hash(self, identity, step):
        other = min(max(identity + step, -(2**63)), 2**63 - 1)
        one, two, text = (
            int(image_hashes(np.array([each], dtype=kind))[0])
            for each, kind in ((identity, np.int64), (other, np.int64), (str(identity), object))
        )
        assert one == text
        assert (one == two) or f"{identity:g}" != f"{other:g}"


class TestScratch:
    def test_nothing_is_left(self, tmp_path, monkeypatch):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
        (tmp_path / "scratch").mkdir()
        path = write(tmp_path / "a.json", simple())
        parts = audit_partitions(path, engine=InThisProcess())
        next(parts)
        assert list((tmp_path / "scratch").iterdir())
        assert not list(parts)
        assert not list((tmp_path / "scratch").iterdir())

    def test_on_another_machine(self, tmp_path):
        from shutil import rmtree

        from anchoraudit.formats import ReadOptions, parts_of

        with pieces_of(30):
            parts = parts_of(write(tmp_path / "a.json", simple()), 30, ReadOptions())
        sent = pickle.loads(pickle.dumps(parts))
        assert sent.index(parts.pieces[0]).told["boxes"]
        rmtree(parts.scratch.path)
        with pytest.raises(anchoraudit.AnchorauditError, match="is not there"):
            sent.index(parts.pieces[0])


class TestCommandLine:
    def test_scan_says_the_same(self, tmp_path):
        path = write(tmp_path / "a.json", simple())
        words = ("scan", path, "--memory", "600M", "--detector", "yolov5", "--output-format", "json")
        told = in_another_process(words, tmp_path)
        whole = anchoraudit.audit(str(path), "yolov5", images="none")
        assert json.loads(told.stdout)["summary"]["verdicts"] == whole.summary()["verdicts"]
        assert not list(Path(tmp_path).glob("anchoraudit-*"))
