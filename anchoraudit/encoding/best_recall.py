"""YOLOv5's best possible recall (BPR): by it AutoAnchor decides whether it replaces the anchors.

Source: yolov5 and yolov7 `utils/autoanchor.py: check_anchors`, in float32. A label's width and height are
fractions. They are multiplied by the sides of its image, whose longer one becomes the input size; no side is
rounded, and no box is clipped. Both are also multiplied by a random scale between 0.9 and 1.1, one for each
image. A label counts if, for one of the anchors, all of w/w', w'/w, h/h', h'/h are above 1 / ratio. Which of
the levels the anchor is on does not matter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors.spec import Detector

SCALES = (0.9, 1.1)
_STEPS = 21  # scales at which labels are tried that match at some of them only
_ROWS = 1 << 16
# A label matches at all scales if the audit's own ratio is above its limit by this factor, and at none if it
# is below by as much. The audit rounds sides of the resized image to whole pixels: by 1 % at most where these
# have 100.
_SURELY, _LEAST_SIDE = 1.1 * 1.03, 100.0
_DEVIATIONS = 2.0  # 19 of 20 draws are within these


@dataclass(frozen=True, slots=True)
class RecallCounts:
    """Labels counted, in whole numbers: the counts of parts of a data set add up to those of the whole.

    labels: how many there are. matched: those that match an anchor, without the random scale. always, ever:
    those that do at every scale that is tried, and at some. mean: the sum of matches over those of `ever`
    that are not `always`, at all scales. variance: over the images, the sum of _STEPS^2 times the variance of
    an image's number of such matches.
    """

    labels: int = 0
    matched: int = 0
    always: int = 0
    ever: int = 0
    mean: int = 0
    variance: int = 0


@dataclass(frozen=True, slots=True)
class BestRecall:
    """The share of the labels that match an anchor.

    labels: how many there are. recall: without the random scale. lowest, highest: between them
    lie 19 of 20 draws of the random scale.
    """

    labels: int
    recall: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, counts: RecallCounts) -> BestRecall | None:
        """Return the shares that follow from these counts. None if there is no label.

        Scales of different images are independent, so the variances of their numbers of matches add up.
        """
        if not counts.labels:
            return None
        recall = counts.matched / counts.labels
        mean = counts.always + counts.mean / _STEPS
        spread = _DEVIATIONS * math.sqrt(counts.variance) / _STEPS
        lowest = max(counts.always, mean - spread) / counts.labels
        highest = min(counts.ever, mean + spread) / counts.labels
        return cls(counts.labels, recall, min(lowest, recall), max(highest, recall))


def best_recall(dataset: Dataset, labels: Bool, detector: Detector, best: Float) -> BestRecall | None:
    """Measure the best possible recall of some labels: `BestRecall.of` what `count_recall` counts."""
    return BestRecall.of(count_recall(dataset, labels, detector, best))


def count_recall(dataset: Dataset, labels: Bool, detector: Detector, best: Float) -> RecallCounts:
    """Count the labels that match an anchor.

    dataset: as the loader hands it over. labels: bool [M], those that are trained. best: float64 [M], the
    best side ratio that the audit found for them, NaN where it judged none.
    """
    images, boxes = dataset.images, dataset.boxes
    rows = np.flatnonzero(labels & ~np.isnan(images.width)[boxes.image])
    if not len(rows):
        return RecallCounts()
    resize = detector.resize
    side = float(max(resize.side, resize.width, resize.height))
    longer, shorter = np.fmax(images.width, images.height), np.fmin(images.width, images.height)
    xyxy, image = boxes.xyxy[rows], boxes.image[rows]
    with np.errstate(invalid="ignore"):
        known = (shorter * side / longer >= _LEAST_SIDE)[image]
        known &= (xyxy[:, 0] >= 0) & (xyxy[:, 1] >= 0)  # the audit clips boxes, AutoAnchor does not
        known &= (xyxy[:, 2] <= images.width[image]) & (xyxy[:, 3] <= images.height[image])
        sure = known & (best[rows] >= detector.match.threshold * _SURELY)
        never = known & (best[rows] <= detector.match.threshold / _SURELY)
    open_ = np.flatnonzero(~(sure | never))
    own = image[open_]
    sides = np.column_stack([images.width[own], images.height[own]])
    with np.errstate(over="ignore"):  # a side beyond float32 is infinite, as in AutoAnchor
        fractions = ((xyxy[open_, 2:] - xyxy[open_, :2]) / sides).astype(np.float32)
        sizes = fractions * (side * sides / longer[own][:, None])
    certain = int(np.count_nonzero(sure))
    matched = certain + int(np.count_nonzero(_matches(sizes, detector)))
    always, ever, mean, variance = _range(sizes, own, detector)
    return RecallCounts(len(rows), matched, certain + always, certain + ever, mean, variance)


def _matches(sizes: Float, detector: Detector) -> Bool:
    """Tell which sizes [n, 2], in pixels of the input, match an anchor: bool [n]."""
    shapes = detector.shapes.astype(np.float32)
    limit = np.float32(1.0 / detector.match.ratio)
    found = np.zeros(len(sizes), dtype=np.bool_)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for start in range(0, len(sizes), _ROWS):
            own = sizes[start : start + _ROWS].astype(np.float32)
            for shape in shapes:
                ratio: Floating = own / shape
                of_sides = np.minimum(ratio, np.float32(1) / ratio)
                least = np.minimum(of_sides[:, 0], of_sides[:, 1])
                found[start : start + _ROWS] |= least > limit
    return found


def _range(sizes: Float, image: Int, detector: Detector) -> tuple[int, int, int, int]:
    """Return `always`, `ever`, `mean` and `variance` of `RecallCounts` of labels that are not certain.

    sizes: [n, 2]. image: int64 [n].
    """
    scales = np.linspace(*SCALES, _STEPS)
    at = np.column_stack([_matches(sizes * scale, detector) for scale in scales])
    always, ever = at.all(axis=1), at.any(axis=1)
    rows = np.flatnonzero(ever & ~always)
    of, local = np.unique(image[rows], return_inverse=True)
    sums = np.zeros((len(of), _STEPS), dtype=np.int64)
    np.add.at(sums, local.reshape(-1), at[rows])
    of_image = sums.sum(axis=1)
    variance = _STEPS * (sums * sums).sum() - (of_image * of_image).sum()
    many = int(np.count_nonzero(always)), int(np.count_nonzero(ever))
    return (*many, int(of_image.sum()), int(variance))
