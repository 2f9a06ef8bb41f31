"""What the frameworks' own code answered for single boxes on a canvas, as literals.

The tables are those of the facts about detectors without anchors; `tests/data/points/literal` holds what was
answered for a list of 36 boxes, with the frameworks' own classes, without any loader.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from anchoraudit.detectors import load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.points import definition
from anchoraudit.encoding.points.lattice import all_points
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.loaders import load_as
from tests.loader_cases import Box, Picture, data

LITERAL = Path(__file__).parent / "data" / "points" / "literal"
OLD, MIDDLE, NEW = "ultralytics-yolo11-8.3", "ultralytics-yolo11-8.4.0", "ultralytics-yolo11"
FCOS = ["torchvision-fcos_resnet50_fpn", "detectron2-fcos", "mmdet-fcos", "mmdet-fcos-center"]
SQUARE, WIDE = (640.0, 640.0), (1088.0, 800.0)


def placed(boxes, canvas=SQUARE):
    """Boxes on one canvas."""
    boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)
    width, height = (np.array([side]) for side in canvas)
    return OnCanvas(boxes, np.zeros(len(boxes), dtype=np.int64), Canvases(width, height, width, height))


def candidates(name, boxes, canvas=SQUARE):
    return engines.judge(placed(boxes, canvas), load_detector(name)).candidates


def statuses(name, boxes, classes=None, canvas=SQUARE):
    """The status of each box, with all boxes in one image."""
    on_canvas, detector = placed(boxes, canvas), load_detector(name)
    image = np.zeros(len(on_canvas.boxes), dtype=np.int64)
    category = np.arange(len(image)) if classes is None else np.array(classes)
    judged = engines.compete(on_canvas, image, engines.judge(on_canvas, detector), detector, category)
    return [STATUSES[code] for code in judged.status]


def assigned(name, boxes, canvas=SQUARE):
    """The points of each box, with all boxes in one image."""
    on_canvas = placed(boxes, canvas)
    zeros = np.zeros(len(on_canvas.boxes), dtype=np.int64)
    return engines.count(on_canvas, zeros, zeros[:1], load_detector(name)).assigned.tolist()


def anywhere(size, count, canvas=SQUARE, seed=7):
    """Boxes of one size at random places inside a canvas."""
    room = np.array(canvas) - size
    corner = np.random.default_rng(seed).uniform(0, 1, (count, 2)) * room
    return np.concatenate([corner, corner + size], axis=1)


class TestLists:
    """36 boxes, each alone on a canvas of 640x640."""

    NAMES = sorted(
        path.stem
        for path in LITERAL.glob("*.json")
        if "canvas" in json.loads(path.read_text()) and load_detector(path.stem).points.strides
    )

    def read(self, name):
        boxes = json.loads((LITERAL / f"{name}.json").read_text())["boxes"]
        assert len(boxes) == 36
        return boxes

    def test_there_are_some(self):
        assert len(self.NAMES) >= 9

    @pytest.mark.parametrize("name", NAMES)
    def test_candidates(self, name):
        rows = self.read(name)
        found = candidates(name, [row["box"] for row in rows])
        assert found.tolist() == [row["candidates"] for row in rows]

    @pytest.mark.parametrize("name", NAMES)
    def test_the_definition_agrees(self, name):
        boxes, detector = np.array([row["box"] for row in self.read(name)], float), load_detector(name)
        points = all_points(*SQUARE, detector.points)
        found = definition.candidates(boxes, points, detector).sum(axis=1)
        assert found.tolist() == candidates(name, boxes).tolist()

    @pytest.mark.parametrize("name", ["mmyolo-rtmdet", "nanodet-plus"])
    def test_a_box_without_a_point_borrows_one(self, name):
        """At most one: the owner of that point may get it back."""
        other, taken = (300, 300, 400, 380), []
        for row in self.read(name):
            if row["candidates"] == 0 and "with_300_300_400_380_positives" in row:
                taken.append(row["with_300_300_400_380_positives"])
                assert statuses(name, [row["box"], other])[0] == "borrowed"
        assert set(taken) <= {0, 1}
        assert sum(taken) >= len(taken) - 1 > 8

    def test_alone_it_gets_any_point_with_mmyolo_and_none_with_nanodet(self):
        tiny = (101.5, 101.5, 103.5, 103.5)
        (mmyolo,) = (row for row in self.read("mmyolo-rtmdet") if tuple(row["box"]) == tiny)
        (nanodet,) = (row for row in self.read("nanodet-plus") if tuple(row["box"]) == tiny)
        assert (mmyolo["alone_positives"], nanodet["canvas640_alone_positives"]) == (1, 0)
        assert statuses("mmyolo-rtmdet", [tiny]) == ["borrowed"]
        assert statuses("nanodet-plus", [tiny]) == ["unmatched"]

    def test_nanodet_on_its_own_canvas(self):
        rows = self.read("nanodet-plus")
        found = candidates("nanodet-plus", [row["box"] for row in rows], (416.0, 416.0))
        assert found.tolist() == [row["canvas416"] for row in rows]

    def test_gfl(self):
        rows = json.loads((LITERAL / "mmdet-gfl.json").read_text())["boxes"]
        found = [assigned("mmdet-gfl", [row["box"]])[0] for row in rows if row["box"][2] > row["box"][0]]
        assert found == [row["candidates"] for row in rows if row["box"][2] > row["box"][0]]


class TestUltralytics:
    """Share of boxes without a candidate at 1000 random places, and the median number of candidates."""

    TABLE = {
        (2, 2): [(0.915, 0), (0, 5), (0, 5)],
        (4, 4): [(0.691, 0), (0, 5), (0, 5)],
        (6, 6): [(0.318, 1), (0, 5), (0, 5)],
        (7.9, 7.9): [(0.016, 1), (0, 5), (0, 5)],
        (8, 8): [(0, 1), (0, 1), (0, 5)],
        (12, 12): [(0, 3), (0, 3), (0, 5)],
        (16, 16): [(0, 5), (0, 5), (0, 5)],
        (100, 2): [(0.531, 0), (0, 32), (0, 32)],
        (300, 2): [(0.540, 0), (0, 95), (0, 95)],
        (300, 6): [(0.043, 38), (0, 102), (0, 102)],
    }

    @pytest.mark.parametrize("size", TABLE, ids=lambda size: "x".join(map(str, size)))
    def test_share_without_a_candidate(self, size):
        boxes = anywhere(size, 4000)
        for name, (share, median) in zip((OLD, MIDDLE, NEW), self.TABLE[size], strict=True):
            found = candidates(name, boxes)
            error = np.sqrt(share * (1 - share) * (1 / 1000 + 1 / 4000))
            assert abs((found == 0).mean() - share) <= 4 * error, name
            # A row of points of stride 32 more or less, as likely as not, is 9 points for 300 px.
            assert abs(np.median(found) - median) <= max(1, 0.1 * median), name

    def test_sides_just_below_8_px_have_at_least_3_points_in_8_4_0(self):
        assert candidates(MIDDLE, anywhere((7.9, 7.9), 4000)).min() >= 3

    @pytest.mark.parametrize(
        ("box", "new", "middle"),
        [
            ((0, 0, 1, 1), 2, 2),
            ((0, 300, 1, 301), 3, 3),
            ((92, 92, 100, 100), 4, 0),
            ((100, 100, 108, 108), 5, 1),
            ((96, 96, 112, 112), 5, 5),
        ],
    )
    def test_literal_boxes(self, box, new, middle):
        assert candidates(NEW, [box]).tolist() == [new]
        assert candidates(MIDDLE, [box]).tolist() == [middle]
        assert candidates("ultralytics-yolo11-8.4.52", [box]).tolist() == [middle]

    def test_one_row_of_points_against_many(self):
        box = (51.5267, 327.5666, 465.9867, 328.6133)
        assert candidates(OLD, [box]).tolist() == [26]
        assert candidates(NEW, [box]).tolist() == [143]

    def test_of_two_equal_boxes_with_few_points_the_second_is_never_trained(self):
        twice = [(99, 99, 101, 101)] * 2
        assert candidates(OLD, twice[:1]).tolist() == [1]
        for name in (OLD, NEW):
            assert statuses(name, twice) == ["possible", "shadowed"]
        assert statuses(OLD, [(100, 100, 200, 200)] * 2) == ["possible", "possible"]

    def test_never_and_possible(self):
        assert statuses(OLD, [(101.5, 101.5, 103.5, 103.5)]) == ["unmatched"]
        assert statuses(NEW, [(101.5, 101.5, 103.5, 103.5)]) == ["possible"]
        assert statuses(OLD, [(100, 101.5, 400, 103.5)]) == ["unmatched"]
        assert candidates(NEW, [(100, 101.5, 400, 103.5)])[0] >= 56

    def test_a_contested_point_leaks_to_a_third_box_in_some(self):
        boxes = [(300, 300, 400, 380), (310, 300, 400, 380), (341.5, 341.5, 343.5, 343.5)]
        for name in ("yolov9", "yolov6", "ppyoloe"):
            assert statuses(name, boxes)[2] == "borrowed"
            assert statuses(name, [boxes[0], boxes[2]])[1] == "unmatched"
        assert statuses(OLD, boxes)[2] == "unmatched"
        assert statuses("yolov10", boxes)[2] == "unmatched"


class TestYolox:
    @pytest.mark.parametrize(
        ("centre", "number"),
        [((0, 0), 3), ((0.5, 0.5), 12), ((4, 4), 12), ((320, 320), 12), ((323, 317), 27)],
    )
    def test_points_near_the_centre(self, centre, number):
        x, y = centre
        for half in (1, 5, 60):
            assert candidates("yolox", [(x - half, y - half, x + half, y + half)]).tolist() == [number]

    def test_a_box_alone_is_always_trained(self):
        for name in ("yolox", "yolox-0.3.0", "mmdet-yolox"):
            assert statuses(name, [(101.5, 101.5, 103.5, 103.5)]) == ["matched"]
            assert statuses(name, [(101, 101, 103, 103), (300, 300, 400, 380)]) == ["possible"] * 2


class TestFcos:
    SHARES = {
        (4, 4): (0.76, 0.75, 0.75, 0.75),
        (6, 6): (0.38, 0.44, 0.44, 0.44),
        (8, 8): (0, 0, 0, 0),
        (130, 8): (0.48, 0.52, 0.50, 0.52),
        (130, 15): (0.03, 0.05, 0.05, 0.05),
        (300, 16): (0.56, 0.44, 0.28, 0.44),
        (600, 30): (0.57, 0.59, 0.36, 0.59),
        (1000, 100): (0.12, 0.12, 0.12, 0.12),
    }
    LITERAL = {
        (100, 100, 108, 108): (1, 0, 0, 0),
        (0, 0, 8, 8): (0, 1, 1, 1),
        (101, 101, 104, 104): (0, 0, 0, 0),
        (200, 201, 600, 215): (0, 3, 3, 3),
        (200, 201, 600, 231): (2, 4, 7, 4),
        (96, 96, 160, 160): (9, 4, 64, 4),
        (0, 0, 1066, 800): (16, 9, 48, 9),
    }

    @pytest.mark.parametrize("box", LITERAL, ids=str)
    def test_positives_of_a_box_alone(self, box):
        found = tuple(assigned(name, [box], WIDE)[0] for name in FCOS)
        assert found == self.LITERAL[box]
        assert found == tuple(candidates(name, [box], WIDE)[0] for name in FCOS)

    @pytest.mark.parametrize("size", SHARES, ids=lambda size: "x".join(map(str, size)))
    def test_share_without_a_point(self, size):
        """Answered at 120 places."""
        boxes = anywhere(size, 4000, (1066.0, 800.0))
        for name, share in zip(FCOS, self.SHARES[size], strict=True):
            found = (candidates(name, boxes, WIDE) == 0).mean()
            assert abs(found - share) <= 3.5 * np.sqrt(max(share * (1 - share), 0.01) / 120) * bool(share), (
                name
            )

    def test_areas_are_told_apart_in_steps_of_8(self):
        first, nearly = (100, 100, 150, 150), (100, 100, 149.96, 149.96)
        assert assigned(FCOS[0], [first, nearly], WIDE) == [9, 0]
        assert assigned(FCOS[2], [first, nearly], WIDE) == [0, 36]
        assert assigned(FCOS[0], [first, (100, 100, 149, 149)], WIDE) == [0, 9]
        assert statuses(FCOS[0], [first, nearly], canvas=WIDE) == ["matched", "shadowed"]

    @pytest.mark.parametrize("name", FCOS)
    def test_of_two_equal_boxes_the_first_takes_all(self, name):
        counts = assigned(name, [(100, 100, 150, 150)] * 2, WIDE)
        assert counts[0] > 0
        assert counts[1] == 0
        assert statuses(name, [(100, 100, 150, 150)] * 2, canvas=WIDE) == ["matched", "shadowed"]


class TestRtmdet:
    def test_alone_never_beside_another_box_borrowed(self):
        tiny, other = (105, 105, 109, 109), (300, 300, 400, 380)
        assert statuses("mmdet-rtmdet", [tiny]) == ["unmatched"]
        assert statuses("mmdet-rtmdet", [tiny, other]) == ["borrowed", "possible"]
        assert statuses("mmyolo-rtmdet", [tiny]) == ["borrowed"]

    def test_what_counts_is_a_multiple_of_8_inside(self):
        boxes = anywhere((11, 5), 500)
        inside = [
            np.ceil(low / 8 + 1e-9) * 8 < high
            for low, high in ((boxes[:, 0], boxes[:, 2]), (boxes[:, 1], boxes[:, 3]))
        ]
        on_grid = (np.floor(boxes[:, 0] / 8) * 8 + 8 < 640) & (np.floor(boxes[:, 1] / 8) * 8 + 8 < 640)
        assert ((candidates("mmdet-rtmdet", boxes) > 0) == (inside[0] & inside[1] & on_grid)).all()


class TestCenternet:
    def test_the_last_box_of_a_cell_wins(self):
        boxes = [(100, 100, 110, 110), (101, 101, 110, 110), (300, 300, 310, 310)]
        assert assigned("mmdet-centernet512", boxes, (512.0, 512.0)) == [0, 1, 1]
        expected = ["shadowed", "matched", "matched"]
        assert statuses("mmdet-centernet512", boxes, canvas=(512.0, 512.0)) == expected


class TestQueries:
    @pytest.mark.parametrize(
        "name", ["rt-detr", "d-fine", "rf-detr", "ultralytics-rtdetr", "mmdet-detr", "mmdet-dino"]
    )
    def test_boxes_up_to_the_queries_are_matched(self, name):
        queries = load_detector(name).match.queries
        for number in (0, 1, queries - 1, queries, queries + 1, queries + 150):
            boxes = placed(np.tile([10.0, 10, 20, 20], (number, 1)))
            image = np.zeros(number, dtype=np.int64)
            counted = engines.count(boxes, image, np.zeros(1, dtype=np.int64), load_detector(name))
            assert counted.counts[0, 0] == min(number, queries)
        assert set(statuses(name, np.tile([10.0, 10, 20, 20], (queries, 1)))) == {"matched"}
        assert set(statuses(name, np.tile([10.0, 10, 20, 20], (queries + 1, 1)))) == {"possible"}


def test_what_the_loader_of_rt_detr_and_d_fine_drops():
    """As the transforms answered, for boxes inside their image."""
    for name in ("rt-detr", "d-fine"):
        rows = json.loads((LITERAL / f"{name}.json").read_text())["boxes"]
        for width, height in {tuple(row["image"]) for row in rows}:
            own = [row for row in rows if row["image"] == [width, height]]
            own = [row for row in own if row["box"][0] >= 0 and row["box"][2] <= width]
            dataset = data(*(Box(*row["box"]) for row in own), images=(Picture(width, height),))
            kept = load_as(dataset, "rt-detr").trains
            assert kept.tolist() == [row["loader"] == "kept" for row in own], (width, height)


def test_sides_at_which_rt_detr_drops_boxes_on_the_right_edge():
    sides = json.loads((LITERAL / "rt-detr.edge-sides.json").read_text())["sides_32_to_4096"]
    widths = list(range(32, 4097))
    boxes = (Box(width / 2, 10, width, 20, image=at) for at, width in enumerate(widths))
    dataset = data(*boxes, images=[Picture(width, 100) for width in widths])
    kept = load_as(dataset, "rt-detr").trains
    assert [width for width, is_kept in zip(widths, kept, strict=True) if not is_kept] == sides
