"""The engine for a detector: one module for each kind of matching, found by itself.

A module of this package is an engine if it has `KINDS`. It then offers:

KINDS: the kinds of `Match` that it handles.
replay(boxes, width, height, detector, image) -> DenseLabels: the labels of one image, by the definition.
judge(boxes, detector) -> Judged: the status of all boxes of a data set, each independent of the others.
count(boxes, image, of_image, detector) -> Counted: the exact number of anchors of each label, per image.
causes(sizes, detector) -> int8: why boxes of these sizes are unmatched although no border rule hinders.
scale_to_match(size, detector, up) -> float: the least scaling after which a box matches that is too small
    (up) or too large. Needed only if `causes` returns "small" or "large".
An engine may do without these:

levels(boxes, detector) -> bool [n, L]: the levels on which each box has a positive anchor, or a candidate.
    Without it nothing is said of levels.
STATUSES_TELL_LEVELS: with a single level, all boxes but the unmatched ones would have a positive anchor on it
    were each alone. So `levels` need not be asked.
judge_quickly(boxes, detector) -> Judged: the same statuses as `judge`, without numbers of candidates.
statuses(boxes, detector) -> int8: the same statuses as `judge`, and nothing else.
count_candidates(boxes, detector) -> int64 [n]: the number of points that can become positive for each box,
    were it alone. Only engines for points have it.
compete(boxes, image, judged, detector, category, first) -> Judged: the judgement with all boxes of an image
    present. Without it, of equal boxes the one is trained that `Match.repeated` says.
shortages(boxes, image, judged, detector) -> Shortages: the boxes that can be given too few points, or
    queries, together. Without it there are none.
causes_at(boxes, detector) -> int8: in place of `causes`, where it is not sizes alone that decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Protocol, cast

import numpy as np

from anchoraudit import encoding
from anchoraudit.arrays import Bool, Float, Int, Int8
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.repeated import repeats
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.definition import DenseLabels
from anchoraudit.encoding.results import Counted, Judged
from anchoraudit.encoding.shortages import Shortages
from anchoraudit.encoding.statuses import STATUS_CODE
from anchoraudit.io.plugins import load_module, module_names, stated


class Engine(Protocol):
    """What an engine module offers."""

    KINDS: tuple[str, ...]

    def replay(
        self, boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None
    ) -> DenseLabels:
        """Label every anchor of one image by its definition."""
        ...

    def judge(self, boxes: OnCanvas, detector: Detector) -> Judged:
        """Return best value and status of every box."""
        ...

    def count(self, boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
        """Count the anchors of images by label."""
        ...

    def causes(self, sizes: Float, detector: Detector) -> Int8:
        """Return why boxes of these sizes are unmatched."""
        ...

    def scale_to_match(self, size: Float, detector: Detector, *, up: bool) -> float:
        """Return the factor by which a box must be scaled to match."""
        ...


# Boxes may be as large as numbers go. Then areas and sums are infinite, and what is computed of these is no
# number, in the frameworks too: no rule holds of it.
_without_bounds = np.errstate(over="ignore", invalid="ignore")


@cache
def find_engines() -> dict[str, Engine]:
    """Return the engine of each kind of matching."""
    found: dict[str, Engine] = {}
    for name in module_names(encoding.__name__):
        module = load_module(encoding.__name__, name)
        for kind in getattr(module, "KINDS", ()):
            found[kind] = cast(Engine, module)
    return found


def engine_of(detector: Detector) -> Engine:
    """Return the engine module for a detector's kind of matching, if possible without importing others."""
    return _engine_of(detector.match.kind, tuple(encoding.__path__))


@cache
def _engine_of(kind: str, path: tuple[str, ...]) -> Engine:
    """Return the engine for a kind. path: of the package, to which a plugin may add a folder."""
    for name in module_names(encoding.__name__):
        if kind in (stated(encoding.__name__, name, "KINDS") or ()):
            return cast(Engine, load_module(encoding.__name__, name))
    return find_engines()[kind]


@_without_bounds
def replay(boxes: Float, canvas: Canvases, detector: Detector) -> DenseLabels:
    """Label every anchor of one image by the definition; canvas: of that image (D = 1)."""
    width, height, w, h = (float(getattr(canvas, name)[0]) for name in Canvases.__slots__)
    return engine_of(detector).replay(boxes, width, height, detector, (w, h))


@_without_bounds
def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Return best IoU (or other measure) and status of every box, each independent of the others."""
    return engine_of(detector).judge(boxes, detector)


@_without_bounds
def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the anchors of M images by label, and those assigned to each box.

    image: int64 [n], the image of each box, ascending. of_image: int64 [M], the canvas of each image.
    """
    return engine_of(detector).count(boxes, image, of_image, detector)


@_without_bounds
def levels(boxes: OnCanvas, detector: Detector) -> Bool | None:
    """Tell on which of the L levels each box has a positive anchor, matched or forced: bool [n, L].

    Each box is taken alone. None if the engine cannot tell.
    """
    found: Callable[[OnCanvas, Detector], Bool] | None = getattr(engine_of(detector), "levels", None)
    return None if found is None else found(boxes, detector)


