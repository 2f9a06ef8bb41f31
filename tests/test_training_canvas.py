"""Batches of images of different sizes share a canvas: against torchvision's transform, anchors and matcher.

`tests/data/training_canvas.json` has their answers, and how they were made.
"""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest

from anchoraudit import Chosen, audit, check
from anchoraudit.detectors import load_detector
from anchoraudit.encoding.canvas import clip_all, place_all

GOLDEN = json.loads((Path(__file__).parent / "data" / "training_canvas.json").read_text())


@pytest.fixture(scope="module", params=GOLDEN["answers"])
def model(request):
    detector = load_detector(request.param)
    resize = msgspec.structs.replace(detector.resize, side=160, cap=300)
    return GOLDEN["answers"][request.param], msgspec.structs.replace(detector, resize=resize)


def batch(images):
    pictures = [np.zeros((3, height, width), np.float32) for width, height in (i["size"] for i in images)]
    targets = [
        {
            "boxes": np.array(image["boxes"], np.float32).reshape(-1, 4),
            "labels": np.ones(len(image["boxes"]), np.int64),
        }
        for image in images
    ]
    return pictures, targets


def fed(model):
    _, detector = model
    batches = [batch(images) for images in GOLDEN["batches"]]
    return check(batches, detector, rules=Chosen(select=("BAT",))).audit.dataset


def test_anchors_of_every_box_and_image_are_torchvisions(model):
    answers, detector = model
    found = audit(fed(model), detector, rules=Chosen(select=("BAT",)), images="none", counts=True)
    real = [image for one in answers for image in one["images"]]
    images, boxes = found.images_frame(), found.boxes_frame()
    assert images["positives"].tolist() == [image["positives"] for image in real]
    assert images["negatives"].tolist() == [image["negatives"] for image in real]
    assert boxes["assigned"].tolist() == [number for image in real for number in image["assigned"]]
    if "best_iou" in real[0]:
        best = [iou for image in real for iou in image["best_iou"]]
        np.testing.assert_allclose(boxes["best_iou"], best, rtol=0, atol=1e-6)
    trained = boxes["status"].isin(["matched", "forced"])
    assert trained[boxes["assigned"] > 0].all()


def test_the_canvas_is_torchvisions(model):
    answers, detector = model
    placed = place_all(clip_all(fed(model), np.empty(0, np.int64)), detector)
    canvases = placed.boxes.canvases.take(placed.of_image)
    real = [one["canvas"] for one in answers for _ in one["images"]]
    assert np.column_stack([canvases.width, canvases.height]).tolist() == real
