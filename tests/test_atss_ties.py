"""Anchors as near as the last candidate: PyTorch's choice among them, and what mmdetection made of it."""

import importlib.util

import numpy as np
import pytest

from anchoraudit.detectors import load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.atss.ties import smallest
from anchoraudit.encoding.canvas import OnCanvas, one_canvas, place

ATSS = load_detector("mmdet-atss")


def lattice(columns, rows, x, y):
    """Distances of a grid's points from (x, y), row by row, in float32."""
    squares = (np.arange(columns)[None] - x) ** 2 + (np.arange(rows)[:, None] - y) ** 2
    return np.sqrt(squares.astype(np.float32)).reshape(-1)


@pytest.mark.parametrize(
    ("values", "k", "chosen"),
    [
        ([5, 1, 1, 1, 3], 1, [1]),
        ([5, 1, 1, 1, 3], 2, [1, 3]),
        ([5, 1, 1, 1, 3], 3, [1, 2, 3]),
        ([1, 1, 0, 1, 0, 1], 3, [2, 3, 4]),
        ([1, 1, 0, 1, 0, 1], 4, [2, 3, 4, 5]),
        ([3, 2, 2, 2, 1, 2, 2], 2, [4, 5]),
        ([3, 2, 2, 2, 1, 2, 2], 4, [3, 4, 5, 6]),
    ],
)
def test_what_torch_answered(values, k, chosen):
    """`torch.topk(k, largest=False)` on a CPU, PyTorch 2.14.1."""
    assert smallest(np.array(values, dtype=np.float32), k).tolist() == chosen


def test_a_point_amid_four_has_eight_next_ones_and_room_for_five():
    """By the heap, on a grid of 64 k points or more, and by partition on a smaller one."""
    assert smallest(lattice(30, 30, 14.5, 14.5), 9).tolist() == [404, 405, 433, 434, 435, 436, 463, 464, 465]
    assert smallest(lattice(12, 12, 4.5, 5.5), 9).tolist() == [52, 53, 64, 65, 76, 77, 78, 88, 89]


def test_without_a_tie_there_is_no_choice():
    values = np.random.default_rng(0).permutation(1000).astype(np.float32)
    assert smallest(values, 9).tolist() == np.sort(np.argsort(values)[:9]).tolist()
    assert smallest(np.zeros(4, dtype=np.float32), 4).tolist() == [0, 1, 2, 3]


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_live():
    import torch

    rng = np.random.default_rng(1)
    for _ in range(3000):
        n = int(rng.choice([1, 3, 4, 10, 40, 150, 575, 576, 577, 3000]))
        k = min(int(rng.choice([1, 2, 9, 20])), n)
        values = rng.integers(0, max(2, n // 3), n).astype(np.float32)
        if rng.random() < 0.5:
            columns = int(np.ceil(np.sqrt(n)))
            values = lattice(columns, columns, *(rng.integers(0, 2 * columns, 2) / 2))[:n]
        expected = torch.tensor(values)[:, None].topk(k, dim=0, largest=False)[1][:, 0]
        assert smallest(values, k).tolist() == sorted(expected.tolist())


@pytest.mark.parametrize(
    ("size", "box", "positives", "negatives"),
    [
        ((1280, 800), (0, 0, 1280, 800), 9, 21321),
        ((400, 400), (351, 95, 391, 103), 7, 13336),
        ((50, 50), (2, 2, 44, 48), 18, 13325),
        ((400, 400), (2, 28, 398, 372), 18, 13325),
        ((800, 1333), (258, 73, 323, 98), 9, 22391),
        ((160, 100), (40, 30, 120, 70), 9, 21321),
    ],
)
def test_what_mmdetection_counted(size, box, positives, negatives):
    """mmdet 3.3.0's ATSSAssigner on a CPU: boxes centred on or amid anchors."""
    fitted = one_canvas(*size, ATSS)
    none = np.zeros(1, dtype=np.int64)
    boxes = place(np.array([box], dtype=np.float64), fitted, none, ATSS)
    labels = engines.replay(boxes, fitted.canvases, ATSS)
    assert (labels.positives, labels.negatives, labels.ignored) == (positives, negatives, 0)
    assert labels.assigned.tolist() == [positives]
    counted = engines.count(OnCanvas(boxes, none, fitted.canvases), none, none, ATSS)
    assert counted.counts.tolist() == [[positives, negatives, 0]]
    assert engines.judge(OnCanvas(boxes, none, fitted.canvases), ATSS).matched.tolist() == [True]


def test_engines_agree_on_boxes_of_whole_pixels():
    """Where scale and boxes are whole numbers, centres stand on anchors or between them all the time."""
    rng = np.random.default_rng(5)
    for size in ((800, 800), (640, 400), (160, 100), (50, 50)):
        fitted = one_canvas(*size, ATSS)
        corner = rng.integers(0, np.array(size) * 3 // 4, (40, 2))
        far = np.minimum(corner + rng.integers(1, np.array(size), (40, 2)), size)
        none = np.zeros(40, dtype=np.int64)
        boxes = place(np.hstack([corner, far]).astype(np.float64), fitted, none, ATSS)
        labels = engines.replay(boxes, fitted.canvases, ATSS)
        placed = OnCanvas(boxes, none, fitted.canvases)
        counted = engines.count(placed, none, none[:1], ATSS)
        assert counted.counts.tolist() == [[labels.positives, labels.negatives, 0]]
        assert counted.assigned.tolist() == labels.assigned.tolist()
        assert engines.judge(placed, ATSS).matched.tolist() == labels.above.tolist()
