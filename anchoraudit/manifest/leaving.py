"""Boxes that go into no manifest, because a scan of it would report them as errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from anchoraudit.arrays import Int8
from anchoraudit.dataset import labels
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.outside import far_outside
from anchoraudit.fixes.numbers import extents
from anchoraudit.formats.coco.text import Texts

NOT_FINITE, OUTSIDE, FAR_OUTSIDE = 1, 2, 3
REASONS = ("", "not_finite", "outside", "far_outside")  # named as in `fixes.DROPPED`
STOPS = "stops"  # a further reason: the model stops at the box
_SAID = {
    "not_finite": "no finite coordinates",
    "outside": "they lie outside their image",
    "far_outside": "they lie far outside their image",
}


def left_out(dataset: Dataset, texts: Texts) -> Int8:
    """Return why each box does not go into a manifest: int8 [M], index into REASONS, 0 for a box that does.

    A COCO annotation without any box stays, because it may have another use, such as a caption. One with NaN
    or infinity in its text does not. texts: the sources, if the data set is COCO.
    """
    if not dataset.has_entries:
        dataset = _as_written(dataset)
    boxes = dataset.boxes
    found = np.zeros(len(boxes), dtype=np.int8)
    found[far_outside(dataset, np.arange(len(boxes)))] = FAR_OUTSIDE
    # Difficult boxes too: a scan without --drop-difficult would report them.
    found[labels.prepare(dataset).reason == labels.REASONS.index("outside")] = OUTSIDE
    not_finite = ~np.isfinite(boxes.xyxy).all(axis=1)
    found[not_finite] = NOT_FINITE
    if dataset.has_entries:
        assert boxes.entry is not None
        for row in np.flatnonzero(not_finite & np.isnan(boxes.xyxy).all(axis=1)).tolist():
            text = texts[int(dataset.images.source[boxes.image[row]])]
            first, last = text.entries["annotations"][int(boxes.entry[row])]
            if text.data[first:last] == text.readable[first:last]:
                found[row] = 0
    return found


def _as_written(dataset: Dataset) -> Dataset:
    """Return the data set as it will be read back: coordinates near 1e19 are too coarse for pixels."""
    xyxy = dataset.boxes.xyxy
    with np.errstate(invalid="ignore", over="ignore"):
        xyxy = np.concatenate([xyxy[:, :2], xyxy[:, :2] + extents(xyxy)], axis=1)
    return replace(dataset, boxes=replace(dataset.boxes, xyxy=xyxy))


def remarks(reasons: Int8) -> list[str]:
    """Say how many annotations of kept images are dropped. reasons: of each of their boxes."""
    counts = np.bincount(reasons, minlength=len(REASONS)).tolist()
    return told_of(dict(zip(REASONS, counts, strict=True)))


def told_of(counts: Mapping[str, int]) -> list[str]:
    """Say how many annotations of kept images are dropped. counts: of them, by name of the reason."""
    return [
        f"{number:,} annotation(s) of kept images dropped: {_SAID[name]}"
        for name, number in counts.items()
        if number and name in _SAID
    ]
