"""Read a network `.cfg` of darknet (pjreddie, AlexeyAB): `[net]`, layers, `[yolo]` with anchors and mask.

Sources, in both repositories: src/parser.c (parse_yolo, parse_gaussian_yolo, parse_region: defaults of mask,
num, max), src/yolo_layer.c, src/gaussian_yolo_layer.c, src/region_layer.c (the best of all anchors by shape
IoU, positive on every layer whose mask has it; `iou_thresh`; anchors of [region] are in cells), src/data.c.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._block import LARGEST
from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._darknet_sections import Section, sections_of, strides_of
from anchoraudit.detectors.readers._stated import Stated, place
from anchoraudit.detectors.spec import Anchors, Classes, Detector, Level, Resize

SUFFIXES = (".cfg",)
LOOKS_FOR = "darknet network (.cfg with [net] and [yolo] or [region])"

_RANDOM = "Trained with random sizes, scale, aspect and place; the replay takes the file's size, centred."
_RANDOM_FORK = (
    "Trained with random sizes and crops, mosaic or mixup; the replay takes whole images at the file's size."
)
_BOXED_MOSAIC = (
    "letter_box=1 with mosaic=1: AlexeyAB's darknet ends with \"Combination: letter_box=1 & mosaic=1 - isn't "
    'supported, use only 1 of these parameters" (built without OpenCV, mosaic=1 alone ends it)'
)
_AT_MOST = "At most"
_USUAL_COUNT = 20  # classes= that is left out, in all three sections
# Default of `max`, the number of boxes read per image, by (is AlexeyAB's fork, is [region]).
_MOST_BOXES = {(False, False): 90, (False, True): 30, (True, False): 200, (True, True): 200}


def detect(path: Path, text: str) -> bool:
    """Tell whether the text has a section of a network."""
    del path
    return bool(re.search(r"^[ \t]*\[(net|network|yolo|region|convolutional)\]", text, re.M))


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector: levels in the order of the [yolo] layers, strides from the layers before them."""
    sections = sections_of(path, text)
    net = sections[0]
    if net.kind not in ("net", "network"):
        raise net.error(f"the first section is [{net.kind}], not [net]")
    fork = next((word for part in sections if (word := part.word_of_the_fork())), "")
    base_name = "yolov4" if fork else "yolov3-darknet"
    base = preset(base_name)
    heads = _heads(net, sections[1:])
    strides = strides_of(sections[1:], assume)
    shapes = _shapes(heads[0][1], strides[heads[0][0]])
    levels: list[Level] = []
    for number, part in heads:
        if _shapes(part, strides[number]) != shapes:
            raise part.error(
                "the sections have different anchors; only one list of anchors for all is replayed",
                "anchors",
                "Give every section the same anchors and num, and select by mask.",
            )
        try:
            stride, old = strides[number], base.anchors.levels[0]
            offset = old.offset / old.stride * stride
            level = Level(
                stride=stride, offset=offset, mask=_mask(part, len(shapes)), also_above=_also_above(part)
            )
        except ValueError as error:
            raise part.error(str(error), "anchors") from None
        levels.append(level)
    try:
        anchors = _anchors(base.anchors, levels, shapes)
    except ValueError as error:
        raise heads[0][1].error(str(error), "anchors") from None
    resize, size_notes = _resize(net, base.resize, bool(fork))
    notes = (
        _RANDOM_FORK if fork else _RANDOM,
        _which(fork),
        *size_notes,
        *_head_notes([part for _, part in heads], bool(fork)),
        *_mask_notes(levels, shapes),
    )
    return based_on(
        base_name,
        path,
        notes=notes,
        without=_AT_MOST,
        resize=resize,
        anchors=anchors,
        classes=_classes(heads, sections[1:]),
        labels=msgspec.structs.replace(base.labels, most_labels=_most_boxes(heads[-1][1], bool(fork))),
    )


def classes(path: Path, text: str) -> Stated:
    """Read the number of classes of each section with anchors."""
    sections = sections_of(path, text)
    return Stated(_classes(_heads(sections[0], sections[1:]), sections[1:]))


