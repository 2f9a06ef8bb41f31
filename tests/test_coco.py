"""COCO as real files spell it: layouts, ids, boxes, sizes, names, and files that are broken."""

import json
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from anchoraudit import audit, cli, rule_of
from anchoraudit import read as read_dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.coco.ids import id_column, positions, repeated
from tests.builders import GOOD, annotation, document, image, make


def read(tmp_path, content, **options):
    make(tmp_path, {"some.json": content})
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy's remarks would stand on the user's screen
        return read_dataset(tmp_path / "some.json", **options)


def codes(dataset):
    return [(finding.code, finding.place) for finding in dataset.findings]


def verdicts(dataset):
    return [verdict for verdict, n in audit(dataset).summary()["verdicts"].items() for _ in range(n)]


class TestLayouts:
    @pytest.mark.parametrize(
        ("files", "splits"),
        [
            ({"some.json": document()}, ("some",)),
            ({"annotations/train.json": document()}, ("train",)),
            (
                {
                    "annotations/instances_b.json": document([image(2)], []),
                    "annotations/instances_a.json": document(),
                },
                ("a", "b"),
            ),
            (
                {
                    "valid/_annotations.coco.json": document([image(2)], []),
                    "train/_annotations.coco.json": document(),
                    "train/1.jpg": (960, 720),
                },
                ("train", "valid"),
            ),
            ({"_annotations.coco.json": document()}, None),
        ],
    )
    def test_each_is_found(self, tmp_path, files, splits):
        dataset = read_dataset(make(tmp_path, files))
        assert dataset.format == "coco"
        assert splits is None or dataset.splits == splits
        assert len(dataset.images) == len(files) - sum(name.endswith(".jpg") for name in files)

    def test_other_json_beside_is_passed_over_and_said(self, tmp_path):
        captions = document(annotations=[{"id": 1, "image_id": 1, "caption": "a cat"}])
        make(
            tmp_path,
            {
                "annotations/instances_train.json": document(),
                "annotations/captions_train.json": captions,
                "annotations/stray.json": "no JSON at all",
                "stray.json": {"images": []},
            },
        )
        dataset = read_dataset(tmp_path)
        assert dataset.splits == ("train",)
        assert len(dataset.boxes) == 1
        assert [name for name in ("captions_train", "stray") if name in "".join(dataset.notes)] == [
            "captions_train",
            "stray",
        ]

    def test_a_stray_json_beside_a_plainly_named_one(self, tmp_path):
        make(tmp_path, {"annotations/train.json": document(), "annotations/stats.json": {"mean": [1, 2]}})
        dataset = read_dataset(tmp_path)
        assert (dataset.splits, len(dataset.images)) == (("train",), 1)

    def test_unknown_split_names_those_there_are(self, tmp_path):
        make(tmp_path, {"annotations/instances_a.json": document(), "annotations/instances_b.json": {}})
        with pytest.raises(AnchorauditError, match=r"(?s)unknown split 'c'.*a, b"):
            read_dataset(tmp_path, splits=("c",))
        assert read_dataset(tmp_path, splits=("a",)).splits == ("a",)


