"""What the JSON and the CSV of the VGG Image Annotator have in common: shapes and their attributes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import _documents as documents

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import Detection, ReadOptions
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Box, Tally

# Versions 1 and 2.
# Converters read a polyline as they do a polygon, and people outline objects with both.
_LINES = ("polygon", "polyline")
# The numbers that each other shape needs.
_NUMBERS = {
    "rect": ("x", "y", "width", "height"),
    "circle": ("cx", "cy", "r"),
    "ellipse": ("cx", "cy", "rx", "ry"),
}

# Version 3: shapes by the first number of `xy`.
_RECTANGLE, _CIRCLE, _ELLIPSE, _POLYGON, _EXTREME_RECTANGLE, _EXTREME_CIRCLE = 2, 3, 4, 7, 8, 9
_KINDS = {
    1: "point",
    _RECTANGLE: "rectangle",
    _CIRCLE: "circle",
    _ELLIPSE: "ellipse",
    5: "line",
    6: "polyline",
    _POLYGON: "polygon",
    _EXTREME_RECTANGLE: "extreme rectangle",
    _EXTREME_CIRCLE: "extreme circle",
}
_SKIPPED = (1, 5, 6)
_RECTANGLES = (_RECTANGLE, _EXTREME_RECTANGLE)
_LEAST = {_RECTANGLE: 4, _CIRCLE: 3, _ELLIPSE: 4, _POLYGON: 6, _EXTREME_RECTANGLE: 4, _EXTREME_CIRCLE: 6}


def read_documents(
    detection: Detection,
    options: ReadOptions,
    is_own: Callable[[Any], bool],
    attributes: Callable[[Any], Iterable[Mapping[str, Any]]],
    rows: Callable[[Path, Mapping[Path, Any], str, Remarks, Tally], Iterable[ImageRow]],
    *,
    name: str,
    image_place: str,
    box_place: str,
) -> Dataset:
    """Read JSON files of one version, or those of the splits that are wanted.

    is_own: tells by its value whether a file is of this version. attributes: yields those of each region of a
    file. rows: yields the images of a file; it gets the values of files that are read already, and the
    attribute that holds the class. name: of the version. image_place, box_place: as in `Source`.

    Raises AnchorauditError if a split is unknown, if no file can be read, or if it is not clear which
    attribute holds the class.
    """
    from anchoraudit.formats._attributes import class_attribute
    from anchoraudit.formats._builder import read_files
    from anchoraudit.formats._shapes import Tallies

    path = detection.path
    found, others = documents.files_of(path, is_own)
    files = [(file, documents.split_of(file, path)) for file in found]
    wanted = [file for file, split in files if not options.splits or split in options.splits]
    values = documents.loaded(wanted)
    told = (each for value in values.values() for each in attributes(value))
    attribute = class_attribute(told, options.class_attribute, path)
    tallies = Tallies()
    named = f", classes by {attribute!r}" if attribute else ""
    dataset = read_files(
        detection,
        options,
        files,
        lambda file, remarks: rows(file, values, attribute, remarks, tallies.of(file)),
        recognised=f"{name}: {detection.reason}{named}",
        item="region",
        image_place=image_place,
        box_place=box_place,
    )
    notes = documents.not_of([file.name for file in others], name)
    if not attribute and len(dataset.boxes):
        notes.append("no region has a class, so all are of one, called 'object' here")
    dataset.notes[:0] = [*notes, *tallies.notes(dataset)]
    return dataset


def box_of(region: Any, label: str, at: tuple[str, str], remarks: Remarks, tally: Tally) -> BoxRow | None:
    """Make a box of a region; None if its shape has none. What is broken becomes a finding."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import kind_name, unusable

    shape = region.get("shape_attributes") if isinstance(region, dict) else None
    kind = shape.get("name") if isinstance(shape, dict) else None
    if not isinstance(shape, dict) or not isinstance(kind, str):
        remarks.findings.append(unusable("the region has no shape", *at, region))
        return BoxRow(NO_BOX, label)
    if kind not in _NUMBERS and kind not in _LINES:
        tally.skip(kind_name(kind))
        return None
    xyxy, wrong = _place(shape, kind)
    if wrong:
        remarks.findings.append(unusable(wrong, *at, shape))
        return BoxRow(NO_BOX, label)
    if not label:
        remarks.findings.append(unusable("the region has no class", *at, region.get("region_attributes")))
    if kind != "rect":
        tally.around(kind)
    return BoxRow(xyxy, label, outline=kind != "rect")


