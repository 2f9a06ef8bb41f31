"""The points of each box of one image, under a detector without anchors: how many, whose, and why none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.boxes import box_sizes
from anchoraudit.detectors import Detector
from anchoraudit.encoding.points.definition import candidates, owners
from anchoraudit.encoding.points.lattice import all_points
from anchoraudit.encoding.points.nearest import Nearest, nearest_point
from anchoraudit.encoding.points.reach import reachable, shortages_in


@dataclass(frozen=True, slots=True)
class Shared:
    """Another box of the image, and the number of points that it takes, or can take, from this one."""

    box: int
    points: int


@dataclass(frozen=True, slots=True)
class PointsOfBox:
    """The points of one box.

    candidates: how many can become positive for it, were it alone, by level. own: how many it learns, by
    level; None where predictions decide. others: the boxes that learn the rest of them, or that share them
    where predictions decide; most points first. nearest: the point that misses it by least; None for a box
    with candidates.
    """

    candidates: tuple[int, ...]
    own: tuple[int, ...] | None
    others: tuple[Shared, ...]
    nearest: Nearest | None


@dataclass(frozen=True, slots=True)
class Places:
    """Points to draw, C of them: pixels of the network's input.

    xy: float64 [C, 2]. box: int64 [C], the box that each is a candidate of. own: bool [C], this box learns
    it, or may where predictions decide.
    """

    xy: Float
    box: Int
    own: Bool


@dataclass(frozen=True, slots=True)
class TooFew:
    """Boxes that can be given no other points than these, which are fewer; `lost` of them get none at a step.

    boxes: their numbers in the image. points: x, y and stride of each, pixels of the network's input.
    """

    boxes: tuple[int, ...]
    points: tuple[tuple[float, float, float], ...]
    lost: int


def with_too_few_points(
    net: Float, status: Int8, canvas: tuple[float, float], detector: Detector
) -> list[TooFew]:
    """Return the boxes of one image that have too few points together.

    net: float64 [n, 4], boxes on the network's input. status: int8 [n], index into STATUSES.
    """
    points = all_points(*canvas, detector.points)
    found = shortages_in(net, points, status, detector)
    listed = []
    for number, lost in enumerate(found.lost.tolist()):
        boxes = found.box[found.group == number]
        own = np.flatnonzero(reachable(net, points, detector)[boxes].any(axis=0))
        places = np.column_stack([points.xy[own], points.size[own]]).astype(np.float64)
        listed.append(
            TooFew(tuple(boxes.tolist()), tuple((x, y, size) for x, y, size in places.tolist()), lost)
        )
    return listed


def explain_points(
    net: Float, canvas: tuple[float, float], detector: Detector
) -> tuple[list[PointsOfBox], Places]:
    """Explain the boxes of one image. net: float64 [n, 4], boxes on the network's input."""
    points = all_points(*canvas, detector.points)
    found = candidates(net, points, detector)
    of = owners(net, found, detector) if detector.match.is_prediction_free else None
    explained = [_of_box(number, found, of, points.level, detector) for number in range(len(net))]
    for number, one in enumerate(explained):
        if not sum(one.candidates):
            explained[number] = replace(one, nearest=nearest_point(net[number], points, detector))
    box, point = np.nonzero(found)
    own = np.ones(len(box), dtype=np.bool_) if of is None else of[point] == box
    return explained, Places(points.xy[point].astype(np.float64), box, own)


def _of_box(number: int, found: Bool, of: Int | None, level: Int, detector: Detector) -> PointsOfBox:
    mine, levels = found[number], len(detector.strides)
    by_level = np.bincount(level[mine], minlength=levels).tolist()
    own: tuple[int, ...] | None = None
    if of is None:
        taken = (found & mine).sum(axis=1)
    else:
        own = tuple(np.bincount(level[mine & (of == number)], minlength=levels).tolist())
        taken = np.bincount(of[mine], minlength=len(found))
    taken[number] = 0
    order = np.argsort(-taken, kind="stable")
    others = tuple(Shared(int(box), int(taken[box])) for box in order if taken[box])
    return PointsOfBox(tuple(by_level), own, others, None)


def what_would_help(net: Float, near: Nearest, detector: Detector) -> str:
    """Say what would give a box without candidates a point, wherever it lies. net: float64 [4]."""
    sides = box_sizes(net[None])[0]
    side, short = near.side, float(sides.min())
    if not short > 0:
        return "raise --input-size, or fix the box: it has no area on the input"
    if detector.match.ranges:  # at another size it belongs to other levels, so no factor can be said
        return f"a short side above {side:g} px, at this length on the input, always has a point inside"
    text = f"sides above {side:g} px on the input always have a point inside"
    if short > side:
        return text
    times = np.ceil(100 * side / short + 1e-6) / 100
    return f"{text}: raise --input-size by {times:.2f}x, or cut the image into tiles"
