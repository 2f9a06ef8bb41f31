"""Detectors: load a preset by name or read a detector file, and override single values."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence, Set
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from anchoraudit.detectors._families import covered_by, is_without_preset
from anchoraudit.detectors._presets import own_names, preset, preset_names
from anchoraudit.detectors.at_version import settled
from anchoraudit.detectors.models import read_model
from anchoraudit.detectors.readers import detector_named, is_named, read_detector, suffixes
from anchoraudit.detectors.spec import Anchors, Border, Detector, Resize
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean

__all__ = [
    "NO_DETECTOR",
    "Detector",
    "DetectorLike",
    "load_detector",
    "load_detectors",
    "override",
    "own_names",
    "parse_input_size",
    "preset_names",
]


# Where a detector can be named, this word says that there is none: only the rules on the data alone run.
NO_DETECTOR = "none"

# What `load_detector` takes: a name, a file, a detector, or a model or a configuration in memory.
DetectorLike: TypeAlias = "str | Path | Detector | object"


def load_detector(
    detector: DetectorLike = "reference",
    *,
    assume_standard: bool = False,
    framework_version: str | None = None,
) -> Detector:
    """Load a preset by name, or read a detector from a file or of a model in memory.

    A file is a TOML file of this package or a framework's own file: a model YAML of ultralytics, YOLOv5 or
    YOLOv7, a darknet .cfg, a detectron2 YAML, an mmdetection or mmyolo config, a config of RT-DETR, D-FINE or
    DEIM, a config.json of Hugging Face. Files are parsed, never executed. A name that ultralytics itself has
    for a model or its file, such as `yolo11n.pt`, needs no file.

    Parameters
    ----------
    detector : str, Path, Detector or a model
        The name of a preset, or the path of a file; or a model or a configuration in memory, as
        `Detector.from_model` takes it. A `Detector` is returned unchanged, but for `framework_version`.
    assume_standard : bool
        What to do with a class that the framework does not have, the user's own. True: assume that it keeps
        the anchors and the matching of the framework's class that it replaces; the detector's name and notes
        say so. False: raise an error.
    framework_version : str, optional
        The version of the framework whose rules hold, such as "8.3.120". By default, those of a preset are
        the ones that its name says. Those of a framework's own file, name or model are of the version that
        is loaded, else of the installed one, which is looked up and not imported, else the newest.

    Returns
    -------
    Detector
        The detector. `sources` says where each of its rules was read.

    Raises
    ------
    AnchorauditError
        If there is no such preset or file, if the file or the object cannot be read as a detector, or if the
        detector does not depend on a version, or not in a known way. The message has the file, the line, and
        what to do.

    Examples
    --------
    >>> detector = load_detector("mmdet-ssd300")
    >>> len(detector.anchors.levels), detector.match.positive
    (6, 0.5)
    """
    if isinstance(detector, Detector):
        found = detector
    elif isinstance(detector, str | os.PathLike):
        found = _loaded(str(detector), assume_standard)
    else:
        found = read_model(detector, assume_standard=assume_standard)
    return settled(found, framework_version)


def load_detectors(detectors: DetectorLike | Sequence[DetectorLike]) -> list[Detector]:
    """Load one detector, or each of several.

    detectors: what `load_detector` takes, or a sequence, a set or an iterator of such.

    Raises AnchorauditError as `load_detector` does.

    Examples
    --------
    >>> [detector.name for detector in load_detectors(("reference", "yolov5"))]
    ['reference', 'yolov5']
    """
    if isinstance(detectors, Sequence | Set | Iterator) and not isinstance(detectors, str):
        return [load_detector(one) for one in detectors]
    return [load_detector(detectors)]


def _loaded(name: str, assume_standard: bool) -> Detector:
    """Return the preset, the detector of a file, or that which a framework has under a name."""
    if name in preset_names():
        return preset(name)
    if name == NO_DETECTOR:
        raise AnchorauditError(
            "this command needs a detector; `none` is not one",
            remedy="Name a preset (`anchoraudit detectors` lists them) or a file. "
            "Only scan and filter accept `none`.",
        )
    if (found := detector_named(name, assume_standard=assume_standard)) is not None:
        return found
    if means_file(name):
        try:
            return read_detector(Path(name), assume_standard=assume_standard)
        except AnchorauditError as error:
            raise _about_its_family(error, name) from None
    known = covered_by(name)
    if known:
        remedy = f"{known} `anchoraudit detectors` lists all presets."
    else:
        hint = did_you_mean(name, preset_names())
        remedy = f"{hint}Name a preset (`anchoraudit detectors` lists them) or a file (docs/detectors.md)."
    raise AnchorauditError(f"no detector {name!r}", remedy=remedy)


def _about_its_family(error: AnchorauditError, name: str) -> AnchorauditError:
    """Return the error about a file; with what covers its detector, if that is what the user needs to know.

    So it is for a file that is not there, and for one of a detector that no preset covers.
    """
    known = covered_by(name)
    if _exists(Path(name)):
        known = f"{error.remedy} {known}" if is_without_preset(name) else ""
    if not known:
        return error
    return AnchorauditError(error.message, path=error.path, place=error.place, remedy=known)


def means_file(name: str, folder: Path | None = None) -> bool:
    """Tell whether a detector's name means a file, relative to `folder`, and not a preset."""
    path = Path(name)
    if not name or name == NO_DETECTOR or name in preset_names():
        return False
    if _exists((folder or Path()) / path) or path.name != name:
        return True
    return path.suffix.lower() in suffixes() and not is_named(name)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long, or not a possible path
        return False


