"""CreateML: one JSON file with a list of images, or Roboflow's `SPLIT/_annotations.createml.json`.

Source: Apple, "Building an object detector data source",
https://developer.apple.com/documentation/createml/building-an-object-detector-data-source. `coordinates` are
the centre `x`, `y` and the size `width`, `height` in pixels. Both spellings are Apple's: `image` with
`annotations`, and `imagefilename` with `annotation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.formats import _documents as documents

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats._builder import BoxRow, ImageRow, Remarks

NAME = "createml"
LOOKS_FOR = (
    "SPLIT/_annotations.createml.json, or a JSON list of images whose `annotations` have `coordinates`"
)
SUFFIXES = (".json",)
EXAMPLE = """\
[
  {
    "image": "a.jpg",
    "annotations": [
      {"label": "cat", "coordinates": {"x": 60, "y": 45, "width": 100, "height": 50}}
    ]
  }
]
"""
EXAMPLE_PATH = "train/_annotations.createml.json"
EXAMPLE_BESIDE = {"train/a.jpg": (640, 480)}
NOT_READ = ""
_ROBOFLOW = "_annotations.createml.json"
_IMAGE, _LIST = ("image", "imagefilename"), ("annotations", "annotation")
_KEYS = frozenset([*_IMAGE, *_LIST, "verified"])
_SIDES = ("x", "y", "width", "height")
_TELLING = 20  # entries that are looked at


def detect(path: Path) -> Detection | None:
    """Recognise Roboflow's files by their name, others by their keys."""
    if files := documents.named(path, _ROBOFLOW):
        return Detection(NAME, path, f"{len(files)} file(s) {_ROBOFLOW}", Sureness.NAME, tuple(files))
    if not (files := documents.find(path, _is_createml)):
        return None
    sure = Sureness.NAME if path.name == _ROBOFLOW else Sureness.CONTENT
    reason = documents.recognised_by(files[0], path)
    return Detection(NAME, path, reason, sure)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all files, or those of the splits that are wanted.

    Raises AnchorauditError if a split is unknown, or if no file can be read.
    """
    from anchoraudit.dataset.conventions import Convention
    from anchoraudit.formats._builder import read_files

    path = detection.path
    files, others = list(detection.files), list[Path]()
    if not files:
        files, others = documents.files_of(path, _is_createml)
    dataset = read_files(
        detection,
        options,
        [(file, documents.split_of(file, path) or _folder_of(file, path)) for file in files],
        _rows,
        recognised=f"CreateML: {detection.reason}",
        item="annotation",
        convention=Convention("cxcywh"),
        image_place="[{image}]",
        box_place="[{image}].annotations[{box}]",
    )
    dataset.notes[:0] = documents.not_of([file.name for file in others], "CreateML")
    return dataset


def _folder_of(file: Path, path: Path) -> str:
    return file.parent.name if file.name == _ROBOFLOW and path not in (file.parent, file) else ""


def _is_createml(value: Any) -> bool:
    """Tell by the first entries, of which some may be broken, and the last one cut off."""
    entries = [each for each in value[:_TELLING] if isinstance(each, dict)] if isinstance(value, list) else []
    lists = [found for each in entries if isinstance(found := _first(each, _LIST), list)]
    boxes = [box for found in lists for box in found if isinstance(box, dict)]
    named = any(isinstance(_first(each, _IMAGE), str) for each in entries)
    if any("coordinates" in box for box in boxes):
        return named
    return named and not boxes and len(lists) > 0 and all(_KEYS.issuperset(each) for each in entries)


def _first(entry: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((entry[key] for key in keys if key in entry), None)


def _rows(path: Path, remarks: Remarks) -> Iterator[ImageRow]:
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats._builder import ImageRow, shorten

    content = documents.load(path)
    if not isinstance(content, list):
        raise AnchorauditError("not a list of images", path=path, remedy="Export the annotations again.")
    for position, entry in enumerate(content):
        place = f"[{position}]"
        name = _first(entry, _IMAGE) if isinstance(entry, dict) else None
        if not isinstance(name, str) or not (cleaned := documents.image_name(name)):
            shown = shorten(entry)
            remarks.findings.append(Finding("PAR002", "the entry names no image", str(path), place, shown))
            continue
        found = _first(entry, _LIST)
        if not isinstance(found, list):
            words = "the entry has no list `annotations`; its image is left out, because it may not be blank"
            remarks.findings.append(Finding("PAR002", words, str(path), place, shorten(found)))
            remarks.left_out.append(cleaned)
            continue
        boxes = [_box(one, str(path), f"{place}.annotations[{n}]", n, remarks) for n, one in enumerate(found)]
        yield ImageRow(cleaned, boxes, place=place, entry=position)


def _box(one: Any, path: str, place: str, entry: int, remarks: Remarks) -> BoxRow:
    from anchoraudit.formats._builder import NO_BOX, BoxRow
    from anchoraudit.formats._shapes import label_of, number, unusable

    values = one.get("coordinates") if isinstance(one, dict) else None
    label = label_of(one.get("label")) if isinstance(one, dict) else ""
    if not isinstance(values, dict) or any(side not in values for side in _SIDES):
        remarks.findings.append(unusable("no coordinates x, y, width and height", path, place, one))
        return BoxRow(NO_BOX, label, entry=entry)
    sides = [number(values[side]) for side in _SIDES]
    for name, side in zip(_SIDES, sides, strict=True):
        if side is None:
            remarks.findings.append(unusable(f"{name} is not a number", path, place, values[name]))
            return BoxRow(NO_BOX, label, entry=entry)
    if not label:
        remarks.findings.append(unusable("the box has no label", path, place, one.get("label")))
    x, y, width, height = (side or 0.0 for side in sides)
    return BoxRow((x - width / 2, y - height / 2, x + width / 2, y + height / 2), label, entry=entry)
