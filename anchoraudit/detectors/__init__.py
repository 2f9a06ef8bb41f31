"""Detectors: presets by name, the user's own from a file of its framework, single values replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset, preset_names
from anchoraudit.detectors.readers import kinds, read_detector, suffixes
from anchoraudit.detectors.spec import Anchors, Border, Detector, Resize
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean

__all__ = ["Detector", "load_detector", "override", "parse_input_size", "preset_names"]


def load_detector(
    detector: str | Path | Detector = "reference", *, assume_standard: bool = False
) -> Detector:
    """Load a preset by name, or a detector from a file.

    The file is a TOML file of this package, or the framework's own: a YOLOv5 or YOLOv7 model YAML, a darknet
    .cfg, a detectron2 YAML, an mmdetection or mmyolo config (parsed, never executed).

    assume_standard: a class that the framework does not have, the user's own, keeps the anchors and the
    matching of the framework's class in its place. Without that word, a file that names one is refused; with
    it, the detector's name and notes say what was assumed.

    Raises AnchorauditError if there is no such preset or file, or the file describes no detector.
    """
    if isinstance(detector, Detector):
        return detector
    if (name := str(detector)) in preset_names():
        return preset(name)
    if means_file(name):
        return read_detector(Path(name), assume_standard=assume_standard)
    hint = did_you_mean(name, preset_names())
    raise AnchorauditError(
        f"no detector {name!r}",
        remedy=f"{hint}`anchoraudit detectors` lists the presets; or name a file: {kinds()}.",
    )


def means_file(name: str, folder: Path | None = None) -> bool:
    """Tell whether the name of a detector is that of a file, below `folder`, and not a preset's."""
    path = Path(name)
    if not name or name in preset_names():
        return False
    return path.suffix.lower() in suffixes() or path.name != name or _exists((folder or Path()) / path)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or not a path at all
        return False


def parse_input_size(text: str) -> Resize:
    """`640` is the longer side, aspect kept; `960x720` is stretched to exactly that.

    Raises AnchorauditError for anything else.
    """
    first, second = _sizes(text)
    if second:
        return Resize(kind="stretch", width=first, height=second)
    return Resize(kind="longest_side", side=first)


def _sizes(text: str) -> tuple[int, int]:
    """`640` as (640, 0), `960x720` as (960, 720)."""
    if match := re.fullmatch(r"([0-9]{1,6})(?:[xX]([0-9]{1,6}))?", text.strip()):
        first, second = int(match[1]), int(match[2] or 0)
        if 1 <= first <= 100_000 and (match[2] is None or 1 <= second <= 100_000):
            return first, second
    raise AnchorauditError(
        f"input size {text!r}",
        remedy="Give the longer side (640) or width x height (960x720), 1 to 100000 pixels.",
    )


def override(
    detector: Detector,
    *,
    positive_iou: float | None = None,
    negative_iou: float | None = None,
    allowed_border: float | str | None = None,
    input_size: str | None = None,
    shapes: Sequence[tuple[float, float]] | None = None,
) -> Detector:
    """Replace single values of a detector; None leaves one as it is, and everything else stays.

    allowed_border: pixels, or "off". input_size: `WxH` is a stretch to exactly that; `N` is the shorter side
    where the detector scales the shorter side (its cap on the longer one in proportion), else the longer
    side (that of the canvas, the other in proportion, of a letterbox). shapes: (width, height) in pixels at
    the network's input, in place of the detector's own. A lowered positive threshold takes the negative one
    with it where the detector's own would end up above it.

    Raises AnchorauditError if a value is out of range or the detector has no such rule, or if shapes are
    given to a detector of several levels.
    """
    changes: dict[str, Any] = {}
    try:
        if positive_iou is not None or negative_iou is not None:
            changes["match"] = _with_thresholds(detector, positive_iou, negative_iou)
        if allowed_border is not None:
            changes["border"] = _with_margin(detector.border, allowed_border)
        if input_size is not None:
            changes["resize"] = _with_size(detector, input_size)
        if shapes is not None:
            changes["anchors"] = _with_shapes(detector.anchors, shapes)
        return msgspec.structs.replace(detector, **changes) if changes else detector
    except (ValueError, TypeError) as error:
        raise AnchorauditError(
            str(error), remedy="Leave that option away, or give a value that this detector takes."
        ) from None


def _with_thresholds(detector: Detector, positive: float | None, negative: float | None) -> Any:
    match = detector.match
    if not match.has_thresholds or match.positive is None or match.negative is None:
        raise AnchorauditError(
            f"{detector.name} has no IoU thresholds: {match}",
            remedy='Leave the IoU options away, or write a detector file with kind "iou".',
        )
    positive = match.positive if positive is None else positive
    negative = min(match.negative, positive) if negative is None else negative
    return msgspec.structs.replace(match, positive=positive, negative=negative)


def _with_margin(border: Border, allowed: float | str) -> Border:
    margin: Any = "off" if allowed == "off" else float(allowed)
    return msgspec.structs.replace(border, margin=margin)


def _with_size(detector: Detector, text: str) -> Resize:
    old = detector.resize
    first, second = _sizes(text)
    new = old.with_size(first, second)
    if new != old and any(level.cells for level in detector.anchors.levels):
        raise AnchorauditError(
            f"{detector.name} has grids of fixed cells, made for input {old}",
            remedy="Write a detector file with the cells of the other input size.",
        )
    return new


def _with_shapes(anchors: Anchors, shapes: Sequence[tuple[float, float]]) -> Anchors:
    if len(anchors.levels) > 1:
        raise AnchorauditError(
            f"one list of anchor shapes for a detector of {len(anchors.levels)} levels",
            remedy="Write the shapes into a detector file, level by level.",
        )
    pairs = tuple((float(w), float(h)) for w, h in shapes)
    return anchors.with_pixel_shapes((anchors.levels[0].holding(pairs),))
