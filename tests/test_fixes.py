"""Fixes: planned as columns, written as single numbers into the source's bytes, and shown as a listing."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchoraudit import audit, fixes, read
from anchoraudit.errors import AnchorauditError
from anchoraudit.fixes.numbers import extent, extents, spelled
from anchoraudit.manifest.difference import difference
from anchoraudit.manifest.keeping import DEFAULT_DROP, Filtered, kept_by
from anchoraudit.manifest.writing import targets, write_manifest
from anchoraudit.report.text.differences import diff_lines
from tests.builders import GOOD, annotation, document, image, make

HEAD = '{"images": [{"id": 1, "file_name": "1.jpg", "width": 960, "height": 720}], "annotations": ['
TAIL = '], "categories": [{"id": 1, "name": "cat"}]}'
FIRST = '{"id": 1, "image_id": 1, "category_id": 1, "bbox": [400, 360, 74, 149]}'
EVERYTHING = ("BOX001", "BOX002", "BOX003", "BOX004", "BOX005", "BOX011", "BOX016")
UNSAFE = ("BOX012", "IMG007", "CLS006")


def fixed(root, text, *, unsafe=False, name="out.json", drop=()):
    """What a file becomes, with its plan."""
    (root / "in.json").write_text(text, "utf-8")
    return written(root, root / "in.json", root / name, unsafe=unsafe, drop=drop)


def written(root, source, out, *, unsafe=False, drop=()):
    dataset = read(source)
    plan = fixes.plan(dataset, unsafe=unsafe)
    result = audit(plan.apply(dataset), images="none")
    write_manifest(result, kept_by(result, drop), out, plan)
    return out.read_text("utf-8"), plan


def one(root, entry, **more):
    """What a second annotation becomes, beside one that is fine; "" if it goes."""
    text, _ = fixed(root, f"{HEAD}{FIRST}, {entry}{TAIL}", **more)
    assert text.startswith(f"{HEAD}{FIRST}")
    assert text.endswith(TAIL)
    return text[len(HEAD) + len(FIRST) + 2 : -len(TAIL)]


def box(values, before="", after=""):
    return f'{{"id": 2, {before}"image_id": 1, "category_id": 1, "bbox": {values}{after}}}'


class TestClipping:
    """In an image of 960x720."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("[900, 10, 61, 20]", "[900, 10, 60, 20]"),  # an integer stays one
            ("[900, 10, 61.0, 20]", "[900, 10, 60.0, 20]"),  # and so does a fraction
            ("[900, 10, 6.1e1, 2e1]", "[900, 10, 60.0, 2e1]"),  # what stays is spelled as it was
            ("[900.25, 10, 60, 20]", "[900.25, 10, 59.75, 20]"),
            ("[-1, 10, 61, 20]", "[0, 10, 60, 20]"),
            ("[-0.3, 10, 9.8, 20]", "[0.0, 10, 9.5, 20]"),
            ("[-0.1, 10, 10.3, 30]", "[0.0, 10, 10.2, 30]"),  # -0.1 + 10.3 is 10.200000000000001
            ("[10, -0.1, 30, 10.3]", "[10, 0.0, 30, 10.2]"),
            ("[10, -0.5, 20, 61]", "[10, 0.0, 20, 60.5]"),
            ("[10.10, 700, 20.0, 20.5]", "[10.10, 700, 20.0, 20.0]"),
            ("[-1, -1, 962, 722]", "[0, 0, 960, 720]"),
            ("[ 900,10 ,\n 61\t, 20 ]", "[ 900,10 ,\n 60\t, 20 ]"),
            ("[900.1, 10, 60.5, 20]", "[900.1, 10, 59.9, 20]"),
            ("[0.1, 10, 960.2, 20]", "[0.1, 10, 959.9, 20]"),
        ],
    )
    def test_only_the_numbers_change(self, tmp_path, old, new):
        extra = ', "x": [{"bbox": [-1, 2]}, 1.50], "bbox2": -1'
        assert one(tmp_path, box(old, '"k": null, ', extra)) == box(new, '"k": null, ', extra)

    @pytest.mark.parametrize(
        "same",
        [
            "[900, 10, 60, 20]",
            "[900, 10, 60.001, 20]",  # noise
            "[900, 10, 60.0005, 20]",
            "[900, 10, 61.01, 20]",  # more than a pixel
            "[-1.5, 10, 961.7, 20]",
            "[-0.5, 10, 970, 20]",  # too far on one side
            "[473.07, 10, 486.93, 20]",  # x + width is 960 but for the last digit, or is not
        ],
    )
    def test_noise_and_what_is_further_out_stays(self, tmp_path, same):
        assert one(tmp_path, box(same)) == box(same)

    @pytest.mark.parametrize(
        ("area", "new"),
        [
            ("1220", "1200"),
            ("1220.0", "1200.0"),
            ("1.22e3", "1200.0"),
            ("1000.5", "1000.5"),  # that of a mask
            ("1221", "1221"),
            ("null", "null"),
            ('"1220"', '"1220"'),
        ],
    )
    def test_the_area_follows_where_it_was_that_of_the_box(self, tmp_path, area, new):
        old = box("[900, 10, 61, 20]", f'"area": {area}, ')
        assert one(tmp_path, old) == box("[900, 10, 60, 20]", f'"area": {new}, ')

    def test_the_box_of_polygons_cannot_be_clipped_and_that_is_said(self, tmp_path):
        polygon = '{"id": 2, "image_id": 1, "category_id": 1, "segmentation": [[900, 10, 961, 10, 961, 30]]}'
        make(tmp_path, {"in.json": f"{HEAD}{FIRST}, {polygon}{TAIL}"})
        dataset = read(tmp_path / "in.json")
        plan = fixes.plan(dataset)
        result = audit(plan.apply(dataset))
        kept = kept_by(result)
        done = write_manifest(result, kept, tmp_path / "out.json", plan)
        assert (tmp_path / "out.json").read_text() == (tmp_path / "in.json").read_text()
        assert done.remarks == ("1 annotation(s) not clipped: their entries have no bbox of four numbers",)
        assert plan.changes() == []

    def test_a_size_that_nobody_knows_clips_nothing(self, tmp_path):
        text = HEAD.replace(', "width": 960, "height": 720', "") + FIRST + f", {box('[-1, 10, 9, 9]')}" + TAIL
        text = text.replace('"images": [', '"images": [{"id": 7, "width": 9, "height": 9}, ')
        assert fixed(tmp_path, text)[0] == text


