"""The definition: every anchor of one image, its overlap with every box, its label.

Plain and slow, as one would write it on a board. It is what `explain` shows and `encode` returns, and what
the fast encoder is tested against; it is itself held to what the framework's own code answered.

Source: YunYang1994/TensorFlow2.0-Examples, 4-Object_Detection/RPN, `train.py: encode_label` and
`utils.py: compute_iou, compute_regression`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from anchoraudit.detectors import Detector, load_detector
from anchoraudit.encoding.grid import all_anchors, cell_count
from anchoraudit.errors import AnchorauditError
from anchoraudit.geometry import Bool, Float, box_sizes, iou_with_each, scale_boxes

Int = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DenseLabels:
    """Labels of all A anchors of one image with N boxes, ordered level, row, column, shape.

    anchors: float64 [A, 4], pixels of the network's input. labels: int8 [A]: 1 positive, -1 negative,
    0 ignored or not counting. counts: bool [A], False where the border rule drops the anchor.
    matched: int64 [A], the box an anchor overlaps most, the first one on ties, -1 without boxes.
    best_iou: float64 [N], over the anchors that count, 0 if none does. best_anchor: int64 [N], -1 if none.
    """

    anchors: Float
    labels: npt.NDArray[np.int8]
    counts: Bool
    matched: Int
    best_iou: Float
    best_anchor: Int

    @property
    def positives(self) -> int:
        """How many anchors are positive."""
        return int(np.count_nonzero(self.labels == 1))

    @property
    def negatives(self) -> int:
        """How many anchors are negative."""
        return int(np.count_nonzero(self.labels == -1))

    @property
    def ignored(self) -> int:
        """How many anchors are neither, those that do not count included."""
        return len(self.labels) - self.positives - self.negatives

    def assigned(self) -> Int:
        """How many positive anchors have each box as their matched box. [N]."""
        return np.bincount(self.matched[self.labels == 1], minlength=len(self.best_iou))


def replay(boxes: Float, width: float, height: float, detector: Detector) -> DenseLabels:
    """Label every anchor of one image.

    boxes: float64 [N, 4] on the network's input, a canvas of `width` x `height` px. They are taken as they
    stand: no clipping, no policy. A NaN box poisons the image, as it does in the framework: no IoU with it
    is above or below anything, so no anchor becomes negative, and it is every anchor's matched box.
    """
    anchors, counts = _anchors(width, height, detector)
    candidates = np.flatnonzero(counts)
    inside = anchors[candidates]
    any_positive = np.zeros(len(inside), dtype=np.bool_)
    all_negative = np.ones(len(inside), dtype=np.bool_)
    best = np.full(len(inside), -np.inf)
    matched = np.full(len(inside), -1, dtype=np.int64)
    best_iou, best_anchor = np.zeros(len(boxes)), np.full(len(boxes), -1, dtype=np.int64)
    for i, box in enumerate(boxes):
        iou = iou_with_each(box, inside)
        any_positive |= iou >= detector.match.positive
        all_negative &= iou <= detector.match.negative
        # np.argmax over the boxes takes the first maximum, and the first NaN before any number.
        better = (iou > best) | (np.isnan(iou) & ~np.isnan(best))
        best[better], matched[better] = iou[better], i
        if len(iou):
            top = int(np.argmax(iou))
            best_iou[i], best_anchor[i] = iou[top], candidates[top]
    labels = np.zeros(len(anchors), dtype=np.int8)
    labels[candidates[any_positive]] = 1
    labels[candidates[all_negative]] = -1
    every_match = np.full(len(anchors), -1, dtype=np.int64)
    every_match[candidates] = matched
    return DenseLabels(anchors, labels, counts, every_match, best_iou, best_anchor)


def encode(
    boxes: npt.ArrayLike, width: float, height: float, detector: str | Detector = "reference"
) -> tuple[Float, Float, Float]:
    """Encode one image's boxes into training targets, as the reference encoder does.

    boxes: [N, 4], x1, y1, x2, y2 in pixels of an image of `width` x `height` px; N may be 0. They are
    resized as the detector says and otherwise taken as they stand.

    Returns
    -------
    target_scores [gh, gw, k, 2]: 1 in channel 1 of positive anchors, in channel 0 of negative ones.
    target_bboxes [gh, gw, k, 4]: for positive anchors, x1 and y1 of the matched box minus the anchor's,
        over the anchor's width and height, then the logarithms of the width and height ratios.
    target_masks [gh, gw, k]: 1 positive, -1 negative, 0 ignored.

    Source: `train.py: encode_label`, `utils.py: compute_regression` of the reference.

    Raises
    ------
    AnchorauditError: `boxes` is not [N, 4], the size is not positive, or the detector has several levels.
    """
    detector = load_detector(detector)
    given = np.asarray(boxes, dtype=np.float64)
    given = given.reshape(0, 4) if given.size == 0 else given
    if given.ndim != 2 or given.shape[1] != 4:
        raise AnchorauditError(f"boxes of shape {given.shape}", remedy="Give [N, 4]: x1, y1, x2, y2.")
    if not (0 < width < np.inf and 0 < height < np.inf):
        raise AnchorauditError(f"image size {width}x{height}", remedy="Width and height must be above 0.")
    if len(detector.anchors.levels) > 1:
        raise AnchorauditError(
            f"{detector.name} has several levels of anchors; the three arrays hold one",
            remedy="Use anchoraudit.audit for its labels.",
        )
    canvas = canvas_of(width, height, detector)
    scaled = to_canvas(given, width, height, detector)
    dense = replay(scaled, *canvas, detector)
    level = detector.anchors.levels[0]
    grid = (int(cell_count(canvas[1], level)), int(cell_count(canvas[0], level)), len(level.shapes))
    scores, deltas, masks = targets(dense, scaled)
    return scores.reshape(*grid, 2), deltas.reshape(*grid, 4), masks.reshape(grid)


def targets(labels: DenseLabels, boxes: Float) -> tuple[Float, Float, Float]:
    """Training targets of all A anchors: scores [A, 2], boxes [A, 4], masks [A], as `encode` has them.

    boxes: float64 [N, 4], those that were labelled, on the network's input.
    """
    scores = np.stack([labels.labels == -1, labels.labels == 1], axis=-1).astype(np.float64)
    positive = np.flatnonzero(labels.labels == 1)
    deltas = np.zeros((len(labels.labels), 4))
    deltas[positive] = regression(boxes[labels.matched[positive]], labels.anchors[positive])
    return scores, deltas, labels.labels.astype(np.float64)


def regression(boxes: Float, anchors: Float) -> Float:
    """Offsets of boxes [N, 4] from anchors [N, 4]: dx1 / w, dy1 / h, log(w' / w), log(h' / h). [N, 4]."""
    sizes = box_sizes(anchors)
    offsets = (boxes[:, :2] - anchors[:, :2]) / sizes
    with np.errstate(divide="ignore", invalid="ignore"):  # a NaN box stays NaN, as in the framework
        return np.concatenate([offsets, np.log(box_sizes(boxes) / sizes)], axis=1)


def canvas_of(width: float, height: float, detector: Detector) -> tuple[float, float]:
    """Size of the network's input for one image, in pixels."""
    w, h = detector.resize.network_size(np.array([float(width)]), np.array([float(height)]))
    return float(w[0]), float(h[0])


def to_canvas(boxes: Float, width: float, height: float, detector: Detector) -> Float:
    """Boxes [N, 4] of one image on the network's input."""
    size = np.full(len(boxes), float(width)), np.full(len(boxes), float(height))
    return scale_boxes(boxes, size, detector.resize.network_size(*size))


@lru_cache(maxsize=8)
def _anchors(width: float, height: float, detector: Detector) -> tuple[Float, Bool]:
    """Most images of a data set share a canvas, so the last few grids are kept."""
    anchors, counts = all_anchors(width, height, detector)
    anchors.flags.writeable = counts.flags.writeable = False
    return anchors, counts
