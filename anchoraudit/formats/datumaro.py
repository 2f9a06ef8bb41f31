"""Datumaro: `annotations/SPLIT.json` beside `images/SPLIT/`, as Datumaro and CVAT export it.

Source: Datumaro's own exporter, https://github.com/open-edge-platform/datumaro (`exporter.py` of
`plugins/data_formats/datumaro`). `bbox` is x, y, width, height in pixels, from 0. `size` of an image is
height, width. `label_id` is the place of a class in `categories.label.labels`.
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

NAME = "datumaro"
LOOKS_FOR = "JSON files with a list `items` and an object `categories`, as in annotations/SPLIT.json"
SUFFIXES = (".json",)
EXAMPLE = """\
{
  "info": {},
  "categories": {"label": {"labels": [{"name": "cat", "parent": "", "attributes": []}]}},
  "items": [
    {"id": "a", "image": {"path": "a.jpg", "size": [480, 640]}, "annotations": [
      {"id": 1, "type": "bbox", "group": 0, "label_id": 0, "bbox": [10, 20, 100, 50], "attributes": {}}]}
  ]
}
"""
EXAMPLE_PATH = "annotations/train.json"
EXAMPLE_BESIDE = {"images/train/a.jpg": (640, 480)}
NOT_READ = (
    "masks, points, labels of whole images; polygons, ellipses and rotated boxes become the boxes around them"
)
_WHOLE = "default"  # Datumaro's name for the only split of data without splits


def detect(path: Path) -> Detection | None:
    """Recognise a file by its keys, a folder by its files."""
    files = documents.find(path, _is_datumaro)
    if not files:
        return None
    reason = f"{documents.recognised_by(files[0], path)} with items"
    return Detection(NAME, path, reason, Sureness.CONTENT)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if no file can be read.
    """
    from anchoraudit.dataset.conventions import XYWH
    from anchoraudit.formats._builder import read_files
    from anchoraudit.formats._shapes import Tally
    from anchoraudit.images.found import usual_folders

    files, others = documents.files_of(detection.path, _is_datumaro)
    names = ["" if len(files) == 1 and file.stem == _WHOLE else file.stem for file in files]
    tally = Tally()
    dataset = read_files(
        detection,
        options,
        list(zip(files, names, strict=True)),
        lambda file, remarks: _rows(file, remarks, tally),
        recognised=f"Datumaro: {detection.reason}",
        item="annotation",
        convention=XYWH,
        image_place="items[{image}]",
        box_place="items[{image}].annotations[{box}]",
        folders_of=lambda file, _: usual_folders(file, file.stem),
    )
    dataset.notes += [*documents.not_of([file.name for file in others], "Datumaro"), *tally.notes()]
    return dataset


def _is_datumaro(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("items"), list)
        and isinstance(value.get("categories"), dict)
    )


def _rows(file: Path, remarks: Remarks, tally: Tally) -> list[ImageRow]:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._shapes import unusable

    value = documents.load(file)
    if not _is_datumaro(value):
        raise AnchorauditError("not a file of Datumaro", path=file, remedy="Export the annotations again.")
    remarks.classes = _classes(value["categories"])
    unknown: dict[str, tuple[int, str]] = {}
    rows = []
    for position, item in enumerate(value["items"]):
        place = f"items[{position}]"
        # Datumaro joins what follows with the folder of the split's images.
        name = _name(item).rpartition(f"images/{file.stem}/")[2]
        if not name:
            remarks.findings.append(
                Finding("PAR002", "an item without an `id` or a path", str(file), place, repr(item)[:80])
            )
        elif not isinstance(item.get("annotations"), list):
            remarks.findings.append(
                unusable("no list `annotations`", str(file), place, item.get("annotations"))
            )
            remarks.left_out.append(name)
        elif "image" not in item and _other_medium(item):
            tally.skip(_other_medium(item))
        else:
            row = _row(item, name, position, (str(file), remarks, tally, unknown))
            if row is None:
                tally.leave_out(name)
                remarks.left_out.append(name)
            else:
                rows.append(row)
    for label, (count, place) in unknown.items():
        words = f"label_id {label} is not in `categories.label.labels`: {count:,} box{'es' * (count > 1)}"
        remarks.findings.append(Finding("CLS001", words, str(file), place, label, f"class {label}"))
    return rows


_Told = tuple[str, "Remarks", "Tally", dict[str, tuple[int, str]]]