class TestLeavingOut:
    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ("[10, 10, 0, 5]", "no_area"),
            ("[10, 10, 5, -3]", "no_area"),
            ("[10, NaN, 5, 5]", "not_finite"),
            ("[10, 10, Infinity, 5]", "not_finite"),
            ("[1e308, 10, 1e308, 5]", "not_finite"),
            ("[960, 10, 5, 5]", "outside"),
            ("[-5, 10, 5, 5]", "outside"),
            ("[-0.5, 10, 0.5, 5]", "outside"),
            ("[400.0, 3.6e2, 74, 149]", "exact_duplicate"),
        ],
    )
    @pytest.mark.parametrize("crowd", ["", ', "iscrowd": 1'])
    def test_a_box_that_is_none(self, tmp_path, values, reason, crowd):
        entry = box(values, after=crowd)
        if crowd and reason == "exact_duplicate":
            assert one(tmp_path, entry) == entry  # of no crowd
            return
        text, plan = fixed(tmp_path, f"{HEAD}{FIRST}, {entry}{TAIL}")
        assert text == f"{HEAD}{FIRST}{TAIL}"
        assert plan.counts == {name: int(name == reason) for name in plan.counts}
        assert [(c.place, c.why, c.gone) for c in plan.changes()] == [("annotations[1]", reason, True)]

    def test_the_first_of_equal_ones_stays(self, tmp_path):
        third = box("[400, 360, 74, 149]").replace('"id": 2', '"id": 3')
        text, plan = fixed(tmp_path, f"{HEAD}{third},\n {FIRST}, {box('[1, 1, 300, 300]')}, {FIRST}{TAIL}")
        assert text == f"{HEAD}{third},\n {box('[1, 1, 300, 300]')}{TAIL}"
        assert plan.twin.tolist() == [-1, 0, -1, 0]

    def test_boxes_that_are_equal_once_clipped(self, tmp_path):
        text, plan = fixed(tmp_path, f"{HEAD}{box('[900, 10, 60, 20]')}, {box('[900, 10, 61, 20]')}{TAIL}")
        assert text == f"{HEAD}{box('[900, 10, 60, 20]')}{TAIL}"
        assert plan.counts["clipped"] == 0

    def test_annotations_without_any_box_stay(self, tmp_path):
        caption = '{"id": 2, "image_id": 1, "caption": "a cat"}'
        assert one(tmp_path, caption) == caption

    def test_an_image_whose_boxes_all_go_is_blank_and_goes_too(self, tmp_path):
        text = json.dumps(document([image(1), image(2)], [annotation(1), annotation(2, 2, [5, 5, 0, 5])]))
        out, _ = fixed(tmp_path, text, drop=DEFAULT_DROP)
        assert [entry["id"] for entry in json.loads(out)["images"]] == [1]


