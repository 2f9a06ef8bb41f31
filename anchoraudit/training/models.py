"""The detector of what a training script has at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anchoraudit.detectors import Detector, load_detector


def detector_of(model: Any) -> Detector:
    """Return the detector of a model in memory, a preset's name, a detector file, or a `Detector` itself.

    Raises AnchorauditError if it cannot be read.
    """
    if isinstance(model, str | Path | Detector):
        return load_detector(model)
    return Detector.from_torchvision(model)
