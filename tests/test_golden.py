"""The dense encoder and the whole audit against what the reference's own code answered on real data."""

import csv

import numpy as np
import pytest

import anchoraudit

DATA = ["bccd", "coco38"]


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def audits():
    return {}


def audited(shared, audits, name):
    if name not in audits:
        audits[name] = anchoraudit.audit(shared / "data" / name, counts=True)
    return audits[name]


@pytest.mark.parametrize("name", DATA)
def test_every_image_has_the_reference_counts(shared, audits, name):
    frame = audited(shared, audits, name).images_frame()
    expected = {
        row["image_id"]: tuple(int(row[key]) for key in ("boxes", "positives", "negatives", "ignored"))
        for row in rows(shared / "golden" / name / "reference.images.csv")
    }
    counted = zip(frame.usable, frame.positives, frame.negatives, frame.ignored, strict=True)
    assert {str(key): tuple(map(int, c)) for key, c in zip(frame.image_id, counted, strict=True)} == expected


@pytest.mark.parametrize("name", DATA)
def test_every_box_has_the_reference_iou_and_assignment(shared, audits, name):
    frame = audited(shared, audits, name).boxes_frame()
    frame = frame[frame.usable]
    expected = rows(shared / "golden" / name / "reference.boxes.csv")
    keys = list(zip(frame.image_id.astype(str), frame.box.astype(int), strict=True))
    order = {key: i for i, key in enumerate(keys)}
    at = [order[row["image_id"], int(row["box"])] for row in expected]
    assert len(at) == len(frame)
    assert frame.assigned.astype(int).to_numpy()[at].tolist() == [int(row["assigned"]) for row in expected]
    difference = frame.best_iou.to_numpy()[at] - np.array([float(row["best_iou"]) for row in expected])
    assert np.abs(difference).max() < 1e-6


@pytest.mark.parametrize("name", DATA)
def test_verdicts_follow_from_the_counts(shared, audits, name):
    frame = audited(shared, audits, name).images_frame()
    with_boxes = frame[frame.usable > 0]
    assert ((with_boxes.verdict == "ok") == (with_boxes.positives > 0)).all()
    assert set(with_boxes.verdict) == {"ok", "empty_foreground"}


def test_counts_that_were_published_for_blood_cells(shared, audits):
    summary = audited(shared, audits, "bccd").summary()
    assert (summary["images"], summary["verdicts"]["empty_foreground"]) == (364, 6)