def statuses_tell_levels(detector: Detector) -> bool:
    """Tell whether the boxes that `levels` finds are all but the unmatched ones, for want of other levels."""
    return len(detector.strides) == 1 and getattr(engine_of(detector), "STATUSES_TELL_LEVELS", False)


@_without_bounds
def judge_quickly(boxes: OnCanvas, detector: Detector) -> Judged:
    """Return the same, but perhaps without numbers of candidates."""
    quickly: Callable[[OnCanvas, Detector], Judged] | None = getattr(
        engine_of(detector), "judge_quickly", None
    )
    return judge(boxes, detector) if quickly is None else quickly(boxes, detector)


@_without_bounds
def statuses(boxes: OnCanvas, detector: Detector) -> Int8:
    """Return the status of every box alone, as `judge` does: int8 [n], index into `STATUSES`."""
    alone: Callable[[OnCanvas, Detector], Int8] | None = getattr(engine_of(detector), "statuses", None)
    return judge_quickly(boxes, detector).status if alone is None else alone(boxes, detector)


def statuses_need_no_best(detector: Detector) -> bool:
    """Tell whether `statuses` are found sooner than best IoUs, and whether nothing else follows from those.

    Best IoUs tell whether anchors are forced, and engines with rivals compare them.
    """
    engine = engine_of(detector)
    return detector.match.force == "none" and hasattr(engine, "statuses") and not hasattr(engine, "compete")


def has_candidates(detector: Detector) -> bool:
    """Tell whether boxes have candidates, whose number `count_candidates` returns."""
    return hasattr(engine_of(detector), "count_candidates")


@_without_bounds
def count_candidates(boxes: OnCanvas, detector: Detector) -> Int:
    """Return the points that can become positive for each box, were it alone: int64 [n].

    The detector is one that `has_candidates`.
    """
    own: Callable[[OnCanvas, Detector], Int] = getattr(engine_of(detector), "count_candidates")  # noqa: B009
    return own(boxes, detector)


@_without_bounds
def compete(
    boxes: OnCanvas,
    image: Int,
    judged: Judged,
    detector: Detector,
    category: Int,
    *,
    first: Int | None = None,
) -> Judged:
    """Return the judgement of n boxes with all boxes of their images present.

    judged: what `judge` or `judge_quickly` returns. image, category: int64 [n], image and class of each box.
    first: int64 [n], what `repeats` returns of them, if it is known. No verdict changes: a box loses its
    anchors or points only to another one of its image.
    """
    own: Callable[..., Judged] | None = getattr(engine_of(detector), "compete", None)
    if own is not None:
        return own(boxes, image, judged, detector, category, first=first)
    if detector.match.repeated != "first":
        return judged
    if first is not None:
        return without_later_equals(judged, first >= 0, detector)
    some = np.flatnonzero(judged.foreground)  # equal boxes have one status, and others are not shadowed
    later = np.zeros(len(image), dtype=np.bool_)
    later[some] = repeats(image[some], boxes.boxes.take(some, axis=0)) >= 0
    return without_later_equals(judged, later, detector)


@_without_bounds
def shortages(boxes: OnCanvas, image: Int, judged: Judged, detector: Detector) -> Shortages:
    """Return the shortages among n boxes: those of an image that can be given fewer points than they are.

    image: int64 [n], the image of each box. judged: what `compete` returns.
    """
    own: Callable[..., Shortages] | None = getattr(engine_of(detector), "shortages", None)
    return Shortages.none() if own is None else own(boxes, image, judged, detector)


def has_rivals(detector: Detector) -> bool:
    """Tell whether unequal boxes of an image may take anchors or points from each other."""
    return hasattr(engine_of(detector), "compete")


def without_later_equals(judged: Judged, later: Bool, detector: Detector) -> Judged:
    """Return the judgement of boxes of which some equal an earlier one of their image.

    later: bool [n], these boxes. This is `compete` for a detector without rivals.
    """
    if detector.match.repeated != "first" or not later.any():
        return judged
    status = judged.status.copy()
    status[later & judged.foreground] = STATUS_CODE["shadowed"]
    return replace(judged, status=status)


@_without_bounds
def causes(boxes: OnCanvas, detector: Detector) -> Int8:
    """Return why boxes are unmatched although no border rule hinders.

    int8 [n], index into `causes_by_size.CAUSES`.
    """
    engine = engine_of(detector)
    at: Callable[[OnCanvas, Detector], Int8] | None = getattr(engine, "causes_at", None)
    return engine.causes(box_sizes(boxes.boxes), detector) if at is None else at(boxes, detector)


def scale_to_match(size: Float, detector: Detector, *, up: bool) -> float:
    """Return the factor nearest 1 that makes a box of size [1, 2] match, too small (up) or too large now."""
    return engine_of(detector).scale_to_match(size, detector, up=up)
