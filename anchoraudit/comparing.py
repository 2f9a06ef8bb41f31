"""Several detectors on one data set, side by side: read once, judged by each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from anchoraudit.auditing import STATUSES, VERDICTS, BoxResults, ImageResults, judge_detector
from anchoraudit.causes import CAUSES
from anchoraudit.dataset import Dataset
from anchoraudit.detectors import Detector
from anchoraudit.encoding.canvas import place_all
from anchoraudit.labels import prepare


@dataclass(frozen=True, slots=True)
class Compared:
    """What one detector makes of the data set.

    images, usable: how many there are. verdicts: images by verdict. matched, forced, unmatched: usable boxes.
    median_best: of the best IoU (or `measure`) of usable boxes, None without any. cause: the one that most
    unmatched boxes have, "" if none is unmatched. on_empty: what an empty mask does.
    """

    detector: str
    images: int
    usable: int
    verdicts: dict[str, int]
    matched: int
    forced: int
    unmatched: int
    measure: str
    median_best: float | None
    cause: str
    on_empty: str


def compare(
    dataset: Dataset,
    detectors: Sequence[Detector],
    *,
    drop_difficult: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Compared]:
    """Judge every image by each detector, in the given order. progress: called with (done, to do)."""
    labels = prepare(dataset, drop_difficult=drop_difficult)
    rows = np.flatnonzero(labels.usable)
    compared: dict[int, Compared] = {}
    # Detectors that resize alike see the same boxes, which are placed once.
    order = sorted(range(len(detectors)), key=lambda i: repr(_placing(detectors[i])))
    placed = None
    for done, i in enumerate(order):
        if placed is None or _placing(detectors[i]) != _placing(detectors[order[done - 1]]):
            placed = place_all(dataset, rows, detectors[i])
        compared[i] = _compared(dataset, detectors[i], judge_detector(dataset, labels, detectors[i], placed))
        if progress is not None:
            progress(done + 1, len(detectors))
    return [compared[i] for i in range(len(detectors))]


def _placing(detector: Detector) -> tuple[object, str]:
    return detector.resize, detector.anchors.precision


def _compared(dataset: Dataset, detector: Detector, results: tuple[BoxResults, ImageResults]) -> Compared:
    boxes, images = results
    best = boxes.best_iou[boxes.usable]
    status = np.bincount(boxes.status, minlength=len(STATUSES)).tolist()
    causes = np.bincount(boxes.cause[boxes.cause >= 0], minlength=len(CAUSES))
    verdicts = np.bincount(images.verdict, minlength=len(VERDICTS)).tolist()
    return Compared(
        detector=detector.name,
        images=len(dataset.images),
        usable=len(best),
        verdicts=dict(zip(VERDICTS, verdicts, strict=True)),
        matched=status[STATUSES.index("matched")],
        forced=status[STATUSES.index("forced")],
        unmatched=status[STATUSES.index("unmatched")],
        measure=detector.match.measure,
        median_best=float(np.median(best)) if len(best) else None,
        cause=CAUSES[int(causes.argmax())] if causes.any() else "",
        on_empty=detector.loss.outcome,
    )