class TestExchanging:
    """In an image of 960x720."""

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("[500, 10, -60, 20]", "[440, 10, 60, 20]"),
            ("[500, 100, -60, -20.0]", "[440, 80, 60, 20.0]"),
            ("[500, 100.5, 60, -20]", "[500, 80.5, 60, 20]"),
            ("[100.1, 10, -30.2, 20]", "[69.9, 10, 30.2, 20]"),  # x + width is 69.89999999999999
            ("[960.4, 10, -60, 20]", "[900.4, 10, 59.6, 20]"),  # clipped, too
            ("[20, 10, -20.5, 20]", "[0, 10, 20.0, 20]"),
            ("[500, 10, -1, 20]", "[499, 10, 1, 20]"),
        ],
    )
    def test_only_the_numbers_change(self, tmp_path, old, new):
        extra = ', "x": [{"bbox": [-1, 2]}, 1.50]'
        text, plan = fixed(tmp_path, f"{HEAD}{FIRST}, {box(old, after=extra)}{TAIL}", unsafe=True)
        assert text == f"{HEAD}{FIRST}, {box(new, after=extra)}{TAIL}"
        assert plan.counts == {name: int(name == "exchanged") for name in plan.counts}
        (change,) = plan.changes()
        assert (change.place, change.why, change.gone) == ("annotations[1]", "exchanged", False)
        assert change.values == (("bbox", old, new),)
        again, second = fixed(tmp_path, text, unsafe=True, name="again.json")
        assert again == text
        assert set(second.counts.values()) == {0}

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ("[500, 10, -60, 0]", "no_area"),
            ("[500, 10, -60, 0.9]", "no_area"),  # too thin to be meant
            ("[500, 10, -0.5, 20]", "no_area"),
            ("[50, 10, -60, 20]", "no_area"),  # not in its image
            ("[961.5, 10, -60, 20]", "no_area"),
            ("[500, 10, -60, NaN]", "not_finite"),
            ("[474, 509, -74, -149]", "exact_duplicate"),
            ("[474, 509, -74, -148]", "near_duplicate"),
        ],
    )
    def test_others_are_dropped(self, tmp_path, values, reason):
        text, plan = fixed(tmp_path, f"{HEAD}{FIRST}, {box(values)}{TAIL}", unsafe=True)
        assert text == f"{HEAD}{FIRST}{TAIL}"
        assert plan.counts == {name: int(name == reason) for name in plan.counts}

    def test_in_an_image_of_unknown_size_nothing_is_likely(self, tmp_path):
        text = HEAD.replace(', "width": 960, "height": 720', "") + box("[500, 10, -60, 20]") + TAIL
        assert fixed(tmp_path, text, unsafe=True)[1].counts["no_area"] == 1

    @pytest.mark.parametrize(
        ("area", "new"), [("-1200", "1200"), ("1200", "1200"), ("-1.2e3", "1200.0"), ("900", "900")]
    )
    def test_the_area_follows_where_it_was_that_of_the_box(self, tmp_path, area, new):
        old = box("[500, 10, -60, 20]", f'"area": {area}, ')
        assert one(tmp_path, old, unsafe=True) == box("[440, 10, 60, 20]", f'"area": {new}, ')

    def test_the_size_is_that_of_the_file(self, tmp_path):
        make(tmp_path, {"1.jpg": (960, 720)})
        turned = HEAD.replace('960, "height": 720', '720, "height": 960')
        out, _ = fixed(tmp_path, f"{turned}{FIRST}, {box('[900, 10, -60, 20]')}{TAIL}", unsafe=True)
        assert out == f"{HEAD}{FIRST}, {box('[840, 10, 60, 20]')}{TAIL}"

    def test_corners_of_voc(self, tmp_path):
        make(tmp_path, {"ds/a.xml": voc((474, 509, 400, 360), (50.5, 10, 20.25, 90))})
        text, plan = written(tmp_path, tmp_path / "ds", tmp_path / "out.json", unsafe=True)
        boxes = [entry["bbox"] for entry in json.loads(text)["annotations"]]
        assert boxes == [[400, 360, 74, 149], [20.25, 10, 30.25, 80]]
        assert [change.values for change in plan.changes()] == [
            (("box", "x1 474, y1 509, x2 400, y2 360", "x1 400, y1 360, x2 474, y2 509"),),
            (("box", "x1 50.5, y1 10, x2 20.25, y2 90", "x1 20.25, y1 10, x2 50.5, y2 90"),),
        ]

    def test_a_negative_size_of_yolo(self, tmp_path):
        make(tmp_path, {"ds/images/a.jpg": (960, 720), "ds/labels/a.txt": "0 0.5 0.5 0.25 -0.5\n"})
        text, plan = written(tmp_path, tmp_path / "ds", tmp_path / "out.json", unsafe=True)
        (entry,) = json.loads(text)["annotations"]
        assert entry["bbox"] == [360, 180, 240, 360]
        assert "minimum and maximum exchanged" in "".join(diff_lines(plan.changes(), None))