class TestIds:
    def test_a_string_is_another_id_than_the_integer_it_spells(self, tmp_path):
        images = [image("7", file_name="s.jpg"), image(7, file_name="i.jpg")]
        annotations = [annotation(1, 7), annotation(2, "7"), annotation(3, "7")]
        dataset = read(tmp_path, document(images, annotations))
        assert dataset.images.ids == ["7", 7]
        boxes = dataset.boxes
        of = dict(zip(boxes.annotation_ids.tolist(), boxes.image.tolist(), strict=True))
        assert of == {1: 1, 2: 0, 3: 0}
        assert not dataset.findings

    @pytest.mark.parametrize(
        "identity", [0, -1, -(2**63), 2**63 - 1, 2**63 + 5, 10**30, "", "a b", "0", "\x1b[31m"]
    )
    def test_any_integer_or_string(self, tmp_path, identity):
        dataset = read(tmp_path, document([image(identity)], [annotation(identity, identity)]))
        assert dataset.images.ids == [identity]
        assert dataset.boxes.image.tolist() == [0]
        assert verdicts(dataset) == ["ok"]

    def test_categories_zero_and_with_gaps(self, tmp_path):
        categories = [{"id": 90, "name": "z"}, {"id": 0, "name": "nought"}, {"id": 7, "name": None}]
        annotations = [annotation(i, category_id=c) for i, c in enumerate((0, 90, 5, 7))]
        table = audit(read(tmp_path, document(annotations=annotations) | {"categories": categories}))
        labels = table.boxes_frame()["label"].tolist()
        assert labels == ["nought", "z", "", ""]  # 5 is not listed, and 7 has no name

    def test_a_text_that_no_category_has_is_no_category(self, tmp_path):
        categories = [{"id": "cat", "name": "cat"}, {"id": "dog", "name": "dog"}]
        entries = [annotation(i, category_id=c) for i, c in enumerate(("dog", "cow", "cat"))]
        dataset = read(tmp_path, document(annotations=entries, categories=categories))
        assert dataset.boxes.category.tolist() == [1, -1, 0]
        assert codes(dataset) == [("CLS001", "annotations[1].category_id")]

    def test_annotation_of_an_unknown_image(self, tmp_path):
        dataset = read(tmp_path, document(annotations=[annotation(), annotation(2, 99), annotation(3, "1")]))
        assert codes(dataset) == [("SET003", f"annotations[{i}].image_id") for i in (1, 2)]
        assert len(dataset.boxes) == 1

    def test_every_image_has_the_id_zero(self, tmp_path):
        images = [image(0, file_name=f"{i}.jpg") for i in range(3)]
        dataset = read(tmp_path, document(images, [annotation(1, 0), annotation(2, 0)]))
        assert codes(dataset) == [("SET001", "images[1].id"), ("SET001", "images[2].id")]
        assert {rule_of(finding.code).severity for finding in dataset.findings} == {"error"}
        assert dataset.boxes.image.tolist() == [0, 0]

    def test_annotation_ids_used_twice(self, tmp_path):
        dataset = read(tmp_path, document(annotations=[annotation(5), annotation(6), annotation(5)]))
        assert codes(dataset) == [("SET002", "annotations[2].id")]
        assert len(dataset.boxes) == 3

    def test_entries_without_a_usable_id(self, tmp_path):
        images = [image(), {"file_name": "x.jpg"}, image(None), image([1]), image(True), image(2.0), 3, None]
        annotations = [annotation(), {"bbox": GOOD}, annotation(2, None), "x", annotation(3, 2)]
        dataset = read(tmp_path, document(images, annotations))
        assert dataset.images.ids == [1, 2]
        assert dataset.images.entry.tolist() == [0, 5]
        assert dataset.boxes.entry.tolist() == [0, 4]
        assert codes(dataset) == [
            *(("PAR002", f"images[{i}]") for i in (1, 2, 3, 4, 6, 7)),
            *(("PAR003", f"annotations[{i}]") for i in (1, 2, 3)),
        ]


@pytest.mark.parametrize(
    ("known", "wanted", "at"),
    [
        ([7, 9], [9, 7, 8, 6, 10], [1, 0, -1, -1, -1]),  # by a table over their range
        ([0, 10**9], [10**9, 0, 5, -1, 2 * 10**9], [1, 0, -1, -1, -1]),  # too far apart: by a search
        ([3, 10**9, 3], [3], [0]),
        ([3, 4, 3], [3], [0]),
        ([2**63 - 1, -(2**63)], [-(2**63), 2**63 - 1, 0], [1, 0, -1]),
        ([-(2**63)], [-(2**63), 2**63 - 1], [0, -1]),  # a table would begin below the lowest number
        (["a", "b", "a"], ["b", "a", "c", ""], [1, 0, -1, -1]),
        ([1, "1"], ["1", 1, 2], [1, 0, -1]),
        ([1, 2], ["2", 2], [-1, 1]),
        ([], [5, 0], [-1, -1]),
        ([5], [], []),
    ],
)
def test_positions_of_ids(known, wanted, at):
    assert positions(known, id_column(wanted)).tolist() == at


