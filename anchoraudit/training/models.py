"""The detector of what a training script has at hand."""

from __future__ import annotations

from anchoraudit.detectors import Detector, DetectorLike, load_detector


def detector_of(model: DetectorLike) -> Detector:
    """Return the detector of a model in memory, a preset's name, a detector file, or a `Detector` itself.

    Raises AnchorauditError if it cannot be read.
    """
    return load_detector(model)