def parse_input_size(text: str) -> Resize:
    """Read an input size: `640` is the longer side, aspect kept; `960x720` is a stretch to that size.

    Parameters
    ----------
    text : str
        One size or two, in pixels, 1 to 100000.

    Returns
    -------
    Resize
        A resize of kind "longest_side" or "stretch".

    Raises
    ------
    AnchorauditError
        If the text is anything else.

    Examples
    --------
    >>> print(parse_input_size("960x720"))
    960x720
    """
    first, second = _sizes(text)
    if second:
        return Resize(kind="stretch", width=first, height=second)
    return Resize(kind="longest_side", side=first)


def _sizes(text: str) -> tuple[int, int]:
    """Return (640, 0) for `640`, and (960, 720) for `960x720`."""
    if match := re.fullmatch(r"([0-9]{1,6})(?:[xX]([0-9]{1,6}))?", text.strip()):
        first, second = int(match[1]), int(match[2] or 0)
        if 1 <= first <= 100_000 and (match[2] is None or 1 <= second <= 100_000):
            return first, second
    raise AnchorauditError(
        f"input size {text!r} is not a size",
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
    """Return the detector with single values replaced. None keeps a value as it is.

    Parameters
    ----------
    detector : Detector
        The detector to start from. It is not changed.
    positive_iou : float, optional
        An anchor is positive from this IoU on. Above 0, at most 1. If it is below the detector's negative
        threshold, and `negative_iou` is None, the negative threshold is lowered to it.
    negative_iou : float, optional
        An anchor is negative up to this IoU. 0 up to the positive threshold.
    allowed_border : float or "off", optional
        Pixels by which an anchor may cross the edge, or "off": no anchor is dropped.
    input_size : str, optional
        `WxH` in pixels: images are stretched to exactly that size. `N`: the shorter side if the detector
        scales the shorter side; its cap on the longer side is scaled in proportion. Otherwise the longer
        side; for a letterbox that of the canvas, whose other side is scaled in proportion.
    shapes : sequence of (float, float), optional
        Width and height of each anchor shape, in pixels of the network's input.

    Returns
    -------
    Detector
        A new detector, or the same one if every value is None.

    Raises
    ------
    AnchorauditError
        If a value is out of range, if the detector has no such rule, or if shapes are given for a detector of
        several levels.

    Examples
    --------
    >>> lowered = override(load_detector("reference"), positive_iou=0.5, allowed_border="off")
    >>> lowered.match.positive, lowered.border.margin
    (0.5, 'off')
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
            changes["anchors"] = _with_shapes(detector, shapes)
        return msgspec.structs.replace(detector, **changes) if changes else detector
    except (ValueError, TypeError) as error:
        raise AnchorauditError(
            str(error), remedy="Omit that option, or give a value that this detector takes."
        ) from None


def _with_thresholds(detector: Detector, positive: float | None, negative: float | None) -> Any:
    match = detector.match
    if not match.has_thresholds or match.positive is None or match.negative is None:
        raise AnchorauditError(
            f"{detector.name} has no IoU thresholds: {match}",
            remedy='Omit the IoU options, or write a detector file with kind "iou".',
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
            f"{detector.name} has a fixed number of cells, made for input {old}",
            remedy="Write a detector file with the number of cells for the other input size.",
        )
    return new


def _with_shapes(detector: Detector, shapes: Sequence[tuple[float, float]]) -> Anchors:
    anchors = detector.anchors
    if not anchors.levels:
        raise AnchorauditError(
            f"{detector.name} has no anchors: it learns boxes at {detector.match.units}",
            remedy="Omit the anchors, or name a detector that has some.",
        )
    if len(anchors.levels) > 1:
        raise AnchorauditError(
            f"one list of anchor shapes does not fit a detector of {len(anchors.levels)} levels",
            remedy="Write the shapes into a detector file, level by level.",
        )
    pairs = tuple((float(w), float(h)) for w, h in shapes)
    return anchors.with_pixel_shapes((anchors.levels[0].holding(pairs),))