@pytest.mark.parametrize(
    ("ids", "rows"),
    [([4, 5, 4, 4, 5], [2, 3, 4]), (["x", "y", "x"], [2]), ([1, "1"], []), ([3, 1, 2], []), ([], [])],
)
def test_rows_of_repeated_ids(ids, rows):
    assert repeated(id_column(ids)) == rows


class TestTolerance:
    def test_what_does_not_matter_is_no_finding(self, tmp_path):
        crowd = {"counts": [0, 5, 10], "size": [720, 960]}
        content = document(
            [image(licence="CC", coco_url=None, extra={"deep": [1]})],
            [
                annotation(1, segmentation=[], area=None, attributes={"occluded": False}),
                annotation(2, segmentation=crowd, iscrowd=1),
                {k: v for k, v in annotation(3).items() if k not in ("iscrowd", "id")},
            ],
            licenses=None,
            provenance="unknown",
        )
        dataset = read(tmp_path, content)
        assert not dataset.findings
        assert dataset.boxes.crowd.tolist() == [False, True, False]
        assert audit(dataset).labels.reasons() == {"crowd": 1}

    def test_no_annotations_at_all_is_said(self, tmp_path):
        dataset = read(tmp_path, {"images": [image()]})
        assert verdicts(dataset) == ["blank"]
        assert "annotations" in "".join(dataset.notes)


POLYGONS = [[10, 20, 110, 20, 60, 220], [5, 30, 7, 30, 7, 31]]


