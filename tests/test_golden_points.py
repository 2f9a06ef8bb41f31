"""Points and queries, column by column, against what the frameworks' own code answered on real data.

`golden/points` of the shared folder has the answers of some detectors, `tests/data/points/coco38` those of
others. The data sets themselves are in the shared folder.
"""

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import anchoraudit
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.encoding.admission import admitted_to
from anchoraudit.encoding.canvas import one_canvas
from anchoraudit.encoding.points import centre_radius
from anchoraudit.encoding.points.counting import pairs
from anchoraudit.encoding.points.lattice import all_points
from anchoraudit.formats import read
from anchoraudit.loaders import load_as, yolox_coco, yolox_voc
from tests.conftest import SHARED

OWN = Path(__file__).parent / "data" / "points"
PLACES = {"shared": SHARED / "golden" / "points", "own": OWN}
SUFFIX = ".boxes.csv"
ANSWERED = [
    (place, path.parent.name, path.name.removesuffix(SUFFIX))
    for place, folder in PLACES.items()
    for path in sorted(folder.glob(f"*/*{SUFFIX}"))
]
CORNERS = ("x1", "y1", "x2", "y2")
YOLOX_LABELS = 50  # `max_labels` of a run without mosaic, as the answers have it


def columns_of(path):
    with path.open(newline="") as stream:
        return next(csv.reader(stream))


def answered(column, kind="boxes"):
    """Run a test for all answers that have a column; if there are none, it is skipped as the data are."""
    with_it = [
        (place, data, detector)
        for place, data, detector in ANSWERED
        if column in columns_of(PLACES[place] / data / f"{detector}.{kind}.csv")
    ]
    return pytest.mark.parametrize(
        ("place", "data", "detector"), with_it, ids=["-".join(one) for one in with_it]
    )


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def numbers(table, column):
    return [int(row[column]) for row in table]


@lru_cache(maxsize=16)
def points_of(width, height, name):
    """All points of a detector for images of one size, of which a data set has many."""
    detector = load_detector(name)
    canvas = one_canvas(width, height, detector).canvases
    return all_points(float(canvas.width[0]), float(canvas.height[0]), detector.points)


def has(table, column):
    return column in table[0]


class Answer:
    """What a framework answered, and the audit of the same data set, its boxes in the same order."""

    def __init__(self, place, data, detector):
        self.data, self.place = data, place
        self.boxes = rows(PLACES[place] / data / f"{detector}{SUFFIX}")
        self.images = rows(PLACES[place] / data / f"{detector}.images.csv")
        self.audit = anchoraudit.audit(SHARED / "data" / data, detector, loader="none", counts=True)
        self.detector = self.audit.detector
        frame = self.audit.boxes_frame()
        frame = frame[frame.usable]
        known = {
            (str(image), int(box)): at
            for at, (image, box) in enumerate(zip(frame.image_id, frame.box, strict=True))
        }
        at = [known[row["image_id"], int(row["box"])] for row in self.boxes]
        assert len(at) == len(frame) == len(known)
        self.frame = frame.iloc[at]
        self.rows = self.audit.dataset.boxes.by_image()[self.frame.index.to_numpy()]
        self.of = self.audit.dataset.boxes.image[self.rows]
        ids = {str(image): at for at, image in enumerate(self.audit.images_frame().image_id)}
        self.image_rows = [ids[row["image_id"]] for row in self.images]
        assert self.per_image(self.of) == numbers(self.images, "boxes")

    def per_image(self, of):
        """How many boxes or points each image has, of those whose images are given, in the answer's order."""
        counts = np.bincount(of, minlength=len(self.audit.dataset.images))
        return counts[self.image_rows].tolist()

    @property
    def takes_points(self):
        return bool(self.detector.points.strides)

    def pairs(self):
        """Image and point of each candidate: int64 [C] both, and the index of its box."""
        found = pairs(self.audit.placed(self.rows), self.detector)
        return self.of[found.box], found.point, found.box

    def dropped(self):
        """The boxes that the limits of the detector's loader drop: bool [n]."""
        admitted = admitted_to(self.audit.dataset, self.detector)
        return np.isin(self.rows, admitted.dropped_by_loader)


@pytest.fixture(scope="module")
def answers():
    return {}


@pytest.fixture
def answer(shared, answers, place, data, detector):
    if (place, data, detector) not in answers:
        answers[place, data, detector] = Answer(place, data, detector)
    return answers[place, data, detector]


def test_every_answer_is_held_to_a_preset(shared):
    assert {detector for _, _, detector in ANSWERED} <= set(preset_names())
    assert len({detector for place, _, detector in ANSWERED if place == "shared"}) == 15


def test_every_preset_of_points_or_queries_is_held_to_an_answer(shared):
    names = {name for name in preset_names() if load_detector(name).match.unit != "anchor"}
    # Another name of ultralytics-yolo11; and without a loader or a resize of their own.
    others = {"ultralytics-yolov8", "mmdet-detr", "mmdet-dino"}
    assert names - {detector for _, _, detector in ANSWERED} == others


@pytest.mark.parametrize("detector", ["ultralytics-yolo11", "mmdet-rtmdet", "yolox"])
def test_where_predictions_decide_nothing_is_counted(shared, detector):
    audit = anchoraudit.audit(shared / "data" / "coco38", detector, loader="none", counts=True)
    assert (audit.box_results.assigned[audit.labels.usable] == -1).all()
    assert (audit.image_results.counts == -1).all()


def test_the_other_name_has_the_same_rules():
    one, other = load_detector("ultralytics-yolo11"), load_detector("ultralytics-yolov8")
    for block in ("resize", "points", "match", "loss", "labels", "framework", "loader"):
        assert getattr(one, block) == getattr(other, block)


