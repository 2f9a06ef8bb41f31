"""One image, anchor by anchor or point by point: what the definition says, and what would change it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from anchoraudit.advice.explain_points import (
    Places,
    PointsOfBox,
    TooFew,
    explain_points,
    what_would_help,
    with_too_few_points,
)
from anchoraudit.arrays import Float, Int
from anchoraudit.auditing.audit import Audit, audit
from anchoraudit.auditing.losses import Losses, losses_of_zero_predictions
from anchoraudit.boxes import box_sizes, iou_with_each, wh_iou
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import clipped_boxes
from anchoraudit.dataset.locations import Locations
from anchoraudit.detectors import Detector, DetectorLike, load_detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import one_canvas
from anchoraudit.encoding.causes import CAUSES, most_alike, nearest_shape
from anchoraudit.encoding.definition import DenseLabels
from anchoraudit.encoding.grid import all_anchors, compared_anchors, compared_boxes
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.encoding.targets import targets
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.digits import told_apart
from anchoraudit.rules import Chosen

Size = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class BoxExplanation:
    """One usable box.

    xyxy: pixels of the original image, clipped. net: the same on the network's input. best_anchor: the
    counting anchor that overlaps it most, pixels of the network's input, None if none overlaps. nearest: the
    anchor shape most like it. remedy: what would match it, "" if it is matched. A detector without anchors
    has no best_iou, best_anchor and nearest: all are None. assigned: the anchors or points that train it, -1
    where predictions decide. points: its points, None for a detector that has none.
    """

    number: int
    label: str
    xyxy: Box
    net: Box
    best_iou: float | None
    best_anchor: Box | None
    nearest: tuple[float, float] | None
    status: str
    cause: str
    assigned: int
    remedy: str
    points: PointsOfBox | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """One image: canvas in pixels, numbers of anchors (or points, or queries), its boxes, and its losses.

    Where predictions decide, `positives` are those that can become positive. places: the points of all boxes,
    None without points. too_few: boxes that have too few points together. losses: for predictions of zero, as
    a batch of its own: "plain", "truncated" and "guarded".
    """

    audit: Audit
    index: int
    canvas: tuple[float, float]
    anchors: int
    counting: int
    positives: int
    negatives: int
    ignored: int
    boxes: list[BoxExplanation]
    losses: dict[str, Losses]
    places: Places | None = None
    too_few: list[TooFew] = field(default_factory=list)


def explain(
    dataset: Dataset,
    index: int,
    detector: DetectorLike = "reference",
    *,
    drop_difficult: bool = False,
    loader: str | None = None,
    image_cache: Path | None = None,
) -> Explanation:
    """Replay image `index` of `dataset` anchor by anchor, or point by point.

    loader, image_cache: as in `audit`.

    Raises AnchorauditError if the image's size is unknown, or if it has too many anchors to enumerate.
    """
    detector = load_detector(detector)
    result = audit(
        dataset,
        detector,
        drop_difficult=drop_difficult,
        rules=Chosen(ignore=("ALL",)),
        loader=loader,
        image_cache=image_cache,
    )
    dataset = result.dataset
    width, height = float(dataset.images.width[index]), float(dataset.images.height[index])
    if math.isnan(width):
        raise AnchorauditError(
            f"unknown size of image {dataset.images.ids[index]!r}: it cannot be replayed",
            path=Locations(dataset).of_image(index).path,
            remedy="Put the image next to its annotation, or declare its width and height.",
        )
    rows = result.boxes_of(index)
    rows = rows[result.box_results.usable[rows]]
    net = result.net_boxes(rows)
    fitted = one_canvas(width, height, detector).canvases
    canvas = float(fitted.width[0]), float(fitted.height[0])
    image = float(fitted.image_width[0]), float(fitted.image_height[0])
    try:
        labels = engines.replay(net, fitted, detector)
    except AnchorauditError as error:
        raise error.within(dataset.root, f"image {dataset.images.ids[index]}") from None
    too_few: list[TooFew] = []
    if len(result.box_results.shortages.points) and detector.points.strides:
        too_few = with_too_few_points(net, result.box_results.status[rows], canvas, detector)
    boxes, places = _explain_boxes(result, rows, net, labels, (canvas, image))
    return Explanation(
        audit=result,
        index=index,
        canvas=canvas,
        anchors=len(labels.anchors),
        counting=int(labels.counts.sum()),
        positives=labels.positives,
        negatives=labels.negatives,
        ignored=labels.ignored,
        boxes=boxes,
        losses=_losses(labels, net, detector),
        places=places,
        too_few=too_few,
    )


def _losses(labels: DenseLabels, net: Float, detector: Detector) -> dict[str, Losses]:
    """Return both losses of the image alone, by normaliser. Empty for a detector with other losses."""
    ours = detector.loss.normaliser in ("batch_positives", "batch_positives_or_one")
    if not ours or not detector.match.has_thresholds:
        return {}
    labelled = targets(labels, net)
    plain = losses_of_zero_predictions(labelled)
    return {
        "plain": plain,
        "truncated": plain.truncated(),
        "guarded": losses_of_zero_predictions(labelled, guard="guarded"),
    }


def _explain_boxes(
    result: Audit, rows: Int, net: Float, labels: DenseLabels, sizes: tuple[Size, Size]
) -> tuple[list[BoxExplanation], Places | None]:
    """Explain an image's usable boxes. rows: [n] of all boxes; net: [n, 4] on the network's input."""
    detector, dataset = result.detector, result.dataset
    xyxy, assigned = clipped_boxes(dataset, rows), labels.assigned
    if detector.points.strides and not detector.match.is_prediction_free:
        assigned = np.full(len(rows), -1, dtype=np.int64)
    shaped = bool(detector.anchors.levels)
    nearest = detector.shapes[nearest_shape(box_sizes(net), detector)] if shaped else None
    points, places = explain_points(net, sizes[0], detector) if detector.points.strides else ([], None)
    explained: list[BoxExplanation] = []
    for number, row in enumerate(rows.tolist()):
        category, code = int(dataset.boxes.category[row]), int(result.box_results.cause[row])
        best_iou, best = float(labels.best_iou[number]), int(labels.best_anchor[number])
        status = STATUSES[int(result.box_results.status[row])]
        cause = CAUSES[code] if code >= 0 else ""
        remedy = ""
        if points and (near := points[number].nearest) is not None:
            remedy = what_would_help(net[number], near, detector)
        elif cause:
            remedy = _remedy(net[number], cause, detector, sizes)
        explained.append(
            BoxExplanation(
                number=number,
                label=dataset.categories[category].name if category >= 0 else "",
                xyxy=_as_box(xyxy[number]),
                net=_as_box(net[number]),
                best_iou=best_iou if shaped else None,
                best_anchor=_as_box(labels.anchors[best]) if best >= 0 and best_iou > 0 else None,
                nearest=None if nearest is None else (float(nearest[number, 0]), float(nearest[number, 1])),
                status=status,
                cause=cause,
                assigned=int(assigned[number]),
                remedy=remedy,
                points=points[number] if points else None,
            )
        )
    return explained, places


def _remedy(net: Float, cause: str, detector: Detector, sizes: tuple[Size, Size]) -> str:
    """Say what would match an unmatched box."""
    size = box_sizes(net[None])
    shaped = detector.match.depends_on_anchors
    own = f"an anchor of its own shape, {_side(size[0, 0])}x{_side(size[0, 1])}" if shaped else ""
    or_own = f", or {own}" if own else ""
    if cause == "edge":
        return f"a border of {_border_needed(net, detector, sizes)} px (--allowed-border)"
    if cause == "unused":
        w, h = most_alike(size, detector)
        next_w, next_h = detector.shapes[nearest_shape(size, detector)[0]].tolist()
        return (
            f"anchor {w:g}x{h:g} in the mask of a level; or anchors without those that no mask names: "
            f"{next_w:g}x{next_h:g} then takes the box"
        )
    if not size.all():
        return "raise --input-size, or fix the box: it has no area on the input"
    if cause == "stride":
        iou = float(wh_iou(size, detector.shapes).max())
        written = told_apart(iou, detector.match.foreground_from, "2f")
        reach = f"an anchor centred on it would reach IoU {written}: " if shaped else ""
        return f"{reach}a finer grid{or_own}"
    if cause in ("small", "large"):
        factor = engines.scale_to_match(size, detector, up=cause == "small")
        times = f"{_times(factor)}x" if cause == "small" else f"{_times(1 / factor)}x"
        return f"{'raise' if cause == 'small' else 'lower'} --input-size by {times}{or_own}"
    return own


def _times(factor: float) -> str:
    """Write a factor above 1 with two decimals, rounded up: a little less would not be enough."""
    return f"{math.ceil(round(100 * factor, 6)) / 100:.2f}" if factor < 1e6 else f"{factor:.3g}"


def _side(length: float) -> str:
    """Write the side of a box in whole pixels; below ten with two digits, so that it fits."""
    return f"{length:.0f}" if length >= 10 else f"{float(f'{length:.2g}'):g}"


def _border_needed(net: Float, detector: Detector, sizes: tuple[Size, Size]) -> int:
    """Return the smallest whole border, in pixels, at which an anchor that matches the box counts."""
    canvas, image = sizes
    anchors, _ = all_anchors(*canvas, detector)
    own = compared_boxes(net[None], *canvas, detector.anchors)
    every = compared_anchors(anchors, *canvas, detector.anchors)
    iou = iou_with_each(own.corners[0], every.corners, (own.areas[0], every.areas))
    # Without an anchor above the threshold, the best one is forced.
    good = anchors[iou >= min(detector.match.threshold, float(iou.max()))].astype(np.float64)
    w, h = image if detector.border.against == "image" else canvas
    if detector.border.of == "centre":
        good = np.tile((good[:, :2] + good[:, 2:]) / 2, 2)
    beyond = np.maximum(np.maximum(-good[:, 0], -good[:, 1]), np.maximum(good[:, 2] - w, good[:, 3] - h))
    return math.floor(float(beyond.min())) + 1  # the rule may be strict: x1 > -border


def _as_box(row: Float) -> Box:
    x1, y1, x2, y2 = row.tolist()
    return x1, y1, x2, y2