class TestBoxes:
    def box_of(self, tmp_path, entry, **replace):
        """Corners of the one odd annotation among good ones, and the findings about it."""
        text = json.dumps(document(annotations=[annotation(1), entry, annotation(3)]))
        for old, new in replace.items():
            text = text.replace(f'"{old}"', new)
        dataset = read(tmp_path, text)
        assert dataset.boxes.entry.tolist() == [0, 1, 2]
        assert dataset.boxes.xyxy[[0, 2]].tolist() == [[400, 360, 474, 509]] * 2
        result = audit(dataset)
        assert result.labels.usable.tolist()[::2] == [True, True]
        found = [f.code for f in result.findings if f.place.startswith("annotations[1]")]
        return dataset.boxes.xyxy[1].tolist(), found, bool(result.labels.usable[1])

    def test_bounds_of_polygons_where_there_is_no_bbox(self, tmp_path):
        entry = annotation(2, segmentation=POLYGONS)
        for missing in ({k: v for k, v in entry.items() if k != "bbox"}, entry | {"bbox": None}):
            assert self.box_of(tmp_path, missing) == ([5, 20, 110, 220], [], True)

    def test_bbox_wins_over_polygons(self, tmp_path):
        entry = annotation(2, bbox=[1, 2, 30, 40], segmentation=POLYGONS)
        assert self.box_of(tmp_path, entry) == ([1, 2, 31, 42], [], True)

    @pytest.mark.parametrize(
        ("bbox", "code"),
        [
            (None, "PAR003"),
            ([], "PAR003"),
            ({}, "PAR003"),
            ([1, 2, 3], "PAR003"),
            ([1, 2, 3, 4, 5], "PAR003"),
            ({"x": 1}, "PAR003"),
            (["1", "2", "3", "4"], "PAR004"),
            ([1, 2, 3, True], "PAR004"),
            ([None] * 4, "PAR004"),
            ([[1, 2, 3, 4]], "PAR003"),
        ],
    )
    def test_no_box_at_all(self, tmp_path, bbox, code):
        corners, found, usable = self.box_of(tmp_path, annotation(2, bbox=bbox))
        assert (np.isnan(corners).all(), found, usable) == (True, [code], False)

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
    @pytest.mark.parametrize("at", range(4))
    def test_numbers_that_are_not_finite(self, tmp_path, number, at):
        bbox = ["@" if i == at else v for i, v in enumerate(GOOD)]
        _, found, usable = self.box_of(tmp_path, annotation(2, bbox=bbox), **{"@": number})
        assert (found, usable) == (["BOX001"], False)

    @pytest.mark.parametrize("bbox", [[math.inf, 0, -math.inf, 5], [1e308, 0, 1e308, 5]])
    def test_sums_beyond_all_numbers(self, tmp_path, bbox):
        assert not self.box_of(tmp_path, annotation(2, bbox=bbox))[2]

    @pytest.mark.parametrize("digits", [400, 5000])
    def test_a_number_of_hundreds_of_digits(self, tmp_path, digits):
        for entry in (
            annotation(2, bbox=["@", 1, 2, 3]),
            annotation(2, bbox=None, segmentation=[["@", 1, 2, 3, 4, 5]]),
        ):
            _, found, usable = self.box_of(tmp_path, entry, **{"@": "9" * digits})
            assert len(found) == 1
            assert not usable

    @pytest.mark.parametrize(
        "polygons",
        [
            [],
            [[]],
            [[1], [2], [3], [4], [5], [6]],
            [[1, 2, 3, 4]],
            [["a"] * 6],
            [[True] * 6],
            [None],
            "x",
            {"counts": "abc", "size": [720, 960]},
            [{"a": 1}],
        ],
    )
    def test_no_bbox_and_no_polygons_either(self, tmp_path, polygons):
        corners, found, usable = self.box_of(tmp_path, annotation(2, bbox=None, segmentation=polygons))
        assert (np.isnan(corners).all(), found, usable) == (True, ["PAR003"], False)

    def test_polygons_that_are_not_finite(self, tmp_path):
        polygons = [["@", 2, 3, 4, 5, 6]]
        entry = annotation(2, bbox=None, segmentation=polygons)
        assert self.box_of(tmp_path, entry, **{"@": "Infinity"})[2] is False

    @pytest.mark.parametrize("size", [[-5, 10], [5, -10], [0, 10], [5, 0], [-5, -10]])
    def test_negative_and_zero_sizes(self, tmp_path, size):
        _, found, usable = self.box_of(tmp_path, annotation(2, bbox=[100, 100, *size]))
        assert (found, usable) == (["BOX002"], False)

    def test_outside_the_image(self, tmp_path):
        _, found, usable = self.box_of(tmp_path, annotation(2, bbox=[2000, 10, 30, 40]))
        assert (found, usable) == (["BOX003"], False)


class TestSizes:
    @pytest.mark.parametrize(
        "declared",
        [
            {},
            {"width": 0, "height": 0},
            {"width": 640},
            {"width": -640, "height": -480},
            {"width": None, "height": None},
            {"width": "wide", "height": []},
        ],
    )
    def test_from_the_files_header_where_none_is_declared(self, tmp_path, declared):
        make(tmp_path, {"images/1.jpg": (320, 240)})
        entry = {"id": 1, "file_name": "1.jpg", **declared}
        make(tmp_path, {"annotations/instances_x.json": document([entry])})
        dataset = read_dataset(tmp_path)
        assert (dataset.images.width.tolist(), dataset.images.height.tolist()) == ([320], [240])
        assert not dataset.findings

    def test_declared_sizes_stand_whatever_the_file_says(self, tmp_path):
        make(tmp_path, {"images/1.jpg": (320, 240), "annotations/instances_x.json": document()})
        assert read_dataset(tmp_path).images.width.tolist() == [960]

    @pytest.mark.parametrize("content", [None, b"", b"\xff\xd8\xff\xe0 cut off", b"no image"])
    def test_unknown_and_said_where_there_is_no_header(self, tmp_path, content):
        make(tmp_path, {"images/1.jpg": (320, 240)})
        if content is not None:
            make(tmp_path, {"images/2.jpg": content})
        entry = {"id": 2, "file_name": "2.jpg"}
        annotations = [annotation(1), annotation(2, 2)]
        make(tmp_path, {"annotations/instances_x.json": document([image(), entry], annotations)})
        dataset = read_dataset(tmp_path)
        assert ("IMG002", "images[1]") in codes(dataset)
        assert np.isnan(dataset.images.width).tolist() == [False, True]
        assert verdicts(dataset) == ["ok", "unknown"]

    def test_a_number_in_quotes_is_a_size(self, tmp_path):
        assert read(tmp_path, document([image(width="960", height="720")])).images.width.tolist() == [960]