class TestUnsafe:
    def test_near_duplicates(self, tmp_path):
        near = box("[400, 360, 74, 150]")
        assert one(tmp_path, near) == near
        assert fixed(tmp_path, f"{HEAD}{FIRST}, {near}{TAIL}", unsafe=True)[0] == f"{HEAD}{FIRST}{TAIL}"

    def test_one_that_is_near_to_a_box_that_goes_stays(self, tmp_path):
        outside, inside = box("[960, 10, 100, 100]"), box("[959, 10, 100, 100]")
        text, plan = fixed(tmp_path, f"{HEAD}{FIRST}, {outside}, {inside}{TAIL}", unsafe=True)
        assert text == f"{HEAD}{FIRST}, {inside}{TAIL}"
        assert plan.counts["near_duplicate"] == 0

    def test_sizes_swapped_as_the_file_has_them(self, tmp_path):
        make(tmp_path, {"1.jpg": (960, 720), "2.jpg": (960, 720), "3.jpg": (20, 30)})
        sizes = [(1, '720.0, "n": {"width": 1}', "960"), (2, "960", "720"), (3, "20", "31"), (4, "5", "6")]
        images = [f'{{"id": {i}, "width": {w}, "height": {h}, "file_name": "{i}.jpg"}}' for i, w, h in sizes]
        text = f'{{"images": [{", ".join(images)}], "annotations": [{FIRST}{TAIL}'
        assert fixed(tmp_path, text)[0] == text
        out, plan = fixed(tmp_path, text, unsafe=True)
        assert out == text.replace('"width": 720.0, ', '"width": 960, ', 1).replace(
            '"height": 960, "file_name": "1', '"height": 720.0, "file_name": "1'
        )
        assert plan.remarks == ("sizes of 1 image(s) were not compared: their files are not there",)
        assert plan.apply(plan.dataset).images.width.tolist() == [960, 960, 20, 5]
        (change,) = plan.changes()
        assert (change.place, change.values) == (
            "images[0]",
            (("width", "720.0", "960"), ("height", "960", "720.0")),
        )

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_a_photograph_that_is_stored_turned_keeps_its_size(self, tmp_path, orientation):
        """From 5 on the sides of the shown photograph are those of the stored one, exchanged."""
        from PIL import Image

        exif = Image.Exif()
        exif[274] = orientation
        Image.new("L", (960, 720)).save(tmp_path / "1.jpg", exif=exif)
        text = HEAD.replace("960", "x").replace("720", "960").replace("x", "720") + FIRST + TAIL
        out, plan = fixed(tmp_path, text, unsafe=True)
        assert (out == text) == (orientation >= 5)
        assert ("EXIF" in "".join(plan.remarks)) == (orientation >= 5)

    def test_boxes_are_clipped_to_the_size_that_is_right(self, tmp_path):
        make(tmp_path, {"1.jpg": (960, 720)})
        turned = HEAD.replace('960, "height": 720', '720, "height": 960')
        wide = box("[800, 10, 161, 20]")
        out, _ = fixed(tmp_path, f"{turned}{FIRST}, {wide}{TAIL}", unsafe=True)
        assert out == f"{HEAD}{FIRST}, {box('[800, 10, 160, 20]')}{TAIL}"

    def test_category_ids_without_gaps(self, tmp_path):
        entries = [
            '{"id": 1, "image_id": 1, "category_id": 90, "bbox": [400, 360, 74, 149]}',
            '{"id": 2, "image_id": 1, "bbox": [1, 1, 99, 99], "category_id":7, "x": {"category_id": 90}}',
            '{"id": 3, "image_id": 1, "bbox": [1, 1, 300, 99], "c\\u0061tegory_id":  90.0}',
            '{"id": 4, "category_id": 1, "image_id": 1, "bbox": [1, 1, 99, 300], "category_id_2": 7}',
        ]
        tail = (
            '], "categories": [{"id": 90, "name": "b", "x": {"id": 7}}, {"name": "a", "id":1}, {"id":7.0}]}'
        )
        text = f"{HEAD}{', '.join(entries)}{tail}"
        assert fixed(tmp_path, text)[0] == text
        out, plan = fixed(tmp_path, text, unsafe=True)
        assert out == (
            f"{HEAD}"
            '{"id": 1, "image_id": 1, "category_id": 3, "bbox": [400, 360, 74, 149]}, '
            '{"id": 2, "image_id": 1, "bbox": [1, 1, 99, 99], "category_id":2, "x": {"category_id": 90}}, '
            '{"id": 3, "image_id": 1, "bbox": [1, 1, 300, 99], "c\\u0061tegory_id":  3}, '
            '{"id": 4, "category_id": 1, "image_id": 1, "bbox": [1, 1, 99, 300], "category_id_2": 7}], '
            '"categories": [{"id": 3, "name": "b", "x": {"id": 7}}, {"name": "a", "id":1}, {"id":2}]}'
        )
        assert plan.category_ids == (3, 1, 2)
        labels = dict(enumerate(["a", "", "b"], 1))
        assert {c.id: c.name for c in read(tmp_path / "out.json").categories} == labels
        assert [(c.place, c.values) for c in plan.changes()] == [
            ("categories[0]", (("id", "90", "3"),)),
            ("categories[2]", (("id", "7.0", "2"),)),
        ]

    def test_categories_that_are_none_keep_what_they_have(self, tmp_path):
        """Readers take neither of these for a class, though true equals 1 in Python."""
        others = ['{"id": true}', '{"id": [5]}', '{"id": 5.5}', '{"id": null}', "{}", "5", "[5]"]
        entry = FIRST.replace('"category_id": 1', '"category_id": 5')
        text = f'{HEAD}{entry}], "categories": [{", ".join(others)}, {{"id": 5, "name": "a"}}]}}'
        out, plan = fixed(tmp_path, text, unsafe=True)
        assert out == text.replace('"id": 5,', '"id": 1,').replace('"category_id": 5', '"category_id": 1')
        assert [(change.place, change.values) for change in plan.changes()] == [
            ("categories[7]", (("id", "5", "1"),))
        ]

    @pytest.mark.parametrize(
        ("category", "categories", "words"),
        [
            (
                "2",
                '{"id": 7, "name": "a"}, {"id": 9, "name": "b"}',
                "1 annotation(s) have one that is not declared",
            ),
            ("7", '{"id": 7, "name": "a"}, {"id": "9", "name": "b"}', "strings"),
        ],
    )
    def test_ids_that_cannot_be_told_apart_stay(self, tmp_path, category, categories, words):
        entry = FIRST.replace('"category_id": 1', f'"category_id": {category}')
        text = f'{HEAD}{entry}], "categories": [{categories}]}}'
        out, plan = fixed(tmp_path, text, unsafe=True)
        assert out == text
        assert words in "".join(plan.remarks)

    @pytest.mark.parametrize(
        "entry",
        [
            FIRST.replace('"category_id": 1', '"category_id": 7, "category_id": 9'),
            FIRST.replace('"category_id": 1', '"category_id": 9, "category_i\\u0064": 9'),
        ],
    )
    def test_a_key_twice_is_refused_and_its_place_named(self, tmp_path, entry):
        with pytest.raises(AnchorauditError) as caught:
            fixed(tmp_path, f'{HEAD}{entry}], "categories": [{{"id": 9}}]}}', unsafe=True)
        assert "annotations[0]" in str(caught.value)
        assert not (tmp_path / "out.json").exists()

    def test_several_splits_get_the_same_ids(self, tmp_path):
        def split(number, *ids):
            return document(
                [image(number)],
                [annotation(number, number, category_id=ids[0])],
                categories=[{"id": i, "name": f"c{i}"} for i in ids],
            )

        root = make(
            tmp_path / "ds",
            {
                "annotations/instances_train.json": split(1, 9, 5),
                "annotations/instances_val.json": split(2, 5),
            },
        )
        dataset = read(root)
        plan = fixes.plan(dataset, unsafe=True)
        result = audit(plan.apply(dataset))
        for path, own in targets(dataset, str(tmp_path / "{split}.json")):
            write_manifest(result, own, path, plan)
        for name, ids in (("train", [2, 1]), ("val", [1])):
            found = json.loads((tmp_path / f"{name}.json").read_text())
            assert [category["id"] for category in found["categories"]] == ids
            assert found["annotations"][0]["category_id"] == ids[0]
        assert [change.path.rpartition("_")[2] for change in plan.changes()] == [
            "train.json",
            "train.json",
            "val.json",
        ]


