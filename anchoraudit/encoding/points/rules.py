"""The rules by which points are candidates of boxes: one module for each kind of matching, found by itself.

A module of this package is a rule if it has `KINDS`. It then offers:

KINDS: the kinds of `Match` that it handles.
candidates(boxes, points, detector) -> bool [N, P]: the definition, in the framework's order of operations and
    precision. boxes: float64 [N, 4].
rectangles(boxes, level, detector) -> list of Rectangle: the same in closed form, for the points of one level.
priority(boxes, detector) -> [N]: of several boxes, which one learns a point; the lowest number does. Only
    where no prediction decides.

A rule may also have these, for speed; with the last, its candidates lie inside the box:

surely_have(boxes, near, detector) -> bool [n]: of boxes whose centre lies on the canvas, true only for those
    that have a candidate for sure, the point nearest to their centre. `surely_have` below asks it. near:
    float64 [L, D, 2], what `reaches` returns for the canvases of the boxes.
may_have(boxes, level, detector) -> bool [n]: false for boxes that have no candidate on a level for sure.
likely_level(boxes, detector) -> int64 [n]: the level on which most candidates of a box lie; if it surely has
    one, then on this level.

And these, where a box takes some of its candidates before all others, and points of other boxes after them:

MOST_CHOSEN: how many points a box chooses at most.
preferred(boxes, points, detector) -> bool [N, P]: the candidates that are taken first.
preferred_rectangle(boxes, level, detector) -> Rectangle: the same in closed form, for points of one level.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol, cast

import numpy as np

from anchoraudit.arrays import Bool, Float, Floating
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import OnCanvas
from anchoraudit.encoding.points.lattice import AllPoints, Rectangle
from anchoraudit.io.plugins import load_module, module_names

PACKAGE = "anchoraudit.encoding.points"
# Larger than any rounding error of a distance in float32: 2^-7 px below 2^17 px, the largest canvas.
SLACK = 1e-2


class PointRule(Protocol):
    """What a module of a rule offers."""

    KINDS: tuple[str, ...]

    def candidates(self, boxes: Float, points: AllPoints, detector: Detector) -> Bool:
        """Tell which points are candidates of each box."""
        ...

    def rectangles(self, boxes: OnCanvas, level: int, detector: Detector) -> list[Rectangle]:
        """Return the rectangles of points of a level that together are each box's candidates."""
        ...

    def priority(self, boxes: Float, detector: Detector) -> Floating:
        """Return the number of each box by which points are given; the lowest gets a point."""
        ...


@cache
def point_rules() -> dict[str, PointRule]:
    """Return the rule of each kind of matching by points."""
    found: dict[str, PointRule] = {}
    for name in module_names(PACKAGE):
        module = load_module(PACKAGE, name)
        for kind in getattr(module, "KINDS", ()):
            found[kind] = cast(PointRule, module)
    return found


def rule_of(detector: Detector) -> PointRule:
    """Return the rule for a detector's kind of matching."""
    return point_rules()[detector.match.kind]


def surely_have(boxes: OnCanvas, near: Float, detector: Detector) -> Bool | None:
    """Tell at a glance which boxes have a candidate, as far as that is sure: bool [n].

    None if the rule cannot tell. near: float64 [L, D, 2], what `reaches` returns.
    """
    asked: Any = getattr(rule_of(detector), "surely_have", None)
    if asked is None:
        return None
    found: Bool = asked(boxes, near, detector) & centred_on_canvas(boxes)
    return found


def centred_on_canvas(boxes: OnCanvas) -> Bool:
    """Tell of which boxes the centre lies on the canvas: bool [n]. Then a point is as near as `reaches` says.

    Others are handed over only by training loops; a box that is clipped to its image always is.
    """
    inside = np.ones(len(boxes.of), dtype=np.bool_)
    with np.errstate(invalid="ignore", over="ignore"):
        for axis in (0, 1):
            twice = boxes.boxes[:, axis] + boxes.boxes[:, axis + 2]
            inside &= (twice >= 0) & (twice <= 2 * boxes.canvases.along(axis)[0][boxes.of])
    return inside


def may_choose(detector: Detector) -> int:
    """Return how many points a box chooses at most, of other boxes too where it prefers fewer; 0: its own."""
    return int(getattr(rule_of(detector), "MOST_CHOSEN", 0))


def preferred(boxes: Float, points: AllPoints, detector: Detector) -> Bool:
    """Tell which candidates a box takes before others, where it may choose those too: bool [N, P]."""
    rule: Any = rule_of(detector)
    found: Bool = rule.preferred(boxes, points, detector)
    return found


def preferred_rectangle(boxes: OnCanvas, level: int, detector: Detector) -> Rectangle:
    """Return the same for the points of one level."""
    rule: Any = rule_of(detector)
    found: Rectangle = rule.preferred_rectangle(boxes, level, detector)
    return found