class TestBoxes:
    @answered("candidates")
    def test_candidates(self, answer):
        if not answer.takes_points:  # ATSS: the anchors of a box that is alone, which nothing here counts
            return
        asked = [at for at, row in enumerate(answer.boxes) if row["candidates"] != ""]
        found = answer.frame.candidates.to_numpy()[asked].tolist()
        assert found == [int(answer.boxes[at]["candidates"]) for at in asked]
        unable = answer.frame.status.isin(["unmatched", "borrowed"]).to_numpy()
        assert unable.tolist() == (answer.frame.candidates == 0).tolist()

    @answered("assigned")
    def test_assigned(self, answer):
        assert answer.frame.assigned.tolist() == numbers(answer.boxes, "assigned")
        if not answer.takes_points:
            return
        never = answer.frame.status.isin(["unmatched", "shadowed"]).to_numpy()
        assert never.tolist() == [row["assigned"] == "0" for row in answer.boxes]

    @answered("preferred")
    def test_preferred(self, answer):
        found = np.zeros(len(answer.boxes), dtype=np.int64)
        net = answer.audit.net_boxes(answer.rows)
        images = answer.audit.dataset.images
        for image in np.unique(answer.of):
            own = answer.of == image
            points = points_of(images.width[image], images.height[image], answer.detector.name)
            found[own] = centre_radius.preferred(net[own], points, answer.detector).sum(axis=1)
        assert found.tolist() == numbers(answer.boxes, "preferred")

    @answered("x1")
    def test_corners_on_the_input(self, answer):
        kept = [at for at, row in enumerate(answer.boxes) if row["x1"] != ""]
        wanted = np.array([[float(answer.boxes[at][side]) for side in CORNERS] for at in kept])
        found = answer.audit.net_boxes(answer.rows[kept])
        if answer.detector.name == "rf-detr":  # answered as fractions of whatever input was drawn
            found /= answer.detector.resize.width
        # Four digits are given, of edges in float32; or of fractions of the input, times 640.
        assert np.abs(found - wanted).max() < (1e-4 if answer.takes_points else 2e-4)

    @answered("cell_x")
    def test_cell_of_the_centre(self, answer):
        placed = answer.audit.placed(answer.rows)
        (stride,) = answer.detector.points.strides
        columns = np.ceil(placed.canvases.width / stride).astype(int)[placed.of]
        _, point, box = answer.pairs()
        assert box.tolist() == list(range(len(answer.boxes)))
        assert (point % columns).tolist() == numbers(answer.boxes, "cell_x")
        assert (point // columns).tolist() == numbers(answer.boxes, "cell_y")

    @answered("loader")
    def test_what_the_loader_drops(self, answer, monkeypatch):
        wanted = [row["loader"] for row in answer.boxes]
        if answer.detector.loader in ("", "ultralytics", "ultralytics-8.3", "yolov5"):
            found = np.where(answer.dropped(), "dropped", "kept").tolist()
        elif answer.detector.loader == "rt-detr":
            loaded = load_as(answer.audit.original, "rt-detr")
            found = np.where(loaded.trains[answer.rows], "kept", "dropped").tolist()
        else:
            monkeypatch.setattr(yolox_coco, "_MOST", YOLOX_LABELS)
            monkeypatch.setattr(yolox_voc, "_MAX_LABELS", YOLOX_LABELS)
            dataset = read(SHARED / "data" / answer.data)
            loaded = load_as(dataset, answer.detector.loader_for(dataset.format))
            words = {yolox_coco.THIN: "small", yolox_voc.SMALL: "small"}
            words |= {yolox_coco.LATE: "beyond_max_labels", yolox_voc.TOO_MANY: "beyond_max_labels"}
            why = loaded.box_rule[answer.rows]
            found = ["kept" if not number else words[loaded.rules[number - 1]] for number in why]
        assert found == wanted


class TestImages:
    @answered("points", kind="images")
    def test_points(self, answer):
        images = answer.audit.dataset.images
        for row, image in zip(answer.images, answer.image_rows, strict=True):
            points = points_of(images.width[image], images.height[image], answer.detector.name)
            assert len(points.xy) == int(row["points"])

    @answered("union", kind="images")
    def test_points_that_are_a_candidate_of_some_box(self, answer):
        image, point, box = answer.pairs()
        if answer.place == "own" or not has(
            answer.images, "trainable"
        ):  # without those that the loader drops
            kept = np.array([row.get("loader", "kept") == "kept" for row in answer.boxes])[box]
            image, point = image[kept], point[kept]
        learning = np.zeros((len(answer.audit.dataset.images), point.max() + 1), dtype=bool)
        learning[image, point] = True
        assert learning.sum(axis=1)[answer.image_rows].tolist() == numbers(answer.images, "union")

    @answered("kept", kind="images")
    def test_kept_and_trainable(self, answer):
        kept = np.array([row["loader"] == "kept" for row in answer.boxes])
        assert answer.per_image(answer.of[kept]) == numbers(answer.images, "kept")
        if has(answer.images, "trainable"):
            able = (answer.frame.candidates > 0).to_numpy() & (kept | (answer.place == "shared"))
            assert answer.per_image(answer.of[able]) == numbers(answer.images, "trainable")

    @answered("positives", kind="images")
    def test_labels(self, answer):
        counts = answer.audit.image_results.counts[answer.image_rows]
        for at, column in enumerate(("positives", "negatives", "ignored")):
            if not has(answer.images, column):
                assert (counts[:, at] == 0).all()
                continue
            assert counts[:, at].tolist() == numbers(answer.images, column)