def voc(*boxes, size="<width>960</width><height>720</height>"):
    objects = "".join(
        f"<object><name>cat</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax>"
        "</bndbox></object>"
        for a, b, c, d in boxes
    )
    return f"<annotation><size>{size}</size>{objects}</annotation>"


class TestVoc:
    BOXES = [
        (400, 360, 474, 509),
        (5, 5, 5, 9),
        (-0.3, 10, 9.5, 960.5),
        (100.1, 2, 960.7, 20),
        (400, 360, 474, 509),
    ]

    def test_the_coco_it_becomes_is_fixed(self, tmp_path):
        make(
            tmp_path,
            {"ds/a.xml": voc(*self.BOXES), "ds/b.xml": voc((970, 10, 980, 20), (400, 360, 474, 509))},
        )
        text, plan = written(tmp_path, tmp_path / "ds", tmp_path / "out.json")
        found = [
            (entry["image_id"], entry["bbox"], entry["area"]) for entry in json.loads(text)["annotations"]
        ]
        assert found == [
            (1, [400, 360, 74, 149], 11026),
            (1, [-0.3, 10, 9.8, 950.5], 9314.9),  # further out below
            (1, [100.1, 2, 859.9, 18], 15478.2),
            (2, [400, 360, 74, 149], 11026),
        ]
        assert [
            (change.path.rpartition("/")[2], change.place, change.why, change.of) for change in plan.changes()
        ] == [
            ("a.xml", "object 2", "no_area", ""),
            ("a.xml", "object 4", "clipped", ""),
            ("a.xml", "object 5", "exact_duplicate", "object 1"),
            ("b.xml", "object 1", "outside", ""),
        ]
        assert plan.changes()[1].values == (
            ("box", "x1 100.1, y1 2, x2 960.7, y2 20", "x1 100.1, y1 2, x2 960, y2 20"),
        )

    def test_what_goes_is_listed_with_its_class(self, tmp_path):
        """The first class has the number 0."""
        boxes = voc((400, 360, 474, 509), (5, 5, 5, 9), (7, 7, 7, 9))
        first, _, last = boxes.rpartition("<name>cat</name>")
        make(tmp_path, {"ds/a.xml": f"{first}<name>dog</name>{last}"})
        dataset = read(tmp_path / "ds")
        assert [category.name for category in dataset.categories] == ["cat", "dog"]
        assert [change.values for change in fixes.plan(dataset).changes()] == [
            (("box", "x1 5, y1 5, x2 5, y2 9", ""), ("class", "cat", "")),
            (("box", "x1 7, y1 7, x2 7, y2 9", ""), ("class", "dog", "")),
        ]

    def test_a_swapped_size(self, tmp_path):
        size = "<width>720</width><height>960</height>"
        make(tmp_path, {"ds/a.xml": voc(self.BOXES[0], size=size), "ds/a.jpg": (960, 720)})
        text, plan = written(tmp_path, tmp_path / "ds", tmp_path / "out.json", unsafe=True)
        (entry,) = json.loads(text)["images"]
        assert (entry["width"], entry["height"]) == (960, 720)
        assert [change.why for change in plan.changes()] == ["swapped"]

    def test_findings_about_what_is_gone_go_and_others_keep_their_place(self, tmp_path):
        boxes = [(400, 360, 474, 509), (1, 2, "NaN", 4), (1, 2, "twelve", 4), (400, 360, 474, 508)]
        nameless = voc(*boxes).replace("<name>cat</name>", "", 1)
        make(tmp_path, {"ds/a.xml": nameless})
        dataset = read(tmp_path / "ds")
        assert sorted(finding.code for finding in dataset.findings) == ["BOX001", "PAR003", "PAR004"]
        after = fixes.plan(dataset).apply(dataset)
        assert [finding.code for finding in after.findings] == ["PAR003"]
        assert len(dataset.boxes) == 4
        boxes = [(5, 5, 5, 9), (400, 360, 474, 509), (0, 0, 960, 725)]
        make(tmp_path, {"ds/a.xml": voc(*boxes)})
        dataset = read(tmp_path / "ds")
        found = {f.code: f.place for f in audit(fixes.plan(dataset).apply(dataset)).findings}
        assert found["BOX006"] == "object 3"


