"""Boxes in a JSON value that belongs to one image, in the shapes that such files usually have.

- COCO without its lists of images: `{"annotations": [{"bbox": [x, y, w, h], "category": "cat"}, ...]}`
- a list of objects: `{"objects": [{"bbox": ..., "label": ...}, ...]}`, or that list alone
- lists side by side: `{"objects": {"bbox": [...], "categories": [...]}}`, `{"bbox": [...], "label": [...]}`,
  or as torchvision has them: `{"boxes": [[x1, y1, x2, y2], ...], "labels": [...]}`
- labelme: `{"shapes": [{"label": "cat", "points": [[x, y], [x, y]]}]}`

`bbox` is left, top, width, height. `boxes` and objects with a key for each corner are corners.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anchoraudit.formats._builder import BoxRow, Remarks
    from anchoraudit.formats._shapes import Tally

_LISTS = ("annotations", "objects", "shapes", "detections", "labels", "instances")
_BOX = ("bbox", "box", "bounding_box", "boxes", "bboxes")
_CLASS = (
    *("category", "label", "class", "name", "class_name", "category_name", "category_id", "class_id"),
    *("label_id", "categories", "labels", "classes", "category_ids", "class_ids"),
)
_CORNERS = (("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"), ("left", "top", "right", "bottom"))


@dataclass(slots=True)
class Shape:
    """The boxes of one image, as its JSON has them.

    boxes: of each its place in the value, its numbers, its class, and whether it is a crowd. corners: the
    numbers are two corners. size: width and height in pixels, None if they are not declared. words: what is
    said of this shape. outlines: there are points instead of numbers.
    """

    boxes: list[tuple[str, Any, Any, Any]]
    corners: bool
    size: tuple[float, float] | None
    words: str
    outlines: bool = False


def shape_of(value: Any) -> Shape | None:
    """Recognise the shape of a value; None if it is none of those that are known."""
    from anchoraudit.io.json_text import number

    whole = value if isinstance(value, dict) else {}
    sides = [number(whole.get(key)) for key in ("width", "height")]
    size = None if sides[0] is None or sides[1] is None else (sides[0], sides[1])
    if isinstance(value, list):
        return _of_list(value, "", size, "a list of objects")
    if not whole or isinstance(whole.get("images"), list):
        return None
    for key in _LISTS:
        inner = whole.get(key)
        if isinstance(inner, dict) and (found := _of_columns(inner, f"{key}.", size)) is not None:
            return found
        if isinstance(inner, list) and (found := _of_list(inner, key, size, f"`{key}`")) is not None:
            return found
    return _of_columns(whole, "", size)


def _of_list(listed: list[Any], before: str, size: tuple[float, float] | None, words: str) -> Shape | None:
    """Recognise a list of objects, of which some have a box. An empty one is one without objects."""
    objects = [one for one in listed if isinstance(one, dict)]
    box = next((key for key in _BOX if any(key in one for one in objects)), "")
    sides = next((keys for keys in _CORNERS if any(set(keys) <= set(one) for one in objects)), ())
    outlines = not box and not sides and any(isinstance(one.get("points"), list) for one in objects)
    if listed and not (box or sides or outlines):
        return None
    if not listed and before not in ("annotations", "objects", "shapes", "detections", "instances"):
        return None
    boxes = []
    for n, one in enumerate(listed):
        numbers = None
        if isinstance(one, dict):
            numbers = one.get(box or "points") if not sides or box else [one.get(key) for key in sides]
        boxes.append((f"{before}[{n}]", numbers, _class(one), _flag(one)))
    unit = "corners" if sides and not box else "points" if outlines else "x, y, width, height"
    key = ", ".join(sides) if sides and not box else box or "points"
    return Shape(boxes, bool(sides) and not box, size, f"{words} with `{key}` ({unit})", outlines)


def _of_columns(columns: dict[str, Any], before: str, size: tuple[float, float] | None) -> Shape | None:
    """Recognise lists side by side, one of boxes and one of classes."""
    box = next((key for key in _BOX if _is_boxes(columns.get(key))), "")
    if not box:
        return None
    listed = columns[box]
    classes = next(
        (columns[key] for key in reversed(_CLASS) if isinstance(columns.get(key), list)), [None] * len(listed)
    )
    crowds = columns.get("iscrowd")
    corners = box == "boxes"
    boxes = [
        (
            f"{before}{box}[{n}]",
            numbers,
            classes[n] if n < len(classes) else None,
            crowds[n] if isinstance(crowds, list) and n < len(crowds) else 0,
        )
        for n, numbers in enumerate(listed)
    ]
    unit = "corners" if corners else "x, y, width, height"
    return Shape(boxes, corners, size, f"`{before}{box}` ({unit})")


def _is_boxes(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, list) for one in value)


def _class(one: Any) -> Any:
    """Return the class of an object: its name, else its id."""
    return next((one[key] for key in _CLASS if key in one), None) if isinstance(one, dict) else None


def _flag(one: Any) -> Any:
    return one.get("iscrowd", 0) if isinstance(one, dict) else 0


def boxes_of(shape: Shape, path: str, place: str, remarks: Remarks, tally: Tally) -> list[BoxRow]:
    """Make boxes in pixels. What is broken becomes a finding of the file `path` at this place."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import around, label_of, number, points_of, unusable, xywh

    rows = []
    for n, (inner, numbers, label, crowd) in enumerate(shape.boxes):
        at = f"{place}, {inner}" if place else inner
        name = f"class_{label}" if isinstance(label, int) and not isinstance(label, bool) else label_of(label)
        outline = False
        if shape.outlines:
            points = points_of(numbers)
            box = around(points) if points is not None and len(points) > 1 else None
            if box is not None and points is not None and len(points) > 2:
                outline = True
                tally.around("polygon")
        elif shape.corners:
            found = [number(v) for v in numbers] if isinstance(numbers, list) else []
            known = [v for v in found if v is not None]
            box = (known[0], known[1], known[2], known[3]) if len(known) == len(found) == 4 else None
        else:
            box = xywh(numbers)
        if box is None:
            remarks.findings.append(unusable("not a box of four numbers", path, at, numbers))
        rows.append(BoxRow(box or NO_BOX, name, crowd in (1, True), entry=n, outline=outline))
    return rows
