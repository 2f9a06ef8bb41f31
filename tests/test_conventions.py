"""The convention of boxes: what the numbers of files mean, told by the numbers, read so, and mended."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import read
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images, Source
from anchoraudit.dataset.conventions import (
    CXCYWH_FRACTIONS,
    ORDERS,
    XYWH,
    XYXY,
    XYXY_FRACTIONS,
    Convention,
    convention_names,
    convention_of,
    every_convention,
)
from anchoraudit.dataset.readings import boxes_of, misreadings, numbers_of, reread
from anchoraudit.errors import AnchorauditError
from tests.builders import annotation, document, image, make, run

OWN = [XYXY, XYWH, CXCYWH_FRACTIONS, XYXY_FRACTIONS]
SIZES = [(640, 480), (1333, 1000), (512, 512), (480, 640), (1920, 1080), (300, 200)]


def dataset(xyxy, own, sizes=((640.0, 480.0),), image_of=None, **more):
    """A data set of one source with these boxes, all in the first image unless said otherwise."""
    sizes, xyxy = np.array(sizes, dtype=float), np.array(xyxy, dtype=float)
    n, m = len(sizes), len(xyxy)
    of = np.zeros(m, dtype=np.int64) if image_of is None else np.asarray(image_of)
    whole = np.zeros(n, dtype=np.int64)
    flags = np.zeros(m, dtype=np.bool_)
    return Dataset(
        Path("a.json"),
        "coco",
        "",
        (Source(Path("a.json"), "", None),),
        ("",),
        Images([*range(n)], ["a.jpg"] * n, sizes[:, 0].copy(), sizes[:, 1].copy(), whole, whole.copy()),
        Boxes(of, None, np.zeros(m, dtype=np.int64), xyxy, flags, flags.copy(), **more),
        (Category(1, "cat"),),
        conventions=(own,),
    )


def misread_as(own, truth, boxes, size):
    """A data set whose files hold boxes in the convention `truth`, as a reader of `own` reads them."""
    boxes = np.array(boxes, dtype=float)
    sizes = np.tile(np.array(size, dtype=float), (len(boxes), 1))
    return dataset(boxes_of(numbers_of(boxes, sizes, truth), sizes, own), own, [size])


def scattered(count, size, seed=0, least=0.05, most=0.5):
    """Boxes all over an image, as a well-drawn data set has them."""
    rng = np.random.default_rng(seed)
    sides = np.exp(rng.uniform(np.log(least), np.log(most), (count, 2)))
    corner = rng.uniform(0, 1, (count, 2)) * (1 - sides)
    return np.concatenate([corner, corner + sides], axis=1) * np.tile(size, 2)


class TestNames:
    def test_every_name_is_understood(self):
        assert [convention_of(name).name for name in convention_names()] == convention_names()
        assert convention_of(" XYXY-Fractions ") == XYXY_FRACTIONS

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("ltrb", "xyxy"),
            ("yolo", "cxcywh-fractions"),
            ("gemini", "yxyx-thousandths"),
            ("x1x2y1y2", "xxyy"),
        ],
    )
    def test_other_names_in_use(self, name, meant):
        assert convention_of(name).name == meant

    def test_an_unknown_one(self):
        with pytest.raises(AnchorauditError, match="unknown box convention 'xyhw'") as caught:
            convention_of("xyhw")
        assert "Did you mean xywh?" in caught.value.remedy
        assert all(order in caught.value.remedy for order in ORDERS)

    def test_in_words(self):
        assert XYWH.words == "x, y, w, h"
        assert Convention("yxyx", "thousandths").words == "y1, x1, y2, x2 in thousandths of the image"
        assert CXCYWH_FRACTIONS.words == "cx, cy, w, h in fractions of the image"


class TestArithmetic:
    # A box of 30 x 40 px at (10, 20) in an image of 100 x 200.
    @pytest.mark.parametrize(
        ("name", "numbers"),
        [
            ("xyxy", (10, 20, 40, 60)),
            ("xywh", (10, 20, 30, 40)),
            ("cxcywh", (25, 40, 30, 40)),
            ("xxyy", (10, 40, 20, 60)),
            ("yxyx", (20, 10, 60, 40)),
            ("yxhw", (20, 10, 40, 30)),
            ("cycxhw", (40, 25, 40, 30)),
            ("y1x2y2x1", (20, 40, 60, 10)),
            ("x2y2x1y1", (40, 60, 10, 20)),
            ("x1y2x2y1", (10, 60, 40, 20)),
            ("x2y1x1y2", (40, 20, 10, 60)),
            ("xywh-fractions", (0.1, 0.1, 0.3, 0.2)),
            ("cxcywh-percent", (25, 20, 30, 20)),
            ("yxyx-thousandths", (100, 100, 300, 400)),
        ],
    )
    def test_by_hand(self, name, numbers):
        box, size, convention = np.array([[10.0, 20, 40, 60]]), np.array([[100.0, 200]]), convention_of(name)
        assert numbers_of(box, size, convention).tolist() == [list(numbers)]
        assert boxes_of(np.array([numbers], dtype=float), size, convention).tolist() == box.tolist()

    @given(
        st.sampled_from([*every_convention()]),
        st.lists(st.tuples(*[st.floats(0, 2000, width=32)] * 4), min_size=1, max_size=5),
    )
    def test_there_and_back(self, convention, boxes):
        numbers, sizes = np.array(boxes), np.tile([640.0, 480.0], (len(boxes), 1))
        again = numbers_of(boxes_of(numbers, sizes, convention), sizes, convention)
        assert np.allclose(again, numbers, atol=1e-6)

    def test_nothing_of_an_unknown_size(self):
        unknown, box = np.full((1, 2), np.nan), np.array([[10.0, 20, 40, 60]])
        assert numbers_of(box, unknown, XYWH).tolist() == [[10, 20, 30, 40]]
        assert np.isnan(numbers_of(box, unknown, CXCYWH_FRACTIONS)).all()

    def test_huge_numbers_stay_finite(self):
        box, size = np.array([[1e300, 0, 1.5e300, 1]]), np.array([[100.0, 200]])
        assert np.isfinite(boxes_of(numbers_of(box, size, XYWH), size, XYWH)).all()


class TestTold:
    """What public reports had: the likely convention is named, with both counts."""

    @pytest.mark.parametrize("count", [4, 6, 30, 3000])
    @pytest.mark.parametrize(
        ("own", "truth", "size"),
        [
            (XYXY, "xywh", (640, 480)),  # a table with widths under the names of corners
            (XYWH, "xyxy", (1333, 1000)),  # COCO with corners
            (XYXY, "cxcywh", (640, 480)),
            (XYXY, "x2y2x1y1", (640, 480)),
            (XYXY, "xyxy-fractions", (640, 480)),
            (XYWH, "xywh-fractions", (640, 480)),
            (CXCYWH_FRACTIONS, "xywh", (640, 480)),
            (CXCYWH_FRACTIONS, "xyxy", (640, 480)),
            (XYXY, "yxyx-thousandths", (640, 480)),  # Gemini
            (XYWH, "yxyx-thousandths", (640, 480)),
        ],
    )
    def test_reports(self, own, truth, size, count):
        boxes = scattered(count, size, seed=6, least=0.1, most=0.4)
        boxes[0], boxes[1] = (
            np.tile(size, 2) * (0.75, 0.7, 0.95, 0.9),
            np.tile(size, 2) * (0.02, 0.6, 0.2, 0.9),
        )
        boxes[2] = np.tile(size, 2) * (0.6, 0.55, 0.97, 0.99)
        (found,) = misreadings(misread_as(own, convention_of(truth), boxes, size))
        assert found.likely.name == truth
        assert found.boxes == count and found.wrong >= max(3, 0.1 * count) and found.wrong_likely == 0

    def test_of_many_boxes_a_sample_is_tried(self):
        boxes = scattered(30_000, (640, 480))
        boxes[:15_000:100, 2] = 720  # past the edge in truth
        (found,) = misreadings(misread_as(XYWH, XYXY, boxes, (640, 480)))
        assert (found.likely, found.boxes) == (XYXY, 30_000)
        assert 5_000 <= found.tried <= 10_000 and 20 <= found.wrong_likely <= 60
        assert (
            f"read as x1, y1, x2, y2, {found.wrong_likely} of a sample of {found.tried:,} are: " in found.said
        )

    def test_corners_under_the_name_of_centres(self):
        boxes = scattered(30, (640, 480), seed=6, least=0.1, most=0.4)
        (found,) = misreadings(misread_as(CXCYWH_FRACTIONS, XYXY_FRACTIONS, boxes, (640, 480)))
        assert found.likely == XYXY_FRACTIONS

    def test_percent_of_label_studio(self):
        boxes = scattered(40, (1000, 800), most=0.4)
        for own in (XYXY, CXCYWH_FRACTIONS):
            (found,) = misreadings(misread_as(own, convention_of("xywh-percent"), boxes, (1000, 800)))
            assert found.likely.name == "xywh-percent"

    def test_fractions_with_rows_first_are_said_too(self):
        boxes = scattered(40, (640, 480))
        (found,) = misreadings(misread_as(XYXY, convention_of("yxyx-fractions"), boxes, (640, 480)))
        assert (found.likely.name, found.also.name) == ("xyxy-fractions", "yxyx-fractions")

    def test_what_explains_as_much_is_said(self):
        boxes = [(300, 200, 340, 240), (320, 240, 350, 260), (500, 400, 530, 420), (100, 90, 130, 110)]
        (found,) = misreadings(misread_as(XYXY, XYWH, boxes, (640, 480)))
        assert (found.likely.name, found.also.name) == ("xywh", "cxcywh")

    def test_three_that_are_all_wrong(self):
        boxes = [(310, 230, 384, 379), (320, 240, 394, 389), (330, 250, 404, 399)]
        (found,) = misreadings(misread_as(XYXY, XYWH, boxes, (640, 480)))
        assert (found.wrong, found.wrong_likely, found.row) == (3, 0, 0)

    def test_careless_boxes_do_not_hide_it(self):
        boxes = scattered(400, (640, 480))
        boxes[:6, 2] = 720  # past the edge in truth
        (found,) = misreadings(misread_as(XYWH, XYXY, boxes, (640, 480)))
        assert (found.likely, found.wrong_likely) == (XYXY, 6)

    def test_images_of_unknown_size_show_only_what_is_inverted(self):
        boxes = [(310, 230, 384, 379), (320, 240, 394, 389), (330, 250, 404, 399), (5, 6, 50, 60)]
        of_files = numbers_of(np.array(boxes, dtype=float), np.full((4, 2), np.nan), XYWH)
        (found,) = misreadings(dataset(of_files, XYXY, [(np.nan, np.nan)]))
        assert found.likely == XYWH


class TestNoFalseAlarm:
    @given(
        own=st.sampled_from(OWN),
        size=st.sampled_from(SIZES),
        count=st.integers(1, 60),
        seed=st.integers(0, 10**6),
        least=st.sampled_from([0.01, 0.05, 0.2]),
        most=st.sampled_from([0.25, 0.5, 0.95]),
        corner=st.booleans(),
        whole=st.booleans(),
    )
    @settings(max_examples=60)
    def test_well_drawn_sets(self, own, size, count, seed, least, most, corner, whole):
        boxes = scattered(count, size, seed, least, most) * (0.3 if corner else 1.0)
        if whole:
            boxes = np.round(boxes)
            boxes[:, 2:] = np.maximum(boxes[:, 2:], boxes[:, :2] + 1)
        assert misreadings(misread_as(own, own, boxes, size)) == []

    @given(st.sampled_from(OWN), st.sampled_from(SIZES), st.integers(3, 200), st.integers(0, 10**6))
    def test_objects_drawn_beyond_the_edge(self, own, size, count, seed):
        """Some draw what the edge cuts as if it went on: half of these boxes end below their image."""
        boxes = scattered(count, size, seed, 0.1, 0.6)
        rng = np.random.default_rng(seed)
        below = rng.random(count) < 0.5
        height = boxes[below, 3] - boxes[below, 1]
        boxes[below, 3] = size[1] + rng.uniform(0, 0.4, len(height)) * height
        boxes[below, 1] = boxes[below, 3] - height
        assert misreadings(misread_as(own, own, boxes, size)) == []

    def test_a_handful_of_wrong_boxes_in_a_large_set(self):
        boxes = scattered(200, (640, 480))
        boxes[:15] = boxes[:15][:, [2, 3, 0, 1]]
        assert misreadings(dataset(boxes, XYXY)) == []

    def test_two_wrong_boxes_are_too_few(self):
        assert misreadings(misread_as(XYXY, XYWH, [(310, 230, 384, 379)] * 2, (640, 480))) == []

    def test_boxes_around_polygons_are_not_judged(self, tmp_path):
        lines = "0 0.9 0.1 1.9 0.3 1.9 0.9\n" * 5
        made = make(tmp_path, {"images/a.jpg": (640, 480), "labels/a.txt": lines})
        assert misreadings(read(made)) == []


class TestReread:
    def test_areas_follow_where_they_are_of_the_misread_box(self):
        area = np.array([890.0 * 280, 190.0 * 200, 123.0])
        boxes = [(700, 80, 1590, 360)] * 3
        again = reread(dataset(boxes, XYWH, [(1333, 1000)], area=area), XYXY)
        assert again.boxes.xyxy.tolist() == [[700, 80, 890, 280]] * 3
        assert again.boxes.area.tolist() == [190 * 200, 190 * 200, 123]

    def test_sides_have_as_few_digits_as_the_corners(self):
        found = reread(dataset([(522.15, 1.31, 522.15 + 537.35, 1.31 + 19.3)], XYWH), XYXY).boxes.xyxy
        assert found[0, 3] == 1.31 + 17.99 and np.allclose(found, [[522.15, 1.31, 537.35, 19.3]])

    def test_the_own_convention_changes_nothing(self):
        made = dataset([(700, 80, 1590, 360)], XYWH)
        assert reread(made, XYWH) is made

    def test_of_several_formats(self, tmp_path):
        table = "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,480,cat,310,230,74,149\n"
        assert read(
            make(tmp_path, {"t.csv": table}) / "t.csv", box_convention="xywh"
        ).boxes.xyxy.tolist() == [[310, 230, 384, 379]]
        labels = {"images/a.jpg": (640, 480), "labels/a.txt": "0 64 48 320 240\n0 0.1 0.1 0.5 0.1 0.5 0.5\n"}
        found = read(make(tmp_path / "yolo", labels), box_convention="xywh").boxes.xyxy
        assert np.allclose(found, [[64, 48, 384, 288], [64, 48, 320, 240]])  # the polygon stays
        with pytest.raises(AnchorauditError, match="unknown box convention"):
            read(tmp_path / "t.csv", box_convention="corners")


# Corners in COCO, with what a lossless cut has to keep.
CORNERS = [[700, 80, 890, 280], [100, 500, 400, 900], [900.5, 600.25, 1200.5, 980.0], [40, 30, 200, 700]]


def corners_file(*, area=True, split="a", first=1):
    entries = [
        annotation(
            first + n,
            first,
            box,
            note=f"kept \u00e9 {n}",
            **({"area": box[2] * box[3]} if area else {}),
        )
        for n, box in enumerate(CORNERS)
    ]
    shown = [image(first, width=1333, height=1000, file_name=f"{split}.jpg")]
    return document(shown, entries, licence="free")


def scan(capsys, *args):
    code = run("scan", *args, "--output-format", "json")
    return code, json.loads(capsys.readouterr().out)


def codes(report):
    return {finding["code"] for finding in report["findings"]}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


class TestCommands:
    def test_one_error_in_place_of_its_symptoms(self, here, capsys):
        make(here, {"a.json": corners_file()})
        code, report = scan(capsys, "a.json", "--detector", "none")
        assert code == 1
        assert codes(report) == {"BOX017"}
        (found,) = report["findings"]
        assert "3 of 4 boxes" in found["message"] and "--box-convention xyxy" in found["message"]
        assert "[700, 80, 890, 280]" in found["evidence"]

    def test_symptoms_are_told_where_the_fault_is_not_asked_for(self, here, capsys):
        make(here, {"a.json": corners_file()})
        _, report = scan(capsys, "a.json", "--detector", "none", "--select", "BOX006")
        assert codes(report) == {"BOX006"}

    def test_the_steps_name_the_option(self, here, capsys):
        make(here, {"a.json": corners_file()})
        run("scan", "a.json")
        out = capsys.readouterr().out
        assert "anchoraudit scan a.json --box-convention xyxy" in out
        assert "anchoraudit filter a.json --box-convention xyxy -o clean.json" in out
        assert "draw it again" not in out and "draw the box" not in out

    def test_filter_is_refused_without_it(self, here, capsys):
        make(here, {"a.json": corners_file()})
        for more in ((), ("--fix",), ("--unsafe-fixes",)):
            assert run("filter", "a.json", "-o", "clean.json", "--detector", "none", *more) == 2
            said = capsys.readouterr().err
            assert "--box-convention xyxy" in said and "3 of 4" in said
        assert not (here / "clean.json").exists()

    def test_filter_is_refused_where_the_model_stops_at_all_that_show_it(self, here, capsys):
        """Without the inverted boxes, what is left looks right, and is wrong."""
        rows = ["filename,width,height,class,xmin,ymin,xmax,ymax"]
        rows += [f"{n}.jpg,640,480,cat,{300 + n},{230 + n},74,149" for n in range(3)]
        make(here, {"t.csv": "\n".join([*rows, "9.jpg,640,480,cat,60,50,174,249"]) + "\n"})
        options = ("--detector", "torchvision-fasterrcnn_resnet50_fpn", "-o", "clean.json")
        assert run("filter", "t.csv", *options) == 2
        assert "--box-convention xywh" in capsys.readouterr().err
        assert not (here / "clean.json").exists()

    @pytest.mark.parametrize("area", [True, False])
    def test_filter_writes_true_boxes_and_every_other_byte(self, here, capsys, area):
        make(here, {"a.json": corners_file(area=area)})
        before = (here / "a.json").read_text()
        code = run("filter", "a.json", "-o", "clean.json", "--detector", "none", "--box-convention", "xyxy")
        assert code == 0, capsys.readouterr().err
        assert "reread" in capsys.readouterr().out
        assert (here / "a.json").read_text() == before
        expected = json.loads(before)
        for entry in expected["annotations"]:
            x1, y1, x2, y2 = entry["bbox"]
            entry["bbox"] = [x1, y1, x2 - x1, y2 - y1]
            if area:
                entry["area"] = entry["bbox"][2] * entry["bbox"][3]
        assert json.loads((here / "clean.json").read_text()) == expected
        assert "[700, 80, 190, 200]" in (here / "clean.json").read_text()  # integers stay integers
        code, report = scan(capsys, "clean.json", "--detector", "none")
        assert code == 0 and not codes(report) & {"BOX017", "BOX013", "BOX002", "BOX006"}
        assert run("filter", "clean.json", "-o", "again.json", "--detector", "none", "--diff") == 0
        assert "nothing would change" in capsys.readouterr().err

    def test_diff_shows_the_numbers(self, here, capsys):
        make(here, {"a.json": corners_file()})
        run("filter", "a.json", "--diff", "--detector", "none", "--box-convention", "xyxy")
        out = capsys.readouterr().out
        assert "-  bbox: [700, 80, 890, 280]" in out and "+  bbox: [700, 80, 190, 200]" in out

    def test_with_fixes(self, here, capsys):
        file = corners_file()
        file["annotations"][0]["bbox"] = [700, 80, 1333.6, 280]  # past the edge by less than a pixel
        make(here, {"a.json": file})
        options = ("--detector", "none", "--box-convention", "xyxy", "--fix")
        assert run("filter", "a.json", "-o", "clean.json", *options) == 0
        mended = json.loads((here / "clean.json").read_text())["annotations"]
        assert [entry["bbox"] for entry in mended][:2] == [[700, 80, 633, 200], [100, 500, 300, 400]]

    def test_a_list_holds_no_boxes(self, here, capsys):
        make(here, {"a.json": corners_file()})
        assert run("filter", "a.json", "-o", "clean.txt", "--box-convention", "xyxy") == 2
        assert "drop --box-convention" in capsys.readouterr().err

    def test_a_table_becomes_coco(self, here, capsys):
        rows = ["filename,width,height,class,xmin,ymin,xmax,ymax"]
        rows += [f"{n}.jpg,640,480,cat,{300 + n},{230 + n},74,149" for n in range(5)]
        make(here, {"t.csv": "\n".join(rows) + "\n"})
        options = ("--detector", "none", "--box-convention", "xywh")
        assert run("filter", "t.csv", "-o", "clean.json", *options) == 0
        written = json.loads((here / "clean.json").read_text())["annotations"]
        assert [entry["bbox"] for entry in written] == [[300 + n, 230 + n, 74, 149] for n in range(5)]
        run("filter", "t.csv", "--diff", *options)
        assert "-  box: 300, 230, 74, 149" in capsys.readouterr().out

    def test_yolo_in_pixels(self, here, capsys):
        lines = [
            f"0 {x} {y} {w} {h}" for x, y, w, h in ((320, 240, 90, 60), (500, 100, 40, 50), (60, 70, 30, 40))
        ]
        make(here, {f"images/{n}.jpg": (640, 480) for n in range(3)})
        make(here, {f"labels/{n}.txt": f"{line}\n" for n, line in enumerate(lines)})
        code, report = scan(capsys, ".", "--detector", "none")
        assert code == 1 and codes(report) & {"BOX017", "BOX009", "BOX015", "BOX003"} == {"BOX017"}
        assert "--box-convention xywh" in report["findings"][0]["message"]
        assert run("filter", ".", "-o", "c.json", "--detector", "none", "--box-convention", "cxcywh") == 0
        boxes = [entry["bbox"] for entry in json.loads((here / "c.json").read_text())["annotations"]]
        assert boxes == [[275, 210, 90, 60], [480, 75, 40, 50], [45, 50, 30, 40]]

    def test_a_framework_still_reads_the_files_otherwise(self, here, capsys):
        make(here, {"a.json": corners_file(), "images/a.jpg": (1333, 1000)})
        options = ("a.json", "--detector", "detectron2-rpn_fpn", "--box-convention", "xyxy")
        code, report = scan(capsys, *options)
        assert code == 1 and "BOX017" in codes(report)
        (found,) = [f for f in report["findings"] if f["code"] == "BOX017"]
        assert "filter --box-convention xyxy" in found["message"]
        run("scan", *options)
        assert "python train.py" not in capsys.readouterr().out
        assert run("filter", *options, "-o", "clean.json", "--keep-blank") == 0, capsys.readouterr().err
        capsys.readouterr()
        _, report = scan(capsys, "clean.json", "--detector", "detectron2-rpn_fpn")
        assert "BOX017" not in codes(report)

    def test_without_a_loader_a_note_says_so(self, here, capsys):
        make(here, {"a.json": corners_file()})
        code, report = scan(capsys, "a.json", "--detector", "none", "--box-convention", "xyxy")
        assert code == 0 and codes(report) == set()
        run("scan", "a.json", "--detector", "none", "--box-convention", "xyxy", "--verbose")
        assert "boxes are read as xyxy (--box-convention)" in capsys.readouterr().out

    def test_one_file_of_two(self, here, capsys):
        good = document(
            [image(9, width=1333, height=1000, file_name="b.jpg")],
            [annotation(90 + n, 9, [x, y, z - x, v - y]) for n, (x, y, z, v) in enumerate(CORNERS)],
        )
        files = {"annotations/instances_train.json": corners_file(), "annotations/instances_val.json": good}
        make(here, {f"d/{name}": content for name, content in files.items()})
        _, report = scan(capsys, "d", "--detector", "none")
        assert [(f["code"], Path(f["path"]).name) for f in report["findings"] if f["code"] == "BOX017"] == [
            ("BOX017", "instances_train.json")
        ]
        run("scan", "d", "--detector", "none")
        out = capsys.readouterr().out
        assert "anchoraudit filter d --detector none --split train --box-convention xyxy -o train.json" in out
        options = ("--detector", "none", "--split", "train", "--box-convention", "xyxy")
        assert run("filter", "d", *options, "-o", "train.json") == 0

    def test_an_unknown_name(self, here, capsys):
        make(here, {"a.json": corners_file()})
        for command in (
            ["scan"],
            ["filter", "-o", "x.json"],
            ["cluster", "--k", "2"],
            ["advise"],
            ["compare"],
        ):
            assert run(*command, "a.json", "--box-convention", "xyhw") == 2
            assert "Did you mean xywh?" in capsys.readouterr().err
        assert run("explain", "1", "a.json", "--box-convention", "xyhw") == 2

    def test_commands_without_findings_say_it(self, here, capsys):
        make(here, {"a.json": corners_file()})
        for command in (
            ["cluster", "--k", "2"],
            ["advise"],
            ["compare", "--detector", "yolov5"],
            ["explain", "1"],
        ):
            run(*command, "a.json")
            assert "3 of 4 boxes are impossible" in capsys.readouterr().err
            run(*command, "a.json", "--box-convention", "xyxy")
            assert "impossible" not in capsys.readouterr().err

    def test_it_is_kept_in_settings_and_the_last_scan(self, here, capsys):
        make(here, {"a.json": corners_file()})
        run("scan", "a.json", "--detector", "none", "--box-convention", "xyxy")
        capsys.readouterr()
        assert run("filter", "-o", "clean.json") == 0
        assert "--box-convention xyxy" in capsys.readouterr().err
        make(here, {"anchoraudit.toml": 'box-convention = "xyxy"\n'})
        code, report = scan(capsys, "a.json", "--detector", "none")
        assert code == 0 and codes(report) == set()

    def test_exchanged_sizes_are_no_rows_first(self, here, capsys):
        """The entries exchange the sides of the image files: the sizes are wrong, not the boxes."""
        boxes = scattered(12, (640, 480), seed=3).round().tolist()
        entries = [annotation(n, 1, [a, b, c - a, d - b]) for n, (a, b, c, d) in enumerate(boxes, 1)]
        file = document([image(1, width=480, height=640)], entries)
        make(here, {"a.json": file, "images/1.jpg": (640, 480)})
        _, report = scan(capsys, "a.json", "--detector", "none")
        assert "IMG007" in codes(report) and "BOX017" not in codes(report)