class TestDifference:
    def test_as_text(self, tmp_path):
        entries = [FIRST, box("[900, 10, 61, 20]", after=', "area": 1220'), FIRST, box("[5, 5, 0, 5]")]
        text = f"{HEAD}{', '.join(entries)}{TAIL}".replace(
            '}], "annot', '}, {"id": 2, "file_name": "\\u001b[31m.jpg", "width": 9, "height": 9}], "annot'
        )
        make(tmp_path, {"in.json": text})
        dataset = read(tmp_path / "in.json")
        plan = fixes.plan(dataset)
        result = audit(plan.apply(dataset))
        changes = difference(Filtered(result, kept_by(result), plan))
        path = tmp_path / "in.json"
        assert "".join(diff_lines(changes, None)) == (
            f"--- {path}\n"
            f"+++ {path} (filtered)\n"
            "@@ annotations[1] (annotation 2): clipped to its image @@\n"
            "-  bbox: [900, 10, 61, 20]\n"
            "-  area: 1220\n"
            "+  bbox: [900, 10, 60, 20]\n"
            "+  area: 1200\n"
            "@@ annotations[2] (annotation 1): dropped: equals annotations[0] @@\n"
            "-  bbox: [400, 360, 74, 149]\n"
            "-  category_id: 1\n"
            "@@ annotations[3] (annotation 2): dropped: no area, or inverted @@\n"
            "-  bbox: [5, 5, 0, 5]\n"
            "-  category_id: 1\n"
            "@@ images[1] (image 2): dropped, blank: no annotation @@\n"
            "-  file_name: \\x1b[31m.jpg\n"
            "-  boxes: 0\n"
        )

    def test_without_fixes_what_no_manifest_holds(self, tmp_path):
        entries = [annotation(), annotation(2, bbox=[960, 1, 5, 5]), annotation(3, bbox=[1, 2, math.inf, 4])]
        make(tmp_path, {"in.json": document(annotations=entries)})
        result = audit(tmp_path / "in.json", loader="none")
        found = difference(Filtered(result, kept_by(result)))
        assert [(change.place, change.why) for change in found] == [
            ("annotations[1]", "outside"),
            ("annotations[2]", "not_finite"),
        ]

    def test_what_changes_in_an_image_that_goes_is_not_listed(self, tmp_path):
        entries = [annotation(), annotation(2, 2, [956, 1, 5, 5])]
        make(tmp_path, {"in.json": document([image(1), image(2)], entries)})
        dataset = read(tmp_path / "in.json")
        plan = fixes.plan(dataset)
        assert len(plan.changes()) == 1
        result = audit(plan.apply(dataset))
        found = difference(Filtered(result, kept_by(result), plan))
        assert [(change.place, change.why) for change in found] == [("images[1]", "empty_foreground")]


