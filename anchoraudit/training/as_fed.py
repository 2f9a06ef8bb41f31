"""The detector as it judges what it is fed: without what its loader has done to images and boxes already."""

from __future__ import annotations

import msgspec

from anchoraudit.detectors import Detector
from anchoraudit.detectors.labels import Labels
from anchoraudit.detectors.resize import Resize

_OF_CLASSES = ("at_count", "above_count")
# ultralytics 8.4.190: utils/tal.py `get_box_metrics` and models/utils/ops.py `HungarianMatcher`; yolov5
# 5081342f: utils/loss.py, all by running them.
_BEYOND_CLASSES = "IndexError: index ... is out of bounds"


def as_fed(detector: Detector, *, resized: bool) -> Detector:
    """Return the detector for images and boxes that a loop hands to it.

    resized: they have the size of the network's input already, as of frameworks whose loaders resize. Then
    the model only pads the images of a batch to a common size, and boxes are as the loss gets them.
    """
    detector = msgspec.structs.replace(detector, labels=_without_loader(detector.labels))
    return msgspec.structs.replace(detector, resize=_already_done(detector)) if resized else detector


def _without_loader(labels: Labels) -> Labels:
    """Return what the model does with boxes that its loader has left alone, or has never seen."""
    if labels.limits_by == "loader":  # the loader has applied them, or the user's own data set never will
        limits = ("least_side", "greatest_aspect", "most_labels", "beyond", "beyond_error", "least_side_of")
        inclusive = ("least_side_inclusive", "greatest_aspect_inclusive", "limits_by", "limits_in")
        defaults = Labels()
        unlimited = {name: getattr(defaults, name) for name in (*limits, *inclusive)}
        labels = msgspec.structs.replace(labels, **unlimited)
    # Only a loader can leave out the whole image for a class; the loss uses the number as an index.
    beyond = {name: "raises" for name in _OF_CLASSES if getattr(labels, name) == "drops_image"}
    if beyond:
        error = labels.above_count_error or _BEYOND_CLASSES
        labels = msgspec.structs.replace(labels, **beyond, above_count_error=error)
    return labels


def _already_done(detector: Detector) -> Resize:
    """Return the resize of images that have the size of the network's input.

    Boxes keep all their bits where the model gets centre and size, or fractions: their corners in float64
    give these back.
    """
    old = detector.resize
    pads = old.pad == "multiple"
    by_centre = old.handed == "centre_size"
    exact = by_centre or detector.match.takes_fractions
    fixed = detector.anchors.units == "fractions"  # of a canvas that has one size only
    return Resize(
        kind="stretch" if fixed else "none",
        width=old.width if fixed else 0,
        height=old.height if fixed else 0,
        precision="float64" if exact else "float32",
        handed="centre_size" if by_centre else "pixels",
        pad="multiple" if pads else "none",
        multiple=old.multiple if pads else 0,
        degenerate=old.degenerate,
        degenerate_error=old.degenerate_error,
    )
