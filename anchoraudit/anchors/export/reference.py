"""A whole detector file of anchoraudit, for `scan --detector`: every level, every rule."""

from __future__ import annotations

import msgspec

from anchoraudit.anchors.export._snippet import MARK, Snippet, at_input, levels_of
from anchoraudit.detectors import Detector
from anchoraudit.detectors.toml_text import to_toml

PRESET = "reference"
EQUAL = False


def write(detector: Detector, judge: object = None) -> Snippet:
    """Write the detector with its new anchors."""
    del judge  # the framework takes any width and height
    note = f"Anchors clustered by anchoraudit, in place of those of {detector.name}."
    named = msgspec.structs.replace(
        detector, name=f"{detector.name}-clustered", notes=(*detector.notes, note)
    )
    header = f"# {MARK}: width, height {at_input(detector)}\n"
    return Snippet(header + to_toml(named), levels_of(detector))
