"""Counts that the frameworks' own code answered for single boxes: (positive, negative, ignored) anchors."""

import numpy as np
import pytest

import anchoraudit
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Canvases, OnCanvas

OUTSIDE = (5000, 5000, 5010, 5010)


def square(x, y, side):
    return x, y, x + side, y + side


@pytest.mark.parametrize(
    ("name", "canvas", "box", "positives", "negatives"),
    [
        ("torchvision-fasterrcnn_resnet50_fpn", (224, 224), OUTSIDE, 12_543, 0),
        ("mmdet-faster_rcnn_fpn", (1088, 800), square(20, 13, 17.5), 0, 217_413),
        ("mmdet-faster_rcnn_fpn", (1088, 800), square(20, 13, 18), 16, 217_413 - 16 - 28),
        ("mmdet-faster_rcnn_fpn", (1088, 800), square(20, 13, 24), 6, None),
        ("mmdet-faster_rcnn_fpn", (1088, 800), square(20, 13, 760), 12, None),
        ("mmdet-retinanet_fpn", (1088, 800), square(20, 13, 8), 13, None),
        ("mmdet-retinanet_fpn", (1088, 800), OUTSIDE, 163_206, 0),
        ("mmdet-ssd300", (300, 300), OUTSIDE, 1, 8_731),
        ("keras-retinanet", (1066, 800), square(400, 300, 22.6), 0, None),
        ("keras-retinanet", (1066, 800), square(400, 300, 22.7), 2, None),
    ],
)
def test_both_engines_count_what_the_framework_counted(name, canvas, box, positives, negatives):
    detector = anchoraudit.load_detector(name)
    whole = Canvases(*(np.array([float(side)]) for side in (*canvas, *canvas)))
    boxes = np.array([box], dtype=np.float64)
    labels = engines.replay(boxes, whole, detector)
    one = np.zeros(1, dtype=np.int64)
    counted = engines.count(OnCanvas(boxes, one, whole), one, one, detector)
    assert counted.counts.tolist() == [[labels.positives, labels.negatives, labels.ignored]]
    assert labels.positives == positives
    assert negatives in (None, labels.negatives)