@pytest.mark.parametrize(
    "other", [document(annotations=[]), document([image(1), image(2)]), document([image(1), image(2)], [])]
)
def test_a_plan_is_for_its_own_data_set(tmp_path, other):
    make(tmp_path, {"a.json": document(), "b.json": other})
    with pytest.raises(AnchorauditError, match="another data set"):
        fixes.plan(read(tmp_path / "a.json")).apply(read(tmp_path / "b.json"))


def test_changes_are_listed_by_image_after_the_categories(tmp_path):
    """Also in the second of two files, whose categories come after the first file's boxes."""
    sizes = {"width": 720, "height": 960}
    categories = [{"id": 5, "name": "cat"}, {"id": 9, "name": "dog"}]
    clipped = [956, 1, 5, 50]
    first = [annotation(i, i, clipped, category_id=5) for i in (3, 2, 1)]
    images = [image(1), image(2, **sizes), image(3)]
    second = [annotation(4, 4, clipped, category_id=9), annotation(5, 4, [5, 5, 0, 5], category_id=9)]
    files = {"a_train.json": document(images, first, categories=categories)}
    files["b_val.json"] = document([image(4)], second, categories=categories)
    make(tmp_path / "ds", {**files, **{f"images/{i}.jpg": (960, 720) for i in range(1, 5)}})
    plan = fixes.plan(read(tmp_path / "ds"), unsafe=True)
    assert [(change.path[-10:-5], change.place, change.why) for change in plan.changes()] == [
        ("train", "categories[0]", "renumbered"),
        ("train", "categories[1]", "renumbered"),
        ("train", "annotations[2]", "clipped"),
        ("train", "images[1]", "swapped"),
        ("train", "annotations[1]", "clipped"),
        ("train", "annotations[0]", "clipped"),
        ("b_val", "categories[0]", "renumbered"),
        ("b_val", "categories[1]", "renumbered"),
        ("b_val", "annotations[0]", "clipped"),
        ("b_val", "annotations[1]", "no_area"),
    ]
    without_second = plan.changes(np.array([True, True, True, False]))
    assert [change.place for change in without_second if "b_val" in change.path] == ["annotations[1]"]
    without_images = plan.changes(np.array([False, True, False, True]))
    assert [change.place for change in without_images if "train" in change.path] == [
        "categories[0]",
        "categories[1]",
        "images[1]",
        "annotations[1]",
    ]


def test_nothing_of_the_data_set_changes(tmp_path):
    make(tmp_path, {"in.json": document(annotations=[annotation(bbox=[-1, 1, 50, 50]), annotation(2)])})
    dataset = read(tmp_path / "in.json")
    before = dataset.boxes.xyxy.copy()
    after = fixes.plan(dataset, unsafe=True).apply(dataset)
    after.boxes.xyxy[:] = after.images.width[:] = 0
    after.findings.append("x")
    assert np.array_equal(dataset.boxes.xyxy, before)
    assert dataset.images.width.tolist() == [960]
    assert dataset.findings == []