def _place(shape: Mapping[str, Any], kind: str) -> tuple[Box, str]:
    """Return the box around a shape, and what is wrong with it, "" if nothing is."""
    from anchoraudit.formats._builder import NO_BOX
    from anchoraudit.formats._shapes import around, around_ellipse, number

    if kind in _LINES:
        xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
        if not isinstance(xs, list) or not isinstance(ys, list) or len(xs) != len(ys) or len(xs) < 3:
            return NO_BOX, "not as many all_points_x as all_points_y, or fewer than three"
        points = [(number(x), number(y)) for x, y in zip(xs, ys, strict=True)]
        whole = [(x, y) for x, y in points if x is not None and y is not None]
        return (around(whole), "") if len(whole) == len(xs) else (NO_BOX, "a point is not a number")
    names: Sequence[str] = _NUMBERS[kind]
    missing = [name for name in names if name not in shape]
    if missing:
        return NO_BOX, f"the {kind} has no {missing[0]}"
    found = [number(shape[name]) for name in names]
    numbers = [value for value in found if value is not None]
    if len(numbers) < len(names):
        return NO_BOX, f"{names[found.index(None)]} is not a number"
    if kind == "rect":
        x, y, width, height = numbers
        return (x, y, x + width, y + height), ""
    cx, cy, rx, ry = [*numbers, numbers[-1]][:4]  # a circle has one radius
    return around_ellipse(cx, cy, rx, ry, number(shape.get("theta")) or 0.0), ""


def box_of_3(
    region: Mapping[str, Any], label: str, at: tuple[str, str], remarks: Remarks, tally: Tally
) -> BoxRow | None:
    """Make a box of a region of version 3; None if its shape has none. What is broken becomes a finding."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import unusable

    xy = region.get("xy")
    numbers = xy if isinstance(xy, list) else []
    kind = numbers[0] if numbers and isinstance(numbers[0], int) else 0
    if region.get("z") or kind in _SKIPPED:
        tally.skip("region of a video" if region.get("z") else _KINDS[kind])
        return None
    box = _place_of_3(numbers, kind) if kind in _KINDS else None
    if box is None:
        remarks.findings.append(unusable("`xy` is not a shape", *at, xy))
        return BoxRow(NO_BOX, label)
    if not label:
        remarks.findings.append(unusable("the region has no class", *at, region.get("av")))
    if kind not in _RECTANGLES:
        tally.around(_KINDS[kind])
    return BoxRow(box, label, outline=kind not in _RECTANGLES)


def _place_of_3(xy: list[Any], kind: int) -> Box | None:
    """Return the box around a shape, None if its numbers are none."""
    from anchoraudit.formats._shapes import around, around_ellipse, number

    given = [number(value) for value in xy[1:]]
    numbers = [value for value in given if value is not None]
    if len(numbers) != len(given) or len(numbers) < _LEAST[kind]:
        return None
    if kind == _RECTANGLE:
        x, y, width, height = numbers[:4]
        return (x, y, x + width, y + height)
    if kind in (_CIRCLE, _ELLIPSE):
        cx, cy, rx = numbers[:3]
        ry, turned = [*numbers[3:5], 0.0][:2] if kind == _ELLIPSE else (rx, 0.0)
        return around_ellipse(cx, cy, rx, ry, turned)
    points = list(zip(numbers[::2], numbers[1::2], strict=False))
    return _around_circle(points) if kind == _EXTREME_CIRCLE else around(points)


def _around_circle(points: list[tuple[float, float]]) -> Box:
    """Return the box around the circle through three points; around the points if they are on a line."""
    from anchoraudit.formats._shapes import around, around_ellipse

    (ax, ay), (bx, by), (cx, cy) = points[:3]
    twice = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    if not twice or not math.isfinite(twice):
        return around(points)
    a, b, c = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    x = (a * (by - cy) + b * (cy - ay) + c * (ay - by)) / twice
    y = (a * (cx - bx) + b * (ax - cx) + c * (bx - ax)) / twice
    radius = math.hypot(ax - x, ay - y)
    return around_ellipse(x, y, radius, radius)


def attributes_of_3(value: Any, each: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a region by their names, with the texts of options."""
    found: dict[str, Any] = {}
    for key, given in part_of(each, "av").items():
        attribute = part_of(part_of(value, "attribute"), key)
        options = part_of(attribute, "options")
        name = attribute.get("aname")
        # Of a checkbox, the ids of all that are set are in one text.
        first = given.split(",")[0].strip() if isinstance(given, str) and options else given
        text = options.get(first) if isinstance(first, str) else None
        found[name if isinstance(name, str) and name else key] = (
            text if isinstance(text, str) and text else first
        )
    return found


def part_of(value: Any, name: str) -> Mapping[str, Any]:
    """Return an object within another one; an empty one if it is not there."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
