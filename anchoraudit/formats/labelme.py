"""labelme: one JSON file for each image, with its shapes, also as X-AnyLabeling writes it.

Source: labelme's own reader and writer, https://github.com/wkentaro/labelme (`labelme/label_file.py`), and
X-AnyLabeling, https://github.com/CVHub520/X-AnyLabeling, whose rectangles have four points. Points are x, y
in pixels, from 0. A rectangle is two opposite corners in any order, a circle its centre and a point on its
rim.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Tally

NAME = "labelme"
LOOKS_FOR = (
    "JSON files with a list `shapes`, one for each image, beside the images or in a folder of their own"
)
SUFFIXES = (".json",)
EXAMPLE = """\
{
  "version": "5.2.1",
  "flags": {},
  "shapes": [
    {"label": "cat", "points": [[10, 20], [110, 70]], "shape_type": "rectangle", "flags": {}}
  ],
  "imagePath": "a.jpg",
  "imageData": null,
  "imageHeight": 480,
  "imageWidth": 640
}
"""
EXAMPLE_PATH = "a.json"
EXAMPLE_BESIDE = {"a.jpg": (640, 480)}
NOT_READ = (
    "points, lines, groups; polygons, circles, masks and turned rectangles become the boxes around them"
)
_KEYS = ("imagePath", "imageData", "version", "flags")
_OUTLINES = frozenset(["polygon", "rotation", "quadrilateral", "oriented_rectangle"])
_NO_BOX = frozenset(["point", "points", "line", "linestrip"])
_IGNORED = "__ignore__"  # labelme's own converters leave such shapes out


def detect(path: Path) -> Detection | None:
    """Recognise a file by its keys, a folder by some of its files."""
    files = documents.find(path, _is_labelme)
    if not files:
        return None
    folder = files[0].parent
    near = folder in (path, path.parent) or folder.parent == path
    sure = path.is_file() or (near and not documents.is_beside_others(folder))
    reason = f"{documents.recognised_by(files[0], path)} with shapes"
    return Detection(NAME, path, reason, Sureness.LAYOUT if sure else Sureness.SUFFIX)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if no file can be read.
    """
    from anchoraudit.formats._each import read_each
    from anchoraudit.formats._shapes import Tally

    path, tally = detection.path, Tally()
    files = [path] if path.is_file() else documents.documents_below(path)
    return read_each(
        detection,
        options,
        [(file, documents.split_of(file, path)) for file in files],
        _is_labelme,
        lambda file, value, remarks: _row(file, value, remarks, tally),
        root=documents.home_of(path),
        called=NAME,
        recognised=f"labelme: {detection.reason}",
        item="shapes",
        notes=tally.notes,
    )


def _is_labelme(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("shapes"), list):
        return False
    shapes = value["shapes"]
    return any(key in value for key in _KEYS) or any(isinstance(s, dict) and "points" in s for s in shapes)


def _row(file: Path, value: dict[str, Any], remarks: Remarks, tally: Tally) -> ImageRow | None:
    """Make a row of a file; None if it has only shapes that are not read."""
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.formats._builder import ImageRow
    from anchoraudit.formats._shapes import number

    named = value.get("imagePath")
    if not isinstance(named, str) or not named.strip():
        words = "`imagePath` names no image; the image with the name of this file is taken"
        remarks.findings.append(Finding("PAR002", words, str(file), "imagePath", repr(named)[:80]))
        named = file.stem
    named = named.replace("\\", "/")
    boxes = []
    for position, shape in enumerate(value["shapes"]):
        if (box := _box(shape, str(file), position, remarks, tally)) is not None:
            boxes.append(box)
    if value["shapes"] and not boxes:
        tally.leave_out(named)
        remarks.left_out.append(named)
        return None
    width, height = number(value.get("imageWidth")), number(value.get("imageHeight"))
    sides = (math.nan, math.nan) if width is None or height is None else (width, height)
    return ImageRow(named, boxes, width=sides[0], height=sides[1])


def _box(shape: Any, path: str, position: int, remarks: Remarks, tally: Tally) -> BoxRow | None:
    """Make a box of a shape; None if it is of a kind that has none. What is broken becomes a finding."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import around, around_ellipse, kind_name, label_of, points_of, unusable

    place = f"shapes[{position}]"
    if not isinstance(shape, dict) or not isinstance(shape.get("shape_type") or "", str):
        remarks.findings.append(unusable("not a shape", path, place, shape))
        return BoxRow(NO_BOX, entry=position)
    label = label_of(shape.get("label"))
    kind = shape.get("shape_type") or "polygon"  # labelme 3 and before had no other
    if kind in _NO_BOX or label == _IGNORED:
        tally.skip(kind_name(kind) if label != _IGNORED else f"shape called {_IGNORED}")
        return None
    points = points_of(shape.get("points"))
    least = 2 if kind in ("rectangle", "circle", "mask") or len(points or ()) == 2 else 3
    if points is not None and kind not in (*_OUTLINES, "rectangle", "circle", "mask"):
        tally.skip(kind_name(kind))
        return None
    if points is None or len(points) < least:
        remarks.findings.append(
            unusable(f"no points of a {kind_name(kind)}", path, place, shape.get("points"))
        )
        return BoxRow(NO_BOX, label, entry=position)
    if not label:
        remarks.findings.append(unusable("the shape has no label", path, place, shape.get("label")))
    outline, xyxy = kind != "rectangle", around(points)
    if kind == "rectangle" and len(points) > 2:
        outline = len({x for x, _ in points}) > 2 or len({y for _, y in points}) > 2
        kind = "turned rectangle"
    elif kind == "circle":
        (x, y), (u, v) = points[:2]
        radius = math.hypot(u - x, v - y)
        xyxy = around_ellipse(x, y, radius, radius)
    elif kind in _OUTLINES and len(points) == 2:
        words = f"a {kind_name(kind)} of two points, read as the rectangle between them"
        remarks.findings.append(unusable(words, path, place, shape.get("points")))
        outline = False
    if outline:
        tally.around(kind_name(kind))
    return BoxRow(xyxy, label, difficult=_is_difficult(shape), entry=position, outline=outline)


def _is_difficult(shape: dict[str, Any]) -> bool:
    """Tell whether a shape is marked difficult: by X-AnyLabeling's key, or by a flag of that name."""
    flags = shape.get("flags")
    told = shape.get("difficult", flags.get("difficult") if isinstance(flags, dict) else None)
    return told is True or (isinstance(told, str) and told.strip().lower() == "true")