class TestFileNames:
    @pytest.mark.parametrize(
        "name",
        ["../1.jpg", "../../some.json", "/etc/passwd", "a\0b.jpg", "", "x" * 5000, "a\nb.jpg", ".", "//"],
    )
    def test_none_leads_anywhere(self, tmp_path, name):
        make(tmp_path, {"1.jpg": (10, 10), "ds/images/1.jpg": (960, 720)})
        images = [image(), {"id": 2, "file_name": name}]
        make(tmp_path, {"ds/annotations/instances_x.json": document(images)})
        dataset = read_dataset(tmp_path / "ds")
        assert dataset.image_path(0) == tmp_path / "ds/images/1.jpg"
        assert dataset.image_path(1) is None
        assert np.isnan(dataset.images.width[1])
        assert ("IMG001", "images[1].file_name") in codes(dataset)

    @pytest.mark.parametrize("name", ["sub\\1.jpg", "sub/1.jpg", "./sub/1.jpg", "sub//1.jpg"])
    def test_a_file_that_is_there_is_not_called_absent(self, tmp_path, name):
        make(tmp_path, {"images/sub/1.jpg": (960, 720)})
        make(tmp_path, {"annotations/instances_x.json": document([image(file_name=name)])})
        dataset = read_dataset(tmp_path)
        assert dataset.image_path(0) == tmp_path / "images/sub/1.jpg"
        assert not dataset.findings

    def test_undecodable_names_as_python_writes_them(self, tmp_path):
        # json.dump spells the byte 0xff of a file name as "\udcff".
        make(tmp_path, {"images/1.jpg": (960, 720)})
        images = [image(), image(2, file_name="\udcff.jpg"), image(3, file_name="\udcff/3.jpg")]
        make(tmp_path, {"annotations/instances_x.json": document(images)})
        dataset = read_dataset(tmp_path)
        assert dataset.images.ids == [1, 2, 3]