def _classes(heads: list[tuple[int, Section]], layers: list[Section]) -> Classes:
    """Return the classes of each section with anchors. Its last one's count is that of the labels.

    Sources: src/detector.c of both (train_detector: `classes` of the last of these layers); src/parser.c of
    both (classes: 20 by default; a layer that gets another number of channels than it takes ends darknet).
    """
    counts = {f"[{part.kind}] on line {part.line}": _count(part) for _, part in heads}
    for number, part in heads:
        _check_filters(part, layers[number - 1] if number else None)
    _, last = heads[-1]
    line = last.values.get("classes", ("", last.line))[1]
    return Classes(
        count=_count(last),
        heads=counts if len(counts) > 1 else {},
        by_default=any("classes" not in part.values for _, part in heads),
        stated_in=place(str(last.path), line),
    )


def _count(part: Section) -> int:
    count = part.integer("classes", _USUAL_COUNT)
    if not 1 <= count <= LARGEST:
        raise part.error(
            f"classes={count}; it must be 1 to {LARGEST}", "classes", "Give the number of classes."
        )
    return count


def _check_filters(part: Section, before: Section | None) -> None:
    """Raise AnchorauditError if the convolution before a section with anchors has the wrong `filters`."""
    if before is None or before.kind not in ("convolutional", "conv"):
        return
    own = part.integer("coords", 4) + 1 if part.kind == "region" else 9 if part.kind == "Gaussian_yolo" else 5
    boxes = part.integer("num", 1)
    if part.kind != "region" and (mask := part.integers("mask")):
        boxes = len(mask)
    needed, filters = boxes * (_count(part) + own), before.integer("filters", 1)
    if filters != needed:
        which = "num=" if part.kind == "region" else "mask="
        stops = (
            "Error: l.outputs == params.inputs, filters= in the [convolutional]-layer doesn't correspond to "
            f"classes= or {which} in [{part.kind}]-layer"
        )
        why = f"(classes={_count(part)} + {own}) x {boxes} anchors"
        raise before.error(
            f"filters={filters}, but [{part.kind}] on line {part.line} takes {needed}, {why}: AlexeyAB's "
            f'darknet stops with "{stops}", pjreddie\'s at an assertion',
            "filters",
            f"Write filters={needed} there, or fix classes= of [{part.kind}].",
        )


def _most_boxes(part: Section, fork: bool) -> int:
    """Return how many boxes of an image are trained, 1 or more."""
    most = part.integer("max", _MOST_BOXES[fork, part.kind == "region"])
    if most < 1:
        raise part.error(
            f"max is {most}, so no box is trained", "max", "Leave it out, or give the most boxes of an image."
        )
    return min(most, LARGEST)


_HEADS = ("yolo", "Gaussian_yolo", "region")


def _heads(net: Section, layers: list[Section]) -> list[tuple[int, Section]]:
    """Return the sections with anchors, each with the number of its layer."""
    heads = [(number, part) for number, part in enumerate(layers) if part.kind in _HEADS]
    if not heads:
        old = next((part for part in layers if part.kind == "detection"), None)
        if old:
            raise old.error(
                "[detection] (YOLOv1) has no anchors", remedy="Give a network with [yolo] or [region] layers."
            )
        raise net.error("no [yolo] section, so no anchors", remedy="Give a network with [yolo] layers.")
    for _, part in heads:
        if part.kind == "region" and len(heads) > 1:
            raise part.error(
                "[region] beside another layer with anchors", remedy="Give a network with one of them."
            )
        if part.kind == "region" and not part.integer("bias_match", 0):
            raise part.error(
                "[region] without bias_match=1 (YOLOv2): predictions decide which anchor is positive",
                "bias_match",
                "Put bias_match=1 there, as in the files of YOLOv2. In both cases every box has one positive "
                "anchor.",
            )
    return heads


def _mask(part: Section, count: int) -> tuple[int, ...]:
    """Return the indices of a layer's anchors, each below `count`."""
    mask = part.integers("mask", ",".join(str(i) for i in range(count)))
    if part.kind == "region":
        return tuple(range(count))
    if not mask or not all(0 <= i < count for i in mask):
        raise part.error(
            f"mask names anchors outside 0 to {count - 1}",
            "mask",
            "Fix the mask, or num, the number of anchors (1 by default).",
        )
    if len(set(mask)) < len(mask):
        raise part.error("mask names an anchor twice", "mask", "Name each once; change filters with it.")
    return tuple(mask)


