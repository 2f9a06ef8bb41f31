"""The whole audit, to the last anchor, against what the frameworks' own code answered on real data."""

import csv
from functools import cache

import numpy as np
import pytest

import anchoraudit
from anchoraudit.detectors import preset_names
from anchoraudit.encoding.statuses import STATUSES
from tests.conftest import SHARED

DATA = ["bccd", "coco38"]
FOLDERS = [*DATA, "second/bccd"]
SUFFIX = ".images.csv"
ANSWERED = sorted(
    (folder, path.name.removesuffix(SUFFIX))
    for folder in FOLDERS
    for path in (SHARED / "golden" / folder).glob(f"*{SUFFIX}")
) or [("bccd", "reference")]
every_answer = pytest.mark.parametrize(
    ("folder", "detector"), ANSWERED, ids=["-".join(one).replace("/", "-") for one in ANSWERED]
)
DARKNET = "bccd.yolov3-darknet.positives.csv"  # positives alone
COUNTS = ("positives", "negatives", "ignored")


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def read(path):
    return anchoraudit.read(path)


@pytest.fixture(scope="module")
def audits():
    return {}


def audited(shared, audits, folder, detector="reference"):
    """Audit the data set that answers in a folder are of."""
    name = folder.rpartition("/")[2]
    if (name, detector) not in audits:
        dataset = read(shared / "data" / name)
        audits[name, detector] = anchoraudit.audit(dataset, detector, counts=True, loader="none")
    return audits[name, detector]


def test_both_sets_hold_the_answers_of_the_same_frameworks(shared):
    of = {data: {detector for name, detector in ANSWERED if name == data} for data in DATA}
    assert of["bccd"] == of["coco38"]
    assert len(of["bccd"]) >= 14


def test_every_answer_is_held_to_a_preset(shared):
    answered = {detector for _, detector in ANSWERED}
    assert answered <= set(preset_names())
    assert len(answered) >= 35


@every_answer
def test_every_image_has_the_framework_counts(shared, audits, folder, detector):
    frame = audited(shared, audits, folder, detector).images_frame()
    images = {str(row.image_id): row for row in frame.itertuples()}
    expected = rows(shared / "golden" / folder / f"{detector}{SUFFIX}")
    assert [row["image_id"] for row in expected if row["image_id"] not in images] == []
    assert len(expected) == len(frame) == len(images)
    found, wanted = {}, {}
    for row in expected:
        image = images[row["image_id"]]
        if row["positives"] == "":  # the framework raises
            wanted[row["image_id"]] = (int(row["boxes"]), "encoder_error")
            found[row["image_id"]] = (int(image.usable), image.verdict)
        else:
            wanted[row["image_id"]] = tuple(int(row[key]) for key in ("boxes", *COUNTS))
            found[row["image_id"]] = tuple(int(getattr(image, key)) for key in ("usable", *COUNTS))
            assert image.verdict != "encoder_error"
    assert found == wanted


def test_every_image_has_the_positives_of_darknet(shared, audits):
    frame = audited(shared, audits, "bccd", "yolov3-darknet").images_frame()
    found = {str(row.image_id): (row.usable, row.positives) for row in frame.itertuples()}
    expected = rows(shared / "golden" / "second" / "bccd" / DARKNET)
    assert found == {row["image_id"]: (int(row["boxes"]), int(row["positives"])) for row in expected}


@every_answer
def test_every_box_has_the_framework_iou_and_assignment(shared, audits, folder, detector):
    frame = audited(shared, audits, folder, detector).boxes_frame()
    frame = frame[frame.usable]
    expected = rows(shared / "golden" / folder / f"{detector}.boxes.csv")
    keys = list(zip(frame.image_id.astype(str), frame.box.astype(int), strict=True))
    order = {key: i for i, key in enumerate(keys)}
    at = [order[row["image_id"], int(row["box"])] for row in expected]
    assert len(at) == len(frame) == len(order)
    assert frame.assigned.astype(int).to_numpy()[at].tolist() == [int(row["assigned"]) for row in expected]
    difference = frame.best_iou.to_numpy()[at] - np.array([float(row["best_iou"]) for row in expected])
    assert np.abs(difference).max() < (1e-6 if detector == "reference" else 1e-5)


@every_answer
def test_verdicts_follow_from_the_counts(shared, audits, folder, detector):
    result = audited(shared, audits, folder, detector)
    frame = result.images_frame()
    with_boxes = frame[(frame.usable > 0) & (frame.verdict != "encoder_error")]
    trains = with_boxes.verdict.isin(["ok", "forced_only"])
    assert (trains == (with_boxes.positives > 0)).all()
    assert (with_boxes.foreground == trains).all()
    assert set(with_boxes.verdict) <= {"ok", "forced_only", "empty_foreground"}
    assert ((with_boxes.verdict == "ok") == (with_boxes.matched > 0)).all()
    if not result.detector.can_end_empty:
        assert trains.all()
    if result.detector.match.force == "none":
        assert not (with_boxes.verdict == "forced_only").any()
    without = frame[(frame.usable == 0) & (frame.verdict != "encoder_error")]
    assert (without.positives == 0).all()
    boxes = result.boxes_frame()
    # An anchor that another box forces may stay assigned to its own best box, which may be unmatched.
    if result.detector.match.force == "none" or result.detector.match.forced_to != "own":
        assert not ((boxes.assigned > 0) & (boxes.status == "unmatched")).any()
    assert set(boxes.status[boxes.usable]) <= set(STATUSES[1:])


@pytest.mark.parametrize("name", DATA)
def test_the_reference_has_two_verdicts_for_images_with_boxes(shared, audits, name):
    frame = audited(shared, audits, name).images_frame()
    with_boxes = frame[frame.usable > 0]
    assert ((with_boxes.verdict == "ok") == (with_boxes.positives > 0)).all()
    assert set(with_boxes.verdict) == {"ok", "empty_foreground"}


def test_counts_that_were_published_for_blood_cells(shared, audits):
    summary = audited(shared, audits, "bccd").summary()
    assert (summary["images"], summary["verdicts"]["empty_foreground"]) == (364, 6)
