"""Which engine answers for a detector: by its kind of matching, one module each, found by itself.

A module of this package that has `KINDS` is an engine, and has four or five functions more:

KINDS: the kinds of `Match` that it answers.
replay(boxes, width, height, detector, image) -> DenseLabels: the definition, one image.
judge(boxes, detector) -> Judged: all boxes of a data set, each without its image's other boxes.
count(boxes, image, of_image, detector) -> Counted: the anchors of whole images by label, exactly.
causes(sizes, detector) -> int8: why boxes of these sizes are unmatched though no border forbids it.
scale_to_match(size, detector, up) -> float: by what a box that is too small (up) or too large for the rule
    must be scaled at least; only of an engine whose `causes` says so.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from anchoraudit import encoding
from anchoraudit.arrays import Float, Int, Int8
from anchoraudit.detectors.spec import Detector
from anchoraudit.encoding.canvas import Canvases, OnCanvas
from anchoraudit.encoding.definition import DenseLabels
from anchoraudit.encoding.results import Counted, Judged


class Engine(Protocol):
    """What a module of an engine offers."""

    KINDS: tuple[str, ...]

    def replay(
        self, boxes: Float, width: float, height: float, detector: Detector, image: tuple[float, float] | None
    ) -> DenseLabels:
        """Label every anchor of one image by its definition."""
        ...

    def judge(self, boxes: OnCanvas, detector: Detector) -> Judged:
        """Best value and status of every box."""
        ...

    def count(self, boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
        """Count the anchors of images by label."""
        ...

    def causes(self, sizes: Float, detector: Detector) -> Int8:
        """Why boxes of these sizes are unmatched."""
        ...

    def scale_to_match(self, size: Float, detector: Detector, *, up: bool) -> float:
        """By what a box must be scaled."""
        ...


@cache
def _engines() -> dict[str, Engine]:
    """The engine of each kind of matching."""
    found: dict[str, Engine] = {}
    for info in pkgutil.iter_modules(encoding.__path__):
        module = import_module(f"{encoding.__name__}.{info.name}")
        for kind in getattr(module, "KINDS", ()):
            found[kind] = cast(Engine, module)
    return found


def engine_of(detector: Detector) -> Engine:
    """The module that answers for a detector."""
    return _engines()[detector.match.kind]


def replay(boxes: Float, canvas: Canvases, detector: Detector) -> DenseLabels:
    """Label every anchor of one image by its definition; canvas: of that image (D = 1)."""
    width, height, w, h = (float(getattr(canvas, name)[0]) for name in Canvases.__slots__)
    return engine_of(detector).replay(boxes, width, height, detector, (w, h))


def judge(boxes: OnCanvas, detector: Detector) -> Judged:
    """Best IoU (or other measure) and status of every box, without its image's other boxes."""
    return engine_of(detector).judge(boxes, detector)


def count(boxes: OnCanvas, image: Int, of_image: Int, detector: Detector) -> Counted:
    """Count the anchors of M images by label, and those assigned to each box.

    image: int64 [n], the image of each box, ascending. of_image: int64 [M], the canvas of each image.
    """
    return engine_of(detector).count(boxes, image, of_image, detector)


def causes(sizes: Float, detector: Detector) -> Int8:
    """Why boxes of sizes [N, 2] are unmatched though no border forbids it: int8 [N], index into CAUSES."""
    return engine_of(detector).causes(sizes, detector)


def scale_to_match(size: Float, detector: Detector, *, up: bool) -> float:
    """The factor nearest 1 by which a box of size [1, 2], too small (up) or too large, must be scaled."""
    return engine_of(detector).scale_to_match(size, detector, up=up)