def _also_above(part: Section) -> float:
    """Return the shape IoU above which anchors are positive beside the best one; 1: none are."""
    if part.kind == "region":
        return 1.0
    limit = part.number("iou_thresh", 1.0)
    measure = part.values.get("iou_thresh_kind", ("iou", 0))[0]
    # The DIoU of two boxes with the same centre is their IoU. darknet treats an unknown word as iou.
    if limit < 1 and measure in ("giou", "ciou"):
        raise part.error(
            f"iou_thresh by {measure} is not replayed", "iou_thresh_kind", "Leave it out, or iou_thresh."
        )
    return min(max(limit, 0.0), 1.0)


def _anchors(base: Anchors, levels: list[Level], shapes: list[tuple[float, float]]) -> Anchors:
    """Return the levels with their own shapes, or with masks if these differ from all shapes in order."""
    if [number for level in levels for number in level.mask] != list(range(len(shapes))):
        return msgspec.structs.replace(base, levels=tuple(levels), competing=tuple(shapes))
    held = tuple(level.holding(tuple(shapes[number] for number in level.mask)) for level in levels)
    return msgspec.structs.replace(base, levels=held)


def _shapes(part: Section, stride: float) -> list[tuple[float, float]]:
    """Return all anchors of a section, in pixels of the network's input."""
    numbers = part.numbers("anchors")
    count = part.integer("num", 1)
    if not numbers or len(numbers) % 2 or len(numbers) < 2 * count or count < 1:
        raise part.error(
            f"{len(numbers)} numbers as anchors; num={count} takes {2 * count}",
            "anchors",
            "Give as many pairs as num says (1 by default).",
        )
    unit = stride if part.kind == "region" else 1.0
    pixels = [number * unit for number in numbers[: 2 * count]]
    return list(zip(pixels[::2], pixels[1::2], strict=True))


def _resize(net: Section, base: Resize, fork: bool) -> tuple[Resize, tuple[str, ...]]:
    """Return how images are resized to the size in [net], and notes on it."""
    width, height = net.integer("width"), net.integer("height")
    if min(width, height) < 1:
        raise net.error(
            f"input size {width}x{height}; both must be 1 or more", "width" if width < 1 else "height"
        )
    boxed = net.integer("letter_box", 0) != 0
    changes: dict[str, Any] = {"width": width, "height": height}
    notes: tuple[str, ...] = ()
    if boxed:
        changes |= {"kind": "letterbox", "fit": "padding"}
        if net.integer("mosaic", 0) and not net.integer("cutmix", 0):
            notes += (_BOXED_MOSAIC,)
    elif not fork and width != height:
        notes += (
            f"a wide image gets the width {width}, a tall one the height {height}. What exceeds "
            f"{width}x{height} is cut: at a random place in training, the same on both sides in the replay",
        )
    try:
        return msgspec.structs.replace(base, **changes), notes
    except ValueError as error:
        raise net.error(str(error), "width") from None


def _which(fork: str) -> str:
    """Return a note that says for which darknet the file was read, and why."""
    if fork:
        return f"Read as a file of AlexeyAB's fork, because it has {fork}"
    return (
        "Read as a file of pjreddie's darknet, which letterboxes images, because it has no word that only "
        "AlexeyAB's fork knows. The fork stretches images; if the file is for it, put letter_box=0 into [net]"
    )


def _head_notes(heads: list[Section], fork: bool) -> tuple[str, ...]:
    """Return notes on keys of the sections with anchors that are not replayed."""
    most = _most_boxes(heads[-1], fork)
    notes: tuple[str, ...] = (
        f"{_AT_MOST} {most} boxes of an image are trained, drawn at random; the replay takes all",
    )
    if any(part.number("truth_thresh", 1.0) < 1 for part in heads if part.kind != "region"):
        notes += (
            "truth_thresh below 1: predictions that overlap a box by more become positive too; not replayed",
        )
    points = {part.values.get("yolo_point", ("center", 0))[0] for part in heads} - {"center"}
    if points:
        notes += (
            f"yolo_point={sorted(points)[0]}: the cell of a box's corner is positive; the replay uses that "
            "of its centre, with the same anchors",
        )
    return notes


def _mask_notes(levels: list[Level], shapes: list[tuple[float, float]]) -> tuple[str, ...]:
    used = {number for level in levels for number in level.mask}
    missing = [f"{i} ({w:g}x{h:g})" for i, (w, h) in enumerate(shapes) if i not in used]
    if not missing:
        return ()
    named = f"anchor {missing[0]} is" if len(missing) == 1 else f"anchors {', '.join(missing)} are"
    return (f"{named} in no mask: a box most like such an anchor gets no positive anchor from it",)
