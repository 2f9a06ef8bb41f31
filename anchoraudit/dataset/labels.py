"""Which boxes reach the encoder: the default label policy, before any detector.

Crowd boxes are not usable. Boxes are clipped to the image, and those without area after that are not
usable. Difficult objects are kept unless `drop_difficult` is set. No box of an image of unknown size is
usable. Where a framework's loader has decided already which boxes it hands over, the rest of the policy
applies to those, and crowds that it hands over are usable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8, for_each_block, in_any, rows_of
from anchoraudit.boxes import are_finite, clip_boxes, has_area, lie_inside
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.fates import MOVED

# Why a box is not usable. Where several reasons apply, the first one counts. 0 is a usable box.
REASONS = (
    "usable",
    "crowd",
    "difficult",
    "no_box",
    "not_finite",
    "no_area",
    "image_size_unknown",
    "outside",
    "loader",
    "model",
)
# What a report says of such boxes.
REASON_MEANING = {
    "crowd": "crowd",
    "difficult": "difficult",
    "no_box": "without a box",
    "not_finite": "not finite",
    "no_area": "without area",
    "image_size_unknown": "in an image of unknown size",
    "outside": "outside the image",
    "loader": "dropped by the loader",
    "model": "dropped by the model",
}
_CODE = {reason: code for code, reason in enumerate(REASONS)}


@dataclass(frozen=True, slots=True, repr=False)
class Labels:
    """The policy's answer for a data set's M boxes.

    usable: bool [M]. reason: int8 [M], index into REASONS. clipped: bool [M], usable boxes that lost a part
    at the edge of their image.
    """

    usable: Bool
    reason: Int8
    clipped: Bool

    def __repr__(self) -> str:
        return f"<which of {len(self.usable):,} boxes are usable>"

    def without(self, rows: Int, reason: str) -> Labels:
        """Return the answer with these rows, int64, not usable for a reason of REASONS."""
        changed = self.reason.copy()
        changed[rows] = _CODE[reason]
        return Labels(changed == 0, changed, self.clipped & (changed == 0))

    def reasons(self) -> dict[str, int]:
        """Count the boxes that are not usable, by reason. Reasons that do not occur are left out."""
        counts = np.bincount(self.reason, minlength=len(REASONS)).tolist()
        return in_order(dict(zip(REASONS[1:], counts[1:], strict=True)))


def in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Return numbers of boxes by reason in the order of REASONS. Reasons that do not occur are left out.

    Examples
    --------
    >>> in_order({"outside": 2, "no_area": 0, "crowd": 1})
    {'crowd': 1, 'outside': 2}
    """
    return {name: n for name in REASONS if (n := counts.get(name))}


def prepare(dataset: Dataset, *, drop_difficult: bool = False) -> Labels:
    """Apply the policy. The answer has one row for each box, in the same order."""
    reason = np.zeros(len(dataset.boxes), dtype=np.int8)
    clipped = np.zeros(len(dataset.boxes), dtype=np.bool_)
    doubtful = _doubtful(dataset, drop_difficult)

    def work(block: slice) -> None:
        rows = doubtful[block]
        inside = clipped_boxes(dataset, rows)
        own = _reasons_of(dataset, rows, inside, drop_difficult)
        reason[rows] = own
        clipped[rows] = in_any(inside != dataset.boxes.xyxy.take(rows, axis=0)) & (own == 0)

    for_each_block(len(doubtful), work)
    return Labels(reason == 0, reason, clipped)


def _doubtful(dataset: Dataset, drop_difficult: bool) -> Int:
    """Return the rows of all boxes but those that lie whole in their images and that nothing speaks against.

    Those are usable, and are nearly all.
    """
    boxes, images = dataset.boxes, dataset.images
    plain = np.empty(len(boxes), dtype=np.bool_)

    def look(block: slice) -> None:
        of = boxes.image[block]
        plain[block] = lie_inside(boxes.xyxy[block], images.width[of], images.height[of])

    for_each_block(len(plain), look)
    if drop_difficult:
        plain &= ~boxes.difficult
    plain &= ~boxes.crowd if boxes.fate is None else boxes.fate <= MOVED
    return np.flatnonzero(~plain)


def clipped_boxes(dataset: Dataset, rows: Int | slice) -> Float:
    """Return the boxes of these rows, clipped to their images: [n, 4], pixels of the original image.

    Boxes that a training loop hands to its network stay as they are.
    """
    image = dataset.boxes.image[rows]
    own: Float = rows_of(dataset.boxes.xyxy, rows)
    if dataset.is_fed:
        return own
    return clip_boxes(own, dataset.images.width[image], dataset.images.height[image])


def _reasons_of(dataset: Dataset, rows: Int, inside: Float, drop_difficult: bool) -> Int8:
    """Return the reasons for these rows: int8 [n]. inside: their boxes, clipped to their images [n, 4]."""
    boxes = dataset.boxes
    xyxy = boxes.xyxy.take(rows, axis=0)
    reason = np.zeros(len(xyxy), dtype=np.int8)
    # Later lines overwrite earlier ones, so their order is the reverse of REASONS.
    reason[~has_area(inside)] = _CODE["outside"]
    reason[np.isnan(dataset.images.width[boxes.image[rows]])] = _CODE["image_size_unknown"]
    reason[~has_area(xyxy)] = _CODE["no_area"]
    odd = np.flatnonzero(~are_finite(xyxy))
    reason[odd] = np.where(np.isnan(xyxy[odd]).all(axis=1), _CODE["no_box"], _CODE["not_finite"])
    if drop_difficult:
        reason[boxes.difficult[rows]] = _CODE["difficult"]
    if boxes.fate is None:
        reason[boxes.crowd[rows]] = _CODE["crowd"]
    else:
        reason[boxes.fate[rows] > MOVED] = _CODE["loader"]
    return reason
