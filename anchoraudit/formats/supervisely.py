"""Supervisely: a project with `meta.json`, and in each of its data sets `ann/a.jpg.json` for `img/a.jpg`.

Source: the geometries of Supervisely's SDK, https://github.com/supervisely/supervisely. Points are x, y in
pixels. A rectangle is two opposite corners in any order, and by the SDK both are pixels of the object: it
adds 1 to the right and the lower one. Here the numbers are taken as they stand.
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents
from anchoraudit.images.below import split_in
from anchoraudit.io.folders import is_file

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks
    from anchoraudit.formats._shapes import Box, Tally

NAME = "supervisely"
LOOKS_FOR = "a project of Supervisely: meta.json, and DATASET/ann/a.jpg.json beside DATASET/img/a.jpg"
SUFFIXES = (".json",)
EXAMPLE = """\
{
  "description": "",
  "tags": [],
  "size": {"height": 480, "width": 640},
  "objects": [
    {
      "classTitle": "cat",
      "geometryType": "rectangle",
      "tags": [],
      "points": {"exterior": [[10, 20], [109, 69]], "interior": []}
    }
  ]
}
"""
EXAMPLE_PATH = "train/ann/a.jpg.json"
EXAMPLE_BESIDE = {
    "train/img/a.jpg": (640, 480),
    "meta.json": '{"classes": [{"title": "cat", "shape": "rectangle", "color": "#00FF00"}], "tags": []}\n',
}
NOT_READ = "points, lines, graphs; polygons, masks and turned rectangles become the boxes around them"
_META, _ANN, _IMG = "meta.json", "ann", "img"
_LEVELS = 6  # data sets may lie in data sets, in `datasets/`
_PNG = b"\x89PNG\r\n\x1a\n"
_DRAWN = frozenset(["rectangle", "polygon", "bitmap", "oriented_bbox"])


def detect(path: Path) -> Detection | None:
    """Recognise a file by its keys, a folder by some of its files."""
    files = documents.find(path, _is_annotation, levels=_levels(path))
    if not files:
        return None
    reason = documents.recognised_by(files[0], path)
    return Detection(NAME, path, reason, Sureness.LAYOUT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if no file can be read.
    """
    from anchoraudit.formats._each import read_each
    from anchoraudit.formats._shapes import Tally

    path, tally = detection.path, Tally()
    root = documents.home_of(path)
    files = [path] if path.is_file() else documents.documents_below(path, levels=_levels(path))
    annotations = [file for file in files if file.parent.name == _ANN] or files
    declared, notes = _declared(root)
    dataset = read_each(
        detection,
        options,
        list(zip(annotations, _splits(annotations, root), strict=True)),
        _is_annotation,
        lambda file, value, remarks: _row(file, value, remarks, tally),
        root=root,
        called="Supervisely",
        recognised=f"Supervisely: {detection.reason}",
        item="objects",
        classes=declared,
        notes=tally.notes,
    )
    others = [each.name for each in dataset.categories if each.name not in declared] if declared else []
    if others:
        notes.append(f"{_META} does not list these classes: {', '.join(map(repr, others[:5]))}")
    dataset.notes += notes
    return dataset


def _levels(path: Path) -> int:
    return _LEVELS if is_file(path / _META) else documents.LEVELS


def _is_annotation(value: Any) -> bool:
    """Tell an annotation of an image. That of a video has frames."""
    if not isinstance(value, dict) or not isinstance(value.get("objects"), list):
        return False
    size = value.get("size")
    return isinstance(size, dict) and {"height", "width"} <= {*size} and "framesCount" not in value


def _declared(root: Path) -> tuple[list[str], list[str]]:
    """Return the classes of a project, and a note if they cannot be read."""
    from anchoraudit.errors import AnchorauditError

    meta = next((file for file in (root / _META, root.parent / _META) if is_file(file)), None)
    if meta is None:
        return [], []
    try:
        value = documents.load(meta)
    except AnchorauditError as error:
        return [], [f"{_META} cannot be read: {error.message}"]
    classes = value.get("classes") if isinstance(value, dict) else None
    titles = (
        [each.get("title") for each in classes if isinstance(each, dict)] if isinstance(classes, list) else []
    )
    return [title for title in titles if isinstance(title, str)], []


def _splits(files: Sequence[Path], root: Path) -> list[str]:
    """Return the split of each file: what a tag of its image says, or its data set if there are several."""
    if any(_tagged(file) for file in documents.some(files)):
        return [_tagged(file) for file in files]
    named = [documents.split_of(file, root) for file in files]
    if any(named):
        return named
    sets = [file.parent.parent.name if file.parent.name == _ANN else "" for file in files]
    return sets if len(Counter(sets)) > 1 else [""] * len(files)


