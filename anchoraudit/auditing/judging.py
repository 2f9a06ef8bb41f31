"""From boxes on their canvases to the results of an audit: statuses, verdicts, causes and counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from anchoraudit.arrays import Bool, Int, Int8, are_any, stable_argsort
from anchoraudit.auditing.results import BoxResults, ImageResults
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.labels import Labels
from anchoraudit.detectors import Detector
from anchoraudit.encoding import engines
from anchoraudit.encoding.canvas import Placed
from anchoraudit.encoding.causes import CAUSES, causes_of
from anchoraudit.encoding.results import Judged
from anchoraudit.encoding.statuses import STATUSES, has
from anchoraudit.encoding.verdicts import VERDICT_CODE, verdicts_of

# 64 images have a few million candidate anchors at most, which is some tens of megabytes.
_IMAGES_AT_ONCE = 64


def judge_boxes(
    labels: Labels, dataset: Dataset, placed: Placed, detector: Detector, *, brief: bool
) -> BoxResults:
    """Replay the encoder for all usable boxes, which are placed on their canvases.

    brief: without best IoUs, which are NaN then.
    """
    count, rows = len(labels.usable), placed.rows
    if brief:
        alone = Judged(np.full(len(rows), np.nan), engines.statuses(placed.boxes, detector))
    else:
        alone = engines.judge_quickly(placed.boxes, detector)
    own = rows if len(rows) < count else slice(None)
    image, category = dataset.boxes.image[own], dataset.boxes.category[own]
    judged = engines.compete(placed.boxes, image, alone, detector, category)
    results = BoxResults(
        usable=labels.usable,
        best_iou=np.full(count, np.nan),
        status=np.zeros(count, dtype=np.int8),
        cause=np.full(count, -1, dtype=np.int8),
    )
    results.best_iou[own] = judged.best
    results.status[own] = judged.status
    if engines.has_candidates(detector):
        results.count_candidates = partial(_count_candidates, count, placed, detector)
    results.shortages = engines.shortages(placed.boxes, image, judged, detector).of_rows(rows)
    lost = np.flatnonzero(has(judged.status, "unmatched"))
    results.cause[rows[lost]] = causes_of(placed.boxes.take(lost), detector)
    return results


def _count_candidates(count: int, placed: Placed, detector: Detector) -> Int:
    """Return the number of candidates of all boxes, -1 where not usable: int64 [count]."""
    found = np.full(count, -1, dtype=np.int64)
    found[placed.rows] = engines.count_candidates(placed.boxes, detector)
    return found


def judge_images(dataset: Dataset, boxes: BoxResults, raises: Int8) -> ImageResults:
    """Return what follows for the N images.

    raises: int8 [N], why the framework would raise, index into `errors_raised.REASONS`.
    """
    count, image = len(dataset.images), dataset.boxes.image
    tally = np.bincount(image * len(STATUSES) + boxes.status, minlength=count * len(STATUSES))
    by_status = tally.reshape(count, len(STATUSES))
    total = by_status.sum(axis=1)
    best = np.full(count, np.nan)
    np.fmax.at(best, image, boxes.best_iou)  # fmax ignores NaN, which boxes that are not usable have
    none = np.full(count, -1, dtype=np.int8)
    results = ImageResults(total, by_status, best, none, none.copy(), raises)
    results.verdict = verdicts_of(
        boxes=total > 0,
        usable=results.usable > 0,
        matched=results.of("matched", "possible") > 0,
        forced=results.of("forced", "borrowed") > 0,
        size_unknown=np.isnan(dataset.images.width),
        raises=raises > 0,
        fate=dataset.images.fate,
    )
    results.lost = boxes.shortages.lost_by_image(image, count)
    is_empty = results.verdict == VERDICT_CODE["empty_foreground"]
    results.cause = _most_common_cause(image, boxes.cause, is_empty)
    return results


def add_best_of_flagged(
    boxes: BoxResults, images: ImageResults, dataset: Dataset, placed: Placed, detector: Detector
) -> None:
    """Find the best IoU of boxes in images that are not fine: nobody asks for that of others."""
    image = dataset.boxes.image[placed.rows]
    some = np.flatnonzero((images.verdict != VERDICT_CODE["ok"])[image])
    best = engines.judge_quickly(placed.boxes.take(some), detector).best
    boxes.best_iou[placed.rows[some]] = best
    np.fmax.at(images.best_iou, image[some], best)


def _most_common_cause(image: Int, cause: Int8, asked: Bool) -> Int8:
    """Return the most common cause of unmatched boxes of the images `asked`, bool [N]: int8 [N].

    -1 without any, and of other images. On ties the earlier one in CAUSES wins.
    """
    found = np.full(len(asked), -1, dtype=np.int8)
    images = np.flatnonzero(asked)
    place = np.empty(len(asked), dtype=np.int64)
    place[images] = np.arange(len(images))
    rows = np.flatnonzero((cause >= 0) & asked[image])
    codes = place[image[rows]] * len(CAUSES) + cause[rows]
    tally = np.bincount(codes, minlength=len(images) * len(CAUSES)).reshape(-1, len(CAUSES))
    found[images] = np.where(tally.any(axis=1), tally.argmax(axis=1), -1)
    return found


def count_anchors(
    dataset: Dataset,
    detector: Detector,
    usable: Placed,
    results: tuple[BoxResults, ImageResults],
    progress: Callable[[int, int], None] | None,
) -> None:
    """Count anchors into the results, some images at a time. usable: all usable boxes, in file order."""
    rows, placed, of_image = usable.rows, usable.boxes, usable.of_image
    image, (boxes, images) = dataset.boxes.image, results
    count = len(of_image)
    images.counts = np.full((count, 3), -1, dtype=np.int64)
    boxes.assigned = np.zeros(len(boxes.usable), dtype=np.int64)
    order = stable_argsort(image[rows])
    owner = image[rows][order]
    not_judged = [VERDICT_CODE[name] for name in ("encoder_error", "left_out", "unknown")]
    judged = np.flatnonzero(~are_any(images.verdict, not_judged))
    for start in range(0, count, _IMAGES_AT_ONCE):
        some = judged[(judged >= start) & (judged < start + _IMAGES_AT_ONCE)]
        own = order[np.searchsorted(owner, start) : np.searchsorted(owner, start + _IMAGES_AT_ONCE)]
        own = own[np.isin(image[rows[own]], some)]
        counted = engines.count(
            placed.take(own), np.searchsorted(some, image[rows[own]]), of_image[some], detector
        )
        images.counts[some] = counted.counts
        boxes.assigned[rows[own]] = counted.assigned
        if progress is not None:
            progress(min(start + _IMAGES_AT_ONCE, count), count)
