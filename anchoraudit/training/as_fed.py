"""The detector as it judges what it is fed: without what has been done to images and boxes already."""

from __future__ import annotations

import msgspec

from anchoraudit.detectors import Detector
from anchoraudit.detectors.labels import Labels
from anchoraudit.detectors.resize import Resize


def as_fed(detector: Detector, *, resized: bool) -> Detector:
    """Return the detector for images and boxes that a loop hands to it.

    resized: they have the size of the network's input already, as of frameworks whose loaders resize. Then
    the model only pads the images of a batch to a common size, and boxes are as the loss gets them.
    """
    labels = detector.labels
    if labels.limits_by == "loader":  # the loader has applied them, or the user's own data set never will
        limits = ("least_side", "greatest_aspect", "most_labels", "beyond", "beyond_error", "least_side_of")
        inclusive = ("least_side_inclusive", "greatest_aspect_inclusive", "limits_by", "limits_in")
        defaults = Labels()
        unlimited = {name: getattr(defaults, name) for name in (*limits, *inclusive)}
        detector = msgspec.structs.replace(detector, labels=msgspec.structs.replace(labels, **unlimited))
    if not resized:
        return detector
    old = detector.resize
    pads = old.pad == "multiple"
    new = Resize(
        kind="none",
        precision="float32",
        pad="multiple" if pads else "none",
        multiple=old.multiple if pads else 0,
        degenerate=old.degenerate,
        degenerate_error=old.degenerate_error,
    )
    return msgspec.structs.replace(detector, resize=new)