class TestUnlisted:
    def test_images_on_disk_that_no_entry_names_are_blank(self, tmp_path):
        make(tmp_path, {f"images/{i}.jpg": (64, 48) for i in (1, 2)} | {"images/notes.txt": b""})
        make(tmp_path, {"annotations/instances_x.json": document()})
        assert len(read_dataset(tmp_path).images) == 1
        dataset = read_dataset(tmp_path, unlisted=True)
        assert dataset.images.file_names == ["1.jpg", "2.jpg"]
        assert dataset.images.width.tolist() == [960, 64]
        assert verdicts(dataset) == ["ok", "blank"]

    def test_an_image_of_another_split_is_listed(self, tmp_path):
        make(tmp_path, {f"images/{i}.jpg": (64, 48) for i in (1, 2, 3)})
        val = document([image(2)], [annotation(2, 2)])
        make(
            tmp_path, {"annotations/instances_train.json": document(), "annotations/instances_val.json": val}
        )
        dataset = read_dataset(tmp_path, unlisted=True)
        assert sorted(dataset.images.file_names) == ["1.jpg", "2.jpg", "3.jpg"]

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
    def test_a_pipe_is_not_opened(self, tmp_path):
        make(tmp_path, {"images/1.jpg": (960, 720), "annotations/instances_x.json": document()})
        os.mkfifo(tmp_path / "images" / "2.jpg")
        done = subprocess.run(
            [sys.executable, "-m", "anchoraudit", "scan", str(tmp_path), "--unlisted", "-q"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
            capture_output=True,
            timeout=10,
            check=False,
        )
        assert done.returncode in (0, 1)


class TestBrokenFiles:
    def error(self, tmp_path, content):
        with pytest.raises(AnchorauditError) as caught:
            read(tmp_path, content)
        assert caught.value.path == str(tmp_path / "some.json")
        assert caught.value.remedy
        return caught.value

    def test_a_byte_order_mark_is_fine(self, tmp_path):
        assert len(read(tmp_path, b"\xef\xbb\xbf" + json.dumps(document()).encode()).images) == 1

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_utf_16_says_to_save_as_utf_8(self, tmp_path, encoding):
        mark = "\ufeff" if encoding.endswith("e") else ""
        assert "UTF-8" in str(self.error(tmp_path, (mark + json.dumps(document())).encode(encoding)))

    @pytest.mark.parametrize("place", ["file_name", "name", "image_id", "key"])
    def test_invalid_utf_8_is_named_or_survived(self, tmp_path, place):
        content = {
            "file_name": document([image(file_name="x@x.jpg"), image(2)]),
            "name": document(categories=[{"id": 1, "name": "c@t"}]),
            "image_id": document([image("@"), image(2)], [annotation(1, "@")]),
            "key": document(annotations=[annotation(**{"k@y": 1})]),
        }[place]
        try:
            dataset = read(tmp_path, json.dumps(content).encode().replace(b"@", b"\xe4"))
        except AnchorauditError as error:
            assert "UTF-8" in str(error)
        else:
            assert len(dataset.images) == len(content["images"])

    @pytest.mark.parametrize(
        "content",
        [
            *(b"", b" \n", b"{}", b"[]", b"3", b'"x"', b"null", b"true", b'{"a": 1}', b'{"images": {}}'),
            *(b'{"images": null}', b'{"images": 3, "annotations": []}', b'{"images": [], "annotations": {}}'),
        ],
    )
    def test_another_shape(self, tmp_path, content):
        self.error(tmp_path, content)

    def test_no_images_is_an_error_finding(self, tmp_path):
        result = audit(read(tmp_path, document([], [])))
        assert [finding.code for finding in result.findings] == ["SET006"]

    @pytest.mark.parametrize("depth", [100, 900, 2000, 100_000])
    @pytest.mark.parametrize("place", ["top", "info", "annotation", "bbox"])
    def test_deep_nesting_is_read_or_refused(self, tmp_path, depth, place):
        deep = b"[" * depth + b"]" * depth
        text = json.dumps(
            {
                "top": "@",
                "info": document(info="@"),
                "annotation": document(annotations=[annotation(x="@")]),
                "bbox": document(annotations=[annotation(bbox="@")]),
            }[place]
        ).encode()
        try:
            dataset = read(tmp_path, text.replace(b'"@"', deep))
        except AnchorauditError as error:
            assert place == "top" or "nested" in str(error)
        else:
            assert len(dataset.images) == 1

    def test_cut_off_anywhere(self, tmp_path, capsys, monkeypatch):
        monkeypatch.chdir(tmp_path)
        whole = json.dumps(document([image(i, note="ü\\n") for i in range(4)]), ensure_ascii=False).encode()
        for length in range(0, len(whole), 25):
            make(tmp_path, {"cut.json": whole[:length]})
            assert cli.run(["scan", "cut.json"]) == 2
            out, err = capsys.readouterr()
            assert out == ""
            assert err.startswith("Error: cut.json")
            assert ("empty" if length == 0 else "cut off") in err

    def test_the_place_of_a_syntax_error(self, tmp_path):
        error = self.error(tmp_path, '{"images": [],\n "annotations": [}]}')
        assert error.place.startswith("line 2, column 18")


class TestTwoReadingsOfOneSet:
    """A file that repeats another one counts once; a split of the other kind is a leak or a mistake."""

    BOXES = [annotation(n, n % 4, [100 + n, 100, 74, 149]) for n in range(8)]
    SHOWN = [image(n) for n in range(4)]
    PART = document(SHOWN[:2], [box for box in BOXES if box["image_id"] < 2])

    def scanned(self, anchoraudit, files, *args):
        make(anchoraudit.cwd, files)
        result = anchoraudit("scan", "ds", "--output-format", "json", *args)
        report = json.loads(result.stdout)
        told = [(f["code"], f["path"], f["message"]) for f in report["findings"] if f["code"][:3] == "SET"]
        return result.returncode, report["summary"]["images"], list(report["summary"]["splits"]), told

    def test_a_subset_is_told_once_and_counted_once(self, anchoraudit):
        whole = document(self.SHOWN, self.BOXES)
        files = {
            f"ds/annotations/instances_{name}.json": content
            for name, content in {
                "val": whole,
                "val_50M": self.PART,
                "val_100M": whole,
                "train": self.PART,
            }.items()
        }
        code, images, splits, told = self.scanned(anchoraudit, files, "--ignore", "SET004")
        assert (code, images, splits) == (0, 6, ["train", "val"])
        among = "images are among the 4 of instances_val.json, with the same boxes"
        assert told == [
            ("SET015", "ds/annotations/instances_val_100M.json", f"not counted: its 4 {among}"),
            ("SET015", "ds/annotations/instances_val_50M.json", f"not counted: its 2 {among}"),
        ]
        _, images, splits, told = self.scanned(anchoraudit, files, "--split", "val_50M")
        assert (images, splits, told) == (2, ["val_50M"], [])

    def test_a_leak_into_the_evaluation_stays_one(self, anchoraudit):
        files = {
            "ds/annotations/instances_train.json": document(self.SHOWN, self.BOXES),
            "ds/annotations/instances_val.json": self.PART,
        }
        _, images, _, told = self.scanned(anchoraudit, files)
        assert images == 6
        assert [code for code, *_ in told] == ["SET004", "SET004"]

    ROBOFLOW = ("train/_annotations.coco.json", "test/_annotations.coco.json")

    def roboflow(self, train, test, **pictures):
        files = {f"ds/{name}": content for name, content in zip(self.ROBOFLOW, (train, test), strict=True)}
        return files | {f"ds/{name.replace('_', '/')}.jpg": size for name, size in pictures.items()}

    def test_a_copy_of_the_training_annotations_beside_other_pictures(self, anchoraudit):
        pictures = {"train_0": (960, 720), "train_1": (960, 720), "test_x": (960, 720), "test_y": (960, 720)}
        code, images, _, told = self.scanned(anchoraudit, self.roboflow(self.PART, self.PART, **pictures))
        assert (code, images) == (1, 4)
        ((rule, path, message),) = told
        assert (rule, path) == ("SET014", "ds/test/_annotations.coco.json")
        said = "its images and boxes are those of ds/train/_annotations.coco.json"
        assert message == f"{said}; of the 2 pictures beside it none is named"

    def test_copies_of_pictures_are_in_two_splits(self, anchoraudit):
        same = {"train_0": (960, 720), "test_0": (960, 720), "train_1": (960, 720), "test_1": (96, 72)}
        other = document(self.SHOWN[:2], self.PART["annotations"][1:])
        _, _, _, told = self.scanned(anchoraudit, self.roboflow(self.PART, other, **same))
        assert [(code, message) for code, _, message in told] == [
            ("SET004", "'0.jpg' is in 'test' and in 'train'")
        ]

    def test_without_pictures_size_and_boxes_tell(self, anchoraudit):
        moved = [
            {**box, "bbox": [1, 2, 30, 40]} if box["image_id"] else box for box in self.PART["annotations"]
        ]
        files = self.roboflow(self.PART, document(self.SHOWN[:2], moved))
        _, _, _, told = self.scanned(anchoraudit, files)
        assert [message for _, _, message in told] == ["'0.jpg' is in 'test' and in 'train'"]

    def test_names_alone_tell_nothing(self, anchoraudit):
        whole = [annotation(n, n, [0, 0, 960, 720]) for n in range(2)]
        for boxes in (whole, []):
            more = document([*self.SHOWN[:2], image(9)], boxes)
            files = self.roboflow(document(self.SHOWN[:2], boxes), more)
            assert [
                code for code, *_ in self.scanned(anchoraudit, files, "--ignore", "SET007,SET011")[3]
            ] == []
