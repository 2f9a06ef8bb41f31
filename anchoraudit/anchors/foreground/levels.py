"""Deals anchors out to a detector's levels: small ones to fine grids, large ones to coarse grids.

Source: the masks of YOLOv3 and `anchors` of YOLOv5, which deal out sorted anchors in this way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from anchoraudit.detectors import Detector
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.anchors.file import Anchor

RULE = (
    "by area, equally many a level, the largest on the coarsest; what is left over goes to the finer levels"
)


@dataclass(frozen=True, slots=True)
class OnLevel:
    """The anchors of one level: its stride, and (width, height) by area, in pixels of the input."""

    stride: float
    anchors: tuple[Anchor, ...]

    @property
    def below_stride(self) -> tuple[Anchor, ...]:
        """The anchors with a side shorter than the step from one anchor to the next."""
        return tuple(anchor for anchor in self.anchors if min(anchor) < self.stride)


def shares(count: int, strides: Sequence[float]) -> list[int]:
    """Return how many of `count` anchors each level gets.

    Each gets count / levels. What is left goes one each to the finest levels.

    Raises AnchorauditError if there are fewer anchors than levels.
    """
    levels = len(strides)
    if count < levels:
        raise AnchorauditError(
            f"{count} anchor{'s' * (count != 1)} for {levels} levels",
            remedy=f"Ask for at least --k {levels}, or name a detector of fewer levels.",
        )
    finest_first = sorted(range(levels), key=lambda i: strides[i])
    share = [count // levels] * levels
    for i in finest_first[: count % levels]:
        share[i] += 1
    return share


def split(anchors: Sequence[Anchor], strides: Sequence[float]) -> list[OnLevel]:
    """Deal anchors out to levels by `RULE`, in the order of `strides`. Raises as `shares` does."""
    by_area = sorted(anchors, key=lambda anchor: (anchor[0] * anchor[1], anchor))
    share = shares(len(by_area), strides)
    dealt: list[tuple[Anchor, ...]] = [()] * len(strides)
    first = 0
    for i in sorted(range(len(strides)), key=lambda i: strides[i]):
        dealt[i] = tuple(by_area[first : first + share[i]])
        first += share[i]
    return [OnLevel(stride, own) for stride, own in zip(strides, dealt, strict=True)]


def strides_of(detector: Detector) -> tuple[float, ...]:
    """Return the strides of the detector's levels, in its order."""
    return tuple(level.stride for level in detector.anchors.levels)


def on_levels(anchors: Sequence[Anchor], detector: Detector) -> list[OnLevel]:
    """Deal anchors out to the levels of a detector, in its order. Raises as `split` does."""
    return split(anchors, strides_of(detector))


def by_stride(levels: Sequence[OnLevel], detector: Detector) -> list[OnLevel]:
    """Return the levels in the detector's order: the finest goes with the detector's finest, and so on."""
    own = strides_of(detector)
    order = sorted(range(len(own)), key=lambda i: own[i])
    finest_first = sorted(levels, key=lambda level: level.stride)
    return [level for _, level in sorted(zip(order, finest_first, strict=True), key=lambda pair: pair[0])]


def lay_out(detector: Detector, anchors: Sequence[Anchor]) -> Detector:
    """Return the detector with these anchors in place of its own, dealt out to its levels.

    Raises AnchorauditError if there are fewer anchors than levels.
    """
    return with_levels(detector, on_levels(anchors, detector))


def with_levels(detector: Detector, levels: Sequence[OnLevel]) -> Detector:
    """Return the detector with the anchors of these levels in place of its own, paired by stride."""
    replaced = tuple(
        level.holding(new.anchors)
        for level, new in zip(detector.anchors.levels, by_stride(levels, detector), strict=True)
    )
    return msgspec.structs.replace(detector, anchors=detector.anchors.with_pixel_shapes(replaced))