class TestNumbers:
    @pytest.mark.parametrize(
        ("value", "like", "text"),
        [
            (60.0, b"61", b"60"),
            (60.0, b"61.0", b"60.0"),
            (60.5, b"61", b"60.5"),
            (0.0, b"-1", b"0"),
            (1e22, b"5", b"10000000000000000000000"),
            (1e-7, b"0.5", b"1e-07"),
        ],
    )
    def test_spelling(self, value, like, text):
        assert spelled(value, like) == text

    @given(
        st.floats(0, 1e6, allow_nan=False).map(lambda v: round(v, 3)),
        st.floats(0, 1e6, exclude_min=True).map(lambda v: round(v, 2)),
    )
    def test_what_is_added_gives_the_end(self, low, more):
        high = low + max(more, 0.01)
        assert low + extent(low, high) == high
        assert len(repr(extent(low, high))) <= len(repr(high - low))

    @pytest.mark.parametrize(
        ("low", "high", "size"),
        [
            (0.1, 960.0, 959.9),  # 960 - 0.1 is 959.9 but for the last digit
            (-7.999999999999987, 8.0, 15.999999999999988),  # the rounded difference ends below 8
            (7.999999999999987, -8.0, -15.999999999999988),
        ],
    )
    def test_the_last_bit(self, low, high, size):
        assert (extent(low, high), low + extent(low, high)) == (size, high)
        # Of the second box, x1 and the height end at y2 exactly; y1 and the height do not.
        boxes = np.array([[low, 0.0, high, 5.0], [high - (high - low), low, 20, high]])
        assert extents(boxes).tolist() == [[size, 5], [20 - boxes[1, 0], size]]

    def test_no_number_gives_the_end(self):
        """Half of the last bit of the sum is rounded to the even side, from both neighbours."""
        low, high = 37.47, 459.984
        assert low + (high - low) != high
        assert extent(low, high) == high - low


# Boxes around the edges of 960x720, duplicates and broken ones.
ends = st.sampled_from([-3, -1, -0.5, -0.3, -1e-4, 0, 0.1, 10, 473.07, 900.2, 959.9, 960, 961.3])
sides = st.sampled_from([-2, 0, 0.1, 0.7, 1, 60.1, 74, 149, 166.93, 486.93, 487.4, 959.9, 960, 961, 962.5])
broken = st.sampled_from([math.nan, math.inf, 1e308])
bboxes = st.one_of(
    st.just(GOOD),
    st.tuples(ends, ends, sides, sides).map(list),
    st.tuples(ends, ends, sides, sides).map(list),
    st.tuples(ends, broken, sides, sides).map(list),
    st.just([math.nan] * 4),
)


@st.composite
def files(draw):
    ids = draw(st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True))
    annotations = []
    for number, bbox in enumerate(draw(st.lists(bboxes, max_size=12)), 1):
        entry = annotation(number, draw(st.integers(1, 2)), bbox, category_id=draw(st.sampled_from(ids)))
        entry["iscrowd"] = draw(st.integers(0, 1))
        if draw(st.booleans()):
            entry["area"] = draw(st.sampled_from([bbox[2] * bbox[3], 17, -1]))
        annotations.append(entry)
    return document([image(1), image(2)], annotations, categories=[{"id": i, "name": f"c{i}"} for i in ids])


class TestAnyBoxes:
    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(content=files(), unsafe=st.booleans(), indent=st.sampled_from([None, 1]))
    def test_what_was_planned_is_written_once_and_scans_clean(self, tmp_path, content, unsafe, indent):
        text, plan = fixed(tmp_path, json.dumps(content, indent=indent), unsafe=unsafe)
        after, planned = read(tmp_path / "out.json"), plan.apply(plan.dataset)
        finite = np.isfinite(planned.boxes.xyxy).all(axis=1)
        planned.boxes = planned.boxes.take(np.flatnonzero(finite))
        assert np.array_equal(after.boxes.xyxy, planned.boxes.xyxy)
        assert np.array_equal(after.boxes.area, planned.boxes.area, equal_nan=True)
        assert after.categories == planned.categories
        codes = {finding.code for finding in audit(after, images="none").findings}
        assert codes.isdisjoint((*EVERYTHING, *(UNSAFE if unsafe else ())))
        assert fixed(tmp_path, text, unsafe=unsafe, name="again.json")[0] == text


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("data", ["bccd", "coco38"])
def test_real_data_is_fixed_once(tmp_path, shared, data, unsafe):
    text, _ = written(tmp_path, shared / "data" / data, tmp_path / "out.json", unsafe=unsafe)
    again, plan = written(tmp_path, tmp_path / "out.json", tmp_path / "again.json", unsafe=unsafe)
    assert again == text
    assert set(plan.counts.values()) == {0}
    codes = {finding.code for finding in audit(tmp_path / "out.json", images="none").findings}
    assert codes.isdisjoint((*EVERYTHING, *(UNSAFE if unsafe else ())))