def _tagged(file: Path) -> str:
    value = documents.overview(file)
    tags = value.get("tags") if isinstance(value, dict) else None
    names = (
        [tag.get("name") if isinstance(tag, dict) else tag for tag in tags] if isinstance(tags, list) else []
    )
    lower = [name.lower() for name in names if isinstance(name, str)]
    return next((name for name in lower if split_in(name) == name), "")


def _row(file: Path, value: dict[str, Any], remarks: Remarks, tally: Tally) -> ImageRow | None:
    """Make a row of a file; None if it has only shapes that are not read."""
    from anchoraudit.formats._builder import ImageRow
    from anchoraudit.formats._shapes import number

    image = f"../{_IMG}/{file.stem}" if file.parent.name == _ANN else file.stem
    boxes = []
    for position, each in enumerate(value["objects"]):
        if (box := _box(each, str(file), position, remarks, tally)) is not None:
            boxes.append(box)
    if value["objects"] and not boxes:
        tally.leave_out(file.stem)
        remarks.left_out.append(image)
        return None
    width, height = (number(value["size"][side]) for side in ("width", "height"))
    sides = (math.nan, math.nan) if width is None or height is None else (width, height)
    return ImageRow(image, boxes, width=sides[0], height=sides[1])


def _box(each: Any, path: str, position: int, remarks: Remarks, tally: Tally) -> BoxRow | None:
    """Make a box of an object; None if it is of a kind that has none. What is broken becomes a finding."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import kind_name, label_of, unusable

    place = f"objects[{position}]"
    if not isinstance(each, dict):
        remarks.findings.append(unusable("not an object", path, place, each))
        return BoxRow(NO_BOX, entry=position)
    label = label_of(each.get("classTitle"))
    inner = each.get("geometry")
    geometry = {**each, **inner} if isinstance(inner, dict) else each  # very old files
    bitmap = geometry.get("bitmap")
    told = geometry.get("geometryType") or geometry.get("shape")
    kind = told if isinstance(told, str) else "bitmap" if isinstance(bitmap, dict) else "rectangle"
    if kind not in _DRAWN:
        tally.skip(kind_name(kind))
        return None
    xyxy, turned = (_of_bitmap(bitmap), False) if kind == "bitmap" else _of_points(geometry, kind)
    if xyxy is NO_BOX:
        remarks.findings.append(unusable(f"no place of a {kind}", path, place, geometry.get("points")))
        return BoxRow(NO_BOX, label, entry=position)
    if not label:
        remarks.findings.append(unusable("the object has no class", path, place, each.get("classTitle")))
    outline = kind in ("polygon", "bitmap") or turned
    if outline:
        tally.around("turned rectangle" if turned else "mask" if kind == "bitmap" else kind)
    return BoxRow(xyxy, label, entry=position, outline=outline)


def _of_points(geometry: dict[str, Any], kind: str) -> tuple[Box, bool]:
    """Return the box around points, and whether they were turned by an angle, in radians about the centre."""
    from anchoraudit.formats._builder import NO_BOX
    from anchoraudit.formats._shapes import around, around_centre, number, points_of

    points = geometry.get("points")
    found = points_of(points.get("exterior") if isinstance(points, dict) else points)
    if found is None or len(found) < (3 if kind == "polygon" else 2):
        return NO_BOX, False
    box, angle = around(found), number(geometry.get("angle", 0))
    if kind == "polygon" or not angle:
        return box, False
    # The SDK reads radians, but says degrees in older versions. Nobody turns a box around more than once.
    radians = angle if abs(angle) <= 2 * math.pi else math.radians(angle)
    return around_centre(box, radians), True


def _of_bitmap(bitmap: Any) -> Box:
    """Return the box of a mask: a PNG, compressed once more, at its `origin`."""
    from anchoraudit.formats._builder import NO_BOX
    from anchoraudit.formats._shapes import points_of

    data = bitmap.get("data") if isinstance(bitmap, dict) else None
    origin = points_of([bitmap.get("origin")]) if isinstance(bitmap, dict) else None
    if not isinstance(data, str) or not origin:
        return NO_BOX
    try:  # the header of the PNG is in the first bytes
        raw = base64.b64decode(data[:4096].rstrip("=")[: 4 * (min(len(data), 4096) // 4)] + "==")
        head = raw if raw.startswith(_PNG) else zlib.decompressobj().decompress(raw, 32)
    except (binascii.Error, zlib.error, ValueError):
        return NO_BOX
    if len(head) < 24 or not head.startswith(_PNG):
        return NO_BOX
    x, y = origin[0]
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    return (x, y, x + width, y + height)
