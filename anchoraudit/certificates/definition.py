"""The digest of a detector's definition: whether two detectors judge alike, whatever they are called."""

from __future__ import annotations

import hashlib

import msgspec

from anchoraudit.detectors.classes import Classes
from anchoraudit.detectors.spec import Detector
from anchoraudit.detectors.versions import Versions


def definition_sha256(detector: Detector) -> str:
    """Return the SHA-256 of what a detector replays, in hexadecimal digits.

    Names, sources and notes are no part of it, nor are the classes of a configuration, which say nothing of
    masks. Keys that have their defaults are left out, so that a new key changes no digest.

    Examples
    --------
    >>> from anchoraudit import load_detector
    >>> definition_sha256(load_detector("yolov5")) == definition_sha256(load_detector("yolov7"))
    False
    """
    bare = msgspec.structs.replace(
        detector,
        name="",
        classes=Classes(),
        versions=Versions(),
        framework="",
        first_epochs_of="",
        sources=(),
        notes=(),
    )
    return hashlib.sha256(msgspec.json.encode(bare, order="deterministic")).hexdigest()