def _row(item: dict[str, Any], name: str, position: int, told: _Told) -> ImageRow | None:
    """Make a row of an item; None if it has only annotations that are not read."""
    from anchoraudit.formats._builder import ImageRow
    from anchoraudit.formats._shapes import number

    boxes = []
    for n, annotation in enumerate(item["annotations"]):
        box = _box(annotation, f"items[{position}].annotations[{n}]", told)
        if box is not None:
            boxes.append(box._replace(entry=n))
    if item["annotations"] and not boxes:
        return None
    image = item.get("image")
    size = image.get("size") if isinstance(image, dict) else None
    sides = [number(side) for side in size] if isinstance(size, list) and len(size) == 2 else [None, None]
    height, width = (math.nan if side is None else side for side in sides)
    return ImageRow(name, boxes, str(item.get("id", name)), width, height, f"items[{position}]", position)


def _box(annotation: Any, place: str, told: _Told) -> BoxRow | None:
    """Make a box of an annotation; None if its kind has none. What is broken becomes a finding."""
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import kind_name, unusable

    path, remarks, tally, unknown = told
    if not isinstance(annotation, dict):
        remarks.findings.append(unusable("not an annotation", path, place, annotation))
        return BoxRow(NO_BOX)
    kind = annotation.get("type")
    if kind not in ("bbox", "polygon", "ellipse", "rotated_bbox"):
        tally.skip(kind_name(kind))
        return None
    attributes = annotation.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    xyxy, outline = _around(kind, annotation, attributes.get("rotation"))
    if xyxy is None:
        key = "bbox" if "bbox" in annotation else "points"
        words = f"no numbers of a {kind_name(kind)}"
        remarks.findings.append(unusable(words, path, f"{place}.{key}", annotation.get(key)))
    elif outline:
        tally.around("rotated rectangle" if "bbox" in kind else kind)
    label, names = annotation.get("label_id"), remarks.classes
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label < len(names):
        text = names[label]
    else:
        count, first = unknown.get(repr(label), (0, place))
        unknown[repr(label)] = count + 1, first
        text = "" if label is None else f"class_{str(label)[:40]}"
    crowd = attributes.get("is_crowd") in (True, 1)
    return BoxRow(NO_BOX if xyxy is None else xyxy, text, crowd, outline=outline)


def _around(
    kind: str, annotation: dict[str, Any], turned: Any
) -> tuple[tuple[float, float, float, float] | None, bool]:
    """Return the box of an annotation, None if its numbers cannot be used; and whether it is around one.

    turned: degrees about the centre, as CVAT writes them among the attributes of a box.
    """
    from anchoraudit.formats._shapes import NOT_FINITE, around, number

    values = annotation.get("bbox" if "bbox" in annotation else "points")
    numbers = [number(value) for value in values] if isinstance(values, list) else []
    found = [value for value in numbers if value is not None]
    least = {"bbox": 4, "rotated_bbox": 5, "ellipse": 4, "polygon": 6}[kind]
    if len(found) < len(numbers) or len(found) < least or (kind != "polygon" and len(found) != least):
        return None, False
    if kind in ("polygon", "ellipse"):  # an ellipse has two corners of the box around it
        return around(list(zip(found[::2], found[1::2], strict=False))), True
    x, y, width, height = found[:4]
    degrees = found[4] if kind == "rotated_bbox" else number(turned) or 0.0
    if kind == "rotated_bbox":  # which has its centre
        x, y = x - width / 2, y - height / 2
    if not degrees:
        return (x, y, x + width, y + height), kind == "rotated_bbox"
    if not all(map(math.isfinite, (x, y, width, height, degrees))):
        return NOT_FINITE, True
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    dx, dy = (width * cosine + height * sine) / 2, (width * sine + height * cosine) / 2
    cx, cy = x + width / 2, y + height / 2
    return (cx - dx, cy - dy, cx + dx, cy + dy), True


def _classes(categories: dict[str, Any]) -> list[str]:
    from anchoraudit.formats._shapes import label_of

    label = categories.get("label")
    labels = label.get("labels") if isinstance(label, dict) else None
    listed = labels if isinstance(labels, list) else []
    return [label_of(one.get("name") if isinstance(one, dict) else one) for one in listed]


def _name(item: Any) -> str:
    """Return the path of an item's image, or its id, by which it is found, too; "" if it has neither."""
    if not isinstance(item, dict):
        return ""
    for key in ("image", "media"):
        medium = item.get(key)
        path = medium.get("path") if isinstance(medium, dict) else None
        if isinstance(path, str) and (name := documents.image_name(path)):
            return name
    identity = item.get("id")
    return str(identity) if isinstance(identity, str | int) and not isinstance(identity, bool) else ""


def _other_medium(item: dict[str, Any]) -> str:
    """Return what an item is of that is no image, "" if it may be one."""
    kinds = {"point_cloud": "point cloud", "video": "video", "video_frame": "frame of a video"}
    return next((kind for key, kind in kinds.items() if key in item), "")
